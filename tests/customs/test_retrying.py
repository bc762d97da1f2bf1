"""Why a declaration stopped is kept; stopped ones are started again, once, however often it is asked."""

from __future__ import annotations

import contextlib
import threading
import uuid

import pytest
from django.db import connections
from django.db.models import QuerySet

from plugins.customs_declaration import hooks, retrying, steps, stopping
from plugins.customs_declaration.models import Declaration, RetryItem, RetryRun
from saleor_ext.core import clock, outbox
from saleor_ext.core.models import AuditEntry, OutboxMessage
from saleor_ext.plugin_api import ParcelView, StepView

from .declared import declaration, document
from .parcels import ID_NUMBER, FakePlatform, parcel

db = pytest.mark.django_db


def failed(
    platform: FakePlatform, number: str = "PT26112310427A1C", step: str = "declare_order"
) -> ParcelView:
    """A parcel whose customs step waits for a person."""
    view = platform.add(parcel(number))
    platform.set_step(view.id, StepView(step, "failed", {}, "1313: x"))
    return platform.views[view.id]


@db
def test_a_failed_step_marks_the_declaration_and_makes_it_if_need_be(
    platform_of_tests, settings_of_customs
) -> None:
    view = failed(platform_of_tests)
    text = f"NotDeclarable: not sent: OrderList[1]/gmodel: is missing {ID_NUMBER}"
    hooks.parcel_step_failed(view, "declare_order", "given_up", text)
    assert not Declaration.objects.exists()  # not while the parcel's row is locked
    assert ID_NUMBER not in str(OutboxMessage.objects.get().payload)
    outbox.drain()
    case = Declaration.objects.get()
    assert (case.state, case.stopped_step, case.stopped_code) == (
        "stopped",
        "declare_order",
        "not_declarable",
    )
    assert case.stopped_text == text.replace(ID_NUMBER, "1****************X")
    assert (case.merchant, case.pay_no) == ("pastelaria", f"V{view.number}")
    failed(platform_of_tests, step="declare_inventory")
    hooks.parcel_step_failed(view, "declare_inventory", "1313", "[Code:1313;Desc:x]")
    outbox.drain()
    case.refresh_from_db()
    assert (case.stopped_step, case.stopped_code) == ("declare_inventory", "1313")


@db
@pytest.mark.parametrize("state", ["released", "cancelled"])
def test_a_finished_declaration_is_not_stopped(platform_of_tests, settings_of_customs, state: str) -> None:
    view = failed(platform_of_tests, step="declare_inventory")
    cancelled_at = clock.now() if state == "cancelled" else None
    declaration(state, parcel_id=view.id, cancelled_at=cancelled_at)
    hooks.parcel_step_failed(view, "declare_inventory", "x", "x")
    outbox.drain()
    assert Declaration.objects.get().state == state


@db
def test_a_step_that_was_started_again_meanwhile_stands_still_no_more(
    platform_of_tests, settings_of_customs
) -> None:
    view = failed(platform_of_tests)
    hooks.parcel_step_failed(view, "declare_order", "1313", "x")
    platform_of_tests.set_step(view.id, StepView("declare_order", "running", {}))
    outbox.drain()
    assert not Declaration.objects.exists()


@db
def test_steps_of_others_are_none_of_our_business(platform_of_tests, settings_of_customs) -> None:
    hooks.parcel_step_failed(platform_of_tests.add(parcel()), "obtain_waybill", "x", "x")
    assert not OutboxMessage.objects.exists() and not Declaration.objects.exists()


@db
def test_the_step_of_an_older_declaration_is_told_by_its_messages() -> None:
    case = declaration("stopped")
    document(case, "CEB311Message")
    assert stopping.step_of(case) == "declare_order"
    document(case, "CEB621Message")
    assert stopping.step_of(case) == "declare_inventory"
    assert stopping.step_of(declaration("stopped", stopped_step="other")) == "other"


@db
def test_starting_one_again(platform_of_tests) -> None:
    view = failed(platform_of_tests)
    case = declaration("stopped", parcel_id=view.id, stopped_step="declare_order")
    assert retrying.retry(case, actor="staff", reason="mended") is True
    case.refresh_from_db()
    assert case.state == "new"
    assert platform_of_tests.retried == [(view.id, "declare_order", "staff", "mended")]
    assert retrying.retry(case, actor="staff", reason="mended") is False
    assert len(platform_of_tests.retried) == 1


@db
def test_a_run_starts_each_once_and_says_what_came_of_it(platform_of_tests) -> None:
    views = [failed(platform_of_tests, f"PT{number}", "declare_inventory") for number in range(3)]
    cases = [
        declaration("stopped", parcel_id=view.id, stopped_step="declare_inventory", order_no=f"O{number}")
        for number, view in enumerate(views)
    ]
    platform_of_tests.set_step(views[1].id, StepView("declare_inventory", "waiting", {}))
    token = uuid.uuid4()
    run, new = retrying.begin(cases, token=token, actor="staff", reason="port is back")
    again, second = retrying.begin(cases[:1], token=token, actor="other", reason="x")
    assert (new, second, again.pk, RetryRun.objects.count(), RetryItem.objects.count()) == (
        True, False, run.pk, 1, 3,
    )  # fmt: skip
    assert outbox.drain() == 1
    retrying.work({"run": str(run.pk)})  # the outbox may run a message twice
    assert list(run.items.values_list("state", flat=True)) == ["started", "skipped", "started"]
    assert [one[0] for one in platform_of_tests.retried] == [views[0].id, views[2].id]
    assert {one.state for one in Declaration.objects.filter(order_no__in=["O0", "O2"])} == {"new"}
    entry = AuditEntry.objects.get(action="customs.retry_run")
    assert (entry.actor, entry.reason, entry.data) == ("staff", "port is back", {"count": 3})


@db
def test_one_broken_case_is_left_and_the_others_go_on(platform_of_tests, monkeypatch) -> None:
    view = failed(platform_of_tests, "PT1")
    gone = declaration("stopped", order_no="A", stopped_step="declare_order")  # its parcel is not known
    case = declaration("stopped", order_no="B", parcel_id=view.id, stopped_step="declare_order")
    run, _new = retrying.begin([gone, case], token=uuid.uuid4(), actor="staff", reason="x")
    outbox.drain()
    assert list(run.items.values_list("state", flat=True)) == ["skipped", "started"]
    assert OutboxMessage.objects.get(topic=retrying.TOPIC).state == "done"


class SlowPlatform(FakePlatform):
    """Both workers have looked before either starts: only the row's lock keeps them apart."""

    def __init__(self) -> None:
        super().__init__()
        self.meeting = threading.Barrier(2, timeout=0.5)

    def retry_step(self, parcel_id: str, name: str, *, actor: str, reason: str) -> bool:
        with contextlib.suppress(threading.BrokenBarrierError):  # alone, as it should be
            self.meeting.wait()
        self.retried.append((parcel_id, name, actor, reason))
        return True


def _both(run: RetryRun) -> None:
    def work() -> None:
        try:
            retrying.work({"run": str(run.pk)})
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("locked", "starts"), [(False, 2), (True, 1)])
def test_two_workers_at_once_start_a_case_once(monkeypatch, locked: bool, starts: int) -> None:
    """Without the row's lock the race is real."""
    slow = SlowPlatform()
    monkeypatch.setattr(retrying, "platform", lambda: slow)
    if not locked:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **options: self.all())
    case = declaration("stopped", stopped_step=steps.ORDER_STEP)
    run, _new = retrying.begin([case], token=uuid.uuid4(), actor="staff", reason="x")
    _both(run)
    assert len(slow.retried) == starts
