"""Sessions, reports and requests between the stand-in and payment apps."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.saleor.models import Order, TransactionEvent, TransactionItem
from tests.sandbox_saleor.client import Refused
from tests.sandbox_saleor.shop import Shop

REPORT = """mutation($id: ID!, $ref: String!, $type: TransactionEventTypeEnum!, $amount:
  PositiveDecimal, $time: DateTime,
  $actions: [TransactionActionEnum!], $details: PaymentMethodDetailsInput) {
  transactionEventReport(id: $id, pspReference: $ref, type: $type, amount: $amount, time: $time,
    availableActions: $actions, paymentMethodDetails: $details) {
    alreadyProcessed transaction { id actions pspReference chargedAmount { amount } refundedAmount { amount }
      refundPendingAmount { amount } paymentMethodDetails { __typename name } order { id chargeStatus } }
    transactionEvent { id type } errors { field message code } } }"""
PROCESS = """mutation($id: ID!, $data: JSON) { transactionProcess(id: $id, data: $data) {
  transactionEvent { type } data errors { field message code } } }"""
REFUND = """mutation($id: ID!, $amount: PositiveDecimal) { transactionRequestAction(id: $id,
  actionType: REFUND, amount: $amount) {
  transaction { id } errors { field message code } } }"""


@pytest.fixture
def pending(shop: Shop) -> str:
    """A checkout whose payment waits for the buyer; returns the transaction's id."""
    shop.app.answers["TRANSACTION_INITIALIZE_SESSION"] = {
        "result": "CHARGE_ACTION_REQUIRED",
        "pspReference": "psp-1",
        "data": {"qr": "weixin://…"},
    }
    checkout = shop.checkout()
    shop.choose(checkout["id"], shop.deliveries(checkout["id"])[0]["id"])
    started = shop.initialize(checkout["id"])
    assert started["transactionEvent"]["type"] == "CHARGE_ACTION_REQUIRED"
    assert started["data"] == {"qr": "weixin://…"}
    assert started["transaction"]["pspReference"] == "psp-1"
    shop.extra["checkout"] = checkout["id"]
    return str(started["transaction"]["id"])


def report(shop: Shop, id: str, ref: str, kind: str, amount: Any = None, **more: Any) -> dict[str, Any]:
    return shop.saleor.do(REPORT, shop.app.token, id=id, ref=ref, type=kind, amount=amount, **more)


def test_a_report_pays_a_checkout_and_repeats_safely(shop: Shop, pending: str) -> None:
    first = report(shop, pending, "psp-1", "CHARGE_SUCCESS", "211.66", actions=["REFUND"])
    assert first["alreadyProcessed"] is False
    assert first["transaction"]["chargedAmount"]["amount"] == 211.66
    again = report(shop, pending, "psp-1", "CHARGE_SUCCESS", "211.66")
    assert again["alreadyProcessed"] is True
    assert again["transactionEvent"]["id"] == first["transactionEvent"]["id"]
    assert again["transaction"]["chargedAmount"]["amount"] == 211.66
    assert shop.read(shop.extra["checkout"])["chargeStatus"] == "FULL"
    with pytest.raises(Refused) as refused:
        report(shop, pending, "psp-1", "CHARGE_SUCCESS", "1.00")
    assert refused.value.codes == ["INCORRECT_DETAILS"]
    failures = TransactionEvent.objects.filter(type="CHARGE_FAILURE")
    assert failures.count() == 1 and not failures.get().include_in_calculations
    asked = len(shop.app.of("TRANSACTION_PROCESS_SESSION"))
    done = shop.saleor.do(PROCESS, None, id=pending)
    assert done["transactionEvent"]["type"] == "CHARGE_SUCCESS"
    assert len(shop.app.of("TRANSACTION_PROCESS_SESSION")) == asked, "decided: the app is not asked again"


def test_process_asks_the_app_until_decided(shop: Shop, pending: str) -> None:
    shop.app.answers["TRANSACTION_PROCESS_SESSION"] = {
        "result": "CHARGE_ACTION_REQUIRED",
        "pspReference": "psp-1",
    }
    assert shop.saleor.do(PROCESS, None, id=pending)["transactionEvent"]["type"] == "CHARGE_ACTION_REQUIRED"
    shop.app.answers["TRANSACTION_PROCESS_SESSION"] = {"result": "CHARGE_SUCCESS", "pspReference": "psp-1"}
    assert shop.saleor.do(PROCESS, None, id=pending)["transactionEvent"]["type"] == "CHARGE_SUCCESS"
    assert TransactionItem.objects.get().charged_value == Decimal("211.66")


