"""The whole way of a buyer: basket, delivery, tax, payment, order, fulfilment."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.saleor.models import Checkout, EventDelivery, Order, Stock
from tests.sandbox_saleor.client import Refused
from tests.sandbox_saleor.shop import SHIPPING, Shop


def test_a_buyer_gets_from_basket_to_delivery(shop: Shop) -> None:
    checkout = shop.checkout(2)
    assert checkout["subtotalPrice"] == {"net": {"amount": 176.0}, "gross": {"amount": 192.02}}
    (option,) = shop.deliveries(checkout["id"])
    assert option["shippingMethod"]["name"] == SHIPPING["name"]
    assert option["shippingMethod"]["metadata"] == [{"key": "zone", "value": "nansha"}]
    chosen = shop.choose(checkout["id"], option["id"])
    assert chosen["totalPrice"]["gross"]["amount"] == 211.66  # 192.02 + 19.64
    assert chosen["problems"] == []

    started = shop.initialize(checkout["id"])
    assert started["transactionEvent"]["type"] == "CHARGE_SUCCESS"
    assert started["data"] == {"ok": True}
    assert started["transaction"]["chargedAmount"]["amount"] == 211.66
    assert shop.read(checkout["id"])["authorizeStatus"] == "FULL"

    order = shop.complete(checkout["id"], metadata=[{"key": "note", "value": "gift"}])
    assert order["status"] == "UNFULFILLED"
    assert order["isPaid"] and order["chargeStatus"] == "FULL"
    assert order["total"]["gross"]["amount"] == 211.66
    assert order["shippingMethodName"] == SHIPPING["name"]
    assert order["checkoutId"] == checkout["id"]
    assert order["lines"][0]["taxRate"] == pytest.approx(0.091)
    assert shop.complete(checkout["id"])["id"] == order["id"], "asking again gives the same order"
    row = Stock.objects.get(variant__sku="SKU-almond-cakes")
    assert (row.quantity, row.quantity_allocated) == (100, 2)

    shop.saleor.drain()
    told = [name for name in shop.app.names() if name.startswith("ORDER_")]
    assert told == ["ORDER_CREATED", "ORDER_PAID", "ORDER_FULLY_PAID", "ORDER_UPDATED", "ORDER_CONFIRMED"]
    body = shop.app.of("ORDER_FULLY_PAID")[0].body
    assert body["order"]["metadata"] == [{"key": "note", "value": "gift"}]
    assert body["version"] == "3.23.28" and body["issuedAt"]

    _fulfil(shop, order)


def _fulfil(shop: Shop, order: dict[str, Any]) -> None:
    shop.app.received.clear()
    made = shop.saleor.do(
        """mutation($o: ID!, $i: OrderFulfillInput!) { orderFulfill(order: $o, input: $i) { order { status }
          fulfillments { id trackingNumber status warehouse { slug } } errors { field code message } } }""",
        shop.app.token,
        o=order["id"],
        i={
            "lines": [
                {
                    "orderLineId": order["lines"][0]["id"],
                    "stocks": [{"warehouse": shop.warehouse, "quantity": 2}],
                }
            ],
            "trackingNumber": "SF1",
        },
    )
    assert made["order"]["status"] == "FULFILLED"
    (fulfilment,) = made["fulfillments"]
    row = Stock.objects.get(variant__sku="SKU-almond-cakes")
    assert (row.quantity, row.quantity_allocated) == (98, 0)
    shop.saleor.do(
        """mutation($id: ID!) { orderFulfillmentUpdateTracking(id: $id, input: {trackingNumber: "SF2"}) {
          fulfillment { trackingNumber } errors { code } } }""",
        shop.app.token,
        id=fulfilment["id"],
    )
    shop.saleor.drain()
    names = shop.app.names()
    assert names[:4] == ["FULFILLMENT_CREATED", "ORDER_UPDATED", "FULFILLMENT_APPROVED", "ORDER_FULFILLED"]
    assert names[4:] == ["FULFILLMENT_TRACKING_NUMBER_UPDATED", "ORDER_UPDATED"]
    assert not EventDelivery.objects.exclude(status="SUCCESS").exists()


def test_taxes_are_asked_lazily_and_once(shop: Shop) -> None:
    checkout = shop.checkout()
    asked = len(shop.app.of("CHECKOUT_CALCULATE_TAXES"))
    shop.read(checkout["id"])
    shop.read(checkout["id"])
    assert len(shop.app.of("CHECKOUT_CALCULATE_TAXES")) == asked == 1
    base = shop.app.of("CHECKOUT_CALCULATE_TAXES")[0].body["taxBase"]
    assert base["lines"][0]["sourceLine"]["variant"]["metadata"] == [
        {"key": "ponte.hs_code", "value": "1905310000"}
    ]
    assert base["pricesEnteredWithTax"] is False


def test_a_tax_app_that_is_down_blocks_the_order_but_not_the_basket(shop: Shop) -> None:
    shop.app.answers["CHECKOUT_CALCULATE_TAXES"] = (500, {})
    checkout = shop.checkout()
    assert checkout["totalPrice"]["gross"]["amount"] == 176.0
    shop.choose(checkout["id"], shop.deliveries(checkout["id"])[0]["id"])
    shop.initialize(checkout["id"])
    with pytest.raises(Refused) as refused:
        shop.complete(checkout["id"])
    assert refused.value.codes == ["TAX_ERROR"]


@pytest.mark.parametrize(
    "answer",
    [
        {"lines": []},
        {"lines": "none"},
        {
            "shipping_tax_rate": 1,
            "shipping_price_net_amount": -1,
            "shipping_price_gross_amount": 1,
            "lines": [],
        },
    ],
)
def test_bad_tax_answers_are_errors(shop: Shop, answer: dict[str, Any]) -> None:
    shop.app.answers["CHECKOUT_CALCULATE_TAXES"] = answer
    checkout = shop.checkout()
    shop.read(checkout["id"])
    assert Checkout.objects.get().tax_error


def test_unpaid_checkouts_do_not_become_orders(shop: Shop) -> None:
    checkout = shop.checkout()
    with pytest.raises(Refused) as refused:
        shop.complete(checkout["id"])
    assert refused.value.codes == ["SHIPPING_METHOD_NOT_SET"]
    shop.choose(checkout["id"], shop.deliveries(checkout["id"])[0]["id"])
    with pytest.raises(Refused) as refused:
        shop.complete(checkout["id"])
    assert refused.value.codes == ["CHECKOUT_NOT_FULLY_PAID"]


def test_excluded_methods_come_back_inactive_and_cannot_be_chosen(shop: Shop) -> None:
    checkout = shop.checkout()
    shop.app.answers["CHECKOUT_FILTER_SHIPPING_METHODS"] = lambda body: {
        "excluded_methods": [{"id": m["id"], "reason": "超出单次限值"} for m in body["shippingMethods"]]
    }
    (option,) = shop.deliveries(checkout["id"])
    assert option["shippingMethod"]["active"] is False
    assert option["shippingMethod"]["message"] == "超出单次限值"
    with pytest.raises(Refused) as refused:
        shop.choose(checkout["id"], option["id"])
    assert refused.value.codes == ["DELIVERY_METHOD_NOT_APPLICABLE"]


def test_a_delivery_goes_stale_with_the_basket_and_invalid_with_its_price(shop: Shop) -> None:
    checkout = shop.checkout()
    (option,) = shop.deliveries(checkout["id"])
    shop.choose(checkout["id"], option["id"])
    shop.saleor.do(
        """mutation($id: ID!, $l: [CheckoutLineInput!]!) { checkoutLinesAdd(id: $id, lines: $l) {
          checkout { id } errors { code message } } }""",
        None,
        id=checkout["id"],
        l=[{"variantId": shop.variant, "quantity": 1}],
    )
    assert shop.read(checkout["id"])["problems"] == [{"__typename": "CheckoutProblemDeliveryMethodStale"}]
    shop.app.answers["SHIPPING_LIST_METHODS_FOR_CHECKOUT"] = [{**SHIPPING, "amount": "25.00"}]
    (again,) = shop.deliveries(checkout["id"])
    assert again["id"] != option["id"]
    read = shop.read(checkout["id"])
    assert read["problems"] == [{"__typename": "CheckoutProblemDeliveryMethodInvalid"}]
    assert read["delivery"]["id"] == option["id"]
    shop.choose(checkout["id"], again["id"])
    assert shop.read(checkout["id"])["problems"] == []


def test_foreign_currency_and_faulty_methods_are_skipped(shop: Shop) -> None:
    checkout = shop.checkout()
    shop.app.answers["SHIPPING_LIST_METHODS_FOR_CHECKOUT"] = [
        {**SHIPPING, "currency": "MOP"},
        {**SHIPPING, "amount": "-1"},
        {"id": "x"},
        {**SHIPPING, "id": "good", "metadata": {"n": 1}},
    ]
    (option,) = shop.deliveries(checkout["id"])
    assert option["shippingMethod"]["metadata"] == []


def test_paid_checkouts_complete_by_themselves(shop: Shop) -> None:
    checkout = shop.checkout()
    shop.choose(checkout["id"], shop.deliveries(checkout["id"])[0]["id"])
    shop.initialize(checkout["id"])
    shop.saleor.drain()
    assert not Order.objects.exists(), "not before the delay has passed"
    shop.saleor.drain(horizon_seconds=301)
    assert Order.objects.get().checkout_token is not None


def test_out_of_stock_is_said_in_problems_and_at_completion(shop: Shop) -> None:
    checkout = shop.checkout(5)
    shop.choose(checkout["id"], shop.deliveries(checkout["id"])[0]["id"])
    shop.initialize(checkout["id"])
    Stock.objects.update(quantity=3)
    assert shop.read(checkout["id"])["problems"] == [{"__typename": "CheckoutLineProblemInsufficientStock"}]
    with pytest.raises(Refused) as refused:
        shop.complete(checkout["id"])
    assert refused.value.codes == ["INSUFFICIENT_STOCK"]
    assert refused.value.errors[0]["variants"] == [shop.variant]
    with pytest.raises(Refused) as refused:
        shop.checkout(4)
    assert refused.value.codes == ["INSUFFICIENT_STOCK"]


def test_cancelling_frees_stock_and_refunds_nothing(shop: Shop) -> None:
    order = shop.paid_order(3)
    shop.saleor.do(
        "mutation($id: ID!) { orderCancel(id: $id) { order { status } errors { code message } } }",
        shop.app.token,
        id=order["id"],
    )
    row = Stock.objects.get(variant__sku="SKU-almond-cakes")
    assert (row.quantity, row.quantity_allocated) == (100, 0)
    assert Order.objects.get().charge_status == "FULL"
    with pytest.raises(Refused) as refused:
        shop.saleor.do(
            "mutation($id: ID!) { orderCancel(id: $id) { order { status } errors { code message } } }",
            shop.app.token,
            id=order["id"],
        )
    assert refused.value.codes == ["CANNOT_CANCEL_ORDER"]


def test_a_basket_that_changes_while_taxes_are_asked_is_priced_anew(shop: Shop) -> None:
    checkout = shop.checkout(1)["id"]
    answer, changes = shop.app.answers["CHECKOUT_CALCULATE_TAXES"], [2]

    def answer_late(body: dict[str, Any]) -> Any:
        if changes:
            _set_quantity(shop, checkout, changes.pop())
        return answer(body)

    _set_quantity(shop, checkout, 1)
    shop.app.answers["CHECKOUT_CALCULATE_TAXES"] = answer_late
    shop.read(checkout)
    assert not changes
    assert shop.read(checkout)["subtotalPrice"]["net"]["amount"] == 176.0


def _set_quantity(shop: Shop, checkout: str, quantity: int) -> None:
    shop.saleor.do(
        """mutation($id: ID!, $v: ID, $q: Int) { checkoutLinesUpdate(id: $id, lines: [{variantId: $v, quantity: $q}]) {
          errors { code message } } }""",
        None,
        id=checkout,
        v=shop.variant,
        q=quantity,
    )
