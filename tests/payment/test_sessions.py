"""Saleor's session webhooks, the poller and the state machine of sessions."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.db import connection

from plugins.cross_border_payment import gateways, hooks, sessions, settling, states, webhooks
from plugins.cross_border_payment.models import PaymentRefund, PaymentSession
from plugins.cross_border_payment.plugin import plugin
from saleor_ext.core import clock, outbox
from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.core.models import OutboxMessage
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Buyer, OrderDraft, PaymentMethodsRequest, WebhookContext, configuration

from .conftest import API, FakePlatform, FakeSaleor, config_values
from .fake_wechat import FakeWechat

State = PaymentSession.State
TX = "VHJhbnNhY3Rpb25JdGVtOjE="
CONTEXT = WebhookContext(API, "ponte.payment", "transaction_initialize_session", FakeSaleor())


def payload(**changes: Any) -> dict[str, Any]:
    return {
        "version": "3.23.28",
        "recipient": {"id": "QXBwOjI="},
        "data": {"method": "wechat", "surroundings": "desktop"},
        "customerIpAddress": "203.0.113.9",
        "idempotencyKey": "k1",
        "action": {"amount": 194.0, "currency": "CNY", "actionType": "CHARGE"},
        "transaction": {"id": TX},
        "sourceObject": {
            "__typename": "Checkout",
            "id": "Q2hlY2tvdXQ6MQ==",
            "metadata": [{"key": "ponte.lane", "value": "bonded_1210"}],
            "lines": [
                {
                    "quantity": 2,
                    "variant": {"sku": "A-1"},
                    "unitPrice": {"net": {"amount": 80.5, "currency": "CNY"}},
                }
            ],
            "shippingPrice": {"net": {"amount": 18, "currency": "CNY"}},
            "shippingAddress": None,
        },
        **changes,
    }


def session_row() -> PaymentSession:
    return PaymentSession.objects.get()


def drain() -> None:
    while outbox.drain():
        pass


def test_a_session_waits_for_the_buyer(wechat: FakeWechat) -> None:
    answer = webhooks.initialize(CONTEXT, payload())
    assert answer["result"] == "CHARGE_ACTION_REQUIRED"
    assert "pspReference" not in answer
    assert answer["amount"] == "194.00"
    assert answer["data"]["code_url"].startswith("weixin://")
    assert answer["data"]["expires_at"] > clock.now().isoformat()
    row = session_row()
    assert (row.state, row.lane, row.checkout_id) == (State.WAITING, "bonded_1210", "Q2hlY2tvdXQ6MQ==")
    assert len(row.out_trade_no) <= 32


def test_the_same_transaction_is_one_order_at_the_gateway(wechat: FakeWechat) -> None:
    first = webhooks.initialize(CONTEXT, payload())
    second = webhooks.initialize(CONTEXT, payload())
    assert first["data"] == second["data"]
    assert list(wechat.orders) == [sessions.trade_no(API, TX)]
    assert wechat.calls.count("POST /v3/global/transactions/native") == 1


def test_a_lost_answer_is_asked_for_again(wechat: FakeWechat) -> None:
    gateways.gateway().client.certificate()
    wechat.lose_answers = 1
    assert webhooks.initialize(CONTEXT, payload())["result"] == "CHARGE_FAILURE"
    assert webhooks.initialize(CONTEXT, payload())["result"] == "CHARGE_ACTION_REQUIRED"
    assert len(wechat.orders) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"action": {"amount": 10.0, "currency": "CNY", "actionType": "CHARGE"}},
        {"action": {"amount": 194.0, "currency": "HKD", "actionType": "CHARGE"}},
        {"action": {"amount": 0, "currency": "CNY", "actionType": "CHARGE"}},
        {"action": {"amount": 1.005, "currency": "CNY", "actionType": "CHARGE"}},
        {"data": {"method": "stripe"}},
        {"data": {"method": "wechat", "surroundings": "moon"}},
    ],
)
def test_what_cannot_be_charged_is_refused(wechat: FakeWechat, changes: dict[str, Any]) -> None:
    webhooks.initialize(CONTEXT, payload())
    answer = webhooks.initialize(CONTEXT, payload(**changes))
    if "data" in changes and changes["data"].get("surroundings") is None:
        assert "not available" in answer["message"]
    assert answer["result"] == "CHARGE_FAILURE"
    assert answer["message"]
    assert session_row().money == Money("194.00", "CNY")


def test_not_configured_or_switched_off_is_told(db: None, lanes_known: None) -> None:
    assert webhooks.initialize(CONTEXT, payload())["result"] == "CHARGE_FAILURE"
    configuration.save(plugin, config_values(enabled=False), actor="test")
    configuration.forget_cache()
    assert webhooks.initialize(CONTEXT, payload())["result"] == "CHARGE_FAILURE"
    assert hooks.payment_methods(PaymentMethodsRequest("local", Money("1", "CNY"))) == []


def test_customs_lanes_take_declaring_gateways_only(wechat: FakeWechat) -> None:
    request = PaymentMethodsRequest("bonded_1210", Money("194", "CNY"))
    (method,) = hooks.payment_methods(request)
    assert (method.id, method.gateway) == ("wechat", "ponte.payment")
    configuration.save(plugin, config_values(customs_targets=[]), actor="test")
    configuration.forget_cache()
    assert hooks.payment_methods(request) == []
    assert len(hooks.payment_methods(PaymentMethodsRequest("local", Money("194", "CNY")))) == 1
    assert hooks.payment_methods(PaymentMethodsRequest("local", Money("194", "MOP"))) == []
    assert webhooks.initialize(CONTEXT, payload())["result"] == "CHARGE_FAILURE"
    assert not PaymentSession.objects.exists()
    draft = OrderDraft("c", "m", "bonded_1210", "nansha", (), Money("0", "CNY"), None, None)
    assert {f.code for f in hooks.order_checks(draft)} == {"payment_identity_missing", "payment_no_declarer"}


def test_no_money_is_taken_for_declared_goods_before_a_buyer_is_named(
    wechat: FakeWechat, services: FakePlatform
) -> None:
    """Saleor's API lets anybody start a payment; the shop's real-name step must not be passed by."""
    source = {**payload()["sourceObject"], "metadata": [{"key": "ponte.lane", "value": "named"}]}
    refused = webhooks.initialize(CONTEXT, payload(sourceObject=source))
    assert refused["result"] == "CHARGE_FAILURE"
    assert refused["message"].startswith("Name the person who orders first")
    assert PaymentSession.objects.count() == 0
    services.named[API, source["id"]] = Buyer("person-1", "张*", "index")
    answer = webhooks.initialize(CONTEXT, payload(sourceObject=source))
    assert answer["result"] == "CHARGE_ACTION_REQUIRED"
    assert PaymentSession.objects.get().checkout_id == source["id"]


def test_return_addresses_are_ours_or_none() -> None:
    assert webhooks._own_url("http://testserver/orders/1") == "http://testserver/orders/1"
    for foreign in (
        "http://evil.test/",
        "//evil.test/",
        "javascript:alert(1)",
        "http://testserver.evil.test/",
        5,
    ):
        assert webhooks._own_url(foreign) == ""


def test_process_looks_at_the_gateway(wechat: FakeWechat, services: FakePlatform) -> None:
    webhooks.initialize(CONTEXT, payload())
    assert webhooks.process(CONTEXT, payload())["result"] == "CHARGE_ACTION_REQUIRED"
    wechat.pay(session_row().out_trade_no)
    answer = webhooks.process(CONTEXT, payload())
    assert answer["result"] == "CHARGE_SUCCESS"
    assert answer["pspReference"] == session_row().gateway_ref
    assert answer["actions"] == ["REFUND"]
    assert webhooks.process(CONTEXT, payload())["result"] == "CHARGE_SUCCESS"
    drain()
    assert len(services.client.calls) == 1
    assert len(services.completed) == 1


def test_process_of_a_gateway_that_is_away_waits(wechat: FakeWechat) -> None:
    webhooks.initialize(CONTEXT, payload())
    wechat.fail_with = (500, "SYSTEM_ERROR")
    assert webhooks.process(CONTEXT, payload())["result"] == "CHARGE_ACTION_REQUIRED"
    assert webhooks.process(CONTEXT, payload(transaction={"id": "other"}))["result"] == "CHARGE_FAILURE"


def test_a_buyer_who_never_comes_back_gets_the_order(wechat: FakeWechat, services: FakePlatform) -> None:
    with time_machine.travel(clock.now(), tick=False) as now:
        webhooks.initialize(CONTEXT, payload())
        wechat.pay(session_row().out_trade_no)
        assert settling.poll() == 0
        now.shift(timedelta(seconds=6))
        assert settling.poll() == 1
        assert settling.poll() == 0
        drain()
    assert services.completed == [(API, "Q2hlY2tvdXQ6MQ==")]


def test_a_buyer_who_looks_is_not_left_waiting_for_a_late_poll(wechat: FakeWechat) -> None:
    webhooks.initialize(CONTEXT, payload())
    row = session_row()
    far = clock.now() + timedelta(minutes=4)
    PaymentSession.objects.filter(pk=row.pk).update(next_poll_at=far)
    with time_machine.travel(clock.now(), tick=False):
        seen = hooks.payment_session(TX)
        assert seen is not None and seen.state == "waiting"
        assert session_row().next_poll_at == clock.now() + sessions.WATCHED_POLL
    sooner = clock.now() + timedelta(seconds=1)
    PaymentSession.objects.filter(pk=row.pk).update(next_poll_at=sooner)
    hooks.payment_session(TX)
    assert session_row().next_poll_at == sooner


def test_an_expired_session_is_closed_and_told(wechat: FakeWechat, services: FakePlatform) -> None:
    with time_machine.travel(clock.now(), tick=False) as now:
        webhooks.initialize(CONTEXT, payload())
        now.shift(timedelta(minutes=31))
        assert webhooks.process(CONTEXT, payload())["result"] == "CHARGE_FAILURE"
        drain()
    row = session_row()
    assert row.state == State.CLOSED
    assert wechat.orders[row.out_trade_no]["trade_state"] == "CLOSED"
    assert [call["type"] for call in services.client.calls] == ["CHARGE_FAILURE"]
    session = hooks.payment_session(TX)
    assert session is not None
    assert session.state == "expired"
    assert hooks.payment_session("other") is None


def test_money_at_the_last_moment_wins_over_closing(wechat: FakeWechat, services: FakePlatform) -> None:
    with time_machine.travel(clock.now(), tick=False) as now:
        webhooks.initialize(CONTEXT, payload())
        now.shift(timedelta(minutes=31))
        number = session_row().out_trade_no
        normal_close = wechat.close

        def paid_meanwhile(number: str) -> Any:
            wechat.pay(number)
            return normal_close(number)

        wechat.close = paid_meanwhile  # type: ignore[method-assign]  # the buyer pays between our two calls
        settling.settle({"session": str(session_row().pk)})
    assert session_row().state == State.PAID
    assert number in wechat.orders


def test_cancel_before_and_after_payment(wechat: FakeWechat, services: FakePlatform) -> None:
    with time_machine.travel(clock.now(), tick=False) as now:
        webhooks.initialize(CONTEXT, payload())
        answer = webhooks.cancel(CONTEXT, payload())
        assert answer == {"pspReference": session_row().out_trade_no}
        settling.settle({"session": str(session_row().pk)})
        assert session_row().state == State.WAITING, "WeChat closes no order younger than five minutes"
        now.shift(timedelta(minutes=6))
        settling.poll()
        drain()
    assert session_row().state == State.CLOSED
    assert services.client.calls[-1]["type"] == "CANCEL_SUCCESS"
    assert webhooks.cancel(CONTEXT, payload())["result"] == "CANCEL_SUCCESS"
    assert webhooks.cancel(CONTEXT, payload(transaction={"id": "x"}))["result"] == "CANCEL_FAILURE"


def test_paid_cannot_be_cancelled(wechat: FakeWechat, services: FakePlatform) -> None:
    webhooks.initialize(CONTEXT, payload())
    wechat.pay(session_row().out_trade_no)
    webhooks.process(CONTEXT, payload())
    assert webhooks.cancel(CONTEXT, payload())["result"] == "CANCEL_FAILURE"


def test_paid_but_no_order_is_healed(wechat: FakeWechat, services: FakePlatform) -> None:
    with time_machine.travel(clock.now(), tick=False) as now:
        webhooks.initialize(CONTEXT, payload())
        wechat.pay(session_row().out_trade_no)
        settling.settle({"session": str(session_row().pk)})
        OutboxMessage.objects.all().delete()  # as if the promise had never been made
        now.shift(timedelta(minutes=3))
        assert settling.heal() == 1
        assert settling.heal() == 0
        drain()
        assert len(services.completed) == 1
        PaymentSession.objects.update(completed_at=None)  # a worker killed between call and mark
        assert settling.heal() == 1
        drain()
    assert session_row().completed_at is not None


def test_a_dead_promise_waits_for_an_operator(wechat: FakeWechat, services: FakePlatform) -> None:
    services.client.fail = PermanentError("the app was removed")
    with time_machine.travel(clock.now(), tick=False) as now:
        webhooks.initialize(CONTEXT, payload())
        wechat.pay(session_row().out_trade_no)
        settling.settle({"session": str(session_row().pk)})
        drain()
        now.shift(timedelta(minutes=3))
        assert settling.heal() == 0
    dead = OutboxMessage.objects.get(state="dead")
    services.client.fail = None
    outbox.retry(dead)
    drain()
    assert len(services.completed) == 1


def test_saleor_away_is_tried_again(wechat: FakeWechat, services: FakePlatform) -> None:
    services.client.fail = TransientError("down")
    with time_machine.travel(clock.now(), tick=False) as now:
        webhooks.initialize(CONTEXT, payload())
        wechat.pay(session_row().out_trade_no)
        settling.settle({"session": str(session_row().pk)})
        drain()
        services.client.fail = None
        now.shift(timedelta(seconds=30))
        drain()
    assert [call["type"] for call in services.client.calls] == ["CHARGE_SUCCESS"]


def test_paid_twice_gives_the_second_back(wechat: FakeWechat, services: FakePlatform) -> None:
    """Two codes of one checkout were open and the buyer paid both."""
    for number in (TX, "VHJhbnNhY3Rpb25JdGVtOjI="):
        webhooks.initialize(CONTEXT, payload(transaction={"id": number}))
        row = PaymentSession.objects.get(transaction_id=number)
        wechat.pay(row.out_trade_no)
        settling.settle({"session": str(row.pk)})
        drain()
    refund = PaymentRefund.objects.get()
    assert refund.session.transaction_id == "VHJhbnNhY3Rpb25JdGVtOjI="
    assert refund.amount == refund.session.amount
    assert len(services.completed) == 1


@pytest.mark.django_db(transaction=True)
def test_two_payments_at_the_same_moment_leave_one(wechat: FakeWechat, services: FakePlatform) -> None:
    """Both are at Saleor for the order before either is marked: still one of them goes back."""
    keys = []
    for number in (TX, "VHJhbnNhY3Rpb25JdGVtOjI="):
        webhooks.initialize(CONTEXT, payload(transaction={"id": number}))
        row = PaymentSession.objects.get(transaction_id=number)
        wechat.pay(row.out_trade_no)
        settling.settle({"session": str(row.pk)})
        keys.append(str(row.pk))
    together = Barrier(2, timeout=20)

    def complete(api_url: str, checkout_id: str) -> None:
        together.wait()
        services.completed.append((api_url, checkout_id))

    def work(key: str) -> None:
        try:
            settling.complete_checkout({"session": key})
        finally:
            connection.close()

    with patch.object(services, "complete_checkout", complete), ThreadPoolExecutor(2) as pool:
        list(pool.map(work, keys))
    assert len(services.completed) == 2, "both asked; Saleor answers the second with the first's order"
    refund = PaymentRefund.objects.get()
    assert refund.amount == refund.session.amount
    assert PaymentSession.objects.filter(completed_at__isnull=False).count() == 2


@pytest.mark.parametrize(("before", "after"), [*itertools.product(State.values, State.values)])
def test_sessions_move_along_the_table_only(before: str, after: str) -> None:
    row = PaymentSession(state=before)
    moved = sessions._move(row, after)
    assert moved == (before != after and after in states.SESSION[before])
    assert row.state == (after if moved else before)


def test_money_is_final() -> None:
    assert states.SESSION[State.PAID] == frozenset()
    assert all(
        State.PAID in after for state, after in states.SESSION.items() if state not in ("paid", "suspect")
    )


def test_declared_queries_are_where_the_plugin_says() -> None:
    from saleor_ext.plugin_api import document

    assert plugin.saleor_app is not None
    for webhook in plugin.saleor_app.webhooks:
        assert "subscription" in document(plugin.saleor_app.package, webhook.query)