@pytest.mark.parametrize(
    "answer",
    [(500, {}), (200, {"result": "NONSENSE"}), (200, {"result": "CHARGE_SUCCESS"}), (200, []), (302, {})],
)
def test_bad_answers_are_failures_not_errors(shop: Shop, answer: Any) -> None:
    shop.app.answers["TRANSACTION_INITIALIZE_SESSION"] = answer
    started = shop.initialize(shop.checkout()["id"])
    assert started["transactionEvent"]["type"] == "CHARGE_FAILURE"
    assert TransactionItem.objects.get().charged_value == 0


def test_pending_money_counts_for_the_checkout_but_not_for_the_order(shop: Shop) -> None:
    shop.app.answers["TRANSACTION_INITIALIZE_SESSION"] = {"result": "CHARGE_REQUEST", "pspReference": "p"}
    checkout = shop.checkout()
    shop.choose(checkout["id"], shop.deliveries(checkout["id"])[0]["id"])
    shop.initialize(checkout["id"])
    assert shop.read(checkout["id"])["authorizeStatus"] == "FULL"
    order = shop.complete(checkout["id"])
    assert order["chargeStatus"] == "NONE" and order["isPaid"] is False


def test_the_idempotency_key_finds_the_same_transaction(shop: Shop) -> None:
    checkout = shop.checkout()
    one = shop.initialize(checkout["id"], key="k-1", amount="10.00")
    two = shop.initialize(checkout["id"], key="k-1", amount="10.00")
    assert one["transaction"]["id"] == two["transaction"]["id"]
    assert len(shop.app.of("TRANSACTION_INITIALIZE_SESSION")) == 2, "the app is asked again, as by Saleor"
    assert shop.app.of("TRANSACTION_INITIALIZE_SESSION")[0].body["idempotencyKey"] == "k-1"
    with pytest.raises(Refused) as refused:
        shop.initialize(shop.checkout()["id"], key="k-1", amount="10.00")
    assert refused.value.codes == ["UNIQUE"]


def test_a_late_report_pays_an_order(shop: Shop) -> None:
    shop.app.answers["TRANSACTION_INITIALIZE_SESSION"] = {"result": "CHARGE_REQUEST", "pspReference": "p"}
    order = shop.paid_order()
    shop.saleor.drain()
    shop.app.received.clear()
    told = report(shop, order["transaction"], "p", "CHARGE_SUCCESS", "211.66")
    assert told["transaction"]["order"]["chargeStatus"] == "FULL"
    shop.saleor.drain()
    assert shop.app.names() == ["ORDER_PAID", "ORDER_FULLY_PAID", "ORDER_UPDATED"]


def test_a_refund_is_asked_for_once_with_one_key_and_settled_later(shop: Shop) -> None:
    order = shop.paid_order()
    answers = [(500, {}), (502, {}), (200, {"pspReference": "re-1"})]
    shop.app.answers["TRANSACTION_REFUND_REQUESTED"] = lambda body: answers.pop(0)
    shop.saleor.do(REFUND, shop.app.token, id=order["transaction"], amount="100.00")
    shop.saleor.drain()
    assert len(shop.app.of("TRANSACTION_REFUND_REQUESTED")) == 1
    shop.saleor.drain(horizon_seconds=10)
    shop.saleor.drain(horizon_seconds=20)
    asked = shop.app.of("TRANSACTION_REFUND_REQUESTED")
    assert len(asked) == 3 and len({r.raw for r in asked}) == 1, "the same bytes each time"
    requests = [e for e in asked[0].body["transaction"]["events"] if e["type"] == "REFUND_REQUEST"]
    assert len(requests) == 1 and requests[0]["idempotencyKey"] and requests[0]["amount"]["amount"] == 100.0
    item = TransactionItem.objects.get()
    assert (item.charged_value, item.refund_pending_value) == (Decimal("111.66"), 100)
    shop.app.received.clear()
    report(shop, order["transaction"], "re-1", "REFUND_SUCCESS", "100.00")
    item.refresh_from_db()
    assert (item.refund_pending_value, item.refunded_value) == (0, 100)
    shop.saleor.drain()
    assert shop.app.names() == ["ORDER_REFUNDED", "ORDER_UPDATED"]


def test_a_refused_refund_leaves_the_money_where_it_is(shop: Shop) -> None:
    order = shop.paid_order()
    shop.app.answers["TRANSACTION_REFUND_REQUESTED"] = {
        "result": "REFUND_FAILURE",
        "message": "closed",
        "pspReference": "r",
    }
    shop.saleor.do(REFUND, shop.app.token, id=order["transaction"], amount="5.00")
    shop.saleor.drain()
    item = TransactionItem.objects.get()
    assert (item.charged_value, item.refunded_value) == (Decimal("211.66"), 0)


