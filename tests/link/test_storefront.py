"""What the shop and the platform send, and that repeating is safe where it is said to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from saleor_ext.core import clock
from saleor_ext.core.money import Money
from saleor_ext.link import orders
from saleor_ext.link.client import GraphQLClient, is_mutation, read_answer
from saleor_ext.link.errors import SaleorRefused, SaleorUserError
from saleor_ext.link.models import SaleorAppInstall, SaleorInstance
from saleor_ext.link.storefront import AddressInput, LineInput, Storefront

from .saleor import serve
from .test_poller import START, order

PRICE = {
    name: {"amount": amount, "currency": "CNY"} for name, amount in (("gross", 9), ("net", 8), ("tax", 1))
}
CHECKOUT = {
    "id": "C1",
    "channel": {"id": "x", "slug": "cn"},
    "shippingPrice": PRICE,
    "subtotalPrice": PRICE,
    "totalPrice": PRICE,
    "metadata": [{"key": "ponte.lane", "value": "bonded_1210"}],
    "problems": [{"__typename": "CheckoutProblemDeliveryMethodStale", "delivery": {"id": "D1"}}],
    "lines": [
        {
            "id": "L1",
            "quantity": 2,
            "variant": {"id": "V1", "sku": "S", "product": {"id": "P", "slug": "p"}},
            "unitPrice": PRICE,
            "totalPrice": PRICE,
        }
    ],
}
ADDRESS = AddressInput(
    "四", "张", "南沙街道1号", "广州市", "广东省", "南沙区", "511458", phone="+8613800138000"
)


class Scripted(GraphQLClient):
    """Answers by the root field's name, and remembers what was asked."""

    def __init__(self, **answers: Any) -> None:
        super().__init__("http://fake.test/graphql/")
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any], bool]] = []

    def execute(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        idempotent: bool = False,
        files: Any = None,
    ) -> dict[str, Any]:
        root = next(name for name in self.answers if f" {name}(" in document or f" {name} {{" in document)
        self.asked.append((root, dict(variables or {}), idempotent or not is_mutation(document)))
        answer = self.answers[root]
        return read_answer({"data": {root: answer.pop(0) if isinstance(answer, list) else answer}})


def test_a_checkout_is_typed() -> None:
    client = Scripted(checkoutCreate={"checkout": CHECKOUT, "errors": []})
    shop = Storefront(client, "cn", "zh-hant")
    checkout = shop.checkout_create([LineInput("V1", 2)], metadata={"ponte.lane": "bonded_1210"})
    assert checkout.total_price.gross == Money("9", "CNY")
    assert (checkout.channel_slug, checkout.quantity, checkout.metadata) == (
        "cn",
        2,
        {"ponte.lane": "bonded_1210"},
    )
    assert checkout.problems[0].typename == "CheckoutProblemDeliveryMethodStale"
    given = client.asked[0][1]["input"]
    assert (given["languageCode"], given["lines"]) == ("ZH_HANT", [{"variantId": "V1", "quantity": 2}])
    # The waybill must carry the address as the buyer confirmed it.
    assert given["validationRules"]["shippingAddress"]["enableFieldsNormalization"] is False
    assert "email" not in given and "shippingAddress" not in given


def test_one_address_serves_for_both() -> None:
    answer = {"checkout": CHECKOUT, "errors": []}
    client = Scripted(checkoutShippingAddressUpdate=answer)
    Storefront(client, "cn").set_addresses("C1", ADDRESS)
    _, given, repeatable = client.asked[0]
    assert given["shipping"] == given["billing"]
    assert given["shipping"]["countryArea"] == "广东省" and given["shipping"]["cityArea"] == "南沙区"
    assert repeatable


def test_quantities_are_set_by_variant() -> None:
    answer = {"checkout": CHECKOUT, "errors": []}
    client = Scripted(checkoutLinesUpdate=answer, checkoutLinesAdd=answer, checkout=CHECKOUT)
    Storefront(client, "cn").lines_update("C1", [LineInput("V1", 5), LineInput("V2", 1)])
    assert [(root, given.get("lines")) for root, given, _ in client.asked[1:]] == [
        ("checkoutLinesUpdate", [{"lineId": "L1", "quantity": 5}]),
        ("checkoutLinesAdd", [{"variantId": "V2", "quantity": 1}]),
    ]
    with pytest.raises(SaleorRefused):
        Storefront(Scripted(checkout=None), "cn").lines_update("gone", [])


