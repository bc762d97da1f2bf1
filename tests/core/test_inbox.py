from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from saleor_ext.core import audit, clock, inbox
from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.core.models import AuditEntry, InboxMessage


@pytest.fixture
def handled() -> Iterator[list[str]]:
    seen: list[str] = []

    def handle(message: InboxMessage) -> None:
        seen.append(message.event_id)
        audit.record("test.handled", "message", message.event_id)
        if message.kind == "transient":
            raise TransientError("come back later")
        if message.kind == "permanent":
            raise PermanentError("never")

    inbox.handler("test")(handle)
    yield seen
    inbox._handlers.pop("test")


def receive(event_id: str = "1", kind: str = "good") -> tuple[InboxMessage, bool]:
    return inbox.receive("test:1", event_id, kind, b"\x00raw", {"X-Test": "1"})


@pytest.mark.django_db
def test_a_message_is_stored_as_it_came_and_worked_once(handled: list[str]) -> None:
    message, new = receive()
    assert new
    assert inbox.work(message.pk)
    assert not inbox.work(message.pk)
    message.refresh_from_db()
    assert handled == ["1"]
    assert (message.state, message.attempts, bytes(message.body), message.headers) == (
        "done",
        1,
        b"\x00raw",
        {"X-Test": "1"},
    )


@pytest.mark.django_db
def test_five_deliveries_are_one_message(handled: list[str]) -> None:
    results = [receive()[1] for _ in range(5)]
    assert results == [True, False, False, False, False]
    assert inbox.drain() == 1
    assert handled == ["1"]
    assert InboxMessage.objects.get().duplicates == 4


@pytest.mark.django_db
def test_storing_takes_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        message, new = receive()
    assert new
    message.refresh_from_db()
    assert (message.state, message.attempts, message.duplicates, message.last_error) == ("new", 0, 0, "")
    again, new = receive()
    assert (again.pk, again.duplicates, new) == (message.pk, 1, False)


@pytest.mark.django_db
def test_draining_is_oldest_first_and_leaves_what_another_works(handled: list[str]) -> None:
    first, second = receive("1")[0], receive("2")[0]
    InboxMessage.objects.filter(pk=first.pk).update(run_at=clock.now() - timedelta(seconds=1))
    InboxMessage.objects.filter(pk=second.pk).update(run_at=clock.now() - timedelta(seconds=2))
    assert inbox.drain(limit=1) == 1
    assert handled == ["2"]
    assert inbox.drain() == 1
    assert handled == ["2", "1"]


@pytest.mark.django_db
def test_a_failure_undoes_its_effects_and_is_tried_later(handled: list[str]) -> None:
    message, _ = receive(kind="transient")
    assert not inbox.work(message.pk)
    message.refresh_from_db()
    assert AuditEntry.objects.count() == 0
    assert (message.state, message.attempts, message.last_error) == (
        "new",
        1,
        "TransientError: come back later",
    )
    assert 3.9 <= (message.run_at - clock.now()).total_seconds() <= 6.1
    assert inbox.drain() == 0  # not due yet


@pytest.mark.django_db
def test_a_permanent_failure_is_dead_until_an_operator_retries(handled: list[str]) -> None:
    message, _ = receive(kind="permanent")
    inbox.work(message.pk)
    message.refresh_from_db()
    assert message.state == "dead"
    InboxMessage.objects.filter(pk=message.pk).update(kind="good")
    inbox.retry(message)
    assert inbox.drain() == 1


@pytest.mark.django_db
def test_a_message_without_a_handler_is_dead() -> None:
    message, _ = inbox.receive("nobody", "1", "x", b"")
    inbox.work(message.pk)
    message.refresh_from_db()
    assert message.state == "dead"
    assert "nobody handles" in message.last_error


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_work_the_same_message(handled: list[str]) -> None:
    message, _ = receive()
    inside, leave = threading.Event(), threading.Event()
    results: list[bool] = []

    def slow(row: InboxMessage) -> None:
        inside.set()
        leave.wait(5)
        handled.append("slow")

    inbox._handlers["test"] = slow

    def work() -> None:
        results.append(inbox.work(message.pk))
        connection.close()

    first = threading.Thread(target=work)
    first.start()
    assert inside.wait(5)
    assert inbox.work(message.pk) is False
    leave.set()
    first.join()
    assert (results, handled) == ([True], ["slow"])


@pytest.mark.django_db(transaction=True)
def test_nothing_is_kept_when_the_receiving_transaction_fails(handled: list[str]) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        receive()
        raise RuntimeError
    assert InboxMessage.objects.count() == 0
