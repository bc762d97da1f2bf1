"""What every portal page is given: navigation and who is signed in."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from storefront.ui.viewmodels import Link, NavGroup

from .access import PortalRequest


def language() -> str:
    """Return the page's language code."""
    return get_language() or "zh-hans"


def nav(current: str) -> tuple[NavGroup, ...]:
    """Return the side navigation."""
    links = (
        ("listings", _("Listings"), "tag"),
        ("orders", _("Orders"), "parcel"),
        ("money", _("Money"), "wallet"),
        ("account", _("Account"), "user"),
    )
    return (
        NavGroup(
            "",
            tuple(Link(text, reverse(f"portal:{name}"), icon, name == current) for name, text, icon in links),
        ),
    )


def page(
    request: PortalRequest,
    template: str,
    current: str,
    context: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """Render a page of the portal in the work shell."""
    merchant = request.member.merchant
    return render(
        request,
        f"portal/{template}",
        {
            "nav": nav(current),
            "who": request.member.email,
            "merchant": merchant,
            "merchant_name": merchant.name(language()),
            "merchant_story": merchant.story(language()),
            "merchants": [(m.merchant.slug, m.merchant.name(language())) for m in request.members],
            "may_edit": request.member.may_edit,
            **(context or {}),
        },
        status=status,
    )
