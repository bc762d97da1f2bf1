from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils.translation import gettext_lazy

from saleor_ext.core import clock, outbox
from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.core.models import AuditEntry, OutboxMessage
from saleor_ext.orders import steps, timeline
from saleor_ext.orders.ingest import order_seen
from saleor_ext.orders.models import Parcel
from saleor_ext.plugin_api import Done, ParcelView, Wait, platform
from tests.dummy_plugin import hooks as dummy

from .conftest import API

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def parcel(order: Make) -> Parcel:
    made = order_seen(API, order())
    assert made is not None
    return made


def states(parcel: Parcel) -> dict[str, str]:
    return dict(parcel.steps.values_list("name", "state"))


def test_steps_stand_in_the_order_they_wait_for_each_other(parcel: Parcel) -> None:
    assert list(parcel.steps.values_list("name", "after")) == [
        ("first", []),
        ("second", ["first"]),
        ("last", ["second"]),
    ]
    assert states(parcel) == {"first": "running", "second": "pending", "last": "pending"}


def test_each_step_starts_when_what_it_waits_for_is_done(parcel: Parcel) -> None:
    assert outbox.drain() == 3
    assert states(parcel) == {"first": "done", "second": "done", "last": "done"}
    assert platform().parcel(str(parcel.pk)).step_data("first") == {"first": "done"}


def test_a_waiting_step_is_ended_from_outside_once(parcel: Parcel) -> None:
    dummy.behaviour["first"] = lambda view: Wait({"sent": 1})
    outbox.drain()
    assert states(parcel)["first"] == "waiting"
    assert platform().complete_step(str(parcel.pk), "first", {"answer": 2})
    assert not platform().complete_step(str(parcel.pk), "first", {"answer": 3})
    assert platform().parcel(str(parcel.pk)).step_data("first") == {"sent": 1, "answer": 2}
    outbox.drain()
    assert states(parcel)["last"] == "done"


def test_an_answer_that_comes_before_our_own_call_returns_is_kept(parcel: Parcel) -> None:
    def faster_world(view: ParcelView) -> Wait:
        platform().complete_step(view.id, "first", {"answer": "quick"})
        return Wait({"sent": 1})

    dummy.behaviour["first"] = faster_world
    outbox.drain()
    assert states(parcel) == {"first": "done", "second": "done", "last": "done"}
    assert platform().parcel(str(parcel.pk)).step_data("first") == {"answer": "quick"}


def test_a_transient_failure_is_tried_again_by_itself(parcel: Parcel) -> None:
    calls = []

    def second_time_lucky(view: ParcelView) -> Done:
        calls.append(1)
        if len(calls) == 1:
            raise TransientError("busy")
        return Done()

    dummy.behaviour["first"] = second_time_lucky
    outbox.drain()
    assert states(parcel)["first"] == "running"
    with time_machine.travel(clock.now() + timedelta(seconds=7)):
        outbox.drain()
    assert states(parcel)["first"] == "done"


def test_goods_do_not_leave_while_a_plugin_objects_and_go_on_by_themselves_afterwards(parcel: Parcel) -> None:
    dummy.objections.append("the payment is disputed")
    outbox.drain()
    assert states(parcel) == {"first": "done", "second": "done", "last": "failed"}
    parcel.refresh_from_db()
    assert parcel.attention == "held: the payment is disputed"
    platform().resume_departure(str(parcel.pk))
    outbox.drain()
    assert states(parcel)["last"] == "failed", "what holds still stops it again"
    dummy.objections.clear()
    platform().resume_departure(str(parcel.pk))
    outbox.drain()
    parcel.refresh_from_db()
    assert (states(parcel)["last"], parcel.attention) == ("done", "")
    platform().resume_departure(str(parcel.pk))
    assert outbox.drain() == 0


def test_what_failed_otherwise_is_not_resumed(parcel: Parcel) -> None:
    def refuse(view: ParcelView) -> Done:
        raise PermanentError("no such book item")

    dummy.behaviour["last"] = refuse
    outbox.drain()
    platform().resume_departure(str(parcel.pk))
    assert (states(parcel)["last"], outbox.drain()) == ("failed", 0)


def test_a_permanent_failure_waits_for_a_person_who_can_retry(parcel: Parcel) -> None:
    def refuse(view: ParcelView) -> Done:
        raise PermanentError("no such book item")

    dummy.behaviour["first"] = refuse
    outbox.drain()
    parcel.refresh_from_db()
    assert states(parcel)["first"] == "failed"
    assert "no such book item" in parcel.attention
    dummy.behaviour.clear()
    steps.retry(parcel.pk, "first", actor="operator", reason="book mended")
    outbox.drain()
    parcel.refresh_from_db()
    assert (states(parcel)["last"], parcel.attention) == ("done", "")
    entry = AuditEntry.objects.get(action="step.retry")
    assert (entry.actor, entry.reason, entry.data) == ("operator", "book mended", {"step": "first"})


def test_a_step_that_did_not_fail_cannot_be_retried(parcel: Parcel) -> None:
    with pytest.raises(steps.StepNotAllowed):
        steps.retry(parcel.pk, "second", actor="operator")