def test_a_payment_is_repeatable_only_with_a_key() -> None:
    answer = {
        "transaction": {"id": "T1"},
        "transactionEvent": {"type": "CHARGE_ACTION_REQUIRED", "message": "", "pspReference": "p"},
        "data": {"qr": "weixin://x"},
        "errors": [],
    }
    client = Scripted(transactionInitialize=answer)
    shop = Storefront(client, "cn")
    result = shop.transaction_initialize("C1", "ponte.payment", {"method": "x"}, amount=Money("9.00", "CNY"))
    shop.transaction_initialize("C1", "ponte.payment", {"method": "x"}, idempotency_key="k")
    assert (result.transaction_id, result.event_type, result.data) == (
        "T1",
        "CHARGE_ACTION_REQUIRED",
        {"qr": "weixin://x"},
    )
    assert [repeatable for _, _, repeatable in client.asked] == [False, True]


@pytest.mark.django_db
def test_the_buyers_address_is_told_by_the_payments_app() -> None:
    """Saleor answers PermissionDenied when anybody else names it."""
    started = {"transaction": {"id": "T1"}, "transactionEvent": None, "data": None, "errors": []}
    with serve(lambda path, given: (200, {"data": {"transactionInitialize": started}})) as wire:
        at = SaleorInstance.objects.create(
            api_url=wire.api_url, domain="saleor.test", jwks={}, jwks_fetched_at=clock.now()
        )
        SaleorAppInstall.objects.create(
            instance=at,
            identifier="ponte.payment",
            token="t" * 30,
            saleor_app_id="A1",
            installed_at=clock.now(),
        )
        shop = Storefront(GraphQLClient(wire.api_url), "cn")
        shop.transaction_initialize("C1", "ponte.payment", {}, customer_ip="203.0.113.9")
        shop.transaction_initialize("C1", "other.payment", {}, customer_ip="203.0.113.9")
    told = [(head.get("Authorization"), body["variables"]["ip"]) for _, head, body in wire.requests]
    assert told == [("Bearer " + "t" * 30, "203.0.113.9"), (None, None)]


def test_completing_says_why_not() -> None:
    error = {"field": None, "code": "CHECKOUT_NOT_FULLY_PAID", "message": "no"}
    with pytest.raises(SaleorUserError) as caught:
        Storefront(Scripted(checkoutComplete={"order": None, "errors": [error]}), "cn").complete("C1")
    assert caught.value.code == "CHECKOUT_NOT_FULLY_PAID"


def _fulfilment(tracking: str, status: str = "FULFILLED") -> dict[str, Any]:
    return {"id": f"F-{tracking}", "status": status, "trackingNumber": tracking}


def test_fulfilling_again_finds_the_fulfilment() -> None:
    seen = {
        **order(1, START),
        "fulfillments": [_fulfilment("SF0"), _fulfilment("SF1", "CANCELED"), _fulfilment("SF1")],
    }
    client = Scripted(order=seen)
    assert orders.fulfil(client, "O1", {"L1": 2}, warehouse_id="W1", tracking="SF1") == "F-SF1"
    assert [root for root, _, _ in client.asked] == ["order"]


def test_fulfilling_sends_lines_and_tracking() -> None:
    made = {"fulfillments": [_fulfilment("SF1")], "errors": []}
    client = Scripted(orderFulfill=made, order=order(1, START))
    assert orders.fulfil(client, "O1", {"L1": 2}, warehouse_id="W1", tracking="SF1") == "F-SF1"
    given = client.asked[-1][1]["input"]
    assert given["lines"] == [{"orderLineId": "L1", "stocks": [{"quantity": 2, "warehouse": "W1"}]}]
    assert (given["trackingNumber"], given["notifyCustomer"]) == ("SF1", False)


def test_two_fulfilling_at_once_end_with_one() -> None:
    refused = {
        "fulfillments": None,
        "errors": [{"field": "quantity", "code": "FULFILL_ORDER_LINE", "message": "none left"}],
    }
    before, after = order(1, START), {**order(1, START), "fulfillments": [_fulfilment("SF1")]}
    client = Scripted(orderFulfill=refused, order=[before, after])
    assert orders.fulfil(client, "O1", {"L1": 2}, warehouse_id="W1", tracking="SF1") == "F-SF1"
    with pytest.raises(SaleorUserError):
        orders.fulfil(
            Scripted(orderFulfill=refused, order=before), "O1", {}, warehouse_id="W1", tracking="SF1"
        )


def test_a_missing_order_or_warehouse_is_named() -> None:
    with pytest.raises(SaleorRefused) as caught:
        orders.fulfil(Scripted(order=None), "O1", {}, warehouse_id="W1", tracking="SF1")
    assert caught.value.code == "NOT_FOUND"
    edges = {"edges": [{"node": {"id": "W1", "slug": "nansha"}}]}
    assert orders.warehouse_id(Scripted(warehouses=edges), "nansha") == "W1"
    with pytest.raises(SaleorRefused):
        orders.warehouse_id(Scripted(warehouses=edges), "elsewhere")
