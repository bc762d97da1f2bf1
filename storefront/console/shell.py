"""What every console page shows around its content."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from saleor_ext.core.models import InboxMessage, OutboxMessage
from saleor_ext.orders import selectors
from storefront import accounts
from storefront.ui.viewmodels import Link, NavGroup


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, place: str, status: int = 200
) -> HttpResponse:
    """Render a page inside the console's shell; ``place`` is the navigation entry it belongs to."""
    account = accounts.account(request)
    around = {"nav": navigation(place), "who": account.email if account else ""}
    return render(request, f"console/{template}.html", {**around, **context}, status=status)


def navigation(place: str) -> list[NavGroup]:
    def link(name: str, text: str, icon: str, count: int = 0) -> Link:
        return Link(text, reverse(f"console:{name}"), icon, current=name == place, count=count or None)

    return [
        NavGroup(
            _("Work"),
            (
                link("overview", _("Overview"), "home"),
                link("parcels", _("Parcels"), "parcel", attention_count()),
                link("letters", _("Dead letters"), "alert", dead_count()),
            ),
        ),
        NavGroup(
            _("Set-up"),
            (
                link("merchants", _("Merchants"), "store"),
                link("plugins", _("Plugins"), "settings"),
                link("health", _("Health"), "info"),
            ),
        ),
    ]


def attention_count() -> int:
    return selectors.search(attention=True).count()


def dead_count() -> int:
    return (
        InboxMessage.objects.filter(state=InboxMessage.State.DEAD).count()
        + OutboxMessage.objects.filter(state=OutboxMessage.State.DEAD).count()
    )
