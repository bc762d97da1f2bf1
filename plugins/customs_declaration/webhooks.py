"""Saleor's synchronous questions: the tax of a checkout or order, and whether it may be ordered at all.

No database is asked but for the plugin's configuration, which is cached.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils import translation

from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import WebhookContext

from . import links, texts
from .config import TRADE_MODES
from .duty import Article, Base, BaseLine, answer, limits_refusal, measures_of
from .policy import tariff

Json = Mapping[str, Any]


def calculate_taxes(_context: WebhookContext, payload: Json) -> dict[str, Any]:
    """Answer CHECKOUT_CALCULATE_TAXES and ORDER_CALCULATE_TAXES."""
    given = payload["taxBase"]
    settings = links.config()
    base = _base(given)
    if given["currency"] != "CNY" and any(line.lane in TRADE_MODES for line in base.lines):
        raise PermanentError(f"import tax is in CNY, not {given['currency']}", code="currency")
    return answer(
        base,
        lanes=TRADE_MODES,
        discount_is_price_cut=settings.order_discount == "price_cut",
        tariff=tariff(settings.tariff_file),
        day=clock.china_today(),
    )


def filter_shipping_methods(_context: WebhookContext, payload: Json) -> dict[str, Any]:
    """Answer CHECKOUT_FILTER_SHIPPING_METHODS: no delivery for a basket above the limit of one order.

    Prices before discounts are used, because Saleor gives no others here without asking for taxes again.
    """
    checkout = payload.get("checkout") or {}
    values = [
        (line["quantity"], _amount(line["undiscountedUnitPrice"]) * line["quantity"])
        for line in checkout.get("lines") or []
        if _metadata(_path(line, "variant", "product")).get("ponte.lane") in TRADE_MODES
    ]
    excluded = []
    for method in payload.get("shippingMethods") or []:
        refused = limits_refusal(values, _amount(method["price"]), clock.china_today())
        if refused is not None:
            with translation.override(_language(checkout)):
                reason = str(texts.refusal(refused.refusal, refused.limits))
            excluded.append({"id": method["id"], "reason": reason})
    return {"excluded_methods": excluded}


def _base(given: Json) -> Base:
    discounts = given.get("discounts") or []
    return Base(
        lines=tuple(_line(line) for line in given["lines"]),
        shipping=_amount(given["shippingPrice"]),
        goods_discount=_discount(discounts, "SUBTOTAL"),
        shipping_discount=_discount(discounts, "SHIPPING"),
    )


def _line(line: Json) -> BaseLine:
    source = line.get("sourceLine") or {}
    variant = source.get("checkoutVariant") or source.get("orderVariant") or {}
    facts = _metadata(variant)
    hs_code = facts.get("ponte.hs_code", "")
    article = Article(
        sku=variant.get("sku") or "",
        hs_code=hs_code,
        measures=measures_of(
            hs_code,
            content=_number(facts.get("ponte.content")),
            unit1=facts.get("ponte.unit1", ""),
            qty1=_number(facts.get("ponte.qty1")),
            net_g=int(_number(facts.get("ponte.net_g")) or 0),
        ),
    )
    return BaseLine(
        article=article if hs_code else None,
        lane=_metadata(variant.get("product")).get("ponte.lane", ""),
        quantity=line["quantity"],
        total=_amount(line["totalPrice"]),
    )


def _metadata(holder: Any) -> dict[str, str]:
    return {entry["key"]: entry["value"] for entry in (holder or {}).get("metadata") or []}


def _path(value: Any, *names: str) -> Any:
    for name in names:
        value = (value or {}).get(name)
    return value


def _amount(money: Json) -> Decimal:
    return Decimal(str(money["amount"]))


def _number(text: str | None) -> Decimal | None:
    """Read a number of the article's metadata; what is no number is not known."""
    try:
        return Decimal(text) if text else None
    except ArithmeticError:
        return None


def _discount(discounts: Any, kind: str) -> Decimal:
    return sum((_amount(one["amount"]) for one in discounts if one["type"] == kind), Decimal(0))


def _language(checkout: Json) -> str:
    """Return Django's code of a Saleor language: ``ZH_HANS`` and ``ZH_HANS_CN`` -> ``zh-hans``."""
    code = str(checkout.get("languageCode") or "ZH_HANS").lower().replace("_", "-")
    for known in ("zh-hans", "zh-hant", "pt"):
        if code.startswith(known):
            return known
    return "en" if code.startswith("en") else "zh-hans"
