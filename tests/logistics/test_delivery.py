"""Delivery quotes: exact prices, the webhook's answer, and what is not ours."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from plugins.nansha_logistics import delivery
from plugins.nansha_logistics.tariff import parse, quote, tariff_table
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Address, DeliveryRequest, WebhookContext

TODAY = date(2026, 11, 23)
CONTEXT = WebhookContext(
    "http://saleor.test/graphql/", "ponte.logistics", "SHIPPING_LIST_METHODS_FOR_CHECKOUT", None
)  # type: ignore[arg-type]  # the handler asks Saleor nothing


def request(province: str = "广东省", grams: int = 640, **changes: Any) -> DeliveryRequest:
    values = {
        "lane": "bonded_1210",
        "warehouse": "nansha",
        "address": Address(province=province),
        "grams": grams,
        "value": Money(Decimal("88.00"), "CNY"),
    } | changes
    return DeliveryRequest(**values)


@pytest.mark.parametrize(
    ("province", "grams", "prices"),
    [
        ("广东省", 1, {"ns-std": "10.00"}),
        ("广东省", 1000, {"ns-std": "10.00"}),
        ("广东省", 1001, {"ns-std": "12.00"}),
        ("广东省", 1501, {"ns-std": "14.00"}),
        ("湖南省", 640, {"ns-std": "12.00", "ns-air": "20.00"}),
        ("上海市", 2000, {"ns-std": "27.00", "ns-air": "43.00"}),
        ("内蒙古自治区", 1000, {"ns-std": "22.00", "ns-air": "38.00"}),
        ("Guangdong Sheng", 640, {"ns-std": "10.00"}),
        ("上海市", 10001, {"ns-std": "129.00"}),
        ("上海市", 30001, {}),
        ("香港特别行政区", 640, {}),
        ("", 640, {}),
        ("广东省", 0, {}),
    ],
)
def test_prices(province: str, grams: int, prices: dict[str, str]) -> None:
    answers = {option.id: f"{option.price.amount:.2f}" for option in quote(request(province, grams), TODAY)}
    assert answers == prices


def test_shanxi_and_shaanxi_are_two_provinces_and_all_thirty_one_are_served() -> None:
    table = tariff_table()
    chinese = {name for name in table.zones if not name.isascii()}
    latin = {name for name in table.zones if name.isascii()}
    assert len(chinese) == len(latin) == 31
    assert {"山西", "陕西"} <= chinese


@pytest.mark.parametrize("lane", ["direct_9610", "postal", "local", ""])
def test_lanes_that_cannot_carry_yet_offer_nothing(lane: str) -> None:
    assert delivery.options(request(lane=lane)) == []


def test_no_address_no_offer() -> None:
    assert quote(request(address=None), TODAY) == []
    assert quote(request(address=Address(province="广东省", country="MO")), TODAY) == []


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("zh-hans", "南沙保税仓发货 · 标准"),
        ("zh-hant", "南沙保稅倉發貨 · 標準"),
        ("ZH_HANT", "南沙保稅倉發貨 · 標準"),
        ("zh-mo", "南沙保稅倉發貨 · 標準"),
        ("pt-pt", "Entrega do entreposto de Nansha"),
        ("fr", "Nansha bonded delivery"),
    ],
)
def test_names_come_in_the_language_of_the_checkout(language: str, name: str) -> None:
    assert quote(request(language=language), TODAY)[0].name == name


def period(day: str, first: str) -> str:
    return f"""
