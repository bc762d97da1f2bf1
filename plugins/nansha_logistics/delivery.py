"""Answers Saleor's question which ways there are to deliver a checkout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from saleor_ext.core import clock
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Address, DeliveryOption, DeliveryRequest, WebhookContext
from saleor_ext.plugin_api.registry import ask

from .lanes import OPEN_LANES
from .tariff import CURRENCY, quote

#: Grams in one of Saleor's weight units.
GRAMS = {
    "G": Decimal(1),
    "KG": Decimal(1000),
    "LB": Decimal("453.59237"),
    "OZ": Decimal("28.349523125"),
    "TONNE": Decimal(1_000_000),
}
MAX_NAME = 100
MAX_DESCRIPTION = 255


def options(request: DeliveryRequest) -> list[DeliveryOption]:
    """Return today's ways to deliver a box on an open lane."""
    if request.lane not in OPEN_LANES:
        return []
    return quote(request, clock.china_today())


def shipping_list_methods(
    context: WebhookContext,  # every webhook handler is given it
    payload: dict[str, Any],
) -> list[dict[str, Any]]:
    """Answer SHIPPING_LIST_METHODS_FOR_CHECKOUT: an array of methods, empty when nobody delivers there.

    Every plugin is asked, so that a carrier or lane that is added needs no app of its own in Saleor.
    """
    checkout = payload.get("checkout") or {}
    request = read_checkout(checkout)
    if request is None or (checkout.get("channel") or {}).get("currencyCode") != CURRENCY:
        return []
    offered: list[DeliveryOption] = ask("delivery_options", request=request)
    return [as_method(option, request) for option in offered]


def read_checkout(checkout: Mapping[str, Any]) -> DeliveryRequest | None:
    """Read a checkout of the webhook's shape; None when its lines are not all of one lane and warehouse."""
    lines = checkout.get("lines") or []
    products = [_facts(line["variant"].get("product")) for line in lines if line.get("variant")]
    boxes = {(facts.get("ponte.lane", ""), facts.get("ponte.warehouse", "")) for facts in products}
    if len(boxes) != 1 or len(products) != len(lines):
        return None
    lane, warehouse = boxes.pop()
    address = checkout.get("shippingAddress")
    return DeliveryRequest(
        lane=lane,
        warehouse=warehouse,
        address=_address(address) if address else None,
        grams=sum(line["quantity"] * piece_grams(line["variant"]) for line in lines),
        value=Money.sum((_value(line) for line in lines), CURRENCY),
        language=str(checkout.get("languageCode") or "ZH_HANS").lower().replace("_", "-"),
    )


def piece_grams(variant: Mapping[str, Any]) -> int:
    """Gross grams of one piece: the declared weight, else Saleor's."""
    declared = _facts(variant).get("ponte.gross_g", "")
    if declared.isdecimal():
        return int(declared)
    weight = variant.get("weight")
    if not weight:
        return 0
    grams = Decimal(str(weight["value"])) * GRAMS[str(weight["unit"])]
    return int(grams.to_integral_value(rounding="ROUND_CEILING"))


def as_method(option: DeliveryOption, request: DeliveryRequest) -> dict[str, Any]:
    """Put an option into Saleor's shape. Nothing in it may change for the same box on the same day."""
    return {
        "id": option.id,
        "name": str(option.name)[:MAX_NAME],
        "amount": f"{option.price.amount:.2f}",
        "currency": option.price.currency,
        "minimum_delivery_days": option.earliest_days,
        "maximum_delivery_days": option.latest_days,
        "description": str(option.description)[:MAX_DESCRIPTION],
        "metadata": {"ponte.lane": request.lane},
    }


def _facts(node: Mapping[str, Any] | None) -> dict[str, str]:
    entries: Iterable[Mapping[str, str]] = (node or {}).get("metadata") or []
    return {entry["key"]: entry["value"] for entry in entries}


def _value(line: Mapping[str, Any]) -> Money:
    # A taxed price here would make Saleor ask for taxes in the middle of this question; it answers with no checkout.
    net = (line.get("undiscountedUnitPrice") or {}).get("amount", 0)
    return Money(Decimal(str(net)), CURRENCY) * int(line["quantity"])


def _address(node: Mapping[str, Any]) -> Address:
    return Address(
        province=node.get("countryArea") or "",
        city=node.get("city") or "",
        district=node.get("cityArea") or "",
        street=f"{node.get('streetAddress1') or ''}{node.get('streetAddress2') or ''}",
        postal_code=node.get("postalCode") or "",
        country=(node.get("country") or {}).get("code", ""),
    )
