"""Saleor's transactions against ours: a lost webhook or report loses nothing, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.db import IntegrityError, connection

from plugins.cross_border_payment import (
    health,
    reconciling,
    refunds,
    requested,
    settling,
    tasks,
    transactions,
    webhooks,
)
from plugins.cross_border_payment.models import PaymentDisagreement, PaymentRefund, PaymentSession
from plugins.cross_border_payment.plugin import plugin
from saleor_ext.core import clock, locks, outbox
from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.core.models import AuditEntry, Cursor, OutboxMessage
from saleor_ext.plugin_api import configuration

from .conftest import API, FakePlatform, config_values
from .fake_books import Books
from .fake_wechat import FakeWechat
from .test_sessions import CONTEXT, TX, payload

State = PaymentSession.State
OTHER = "http://another.test/graphql/"


@pytest.fixture
def now() -> Iterator[Any]:
    with time_machine.travel(datetime.fromisoformat("2026-11-23T10:00:00+00:00"), tick=False) as traveller:
        yield traveller


@pytest.fixture
def books(services: FakePlatform) -> Books:
    services.client = Books()
    return services.client


@pytest.fixture
def waiting(now: Any, wechat: FakeWechat, books: Books) -> PaymentSession:
    """A session that waits for the buyer, known to Saleor as it would be."""
    webhooks.initialize(CONTEXT, payload())
    books.event(TX, "CHARGE_REQUEST", "194")
    books.event(TX, "CHARGE_ACTION_REQUIRED", "194")
    return PaymentSession.objects.get()


@pytest.fixture
def paid(waiting: PaymentSession, wechat: FakeWechat) -> PaymentSession:
    """A paid session whose CHARGE_SUCCESS Saleor has."""
    pay(wechat, waiting)
    waiting.refresh_from_db()
    return waiting


def pay(wechat: FakeWechat, session: PaymentSession) -> None:
    wechat.pay(session.out_trade_no)
    settling.settle({"session": str(session.pk)})
    drain()


def drain() -> None:
    while outbox.drain():
        pass


def rounds() -> tuple[int, int, int]:
    """Run a round and its promises; return how many requests, reports and disagreements it found."""
    done = reconciling.reconcile_all()
    assert done.failed == {}
    drain()
    return astuple(done)[:3]  # type: ignore[return-value]  # three counts stand first


def by_webhook(books: Books, event: dict[str, Any]) -> dict[str, Any]:
    """Deliver the webhook of a refund request, with the events as they stood when it was made."""
    known = books.items[TX]["events"]
    events = [dict(e) for e in known[: known.index(event) + 1]]
    return webhooks.refund(
        CONTEXT,
        {
            "action": {**event["amount"], "actionType": "REFUND"},
            "transaction": {"id": TX, "events": events},
        },
    )


def test_a_lost_refund_request_is_taken(
    paid: PaymentSession, books: Books, wechat: FakeWechat, now: Any
) -> None:
    books.event(TX, "REFUND_REQUEST", "50", message="one tin was dented")
    assert rounds() == (0, 0, 0), "the webhook may still come"
    now.shift(timedelta(seconds=60))
    assert rounds() == (1, 0, 0)
    refund = PaymentRefund.objects.get()
    assert (str(refund.amount), refund.state, refund.reason) == ("50.00", "PROCESSING", "one tin was dented")
    assert refund.dedupe_key == f"event:uuid-{TX}-3"
    assert {no: r["amount"]["refund"] for no, r in wechat.refunds.items()} == {refund.refund_no: 5000}
    assert books.kinds(TX)[-1] == ("REFUND_REQUEST", "50", refund.refund_no)
    wechat.refunds[refund.refund_no]["status"] = "SUCCESS"
    now.shift(timedelta(seconds=30))
    assert rounds() == (0, 0, 0)
    assert books.kinds(TX)[-1] == ("REFUND_SUCCESS", "50.00", refund.refund_no)
    now.shift(timedelta(minutes=5))
    assert rounds() == (0, 0, 0)
    assert len(wechat.refunds) == 1
    assert AuditEntry.objects.filter(action="payment.request_taken", object_id=TX).count() == 1


def test_a_late_webhook_finds_the_pollers_refund(
    paid: PaymentSession, books: Books, wechat: FakeWechat, now: Any
) -> None:
    event = books.event(TX, "REFUND_REQUEST", "50")
    now.shift(timedelta(minutes=1))
    assert rounds() == (1, 0, 0)
    refund = PaymentRefund.objects.get()
    assert by_webhook(books, event) == {"pspReference": refund.refund_no}
    event["pspReference"] = refund.refund_no  # what Saleor does with the answer
    drain()
    now.shift(timedelta(minutes=1))
    assert rounds() == (0, 0, 0)
    assert PaymentRefund.objects.count() == len(wechat.refunds) == 1
    assert wechat.calls.count("POST /v3/global/refunds") == 1


def test_what_the_webhook_took_is_left_alone_even_when_its_answer_was_lost(
    paid: PaymentSession, books: Books, wechat: FakeWechat, now: Any
) -> None:
    by_webhook(books, books.event(TX, "REFUND_REQUEST", "50"))
    now.shift(timedelta(minutes=1))
    assert rounds() == (0, 0, 0)
    assert PaymentRefund.objects.count() == len(wechat.refunds) == 1


def test_two_lost_requests_of_one_amount_are_two_refunds(
    paid: PaymentSession, books: Books, wechat: FakeWechat, now: Any
) -> None:
    books.event(TX, "REFUND_REQUEST", "50")
    now.shift(timedelta(seconds=5))
    books.event(TX, "REFUND_REQUEST", "50")
    now.shift(timedelta(minutes=1))
    assert rounds() == (2, 0, 0)
    assert sorted(r["amount"]["refund"] for r in wechat.refunds.values()) == [5000, 5000]


def test_a_request_that_staff_saw_fail_is_not_taken(
    paid: PaymentSession, books: Books, wechat: FakeWechat, now: Any
) -> None:
    """Saleor writes the failure of a delivery without reference; staff may have asked again by now."""
    for kind in ("REFUND_REQUEST", "REFUND_FAILURE", "REFUND_REQUEST"):
        books.event(TX, kind, "50")
        now.shift(timedelta(seconds=10))
    now.shift(timedelta(minutes=1))
    assert rounds() == (1, 0, 0)
    assert PaymentRefund.objects.get().dedupe_key == f"event:uuid-{TX}-5"


def test_a_failure_of_another_amount_is_no_answer(paid: PaymentSession, books: Books, now: Any) -> None:
    books.event(TX, "REFUND_REQUEST", "50")
    books.event(TX, "REFUND_FAILURE", "49")
    now.shift(timedelta(minutes=1))
    assert rounds() == (1, 0, 0)


def test_a_refusal_is_told_once(paid: PaymentSession, books: Books, now: Any) -> None:
    books.event(TX, "REFUND_REQUEST", "194.01")
    now.shift(timedelta(minutes=1))
    assert rounds() == (1, 0, 0)
    kind, amount, reference = books.kinds(TX)[-1]
    assert (kind, amount, len(reference)) == ("REFUND_FAILURE", "194.01", 28)
    assert books.calls[-1]["message"] == "More would be refunded than was paid."
    now.shift(timedelta(minutes=1))
    assert rounds() == (0, 0, 0)
    assert not PaymentRefund.objects.exists()


def test_a_refusal_stands_while_saleor_cannot_be_told(paid: PaymentSession, books: Books, now: Any) -> None:
    books.event(TX, "REFUND_REQUEST", "194")
    by_webhook(books, books.event(TX, "REFUND_REQUEST", "1"))
    now.shift(timedelta(minutes=1))
    assert reconciling.reconcile_all().taken == 1
    PaymentRefund.objects.update(state="FAILED")
    assert reconciling.reconcile_all().taken == 0, "refused is refused: the promise to say so stands"


def test_a_lost_cancelation_is_taken(waiting: PaymentSession, books: Books, now: Any) -> None:
    books.event(TX, "CANCEL_REQUEST", "0")
    now.shift(timedelta(minutes=1))
    assert rounds() == (1, 0, 0)
    waiting.refresh_from_db()
    assert waiting.cancel_requested_at == clock.now()
    assert books.kinds(TX)[-1] == ("CANCEL_REQUEST", "0", waiting.out_trade_no)
    now.shift(timedelta(seconds=30))
    assert rounds() == (0, 0, 0)
    now.shift(timedelta(minutes=5))
    settling.settle({"session": str(waiting.pk)})
    assert rounds() == (0, 0, 0)
    assert books.kinds(TX)[-1] == ("CANCEL_SUCCESS", "194.00", waiting.out_trade_no)


def test_a_lost_cancelation_of_what_is_paid_fails(paid: PaymentSession, books: Books, now: Any) -> None:
    books.event(TX, "CANCEL_REQUEST", "0")
    now.shift(timedelta(minutes=1))
    assert rounds() == (1, 0, 0)
    assert books.kinds(TX)[-1][:2] == ("CANCEL_FAILURE", "0")
    assert books.calls[-1]["message"] == "The money has come: refund it instead."
    assert rounds() == (0, 0, 0)


def test_the_request_every_session_begins_with_is_no_request_to_charge(
    waiting: PaymentSession, books: Books, now: Any
) -> None:
    now.shift(timedelta(minutes=10))
    assert rounds() == (0, 0, 0)
    assert books.calls == []


def lose(books: Books, kind: str) -> None:
    """Let Saleor forget an event, and let nothing point at the transaction any more."""
    item = books.items[TX]
    item["events"] = [event for event in item["events"] if event["type"] != kind]
    for event in item["events"]:
        event["createdAt"] = "2026-11-20T10:00:00+00:00"
    item["modifiedAt"] = "2026-11-20T10:00:00+00:00"


def test_a_lost_report_of_a_charge_is_made_again(paid: PaymentSession, books: Books, now: Any) -> None:
    assert rounds() == (0, 0, 0)
    lose(books, "CHARGE_SUCCESS")
    now.shift(timedelta(minutes=1))
    assert rounds() == (0, 0, 0), "a young report may be on its way"
    now.shift(timedelta(minutes=2))
    assert rounds() == (0, 1, 0)
    assert books.kinds(TX)[-1] == ("CHARGE_SUCCESS", "194.00", paid.gateway_ref)
    now.shift(timedelta(minutes=5))
    assert rounds() == (0, 0, 0)
    assert [call["type"] for call in books.calls] == ["CHARGE_SUCCESS", "CHARGE_SUCCESS"]
    assert AuditEntry.objects.get(action="payment.reported_again").data == {"what": "charged"}


@pytest.mark.parametrize(("status", "kind"), [("SUCCESS", "REFUND_SUCCESS"), ("ABNORMAL", "REFUND_FAILURE")])
def test_a_lost_report_of_a_refund_is_made_again(
    paid: PaymentSession, books: Books, wechat: FakeWechat, now: Any, status: str, kind: str
) -> None:
    event = books.event(TX, "REFUND_REQUEST", "50")
    event["pspReference"] = reference = by_webhook(books, event)["pspReference"]
    drain()
    wechat.refunds[reference]["status"] = status
    now.shift(timedelta(seconds=10))
    assert rounds() == (0, 0, 0)
    lose(books, kind)
    now.shift(timedelta(minutes=3))
    assert rounds() == (0, 1, 0)
    assert books.kinds(TX)[-1] == (kind, "50.00", reference)
    now.shift(timedelta(minutes=5))
    assert rounds() == (0, 0, 0)


def disagreement() -> health.Health:
    (found,) = (h for h in health.check() if h.name == "payment.disagreement")
    return found


def test_charged_in_saleor_but_not_paid_is_told_once_and_changes_nothing(
    waiting: PaymentSession, books: Books, now: Any
) -> None:
    books.event(TX, "CHARGE_SUCCESS", "194", "forged")
    assert rounds() == (0, 0, 1)
    now.shift(timedelta(minutes=1))
    assert rounds() == (0, 0, 0)
    waiting.refresh_from_db()
    assert (waiting.state, books.calls) == (State.WAITING, [])
    (entry,) = AuditEntry.objects.filter(action="payment.disagreement")
    assert (entry.object_id, entry.data["kind"]) == (TX, "charged")
    assert entry.data["detail"] == f"Saleor 194 CNY, payment {waiting.out_trade_no} is waiting"
    found = disagreement()
    assert (found.status, str(found.message)) == (
        "error",
        "1 payments stand otherwise in Saleor than with the wallet.",
    )
    # Mended there, and nothing tells of it: an open one is looked at again after a while.
    now.shift(timedelta(minutes=4))
    books.event("other", "CHARGE_REQUEST", "1")
    rounds()
    books.items[TX]["events"].pop()
    now.shift(timedelta(minutes=9))
    assert rounds() == (0, 0, 0)
    assert disagreement().status == "error"
    now.shift(timedelta(minutes=1))
    assert rounds() == (0, 0, 0)
    assert disagreement().status == "ok"
    assert AuditEntry.objects.filter(action="payment.agreement").count() == 1


def test_another_amount_is_told(paid: PaymentSession, books: Books, now: Any) -> None:
    books.items[TX]["events"][-1]["amount"]["amount"] = 193
    assert rounds() == (0, 0, 1)
    row = PaymentDisagreement.objects.get()
    assert (row.kind, row.detail) == (
        "amount",
        f"Saleor 193 CNY, payment {paid.out_trade_no} 194.00 CNY",
    )
    now.shift(timedelta(minutes=5))
    assert rounds() == (0, 0, 0), "nothing is reported again over it"
    books.items[TX]["events"][-1]["amount"]["amount"] = 194
    now.shift(timedelta(minutes=5))
    assert rounds() == (0, 0, 0)
    row.refresh_from_db()
    assert row.settled_at == clock.now()
    books.items[TX]["events"][-1]["amount"]["amount"] = 195
    books.items[TX]["modifiedAt"] = clock.now().isoformat()
    assert rounds() == (0, 0, 1), "what comes back is new"
    assert PaymentDisagreement.objects.count() == 1


def test_money_under_another_reference_is_not_reported_a_second_time(
    paid: PaymentSession, books: Books, now: Any
) -> None:
    books.items[TX]["events"][-1].update(pspReference="other", amount={"amount": 100, "currency": "CNY"})
    now.shift(timedelta(minutes=3))
    assert rounds() == (0, 0, 1)
    assert len(books.calls) == 1


def test_more_refunded_in_saleor_than_here_is_told(paid: PaymentSession, books: Books) -> None:
    books.event(TX, "REFUND_SUCCESS", "10", "by-hand")
    assert rounds() == (0, 0, 1)
    assert PaymentDisagreement.objects.get().detail == (
        f"Saleor 10 CNY, payment {paid.out_trade_no} 0 CNY given back"
    )


def test_a_refund_saleor_waits_for_and_nobody_knows_here_is_told(
    paid: PaymentSession, books: Books, wechat: FakeWechat, now: Any
) -> None:
    """As after a database was restored: giving the money back again could be the second time."""
    event = books.event(TX, "REFUND_REQUEST", "50")
    event["pspReference"] = reference = by_webhook(books, event)["pspReference"]
    PaymentRefund.objects.all().delete()
    OutboxMessage.objects.filter(topic=refunds.SEND).delete()
    now.shift(timedelta(minutes=1))
    assert rounds() == (0, 0, 1)
    assert wechat.refunds == {}
    assert PaymentDisagreement.objects.get().detail == f"Saleor waits for a refund unknown here: {reference}"


def test_one_that_saleor_shows_no_more_is_asked_for_once_in_a_while(
    waiting: PaymentSession, books: Books, now: Any
) -> None:
    books.event(TX, "CHARGE_SUCCESS", "194", "forged")
    assert rounds() == (0, 0, 1)
    books.items.clear()
    now.shift(timedelta(minutes=10))
    books.asked.clear()
    assert rounds() == rounds() == (0, 0, 0)
    assert [asked["where"] for asked in books.asked].count({"ids": [TX]}) == 1
    assert disagreement().status == "error"


def test_a_charge_nobody_knows_here_is_told_unless_it_is_older_than_this_database(
    wechat: FakeWechat, books: Books, now: Any
) -> None:
    books.event("before", "CHARGE_SUCCESS", "10", "p-1")
    books.event("before", "REFUND_REQUEST", "10")
    now.shift(timedelta(minutes=1))
    assert rounds() == (0, 0, 0)
    books.event("after", "CHARGE_SUCCESS", "10", "p-2")
    assert rounds() == (0, 0, 1)
    assert PaymentDisagreement.objects.get().transaction_id == "after"
    books.event("after", "REFUND_REQUEST", "10")
    now.shift(timedelta(minutes=1))
    assert rounds() == (1, 0, 0)
    assert books.kinds("after")[-1][:2] == ("REFUND_FAILURE", "10")


def since(asked: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(asked["where"]["AND"][1]["OR"][0]["modifiedAt"]["gte"])


def test_it_asks_from_the_last_change_with_an_overlap(paid: PaymentSession, books: Books, now: Any) -> None:
    began = clock.now()
    rounds()
    assert since(books.asked[0]) == began - reconciling.FIRST_LOOK - reconciling.OVERLAP
    now.shift(timedelta(minutes=1))
    rounds()
    assert since(books.asked[1]) == began - reconciling.OVERLAP
    now.shift(timedelta(minutes=30))
    rounds()
    assert since(books.asked[-2]) == began - reconciling.OVERLAP, "quiet: it stays where it is"
    assert books.asked[-1]["where"] == {"ids": [TX]}, "what was reported is looked at once"
    assert {asked["first"] for asked in books.asked} == {50}


def test_a_change_committed_late_is_not_missed(paid: PaymentSession, books: Books, now: Any) -> None:
    now.shift(timedelta(minutes=5))
    books.event("late", "CHARGE_REQUEST", "1")
    rounds()
    with time_machine.travel(clock.now() - timedelta(seconds=110), tick=False):
        books.event(TX, "REFUND_REQUEST", "50")
    assert rounds() == (1, 0, 0)


def test_a_young_request_keeps_the_place(paid: PaymentSession, books: Books, now: Any) -> None:
    asked_at = clock.now()
    books.event(TX, "REFUND_REQUEST", "50")
    now.shift(timedelta(seconds=59))
    books.event("other", "CHARGE_REQUEST", "1")
    assert rounds() == (0, 0, 0)
    now.shift(timedelta(minutes=30))
    assert rounds() == (1, 0, 0), "also when the next round comes late"
    assert since(books.asked[-2]) == asked_at - reconciling.OVERLAP


def test_a_long_reading_goes_on_in_the_next_round(
    wechat: FakeWechat, books: Books, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "PAGE", 2)
    monkeypatch.setattr(reconciling, "PAGES", 1)
    began = clock.now()
    for number in range(5):
        now.shift(timedelta(seconds=10))
        books.event(f"t{number}", "CHARGE_REQUEST", "1")
    assert [rounds() for _ in range(4)] == [(0, 0, 0)] * 4
    places = [asked["after"] for asked in books.asked]
    assert [place and place.split(" ")[1] for place in places] == [None, "t1", "t3", None]
    assert [since(asked) for asked in books.asked[:3]] == [
        began + timedelta(seconds=50) - reconciling.FIRST_LOOK - reconciling.OVERLAP
    ] * 3
    assert since(books.asked[3]) == began + timedelta(seconds=50) - reconciling.OVERLAP


def test_a_place_saleor_refuses_is_dropped(
    wechat: FakeWechat, books: Books, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "PAGE", 1)
    monkeypatch.setattr(reconciling, "PAGES", 1)
    for number in range(2):
        books.event(f"t{number}", "CHARGE_REQUEST", "1")
    reconciling.reconcile_all()
    books.refuse_place = PermanentError("Received cursor is invalid.")
    assert reconciling.reconcile_all().failed == {API: "Received cursor is invalid."}
    assert reconciling.reconcile_all().failed == {}
    assert [asked["after"] is None for asked in books.asked] == [True, False, True]


def test_nothing_is_done_when_nothing_changed(
    paid: PaymentSession, books: Books, now: Any, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    rounds()
    now.shift(timedelta(minutes=5))
    rounds()
    before = (list(Cursor.objects.values()), AuditEntry.objects.count(), OutboxMessage.objects.count())
    books.asked.clear()
    with django_assert_max_num_queries(20) as seen:
        assert reconciling.reconcile_all() == reconciling.Round()
    assert len(books.asked) == 1
    after = (list(Cursor.objects.values()), AuditEntry.objects.count(), OutboxMessage.objects.count())
    assert after == before
    assert not [q["sql"] for q in seen.captured_queries if q["sql"].startswith(("INSERT", "UPDATE"))]


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ({"fail": TransientError("no route")}, "no route"),
        ({"odd": {"transactions": None}}, "what Saleor answers is no list of transactions"),
    ],
)
def test_a_saleor_that_is_down_or_odd_does_not_stop_the_others(
    paid: PaymentSession,
    books: Books,
    services: FakePlatform,
    now: Any,
    trouble: dict[str, Any],
    told: str,
) -> None:
    services.others[OTHER] = Books(**trouble)
    assert sorted([API, OTHER])[0] == OTHER, "the one in trouble is asked first"
    books.event(TX, "REFUND_REQUEST", "50")
    now.shift(timedelta(minutes=1))
    done = reconciling.reconcile_all()
    assert (done.taken, done.failed) == (1, {OTHER: told})
    assert Cursor.objects.count() == 2


def test_what_cannot_be_taken_now_is_taken_later(paid: PaymentSession, books: Books, now: Any) -> None:
    books.event(TX, "REFUND_REQUEST", "50")
    configuration.save(plugin, config_values(mchid=""), actor="test")
    configuration.forget_cache()
    now.shift(timedelta(minutes=1))
    assert rounds() == (0, 0, 0)
    now.shift(timedelta(hours=1))
    configuration.save(plugin, config_values(), actor="test")
    configuration.forget_cache()
    assert rounds() == (1, 0, 0)


def test_what_cannot_be_read_is_passed_over(paid: PaymentSession, books: Books, now: Any) -> None:
    books.event("odd", "REFUND_REQUEST", "1", createdAt="2026-11-23T10:00:00+00:00")
    books.items["odd"]["createdAt"] = "yesterday"
    books.event(TX, "REFUND_REQUEST", "50")
    now.shift(timedelta(minutes=1))
    assert rounds() == (1, 0, 0)


def test_one_round_at_a_time(paid: PaymentSession, books: Books, now: Any) -> None:
    busy = locks.HeldElsewhere("payments are being compared already")
    with patch.object(locks, "alone", side_effect=busy):
        assert reconciling.reconcile_all() == reconciling.Round()
    assert books.asked == []
    tasks.reconcile_transactions()
    assert len(books.asked) == 1
    assert [(p.function, p.seconds) for p in plugin.periodic if p.name == "payment-reconcile"] == [
        ("plugins.cross_border_payment.tasks.reconcile_transactions", 30.0)
    ]


def both_at_once(books: Books, event: dict[str, Any]) -> list[Any]:
    """Let the webhook and a round of the poller take one request at the same moment."""
    start = Barrier(2, timeout=20)

    def run(work: Callable[[], Any]) -> Any:
        try:
            start.wait()
            return work()
        except IntegrityError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, [lambda: by_webhook(books, event), reconciling.reconcile_all]))


@pytest.mark.django_db(transaction=True)
def test_without_the_row_lock_webhook_and_poller_collide(
    paid: PaymentSession, books: Books, now: Any
) -> None:
    """Both look before either has written: only the table's constraint is left to stop the second."""
    event = books.event(TX, "REFUND_REQUEST", "50")
    now.shift(timedelta(minutes=1))
    looked = Barrier(2, timeout=20)
    check = refunds._check

    def check_together(*arguments: Any) -> None:
        check(*arguments)
        looked.wait()

    rows = PaymentSession.objects
    with patch.object(rows, "select_for_update", rows.all), patch.object(refunds, "_check", check_together):
        results = both_at_once(books, event)
    assert sum(isinstance(result, IntegrityError) for result in results) == 1, results


@pytest.mark.django_db(transaction=True)
def test_webhook_and_poller_at_once_make_one_refund(
    paid: PaymentSession, books: Books, wechat: FakeWechat, now: Any
) -> None:
    for count in range(1, 6):
        event = books.event(TX, "REFUND_REQUEST", str(count))
        now.shift(timedelta(minutes=1))
        answered, done = both_at_once(books, event)
        assert isinstance(done, reconciling.Round) and done.failed == {}
        refund = PaymentRefund.objects.get(amount=count)
        assert answered == {"pspReference": refund.refund_no}
        assert PaymentRefund.objects.count() == count
        event["pspReference"] = refund.refund_no
    drain()
    assert sorted(r["amount"]["refund"] for r in wechat.refunds.values()) == [100, 200, 300, 400, 500]


def test_requests_are_given_longer_than_a_webhook_may_take() -> None:
    assert timedelta(seconds=20) < requested.GRACE
    assert requested.GRACE < reconciling.OVERLAP
