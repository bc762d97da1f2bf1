"""Refunds: re-sent requests pay once, too much is refused, the gateway decides the end."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest
import time_machine

from plugins.cross_border_payment import hooks, refunds, settling, webhooks
from plugins.cross_border_payment.models import PaymentRefund, PaymentSession
from saleor_ext.core import clock, outbox
from saleor_ext.core.models import AuditEntry, OutboxMessage
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import ParcelView

from .conftest import FakePlatform
from .fake_wechat import FakeWechat
from .test_sessions import CONTEXT, TX, payload


@pytest.fixture
def paid(wechat: FakeWechat, services: FakePlatform) -> PaymentSession:
    webhooks.initialize(CONTEXT, payload())
    row = PaymentSession.objects.get()
    wechat.pay(row.out_trade_no)
    settling.settle({"session": str(row.pk)})
    drain()
    services.client.calls.clear()
    row.refresh_from_db()
    return row


def drain() -> None:
    while outbox.drain():
        pass


def event(number: int, amount: float = 50.0, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"event-{number}",
        "type": "REFUND_REQUEST",
        "createdAt": f"2026-11-23T10:00:{number:02}.000000+00:00",
        "pspReference": "",
        "idempotencyKey": f"uuid-{number}",
        "amount": {"amount": amount, "currency": "CNY"},
        **changes,
    }


def request(*events: dict[str, Any], amount: float = 50.0) -> dict[str, Any]:
    return {
        "action": {"amount": amount, "currency": "CNY", "actionType": "REFUND"},
        "grantedRefund": {"id": "g", "reason": "one tin was dented"},
        "transaction": {"id": TX, "pspReference": "42", "events": list(events)},
    }


def test_a_resent_request_is_one_refund(
    paid: PaymentSession, wechat: FakeWechat, services: FakePlatform
) -> None:
    answers = [webhooks.refund(CONTEXT, request(event(1))) for _ in range(6)]
    assert len({answer["pspReference"] for answer in answers}) == 1
    drain()
    assert len(wechat.refunds) == 1
    assert wechat.calls.count("POST /v3/global/refunds") == 1


def test_two_equal_partial_refunds_are_two(paid: PaymentSession, wechat: FakeWechat) -> None:
    first = webhooks.refund(CONTEXT, request(event(1)))
    second = webhooks.refund(CONTEXT, request(event(1, pspReference=first["pspReference"]), event(2)))
    assert first["pspReference"] != second["pspReference"]
    drain()
    assert sum(r["amount"]["refund"] for r in wechat.refunds.values()) == 10000


def test_without_an_event_the_body_is_the_key(paid: PaymentSession) -> None:
    first = webhooks.refund(CONTEXT, request())
    assert webhooks.refund(CONTEXT, request()) == first
    assert refunds.dedupe_key(request()).startswith("body:")
    assert refunds.dedupe_key(request(event(1, type="CHARGE_SUCCESS"), event(2, amount=9))).startswith(
        "body:"
    )


@pytest.mark.parametrize(
    ("events", "key"),
    [
        ([event(1)], "event:uuid-1"),
        ([event(2), event(1)], "event:uuid-2"),
        ([event(1, idempotencyKey=None)], "event:event-1"),
        ([event(1), event(2, pspReference="PRX")], "event:uuid-1"),
        ([event(1), event(2, amount=49.99)], "event:uuid-1"),
    ],
)
def test_the_newest_open_event_of_the_amount_is_the_key(events: list[dict[str, Any]], key: str) -> None:
    assert refunds.dedupe_key(request(*events)) == key


def test_the_result_is_reported_when_the_gateway_knows_it(
    paid: PaymentSession, wechat: FakeWechat, services: FakePlatform
) -> None:
    with time_machine.travel(clock.now(), tick=False) as now:
        answer = webhooks.refund(CONTEXT, request(event(1)))
        drain()
        assert services.client.calls == []
        wechat.refunds[answer["pspReference"]]["status"] = "SUCCESS"
        now.shift(timedelta(seconds=10))
        drain()
    (report,) = services.client.calls
    assert (report["type"], report["pspReference"], report["amount"]) == (
        "REFUND_SUCCESS",
        answer["pspReference"],
        "50.00",
    )
    assert report["actions"] == ["REFUND"]


@pytest.mark.parametrize("status", ["ABNORMAL", "CLOSED"])
def test_a_refund_that_fails_later_is_reported_and_frees_the_money(
    paid: PaymentSession, wechat: FakeWechat, services: FakePlatform, status: str
) -> None:
    with time_machine.travel(clock.now(), tick=False) as now:
        answer = webhooks.refund(CONTEXT, request(event(1, amount=194.0), amount=194.0))
        drain()
        wechat.refunds[answer["pspReference"]]["status"] = status
        now.shift(timedelta(seconds=10))
        drain()
    assert services.client.calls[0]["type"] == "REFUND_FAILURE"
    assert refunds.refunded(paid) == Money.zero("CNY")


def test_a_refusal_of_the_gateway_ends_it(
    paid: PaymentSession, wechat: FakeWechat, services: FakePlatform
) -> None:
    webhooks.refund(CONTEXT, request(event(1)))
    wechat.fail_with = (400, "NOT_ENOUGH")
    drain()
    assert PaymentRefund.objects.get().state == "FAILED"
    assert services.client.calls[0]["type"] == "REFUND_FAILURE"
    assert "NOT_ENOUGH" in services.client.calls[0]["message"]
    assert OutboxMessage.objects.filter(state="dead").count() == 1


def test_a_lost_answer_does_not_refund_twice(
    paid: PaymentSession, wechat: FakeWechat, services: FakePlatform
) -> None:
    with time_machine.travel(clock.now(), tick=False) as now:
        webhooks.refund(CONTEXT, request(event(1)))
        wechat.lose_answers = 1
        drain()
        now.shift(timedelta(seconds=20))
        drain()
    assert len(wechat.refunds) == 1
    assert PaymentRefund.objects.get().sent_at is not None


def test_a_refund_of_another_amount_is_not_believed(
    paid: PaymentSession, wechat: FakeWechat, services: FakePlatform
) -> None:
    with time_machine.travel(clock.now(), tick=False) as now:
        answer = webhooks.refund(CONTEXT, request(event(1)))
        drain()
        wechat.refunds[answer["pspReference"]].update(
            status="SUCCESS", amount={"refund": 1, "currency": "CNY"}
        )
        now.shift(timedelta(seconds=10))
        drain()
    assert PaymentRefund.objects.get().state == "PROCESSING"
    assert AuditEntry.objects.filter(action="payment.refund_mismatch").exists()


@pytest.mark.parametrize("amount", [194.01, 0, 1.005, -1])
def test_what_cannot_be_refunded_is_told(paid: PaymentSession, amount: float) -> None:
    answer = webhooks.refund(CONTEXT, request(amount=amount))
    assert answer["result"] == "REFUND_FAILURE"
    assert not PaymentRefund.objects.exists()


def test_parts_cannot_exceed_the_whole(paid: PaymentSession) -> None:
    assert "pspReference" in webhooks.refund(CONTEXT, request(event(1, amount=150.0), amount=150.0))
    assert webhooks.refund(CONTEXT, request(event(2), amount=50.0))["result"] == "REFUND_FAILURE"


def test_nothing_paid_or_too_late(wechat: FakeWechat, services: FakePlatform) -> None:
    webhooks.initialize(CONTEXT, payload())
    assert webhooks.refund(CONTEXT, request(event(1)))["result"] == "REFUND_FAILURE"
    assert webhooks.refund(CONTEXT, {**request(), "transaction": {"id": "x"}})["result"] == "REFUND_FAILURE"
    row = PaymentSession.objects.get()
    wechat.pay(row.out_trade_no)
    settling.settle({"session": str(row.pk)})
    with time_machine.travel(clock.now() + timedelta(days=366)):
        assert webhooks.refund(CONTEXT, request(event(1)))["result"] == "REFUND_FAILURE"


def test_another_plugin_gets_money_back_once_a_key(
    paid: PaymentSession, wechat: FakeWechat, services: FakePlatform
) -> None:
    view = cast("ParcelView", SimpleNamespace(api_url=paid.api_url, transaction_id=paid.transaction_id))
    elsewhere = cast("ParcelView", SimpleNamespace(api_url=paid.api_url, transaction_id="other"))
    amount = Money(Decimal("30.00"), "CNY")
    references = {hooks.refund_wanted(view, amount, "return:1", "broken") for _ in range(3)}
    drain()
    assert len(references) == len(wechat.refunds) == 1
    (refund,) = PaymentRefund.objects.all()
    assert (refund.refund_no, refund.money, refund.reason) == (references.pop(), amount, "broken")
    with pytest.raises(refunds.RefundRefused):
        hooks.refund_wanted(view, paid.money, "return:2", "the rest and more")
    assert hooks.refund_wanted(elsewhere, amount, "return:3", "x") is None


def test_another_plugin_gets_all_that_is_left_back_once(
    paid: PaymentSession, wechat: FakeWechat, services: FakePlatform
) -> None:
    view = cast("ParcelView", SimpleNamespace(api_url=paid.api_url, transaction_id=paid.transaction_id))
    hooks.refund_wanted(view, Money(Decimal("30.00"), "CNY"), "return:1", "broken")
    references = {hooks.refund_wanted(view, None, "cancel:1", "cancelled") for _ in range(3)}
    drain()
    assert len(references) == 1 and refunds.refunded(paid) == paid.money
    assert PaymentRefund.objects.get(refund_no=references.pop()).money == paid.money - Money(
        Decimal("30.00"), "CNY"
    )
    assert hooks.refund_wanted(view, None, "cancel:2", "again") == ""
    assert len(wechat.refunds) == 2
