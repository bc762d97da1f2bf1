"""Saleor's synchronous questions: the tax of a checkout or order, and whether it may be ordered at all.

Articles are looked up by SKU in one query: the listing is the master copy, not Saleor's metadata, which a
Dashboard user may edit, and not the checkout's, which the buyer may.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils import translation

from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import VariantFacts, WebhookContext, platform

from . import links, texts
from .config import TRADE_MODES
from .duty import Base, BaseLine, answer, article_of, limits_refusal
from .policies import in_force

Json = Mapping[str, Any]


def calculate_taxes(_context: WebhookContext, payload: Json) -> dict[str, Any]:
    """Answer CHECKOUT_CALCULATE_TAXES and ORDER_CALCULATE_TAXES."""
    given, day = payload["taxBase"], clock.china_today()
    settings = links.config()
    base = _base(given)
    if given["currency"] != "CNY" and any(line.lane in TRADE_MODES for line in base.lines):
        raise PermanentError(f"import tax is in CNY, not {given['currency']}", code="currency")
    return answer(
        base,
        lanes=TRADE_MODES,
        discount_is_price_cut=settings.order_discount == "price_cut",
        tariff=in_force.tariff(day),
        day=day,
        limits=in_force.limits(day),
    )


def filter_shipping_methods(_context: WebhookContext, payload: Json) -> dict[str, Any]:
    """Answer CHECKOUT_FILTER_SHIPPING_METHODS: no delivery for a basket above the limit of one order.

    Prices before discounts are used, because Saleor gives no others here without asking for taxes again.
    """
    checkout = payload.get("checkout") or {}
    lines = checkout.get("lines") or []
    known = platform().recent_facts([line["variant"]["sku"] or "" for line in lines])
    values = [
        (line["quantity"], _amount(line["undiscountedUnitPrice"]) * line["quantity"])
        for line in lines
        if (facts := known.get(line["variant"]["sku"] or "")) and facts.lane in TRADE_MODES
    ]
    excluded = []
    day = clock.china_today()
    limits = in_force.limits(day) if values else None
    for method in payload.get("shippingMethods") or []:
        refused = limits_refusal(values, _amount(method["price"]), day, limits)
        if refused is not None:
            with translation.override(_language(checkout)):
                reason = str(texts.refusal(refused.refusal, refused.limits))
            excluded.append({"id": method["id"], "reason": reason})
    return {"excluded_methods": excluded}


def _base(given: Json) -> Base:
    lines = given["lines"]
    known = platform().recent_facts([line["productSku"] or "" for line in lines])
    unknown = [line["productSku"] for line in lines if line["productSku"] not in known]
    if unknown:
        raise PermanentError(f"no listing of {', '.join(map(str, unknown))}", code="unknown_article")
    discounts = given.get("discounts") or []
    return Base(
        lines=tuple(_line(line, known[line["productSku"]]) for line in lines),
        shipping=_amount(given["shippingPrice"]),
        goods_discount=_discount(discounts, "SUBTOTAL"),
        shipping_discount=_discount(discounts, "SHIPPING"),
    )


def _line(line: Json, facts: VariantFacts) -> BaseLine:
    return BaseLine(article_of(facts), facts.lane, line["quantity"], _amount(line["totalPrice"]))


def _amount(money: Json) -> Decimal:
    return Decimal(str(money["amount"]))


def _discount(discounts: Any, kind: str) -> Decimal:
    return sum((_amount(one["amount"]) for one in discounts if one["type"] == kind), Decimal(0))


def _language(checkout: Json) -> str:
    """Return Django's code of a Saleor language: ``ZH_HANS`` and ``ZH_HANS_CN`` -> ``zh-hans``."""
    code = str(checkout.get("languageCode") or "ZH_HANS").lower().replace("_", "-")
    for known in ("zh-hans", "zh-hant", "pt"):
        if code.startswith(known):
            return known
    return "en" if code.startswith("en") else "zh-hans"