def test_a_plugin_can_stop_a_step_with_words_for_the_buyer(parcel: Parcel) -> None:
    dummy.behaviour["first"] = lambda view: Wait()
    outbox.drain()
    assert platform().fail_step(
        str(parcel.pk), "first", "1327", "payer differs", buyer_message="Pay by your own wallet"
    )
    step = parcel.steps.get(name="first")
    assert (step.state, step.error, step.buyer_message) == (
        "failed",
        "1327: payer differs",
        "Pay by your own wallet",
    )


def test_words_for_the_buyer_are_kept_in_every_language(parcel: Parcel) -> None:
    dummy.behaviour["first"] = lambda view: Wait()
    outbox.drain()
    platform().fail_step(str(parcel.pk), "first", "1313", "x", buyer_message=gettext_lazy("Cancelled"))
    step = parcel.steps.get(name="first")
    assert set(step.buyer_texts) == {"zh-hans", "zh-hant", "pt", "en"}
    assert step.buyer_texts["en"] == "Cancelled"
    steps.retry(parcel.pk, "first", actor="operator")
    step.refresh_from_db()
    assert (step.buyer_texts, step.buyer_message) == ({}, "")


def test_an_alarm_is_over_when_its_answer_comes(parcel: Parcel) -> None:
    for code, attention in (
        ("return_needed", "return_needed"),
        ("withdrawn", "return_needed"),
        ("return_asked", ""),
        ("return_refused", "return_refused"),
    ):
        timeline.add(parcel, code)
        parcel.refresh_from_db()
        assert parcel.attention == attention, code


def test_plugins_learn_of_every_failed_step(parcel: Parcel) -> None:
    def refuse(view: ParcelView) -> Done:
        raise PermanentError("no such book item")

    dummy.behaviour["first"] = refuse
    outbox.drain()
    assert dummy.failed == [(parcel.number, "first", "given_up", "PermanentError: no such book item")]
    platform().fail_step(str(parcel.pk), "first", "x", "once more")  # failed already: nothing new
    assert len(dummy.failed) == 1


def test_a_plugin_starts_a_failed_step_again_for_an_operator(parcel: Parcel) -> None:
    dummy.behaviour["first"] = lambda view: Wait()
    outbox.drain()
    start = platform().retry_step
    assert not start(str(parcel.pk), "first", actor="operator", reason="x")
    assert not start(str(parcel.pk), "no_such_step", actor="operator", reason="x")
    assert not start(str(uuid.uuid4()), "first", actor="operator", reason="x")
    platform().fail_step(str(parcel.pk), "first", "1327", "payer differs")
    assert start(str(parcel.pk), "first", actor="operator", reason="mended")
    assert not start(str(parcel.pk), "first", actor="operator", reason="twice")
    entry = AuditEntry.objects.get(action="step.retry")
    assert (entry.actor, entry.reason, states(parcel)["first"]) == ("operator", "mended", "running")


def test_late_answers_to_a_cancelled_parcel_change_nothing(parcel: Parcel) -> None:
    dummy.behaviour["first"] = lambda view: Wait()
    outbox.drain()
    steps.cancel_parcel(parcel, reason="buyer")
    assert not platform().complete_step(str(parcel.pk), "first")
    assert states(parcel) == {"first": "cancelled", "second": "cancelled", "last": "cancelled"}


def test_a_shipped_parcel_cannot_be_cancelled(parcel: Parcel) -> None:
    timeline.add(parcel, "handed_over")
    assert not steps.cancel_parcel(parcel, reason="too late")


def test_the_same_start_is_run_once_however_often_the_row_comes_back(parcel: Parcel) -> None:
    calls: list[str] = []
    dummy.behaviour["first"] = lambda view: (calls.append(view.number), Done())[1]
    outbox.drain()
    OutboxMessage.objects.filter(payload__step="first").update(state="pending", lease_until=None)
    outbox.drain()
    assert calls == [parcel.number]


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_once_end_a_step_once(order: Make) -> None:
    parcel = order_seen(API, order())
    assert parcel is not None
    dummy.behaviour["first"] = lambda view: Wait()
    outbox.drain()
    results: list[bool] = []
    barrier = threading.Barrier(8)

    def answer() -> None:
        barrier.wait()
        results.append(steps.complete(parcel.pk, "first"))
        connection.close()

    threads = [threading.Thread(target=answer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False] * 7 + [True]
    assert OutboxMessage.objects.filter(payload__step="second").count() == 1


def test_the_timeline_moves_the_state_forward_only(parcel: Parcel) -> None:
    assert timeline.add(parcel, "released")
    assert not timeline.add(parcel, "released")
    assert timeline.add(parcel, "accepted")  # late
    assert parcel.state == "released"
    assert timeline.add(parcel, "inspection", key="inspection:2")
    assert parcel.attention == ""
    assert timeline.add(parcel, "exception")
    assert parcel.attention == "exception"
    with pytest.raises(ValueError, match="unknown event"):
        timeline.add(parcel, "teleported")


def test_the_timeline_shows_stations_ahead(parcel: Parcel) -> None:
    timeline.add(parcel, "declared")
    entries = timeline.entries(parcel)
    assert [(entry.code, entry.reached) for entry in entries] == [
        ("paid", True),
        ("declared", True),
        ("accepted", False),
        ("released", False),
        ("packed", False),
        ("in_transit", False),
        ("delivered", False),
    ]