def test_a_granted_refund_follows_its_transaction(shop: Shop) -> None:
    order = shop.paid_order()
    granted = shop.saleor.do(
        """mutation($id: ID!, $i: OrderGrantRefundCreateInput!) { orderGrantRefundCreate(id: $id, input: $i) {
          grantedRefund { id status amount { amount } } errors { field message code } } }""",
        shop.app.token,
        id=order["id"],
        i={"amount": "50.00", "reason": "broken", "transactionId": order["transaction"]},
    )["grantedRefund"]
    assert granted["status"] == "NONE"
    shop.app.answers["TRANSACTION_REFUND_REQUESTED"] = {"result": "REFUND_SUCCESS", "pspReference": "re-2"}
    shop.saleor.do(
        """mutation($id: ID!, $g: ID!) { transactionRequestRefundForGrantedRefund(id: $id, grantedRefundId: $g) {
          transaction { id } errors { field message code } } }""",
        shop.app.token,
        id=order["transaction"],
        g=granted["id"],
    )
    shop.saleor.drain()
    assert shop.app.of("TRANSACTION_REFUND_REQUESTED")[0].body["grantedRefund"]["id"] == granted["id"]
    read = shop.saleor.run(
        "query($id: ID!) { order(id: $id) { totalRefunded { amount } chargeStatus grantedRefunds { status } } }",
        shop.app.token,
        id=order["id"],
    )["order"]
    assert read == {
        "totalRefunded": {"amount": 50.0},
        "chargeStatus": "FULL",
        "grantedRefunds": [{"status": "SUCCESS"}],
    }


def test_amounts_may_be_left_out_where_they_are_known(shop: Shop, pending: str) -> None:
    report(shop, pending, "psp-1", "CHARGE_SUCCESS", "211.66")
    report(shop, pending, "psp-1", "CHARGE_BACK")
    assert TransactionItem.objects.get().charged_value == 0
    with pytest.raises(Refused) as refused:
        report(shop, pending, "psp-9", "CHARGE_SUCCESS")
    assert refused.value.errors[0]["field"] == "amount" and refused.value.codes == ["REQUIRED"]


def test_details_of_the_method_are_kept(shop: Shop, pending: str) -> None:
    told = report(shop, pending, "psp-1", "CHARGE_SUCCESS", "1.00", details={"other": {"name": "WeChat Pay"}})
    assert told["transaction"]["paymentMethodDetails"] == {
        "__typename": "OtherPaymentMethodDetails",
        "name": "WeChat Pay",
    }


def test_gateways_tell_what_a_page_needs(shop: Shop) -> None:
    checkout = shop.checkout()
    made = shop.saleor.do(
        """mutation($id: ID!, $g: [PaymentGatewayToInitialize!]) { paymentGatewayInitialize(id:
          $id, paymentGateways: $g) {
          gatewayConfigs { id data errors { code message } } errors { code message } } }""",
        None,
        id=checkout["id"],
        g=[{"id": shop.app.identifier, "data": {"a": 1}}, {"id": "unknown"}],
    )
    good, bad = made["gatewayConfigs"]
    assert good == {"id": shop.app.identifier, "data": {"key": "pk"}, "errors": []}
    assert bad["id"] == "unknown" and bad["data"] is None and bad["errors"]
    body = shop.app.of("PAYMENT_GATEWAY_INITIALIZE_SESSION")[0].body
    assert body["data"] == {"a": 1} and body["amount"] == 192.02


def test_orders_can_be_marked_as_paid_by_hand(shop: Shop) -> None:
    shop.saleor.do(
        """mutation($id: ID!, $i: ChannelUpdateInput!) { channelUpdate(id: $id, input: $i) {
          channel { id } errors { code } } }""",
        id=shop.channel,
        i={"orderSettings": {"allowUnpaidOrders": True}},
    )
    checkout = shop.checkout()
    shop.choose(checkout["id"], shop.deliveries(checkout["id"])[0]["id"])
    order = shop.complete(checkout["id"])
    assert order["status"] == "UNCONFIRMED", "without a transaction it waits to be confirmed"
    shop.saleor.do(
        "mutation($id: ID!) { orderMarkAsPaid(id: $id) { order { isPaid } errors { code message } } }",
        id=order["id"],
    )
    shop.saleor.do(
        "mutation($id: ID!) { orderConfirm(id: $id) { order { status } errors { code message } } }",
        id=order["id"],
    )
    row = Order.objects.get()
    assert (row.status, row.charge_status) == ("UNFULFILLED", "FULL")