[[tariff]]
from = {day}
source = "test"
[[tariff.service]]
id = "s"
lane = "bonded_1210"
warehouse = "nansha"
max_grams = 1000
name = {{ en = "S" }}
description = {{ en = "" }}
zone = {{ near = {{ first = "{first}", step = "1.00", days = [1, 2] }} }}
weight = {{ first_grams = 500, step_grams = 500 }}
"""


def test_the_tariff_of_the_day_counts() -> None:
    text = "\n".join(
        ['[zones]\nnear = ["广东 guangdong"]', period("2026-01-01", "1.00"), period("2026-12-01", "3.00")]
    )
    table = parse(text)
    assert quote(request(grams=10), date(2025, 12, 31), table) == []
    assert quote(request(grams=10), date(2026, 11, 30), table)[0].price == Money(Decimal("1.00"), "CNY")
    assert quote(request(grams=10), date(2026, 12, 1), table)[0].price == Money(Decimal("3.00"), "CNY")
    with pytest.raises(ValueError, match="unknown zones"):
        parse(text.replace("zone = { near", "zone = { moon"))
    with pytest.raises(ValueError, match="days must rise"):
        parse(text.replace("[1, 2]", "[3, 2]"))


def checkout(**changes: Any) -> dict[str, Any]:
    product = {
        "metadata": [
            {"key": "ponte.lane", "value": "bonded_1210"},
            {"key": "ponte.warehouse", "value": "nansha"},
        ]
    }
    line = {
        "quantity": 2,
        "undiscountedUnitPrice": {"amount": Decimal("88.00")},
        "variant": {
            "sku": "COOKIE-1",
            "weight": {"value": 0.3, "unit": "KG"},
            "metadata": [{"key": "ponte.gross_g", "value": "320"}],
            "product": product,
        },
    }
    address = {"country": {"code": "CN"}, "countryArea": "广东省", "city": "广州市", "cityArea": "天河区"}
    return {
        "id": "Q2hlY2tvdXQ6MQ==",
        "languageCode": "ZH_HANS",
        "channel": {"slug": "cn", "currencyCode": "CNY"},
        "shippingAddress": address,
        "lines": [line],
    } | changes


def ask(**changes: Any) -> list[dict[str, Any]]:
    return delivery.shipping_list_methods(CONTEXT, {"checkout": checkout(**changes)})


def test_the_webhook_answers_in_saleors_shape() -> None:
    assert ask() == [
        {
            "id": "ns-std",
            "name": "南沙保税仓发货 · 标准",
            "amount": "10.00",
            "currency": "CNY",
            "minimum_delivery_days": 2,
            "maximum_delivery_days": 3,
            "description": "海关放行后由南沙保税仓发出",
            "metadata": {"ponte.lane": "bonded_1210"},
        }
    ]


def test_the_webhook_offers_what_other_plugins_deliver() -> None:
    """A carrier that is added needs no app of its own in Saleor: its hook is asked."""
    facts = [{"key": "ponte.lane", "value": "dummy"}, {"key": "ponte.warehouse", "value": "macau"}]
    line = checkout()["lines"][0]
    box = [{**line, "variant": {**line["variant"], "product": {"metadata": facts}}}]
    assert ask(lines=box) == [
        {
            "id": "dummy-day",
            "name": "At once",
            "amount": "1.00",
            "currency": "CNY",
            "minimum_delivery_days": 0,
            "maximum_delivery_days": 1,
            "description": "",
            "metadata": {"ponte.lane": "dummy"},
        }
    ]


def test_the_webhook_offers_nothing_where_it_cannot() -> None:
    other = checkout()["lines"][0] | {
        "variant": {"sku": "X", "weight": None, "metadata": [], "product": {"metadata": []}}
    }
    assert ask(shippingAddress=None) == []
    assert ask(lines=[]) == []
    assert ask(lines=[*checkout()["lines"], other]) == [], "two lanes in one box"
    assert ask(lines=[{**checkout()["lines"][0], "variant": None}]) == []
    assert ask(channel={"slug": "mo", "currencyCode": "MOP"}) == []
    assert delivery.shipping_list_methods(CONTEXT, {}) == []


def test_weights_without_our_metadata_are_saleors() -> None:
    weights = [(0.3, "KG", 300), (300, "G", 300), (1, "LB", 454), (0.0005, "TONNE", 500)]
    for value, unit, grams in weights:
        assert delivery.piece_grams({"weight": {"value": value, "unit": unit}, "metadata": []}) == grams
    assert delivery.piece_grams({"weight": None, "metadata": [{"key": "ponte.gross_g", "value": "x"}]}) == 0


def test_an_answer_takes_a_fraction_of_ten_milliseconds() -> None:
    payload = {"checkout": checkout(lines=checkout()["lines"] * 20)}
    delivery.shipping_list_methods(CONTEXT, payload)
    started = time.process_time()
    for _ in range(100):
        delivery.shipping_list_methods(CONTEXT, payload)
    assert (time.process_time() - started) / 100 < 0.005
