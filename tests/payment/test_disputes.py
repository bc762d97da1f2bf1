"""Disputes: told once to Saleor and the ledger, in whatever order the news comes, and put back when they are won."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Event
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import translation

from plugins.cross_border_payment import (
    desk,
    disputes,
    gateways,
    health,
    hooks,
    listing,
    reconciling,
    refunds,
    story,
)
from plugins.cross_border_payment.models import PaymentDisagreement, PaymentDispute, PaymentSession
from plugins.cross_border_payment.plugin import plugin
from plugins.cross_border_payment.port import DisputeSnapshot, DisputeState
from saleor_ext.core import clock, inbox, outbox
from saleor_ext.core.models import AuditEntry, OutboxMessage
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Account, configuration, money_events
from saleor_ext.plugin_api.accounts import kind_of

from . import fake_stripe
from .conftest import API, FakePlatform
from .fake_books import Books
from .fake_stripe import FakeStripe
from .test_declarations import view

URL = "/plugins/payment/notify/stripe/main"
TX, INTENT = "VHJhbnNhY3Rpb246MQ==", "pi_1"
START = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.fixture
def now() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def stripe(db: None, lanes_known: None, services: FakePlatform, now: Any) -> Iterator[FakeStripe]:
    """A configured account at the fake."""
    fake = FakeStripe(clock.now)
    account = Account(plugin, kind_of(plugin, "stripe"), "main")
    values = {
        "base_url": fake_stripe.BASE, "account_id": fake_stripe.ACCOUNT, "api_key": fake_stripe.API_KEY,
        "webhook_secret": fake_stripe.SECRET,
    }  # fmt: skip
    configuration.save(account, values, actor="test")
    configuration.forget_cache()
    gateways.use_transport(fake.transport)
    yield fake
    gateways.use_transport(None)


@pytest.fixture
def books(services: FakePlatform) -> Books:
    services.client = Books(currency="HKD")
    return services.client


@pytest.fixture
def paid(stripe: FakeStripe, books: Books) -> PaymentSession:
    """A payment of 194 Hong Kong dollars that Saleor knows of."""
    books.event(TX, "CHARGE_SUCCESS", "194", INTENT)
    return PaymentSession.objects.create(
        api_url=API, transaction_id=TX, gateway="stripe", account="main", lane="local", state="paid",
        out_trade_no="PT" + "A" * 26, gateway_ref=INTENT, amount=Decimal("194.00"), currency="HKD",
        expires_at=START, paid_at=START, reported_at=START, completed_at=START, created_at=START,
    )  # fmt: skip


def dispute(stripe: FakeStripe, word: str = "needs_response", number: int = 1, **changes: Any) -> None:
    """Let the bank open a dispute, or change its state."""
    made = {
        "id": f"du_{number}", "object": "dispute", "payment_intent": INTENT, "amount": 19400, "currency": "hkd",
        "status": word, "reason": "fraudulent", "created": int(START.timestamp()),
        "evidence_details": {"due_by": int((START + timedelta(days=7)).timestamp())}, **changes,
    }  # fmt: skip
    stripe.disputes = [one for one in stripe.disputes if one["id"] != made["id"]] + [made]


def notify(client: Client, stripe: FakeStripe, kind: str = "created", **changes: Any) -> int:
    """Deliver an event about the first dispute and do all that follows."""
    body = stripe.event(f"charge.dispute.{kind}", {**stripe.disputes[0], **changes})
    answer = client.post(URL, data=body, content_type="application/json", headers=stripe.stamp(body))
    drain()
    return answer.status_code


def drain() -> None:
    while inbox.drain() + outbox.drain():
        pass


def told() -> list[tuple[str, str, str]]:
    """Return what the ledger is told, by the alphabet."""
    rows = OutboxMessage.objects.filter(topic=money_events.TOPIC)
    return sorted((one.payload["kind"], one.payload["amount"], one.payload["reference"]) for one in rows)


BACK, AGAIN = ("CHARGE_BACK", "194.00", "du_1"), ("CHARGE_SUCCESS", "194.00", "du_1")
TAKEN, RETURNED = ("charged_back", "194.00", "du_1"), ("charge_back_reversed", "194.00", "du_1")


def test_a_dispute_is_told_once_however_often_it_is_notified(
    client: Client, paid: PaymentSession, stripe: FakeStripe, books: Books
) -> None:
    dispute(stripe)
    assert [notify(client, stripe, kind) for kind in ("created", "created", "funds_withdrawn")] == [200] * 3
    row = PaymentDispute.objects.get()
    assert (row.session, row.dispute_id, row.state, row.word) == (
        paid, "du_1", DisputeState.NEEDS_RESPONSE, "needs_response",
    )  # fmt: skip
    assert (row.money, row.opened_at, row.due_by) == (
        Money("194.00", "HKD"), START, START + timedelta(days=7),
    )  # fmt: skip
    assert books.kinds(TX)[1:] == [BACK]
    assert len([call for call in books.calls if call["type"] == "CHARGE_BACK"]) == 1
    assert (books.calls[0]["time"], books.calls[0]["actions"]) == ("2026-11-23T10:00:00.000000+00:00", [])
    assert told() == [TAKEN]
    entry = AuditEntry.objects.get(action="payment.dispute")
    assert entry.data == {
        "dispute": "du_1", "state": "needs_response", "cause": "fraudulent", "amount": "194.00 HKD",
    }  # fmt: skip
    assert [one["dispute_id"] for one in story.of(paid)["disputes"]] == ["du_1"]
    assert story.find("du_1") == [paid]
    assert {one.operation for one in story.wire_of(paid)} == {"disputes", "notify"}


def test_a_notification_is_not_believed(
    client: Client, paid: PaymentSession, stripe: FakeStripe, books: Books
) -> None:
    """It says won; the gateway says that the bank still decides."""
    dispute(stripe, "under_review")
    notify(client, stripe, "closed", status="won", amount=1)
    assert (books.kinds(TX)[1:], told()) == ([BACK], [TAKEN])
    dispute(stripe)
    stripe.disputes.clear()
    dispute(stripe, number=2, payment_intent="pi_other")
    assert notify(client, stripe, payment_intent=INTENT) == 200
    assert PaymentDispute.objects.count() == 1


def test_an_unknown_payment_is_noted(client: Client, stripe: FakeStripe, books: Books) -> None:
    dispute(stripe, payment_intent="pi_elsewhere")
    assert notify(client, stripe) == 200
    assert AuditEntry.objects.get(action="payment.notify_unknown").data == {"gateway_ref": "pi_elsewhere"}
    assert not PaymentDispute.objects.exists()


def test_a_forged_notification_asks_nobody(client: Client, paid: PaymentSession, stripe: FakeStripe) -> None:
    dispute(stripe)
    body = stripe.event("charge.dispute.created", stripe.disputes[0])
    headers = stripe.stamp(body, secret="whsec_a_stranger")
    assert client.post(URL, data=body, content_type="application/json", headers=headers).status_code == 401
    drain()
    assert stripe.calls == []


def test_won_puts_everything_back(
    client: Client, paid: PaymentSession, stripe: FakeStripe, books: Books, now: Any
) -> None:
    dispute(stripe)
    notify(client, stripe)
    now.shift(timedelta(days=20))
    dispute(stripe, "won")
    for kind in ("funds_reinstated", "closed", "closed"):
        notify(client, stripe, kind)
    assert books.kinds(TX)[1:] == [BACK, AGAIN]
    assert told() == [RETURNED, TAKEN]
    row = PaymentDispute.objects.get()
    assert (row.state, row.closed_at, row.returned_at) == (DisputeState.WON, clock.now(), clock.now())
    assert (refunds.gone(paid), desk.left(paid)) == (Money("0.00", "HKD"), Money("194.00", "HKD"))


@pytest.mark.parametrize(
    ("word", "end", "held_after"),
    [("needs_response", "won", []), ("warning_needs_response", "warning_closed", []),
     ("needs_response", "lost", ["the payment is disputed (du_1, lost)"])],
)  # fmt: skip
def test_goods_stay_while_a_payment_is_disputed_and_for_good_when_it_is_lost(
    client: Client, paid: PaymentSession, stripe: FakeStripe, books: Books, services: FakePlatform,
    word: str, end: str, held_after: list[str],
) -> None:  # fmt: skip
    parcel = replace(view("PT1"), transaction_id=TX)
    services.parcels[parcel.id] = parcel
    assert hooks.departure_objections(parcel) == []
    dispute(stripe, word)
    notify(client, stripe)
    assert hooks.departure_objections(parcel) == [f"the payment is disputed (du_1, {word})"]
    assert hooks.departure_objections(replace(parcel, transaction_id="another")) == []
    assert services.resumed == []
    dispute(stripe, end)
    for _ in range(2):
        notify(client, stripe, "closed")
    assert hooks.departure_objections(parcel) == held_after
    assert services.resumed == ([] if held_after else [parcel.id])


def test_lost_changes_nothing_more(
    client: Client, paid: PaymentSession, stripe: FakeStripe, books: Books
) -> None:
    dispute(stripe)
    notify(client, stripe)
    dispute(stripe, "lost")
    notify(client, stripe, "closed")
    assert (books.kinds(TX)[1:], told()) == ([BACK], [TAKEN])
    assert PaymentDispute.objects.get().closed_at == clock.now()


@pytest.mark.parametrize(("word", "expected"), [("won", [BACK, AGAIN]), ("lost", [BACK])])
def test_closed_before_created(
    client: Client, paid: PaymentSession, stripe: FakeStripe, books: Books, word: str, expected: list[Any]
) -> None:
    dispute(stripe, word)
    notify(client, stripe, "closed")
    notify(client, stripe, "created", status="needs_response")
    assert books.kinds(TX)[1:] == expected


def test_an_older_answer_that_is_applied_later_takes_nothing_back(
    paid: PaymentSession, stripe: FakeStripe
) -> None:
    gateway = gateways.gateway("stripe", "main")
    answers = []
    for word in ("needs_response", "under_review", "won"):
        dispute(stripe, word)
        answers.append(gateway.disputes(INTENT)[0])
    for answer in reversed(answers):
        disputes.take_snapshot(paid, answer)
    row = PaymentDispute.objects.get()
    assert (row.state, row.word, len(told())) == (DisputeState.WON, "won", 2)


@pytest.mark.parametrize("word", ["warning_needs_response", "warning_closed", "prevented", "unheard_of"])
def test_what_moves_no_money_is_no_charge_back(
    client: Client, paid: PaymentSession, stripe: FakeStripe, books: Books, word: str
) -> None:
    dispute(stripe, word)
    notify(client, stripe)
    assert (PaymentDispute.objects.get().word, books.kinds(TX)[1:], told()) == (word, [], [])
    dispute(stripe, "needs_response")
    notify(client, stripe, "updated")
    assert (books.kinds(TX)[1:], told()) == ([BACK], [TAKEN])


def test_the_way_back_is_told_after_the_way_out(
    paid: PaymentSession, stripe: FakeStripe, books: Books
) -> None:
    """Promises are kept in any order, so the second is made when Saleor took the first."""
    dispute(stripe, "won")
    row = disputes.take_snapshot(paid, gateways.gateway("stripe", "main").disputes(INTENT)[0])
    assert row is not None
    promised = OutboxMessage.objects.filter(topic=disputes.REPORT).order_by("key")
    assert [one.payload["what"] for one in promised] == ["taken"]
    disputes.report({"dispute": str(row.pk), "what": "taken"})
    assert [one.payload["what"] for one in promised.all()] == ["returned", "taken"]
    drain()
    assert books.kinds(TX)[1:] == [BACK, AGAIN]


def test_another_currency_is_shown_and_moves_nothing(
    client: Client, paid: PaymentSession, stripe: FakeStripe, books: Books
) -> None:
    dispute(stripe, currency="usd")
    notify(client, stripe)
    assert (PaymentDispute.objects.get().money, told()) == (Money("194.00", "USD"), [])
    assert health._disputes().status == "warning"


def test_lost_notifications_are_made_up_for(
    paid: PaymentSession, stripe: FakeStripe, books: Books, now: Any
) -> None:
    dispute(stripe)
    dispute(stripe, number=2, payment_intent="pi_of_others")
    assert disputes.look_around() == 1
    drain()
    assert books.kinds(TX)[1:] == [BACK]
    now.shift(disputes.LOOK_BACK + timedelta(days=1))
    dispute(stripe, "won")
    assert disputes.look_around() == 0
    drain()
    assert books.kinds(TX)[1:] == [BACK, AGAIN]
    stripe.calls.clear()
    assert disputes.look_around() == 0
    assert stripe.calls == ["GET /v1/disputes"]


def test_a_gateway_that_is_down_is_asked_the_next_time(paid: PaymentSession, stripe: FakeStripe) -> None:
    dispute(stripe)
    stripe.fail_with = (500, {"type": "api_error"})
    assert disputes.look_around() == 0
    stripe.fail_with = None
    assert disputes.look_around() == 1


def test_what_the_bank_took_is_not_given_back_as_well(
    client: Client, paid: PaymentSession, stripe: FakeStripe, books: Books
) -> None:
    dispute(stripe, amount=10000)
    notify(client, stripe)
    assert books.calls[-1]["actions"] == ["REFUND"]
    with (
        translation.override("en"),  # the notification's view has a language of its own
        pytest.raises(refunds.RefundRefused, match="bank has taken this money back"),
    ):
        refunds.request(paid, Money("94.01", "HKD"), "k")
    assert (desk.left(paid), refunds.taken_back(paid)) == (Money("94.00", "HKD"), Money("100.00", "HKD"))
    rest = refunds.request_rest(paid, "k")
    assert rest is not None and rest.money == Money("94.00", "HKD")


def test_saleor_and_we_agree_while_disputed_and_after(
    client: Client, paid: PaymentSession, stripe: FakeStripe, books: Books, now: Any
) -> None:
    for word, kind in (("needs_response", "created"), ("won", "closed")):
        dispute(stripe, word)
        notify(client, stripe, kind)
        now.shift(timedelta(minutes=3))
        assert reconciling.reconcile_all().disagreements == 0


def test_a_charge_back_that_somebody_else_told_saleor_of_is_shown(
    client: Client, paid: PaymentSession, stripe: FakeStripe, books: Books, now: Any
) -> None:
    books.take({"id": TX, "type": "CHARGE_BACK", "amount": "100", "pspReference": "du_elsewhere"})
    now.shift(timedelta(minutes=3))
    assert reconciling.reconcile_all().disagreements == 1
    found = PaymentDisagreement.objects.get()
    assert (found.kind, found.detail) == ("amount", "Saleor knows charge-backs unknown here: du_elsewhere")


def test_a_lost_report_is_made_again(
    client: Client, paid: PaymentSession, stripe: FakeStripe, books: Books, now: Any
) -> None:
    dispute(stripe)
    notify(client, stripe)
    books.items[TX]["events"] = books.items[TX]["events"][:1]
    now.shift(timedelta(minutes=3))
    assert reconciling.reconcile_all().reported == 1
    drain()
    assert books.kinds(TX)[1:] == [BACK]


def test_the_soonest_evidence_stands_first(paid: PaymentSession, stripe: FakeStripe) -> None:
    for number, days, word in (
        (1, 9, "needs_response"),
        (2, 3, "needs_response"),
        (3, 1, "lost"),
        (4, 1, "under_review"),
    ):
        due = int((START + timedelta(days=days)).timestamp())
        dispute(stripe, word, number, amount=100, evidence_details={"due_by": due})
    disputes.look_around()
    assert [one.dispute_id for one in listing.disputes()] == ["du_2", "du_1", "du_4", "du_3"]
    found = health._disputes()
    assert (found.status, str(found.message)) == (
        "warning", "2 disputes wait for evidence, the first until 2026-11-26.",
    )  # fmt: skip


def answers(stripe: FakeStripe, number: int = 1) -> tuple[DisputeSnapshot, DisputeSnapshot]:
    """Return what the gateway says while the bank decides, and what it says when the dispute is won."""
    gateway, found = gateways.gateway("stripe", "main"), []
    for word in ("under_review", "won"):
        dispute(stripe, word, number)
        found.append(next(one for one in gateway.disputes(INTENT) if one.dispute_id == f"du_{number}"))
    return found[0], found[1]


@pytest.mark.django_db(transaction=True)
def test_without_the_row_lock_an_old_answer_undoes_a_new_one(
    paid: PaymentSession, stripe: FakeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old answer is applied to what stood there before the new one, and written after it."""
    old, new = answers(stripe)
    disputes.take_snapshot(paid, old)
    looked, written = Event(), Event()
    find = disputes._row

    def slowly(session: PaymentSession, told: DisputeSnapshot) -> PaymentDispute:
        row = find(session, told)
        if told is old:
            looked.set()
            assert written.wait(20)
        return row

    rows = PaymentSession.objects
    monkeypatch.setattr(disputes, "_row", slowly)
    with patch.object(rows, "select_for_update", rows.all), ThreadPoolExecutor(1) as pool:
        late = pool.submit(closing, disputes.take_snapshot, paid, old)
        assert looked.wait(20)
        disputes.take_snapshot(paid, new)
        written.set()
        late.result()
    row = PaymentDispute.objects.get()
    assert (row.state, row.returned_at, told()) == (DisputeState.UNDER_REVIEW, None, [RETURNED, TAKEN])


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_once_end_with_the_last_word(paid: PaymentSession, stripe: FakeStripe) -> None:
    for number in range(1, 6):
        start = Barrier(2, timeout=20)

        def apply(answer: DisputeSnapshot, start: Barrier = start) -> None:
            start.wait()
            disputes.take_snapshot(paid, answer)

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(closing, apply, answer) for answer in answers(stripe, number)]:
                done.result()
        row = PaymentDispute.objects.get(dispute_id=f"du_{number}")
        assert (row.state, row.returned_at) == (DisputeState.WON, START)
    assert [kind for kind, _, _ in told()].count("charged_back") == 5
    assert [kind for kind, _, _ in told()].count("charge_back_reversed") == 5


def closing(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do work in a thread and give its connection back."""
    try:
        return work(*arguments)
    finally:
        connection.close()
