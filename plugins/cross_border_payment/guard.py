"""Right before a payment opens, the order is checked once more.

The shop has checked it when the buyer pressed the button, but its reservations lapse, and Saleor's own API is open
to everybody. So every plugin's order checks run again on the checkout as it is now: what lapsed is taken anew, or no
money is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Address, CheckoutLine, CheckoutView, WebhookContext, platform

from .sessions import SessionRefused

Json = Mapping[str, Any]


def check(context: WebhookContext, payload: Json, lane: str) -> None:
    """Check the checkout that a payment is for; an order that is there already is not checked again.

    :raises SessionRefused: with what stands against it and what the buyer can do
    """
    source = payload.get("sourceObject") or {}
    if source.get("__typename") != "Checkout":
        return
    findings = platform().check_order(_view(context.api_url, source, lane))
    against = [finding for finding in findings if finding.blocking]
    if against:
        told = [f"{one.message} {one.remedy}".strip() for one in against]
        raise SessionRefused(" ".join(dict.fromkeys(told)), findings=[one.code for one in against])


def _view(api_url: str, source: Json, lane: str) -> CheckoutView:
    try:
        return CheckoutView(
            api_url=api_url,
            checkout_id=source["id"],
            lane=lane,
            lines=tuple(
                CheckoutLine(
                    (line["variant"] or {}).get("sku") or "", line["quantity"], _net(line["unitPrice"])
                )
                for line in source["lines"]
            ),
            freight=_net(source["shippingPrice"]),
            address=_address(source.get("shippingAddress")),
        )
    except (KeyError, TypeError):
        # An installation whose webhook still has the query of an older version.
        raise SessionRefused(_("The order cannot be checked just now. Please try again later.")) from None


def _net(price: Json) -> Money:
    net = price["net"]
    return Money(Decimal(str(net["amount"])), net["currency"])


def _address(given: Json | None) -> Address | None:
    if given is None:
        return None
    return Address(
        name=f"{given['lastName']}{given['firstName']}",
        phone=given["phone"] or "",
        province=given["countryArea"],
        city=given["city"],
        district=given["cityArea"],
        street=given["streetAddress1"],
        postal_code=given["postalCode"],
        country=given["country"]["code"],
    )
