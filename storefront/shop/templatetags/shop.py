"""Template tags of the shop's shell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import template
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext

from saleor_ext.core import clock
from saleor_ext.plugin_api.types import Fragment, ImportLimits
from storefront.shop import catalogue, notice, rules, session
from storefront.shop.viewmodels import CategoryLink

register = template.Library()


@dataclass(frozen=True, slots=True)
class Frame:
    """What header and footer show."""

    categories: tuple[CategoryLink, ...]
    pieces: int
    who: str


@register.simple_tag(takes_context=True)
def shop_frame(context: Mapping[str, Any]) -> Frame:
    """Gather what the shell shows on every page."""
    request: HttpRequest = context["request"]
    signed = session.account(request)
    return Frame(
        catalogue.categories(),
        session.pieces(request),
        signed.email.split("@")[0] if signed else gettext("Sign in"),
    )


@register.simple_tag
def consumer_notice() -> tuple[Any, ...]:
    """Return the three points of the consumer notice."""
    return notice.POINTS


@register.simple_tag
def limits() -> ImportLimits:
    """Return the limits of cross-border retail import in force today."""
    return rules.limits_on(clock.china_today())


@register.simple_tag
def fragment(piece: Fragment) -> str:
    """Render a plugin's piece of a page, with its own context only."""
    return render_to_string(piece.template, dict(piece.context))
