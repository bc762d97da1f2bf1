from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction

from saleor_ext.core import backoff, clock, outbox
from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.core.models import OutboxMessage

pytestmark = pytest.mark.django_db


class Work:
    def __init__(self) -> None:
        self.done: list[dict[str, Any]] = []
        self.dead: list[tuple[dict[str, Any], str]] = []
        self.error: Exception | None = None

    def __call__(self, payload: dict[str, Any]) -> None:
        if self.error:
            raise self.error
        self.done.append(payload)


@pytest.fixture
def work() -> Iterator[Work]:
    it = Work()
    outbox._handlers["test"] = (it, lambda payload, error: it.dead.append((payload, error)))
    yield it
    outbox._handlers.pop("test")


def test_work_is_done_once(work: Work) -> None:
    outbox.enqueue("test", {"n": 1})
    assert outbox.drain() == 1
    assert outbox.drain() == 0
    assert work.done == [{"n": 1}]


def test_the_same_key_is_promised_once_even_after_it_is_done(work: Work) -> None:
    first = outbox.enqueue("test", {"n": 1}, key="k")
    second = outbox.enqueue("test", {"n": 2}, key="k")
    assert first.pk == second.pk
    outbox.drain()
    outbox.enqueue("test", {"n": 3}, key="k")
    outbox.drain()
    assert work.done == [{"n": 1}]


def test_nothing_is_promised_when_the_transaction_fails(work: Work) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        outbox.enqueue("test", {})
        raise RuntimeError
    assert OutboxMessage.objects.count() == 0


def test_a_transient_failure_waits_longer_each_time(work: Work) -> None:
    work.error = TransientError("busy")
    message = outbox.enqueue("test", {})
    waits = []
    with time_machine.travel(clock.now(), tick=False) as traveller:
        for _ in range(3):
            outbox.drain()
            message.refresh_from_db()
            waits.append((message.run_at - clock.now()).total_seconds())
            traveller.shift(message.run_at - clock.now())
    assert 4 <= waits[0] <= 6
    assert 8 <= waits[1] <= 12
    assert 16 <= waits[2] <= 24
    assert (message.state, message.attempts, message.last_error) == ("pending", 3, "TransientError: busy")
    assert work.dead == []


def test_the_longest_wait_is_a_day() -> None:
    waits = [backoff.delay(attempts).total_seconds() for attempts in (1, 2, 20, 500)]
    assert 4 <= waits[0] <= 6
    assert 8 <= waits[1] <= 12
    assert all(0.8 * 86400 <= wait <= 86400 for wait in waits[2:])


def test_a_permanent_failure_is_dead_at_once_and_told(work: Work) -> None:
    work.error = PermanentError("wrong address")
    message = outbox.enqueue("test", {"n": 1})
    outbox.drain()
    message.refresh_from_db()
    assert message.state == "dead"
    assert work.dead == [({"n": 1}, "PermanentError: wrong address")]
    work.error = None
    outbox.retry(message)
    assert outbox.drain() == 1


def test_after_three_days_of_failures_the_message_is_dead(work: Work) -> None:
    work.error = TransientError("down")
    message = outbox.enqueue("test", {})
    OutboxMessage.objects.update(created_at=clock.now() - timedelta(days=3))
    outbox.drain()
    message.refresh_from_db()
    assert message.state == "dead"


def test_a_dead_message_can_be_given_up(work: Work) -> None:
    work.error = PermanentError("no")
    message = outbox.enqueue("test", {})
    outbox.give_up(message)
    message.refresh_from_db()
    assert message.state == "pending"  # only a dead one can be given up
    outbox.drain()
    outbox.give_up(message)
    message.refresh_from_db()
    assert message.state == "dropped"


def test_a_killed_worker_leaves_the_row_until_its_lease_ends(work: Work) -> None:
    outbox.enqueue("test", {"n": 1})
    assert len(outbox.claim()) == 1  # …and the worker dies here
    assert outbox.drain() == 0
    with time_machine.travel(clock.now() + outbox.lease() + timedelta(seconds=1)):
        assert outbox.drain() == 1
    assert work.done == [{"n": 1}]


def test_a_message_that_ends_every_worker_waits_ever_longer_and_dies(work: Work) -> None:
    message = outbox.enqueue("test", {"n": 1})
    deaths = 0
    waits: list[float] = []
    with time_machine.travel(clock.now(), tick=False) as traveller:
        while message.state == "pending":
            [claimed] = outbox.claim()
            if claimed.lost and claimed.attempts > 1:
                assert outbox.run(claimed) is False
                message.refresh_from_db()
                waits.append((message.run_at - clock.now()).total_seconds())
                traveller.shift(message.run_at - clock.now())
            else:
                deaths += 1  # its worker is killed here
                traveller.shift(outbox.lease() + timedelta(seconds=1))
    assert 16 <= waits[0] <= 24
    assert all(later > 2 * earlier for earlier, later in pairwise(waits[:6]))
    assert deaths == len(waits) + 1
    assert (message.state, message.last_error) == (
        "dead", "WorkerLost: the worker that had it ended in the middle",
    )  # fmt: skip  # one line a fact
    assert work.done == []
    assert work.dead == [({"n": 1}, message.last_error)]


def test_a_worker_whose_lease_ran_out_cannot_write_the_result(work: Work) -> None:
    message = outbox.enqueue("test", {})
    late = outbox.claim()[0]
    with time_machine.travel(clock.now() + outbox.lease() + timedelta(seconds=1)):
        taken_over = outbox.claim()[0]
    work.error = TransientError("late")
    outbox.run(late)
    message.refresh_from_db()
    # The lost lease counts as an attempt; the late result does not.
    assert (message.attempts, message.lease_token, message.last_error) == (1, taken_over.lease_token, "")


def test_a_worker_whose_lease_ran_out_does_not_give_up_what_another_one_does(work: Work) -> None:
    outbox.enqueue("test", {"n": 1})
    late = outbox.claim()[0]
    with time_machine.travel(clock.now() + outbox.lease() + timedelta(seconds=1)):
        assert outbox.drain() == 1
    work.error = PermanentError("too late")
    outbox.run(late)
    assert work.dead == []
    assert OutboxMessage.objects.get().state == "done"


def test_a_fault_in_telling_of_a_dead_message_does_not_stop_the_queue(work: Work) -> None:
    def fault(payload: dict[str, Any], error: str) -> None:
        raise RuntimeError(error)

    outbox._handlers["test"] = (work, fault)
    work.error = PermanentError("wrong address")
    for number in range(2):
        outbox.enqueue("test", {"n": number})
    outbox.drain()
    assert list(OutboxMessage.objects.values_list("state", flat=True)) == ["dead", "dead"]


@pytest.mark.django_db(transaction=True)
def test_many_workers_take_each_row_once_and_would_not_without_the_lock(work: Work) -> None:
    for number in range(40):
        outbox.enqueue("test", {"n": number})

    def without_lock() -> list[object]:
        """What claiming would be without SKIP LOCKED: everyone reads the same rows."""
        return list(
            OutboxMessage.objects.filter(state="pending").order_by("run_at").values_list("pk", flat=True)[:40]
        )

    assert without_lock() == without_lock()  # the race is there: two readers would work the same rows

    barrier = threading.Barrier(8)

    def worker() -> None:
        barrier.wait()
        outbox.drain()
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(payload["n"] for payload in work.done) == list(range(40))
    assert OutboxMessage.objects.filter(state="done", attempts=1).count() == 40
