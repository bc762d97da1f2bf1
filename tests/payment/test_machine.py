"""Any course of payments, notifications, refunds and faults: what Saleor and the ledger say is what the wallet holds.

The model is the wallet itself (``FakeWechat``, written apart from the plugin) and a Saleor that only keeps events
(``Books``). Messages are doubled, forged, reordered and lost; answers are lost after the wallet has acted; work is done
in parts. At every step nothing may be claimed that is not so, and once everything could run its course all agree.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from plugins.cross_border_payment import gateways, reconciling, refunds, settling, webhooks
from plugins.cross_border_payment.models import PaymentRefund, PaymentSession
from saleor_ext.core import clock, inbox, outbox
from saleor_ext.core.models import InboxMessage, OutboxMessage
from saleor_ext.core.money import Money
from saleor_ext.settlement import checking, ledger

from .conftest import FakePlatform
from .fake_books import Books
from .fake_wechat import FakeWechat
from .test_sessions import CONTEXT, payload

START = datetime.fromisoformat("2026-11-11T10:00:00+00:00")
URL = "/plugins/payment/notify/wechat/main"
PAID, FINAL = PaymentSession.State.PAID, frozenset({"paid", "closed", "failed"})
ZERO = Decimal(0)
AMOUNT = Decimal("194.00")


class Course(RuleBasedStateMachine):
    """Up to three payments of 194 yuan at once."""

    def __init__(self, services: FakePlatform) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        ledger.forget()
        self.time = time_machine.travel(START, tick=False)
        self.now = self.time.start()
        self.services = services
        self.saleor = services.client = Books()
        services.completed.clear()
        self.wallet = FakeWechat(clock.now)
        gateways.use_transport(self.wallet.transport)
        self.client = Client()
        self.last: dict[str, str] = {}
        self.shown: set[str] = set()
        self.bodies: list[tuple[str, bytes, dict[str, str]]] = []

    def teardown(self) -> None:
        try:
            self.everything_ends()
        finally:
            gateways.use_transport(None)
            self.time.stop()
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)
            ledger.forget()

    # -- what happens --------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.saleor.items) < 3)
    @rule()
    def begin(self) -> None:
        """A buyer asks for a code; Saleor may repeat the call."""
        number = len(self.saleor.items) + 1
        source = {**payload()["sourceObject"], "id": f"Checkout:{number}"}
        asked = payload(transaction={"id": f"tx-{number}"}, sourceObject=source)
        self.saleor.event(f"tx-{number}", "CHARGE_REQUEST", str(AMOUNT))
        first = webhooks.initialize(CONTEXT, asked)
        again = webhooks.initialize(CONTEXT, asked)
        if "CHARGE_ACTION_REQUIRED" in (first["result"], again["result"]):
            self.saleor.event(f"tx-{number}", "CHARGE_ACTION_REQUIRED", str(AMOUNT))
            self.shown.add(PaymentSession.objects.get(transaction_id=f"tx-{number}").out_trade_no)

    def _payable(self) -> list[str]:
        """Orders whose code the buyer has seen: no other can be paid."""
        return sorted(no for no in self.shown if self.wallet.orders[no]["trade_state"] == "NOTPAY")

    @initialize(asked=st.integers(0, 3), hears=st.booleans())
    def first(self, asked: int, hears: bool) -> None:
        """A payment, with parts of it that staff give back already."""
        self.a_payment_goes_well()
        for _ in range(asked):
            self.saleor.event("tx-1", "REFUND_REQUEST", "50.00")
            if hears:
                self._deliver("tx-1", len(self.saleor.items["tx-1"]["events"]) - 1)

    @precondition(lambda self: len(self.saleor.items) < 3)
    @rule()
    def a_payment_goes_well(self) -> None:
        """So that what comes after a payment is met often."""
        self.begin()
        for number in self._payable():
            self.wallet.pay(number)
        self.now.shift(timedelta(seconds=6))
        settling.poll()
        outbox.drain()

    @rule(data=st.data())
    def pay(self, data: st.DataObject) -> None:
        if open_ := self._payable():
            self.wallet.pay(data.draw(st.sampled_from(open_)))

    @rule(data=st.data(), forged=st.booleans(), times=st.integers(1, 3), old=st.booleans())
    def notify(self, data: st.DataObject, forged: bool, times: int, old: bool) -> None:
        """The wallet tells of a payment, or somebody says he is the wallet, or what was said comes once more."""
        paid = sorted(no for no, one in self.wallet.orders.items() if one["trade_state"] == "SUCCESS")
        waiting = sorted(self.wallet.orders)
        if forged and waiting:
            number = data.draw(st.sampled_from(waiting))
            raw = self.wallet.notification(number, trade_state="SUCCESS", id="42FORGED")
            stamp = {**self.wallet.stamp(raw), "Wechatpay-Nonce": "another"}
            assert self._post(raw, stamp) == 401
        elif old and self.bodies:
            _number, raw, stamp = data.draw(st.sampled_from(self.bodies))
            fresh = abs(int(stamp["Wechatpay-Timestamp"]) - clock.now().timestamp()) <= 300
            assert self._post(raw, stamp) == (200 if fresh else 401)
        elif paid:
            number = data.draw(st.sampled_from(paid))
            raw = self.wallet.notification(number)
            stamp = self.wallet.stamp(raw)
            self.bodies.append((number, raw, stamp))
            assert [self._post(raw, stamp) for _ in range(times)] == [200] * times

    def _post(self, raw: bytes, stamp: dict[str, str]) -> int:
        return self.client.post(URL, raw, content_type="application/json", headers=stamp).status_code

    @rule(data=st.data(), fen=st.sampled_from([1, 5000, 9700, 19400]), hears=st.booleans())
    def staff_refund(self, data: st.DataObject, fen: int, hears: bool) -> None:
        """Staff give money back in Saleor; its call may not get through."""
        able = [tx for tx in sorted(self.saleor.items) if self._charged(tx) >= Decimal(fen) / 100]
        if able:
            tx = data.draw(st.sampled_from(able))
            self.saleor.event(tx, "REFUND_REQUEST", f"{Decimal(fen) / 100:.2f}")
            if hears:
                self._deliver(tx, len(self.saleor.items[tx]["events"]) - 1)

    @rule(data=st.data())
    def saleor_repeats_a_refund(self, data: st.DataObject) -> None:
        asked = [
            (tx, number)
            for tx, item in sorted(self.saleor.items.items())
            for number, one in enumerate(item["events"])
            if one["type"] == "REFUND_REQUEST" and not one.get("failed")
        ]
        if asked:
            self._deliver(*data.draw(st.sampled_from(asked)))

    def _deliver(self, tx: str, number: int) -> None:
        """Call the webhook of a request with the events as they stood when it was made."""
        events = self.saleor.items[tx]["events"]
        made = events[number]
        before = [dict(one) for one in events[: number + 1]]
        known, before[-1]["pspReference"] = made["pspReference"], ""
        answer = webhooks.refund(
            CONTEXT,
            {
                "action": {**made["amount"], "actionType": "REFUND"},
                "transaction": {"id": tx, "events": before},
            },
        )
        told = answer.get("pspReference", "")
        if answer.get("result", "").endswith("FAILURE") or not told:
            if not known:
                made["failed"] = True
                self.saleor.event(tx, "REFUND_FAILURE", str(made["amount"]["amount"]))
            return
        assert known in ("", told), "one request is one refund, however often it is sent"
        made["pspReference"] = told

    @rule(data=st.data(), status=st.sampled_from(["SUCCESS", "ABNORMAL", "CLOSED"]))
    def refund_ends(self, data: st.DataObject, status: str) -> None:
        under_way = sorted(no for no, one in self.wallet.refunds.items() if one["status"] == "PROCESSING")
        if under_way:
            self.wallet.refunds[data.draw(st.sampled_from(under_way))]["status"] = status

    @rule(data=st.data())
    def staff_cancel(self, data: st.DataObject) -> None:
        if self.saleor.items:
            tx = data.draw(st.sampled_from(sorted(self.saleor.items)))
            self.saleor.event(tx, "CANCEL_REQUEST", str(AMOUNT))
            webhooks.cancel(CONTEXT, payload(transaction={"id": tx}))

    @rule(lost=st.integers(1, 3))
    def answers_are_lost(self, lost: int) -> None:
        """The wallet acts and its answer does not arrive."""
        self.wallet.lose_answers = lost

    @rule()
    def wallet_goes_away_or_comes_back(self) -> None:
        self.wallet.fail_with = None if self.wallet.fail_with else (500, "SYSTEM_ERROR")

    @rule(messages=st.integers(1, 6), inside=st.booleans())
    def some_work_is_done(self, messages: int, inside: bool) -> None:
        (inbox.drain if inside else outbox.drain)(messages)

    @rule(seconds=st.sampled_from([5, 61, 400, 2400]))
    def time_passes(self, seconds: int) -> None:
        self.now.shift(timedelta(seconds=seconds))
        settling.poll()

    @rule()
    def rounds(self) -> None:
        settling.heal()
        reconciling.reconcile_all()

    # -- what holds at every step --------------------------------------------------------------------------------

    @invariant()
    def saleor_is_told_only_what_is_so(self) -> None:
        for tx, item in self.saleor.items.items():
            for one in item["events"]:
                if one["type"] == "CHARGE_SUCCESS":
                    order = self._order(tx)
                    assert order["trade_state"] == "SUCCESS"
                    assert (one["pspReference"], one["amount"]["amount"]) == (order["id"], AMOUNT)
                elif one["type"] == "REFUND_SUCCESS":
                    refund = self.wallet.refunds[one["pspReference"]]
                    assert refund["status"] == "SUCCESS"
                    assert Decimal(refund["amount"]["refund"]) / 100 == one["amount"]["amount"]

    @invariant()
    def no_request_is_paid_out_twice(self) -> None:
        asked = sum(
            one["type"] == "REFUND_REQUEST" for item in self.saleor.items.values() for one in item["events"]
        )
        by_itself = PaymentRefund.objects.exclude(dedupe_key__startswith="event:").count()
        assert len(self.wallet.refunds) <= asked + by_itself

    @invariant()
    def what_is_final_stays(self) -> None:
        for one in PaymentSession.objects.all():
            before = self.last.get(one.transaction_id, "")
            assert before == one.state or before not in FINAL or one.state == PAID
            self.last[one.transaction_id] = one.state

    @invariant()
    def the_ledger_holds_no_more_than_the_wallet(self) -> None:
        held = ledger.balance("psp.wechat.main.pending", "CNY").amount
        assert -self._given_back() <= held <= self._came()
        assert checking.run()["ok"]

    # -- what holds in the end -----------------------------------------------------------------------------------

    def everything_ends(self) -> None:
        """Let all faults end and all promises be kept; then everybody says the same."""
        self.wallet.fail_with, self.wallet.lose_answers = None, 0
        for one in self.wallet.refunds.values():
            one["status"] = "SUCCESS" if one["status"] == "PROCESSING" else one["status"]
        for _ in range(12):
            self.now.shift(timedelta(hours=1))
            settling.poll()
            settling.heal()
            reconciling.reconcile_all()
            while inbox.drain() + outbox.drain():
                pass
            for one in self.wallet.refunds.values():
                one["status"] = "SUCCESS" if one["status"] == "PROCESSING" else one["status"]
        assert not InboxMessage.objects.exclude(state="done").exists()
        assert list(OutboxMessage.objects.exclude(state="done").values_list("topic", "last_error")) == []
        assert ledger.balance("psp.wechat.main.pending", "CNY").amount == self._came() - self._given_back()
        for tx in self.saleor.items:
            self._agrees(tx)

    def _agrees(self, tx: str) -> None:
        kinds = self.saleor.kinds(tx)
        order = self._order(tx)
        paid = bool(order) and order["trade_state"] == "SUCCESS"
        assert [ref for kind, _amount, ref in kinds if kind == "CHARGE_SUCCESS"] == (
            [order["id"]] if paid else []
        )
        session = PaymentSession.objects.filter(transaction_id=tx).first()
        assert session is None or (session.state == PAID) == paid
        theirs = {
            number: one["status"]
            for number, one in self.wallet.refunds.items()
            if paid and one["transaction_id"] == order["id"]
        }
        told = {
            ref: kind for kind, _amount, ref in kinds if kind in ("REFUND_SUCCESS", "REFUND_FAILURE") and ref
        }
        assert told == {
            number: "REFUND_SUCCESS" if status == "SUCCESS" else "REFUND_FAILURE"
            for number, status in theirs.items()
        }
        if session is not None and paid:
            back = sum(
                (
                    Decimal(self.wallet.refunds[one]["amount"]["refund"]) / 100
                    for one in theirs
                    if theirs[one] == "SUCCESS"
                ),
                ZERO,
            )
            assert refunds.refunded(session) == Money(back, "CNY").quantize()
            assert back <= AMOUNT

    # -- reading the model ---------------------------------------------------------------------------------------

    def _order(self, tx: str) -> dict[str, Any]:
        session = PaymentSession.objects.filter(transaction_id=tx).first()
        return self.wallet.orders.get(session.out_trade_no, {}) if session else {}

    def _came(self) -> Decimal:
        return sum((AMOUNT for one in self.wallet.orders.values() if one["trade_state"] == "SUCCESS"), ZERO)

    def _given_back(self) -> Decimal:
        done = (one for one in self.wallet.refunds.values() if one["status"] == "SUCCESS")
        return sum((Decimal(one["amount"]["refund"]) / 100 for one in done), ZERO)

    def _charged(self, tx: str) -> Decimal:
        """What Saleor counts as charged and neither given back nor asked for."""
        events = self.saleor.items[tx]["events"]
        came = sum((e["amount"]["amount"] for e in events if e["type"] == "CHARGE_SUCCESS"), ZERO)
        failed = {e["pspReference"] for e in events if e["type"] == "REFUND_FAILURE" and e["pspReference"]}
        asked = sum(
            (
                e["amount"]["amount"]
                for e in events
                if e["type"] == "REFUND_REQUEST"
                and not e.get("failed")
                and e["pspReference"] not in failed - {""}
            ),
            ZERO,
        )
        return came - asked


def run(services: FakePlatform, examples: int, steps: int) -> None:
    logging.disable(logging.CRITICAL)  # what is lost and refused here would fill pages
    try:
        _run(services, examples, steps)
    finally:
        logging.disable(logging.NOTSET)


def _run(services: FakePlatform, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        lambda: Course(services),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            print_blob=False,
            phases=(Phase.generate,),  # shrinking takes minutes: the whole course is told as it was
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_any_course_of_payments_ends_with_all_in_agreement(
    wechat: FakeWechat, services: FakePlatform
) -> None:
    run(services, examples=30, steps=25)


def test_without_the_key_of_a_request_the_machine_finds_a_refund_paid_twice(
    wechat: FakeWechat, services: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    count: list[int] = []

    def fresh(_payload: Any) -> str:
        count.append(1)
        return f"event:{len(count)}"

    guard: Callable[[Any], str] = fresh
    monkeypatch.setattr(refunds, "dedupe_key", guard)
    with pytest.raises(AssertionError):
        run(services, examples=30, steps=25)
