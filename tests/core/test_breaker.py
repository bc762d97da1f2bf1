"""Circuit breakers: open after failures in a row, one probe after the pause, put-off work loses no try."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from saleor_ext.core import breaker, clock, outbox
from saleor_ext.core.breaker import Breaker, BreakerOpen, open_breakers
from saleor_ext.core.errors import PermanentError, PutOff, TransientError
from saleor_ext.core.models import BreakerState, OutboxMessage

NOON = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
PAUSE = timedelta(seconds=30)


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def made(failures: int = 3) -> Breaker:
    return Breaker("port", failures, PAUSE)


def fail(one: Breaker, error: Exception | None = None) -> None:
    with pytest.raises(type(error) if error else TransientError), one.guard():
        raise error or TransientError("no answer")


def succeed(one: Breaker) -> None:
    with one.guard():
        pass


@pytest.mark.django_db
class TestBreaker:
    def test_it_opens_after_the_last_of_so_many_failures_in_a_row(self, noon) -> None:
        one = made()
        fail(one)
        fail(one)
        succeed(one)
        assert BreakerState.objects.get().failures == 0
        for _ in range(3):
            fail(one)
        ran = []
        with (
            pytest.raises(BreakerOpen, match="3 failures in a row: TransientError: no answer") as caught,
            one.guard(),
        ):
            ran.append(1)
        assert (ran, caught.value.seconds) == ([], 30.0)
        assert [row.name for row in open_breakers()] == ["port"]

    def test_success_without_failures_before_writes_nothing(self) -> None:
        succeed(made())
        assert not BreakerState.objects.exists()

    def test_after_the_pause_one_is_let_through_and_his_success_closes(self, noon) -> None:
        one = made(1)
        fail(one)
        noon.shift(PAUSE)
        with one.guard(), pytest.raises(BreakerOpen):
            succeed(one)
        assert open_breakers() == []
        succeed(one)

    def test_a_failed_probe_opens_for_another_pause(self, noon) -> None:
        one = made(2)
        fail(one)
        fail(one)
        noon.shift(PAUSE)
        fail(one)
        with pytest.raises(BreakerOpen) as caught:
            succeed(one)
        assert caught.value.seconds == 30.0
        row = BreakerState.objects.get()
        assert (row.failures, row.opened_at, row.retry_at) == (3, NOON, NOON + 2 * PAUSE)

    def test_a_prober_that_died_is_replaced(self, noon) -> None:
        one = made(1)
        fail(one)
        noon.shift(PAUSE)
        one._enter()
        with pytest.raises(BreakerOpen):
            succeed(one)
        noon.shift(breaker.PROBE)
        succeed(one)
        assert open_breakers() == []

    def test_a_refusal_is_an_answer_and_putting_off_is_neither(self, noon) -> None:
        one = made(2)
        fail(one)
        fail(one, PutOff("full", 5))
        assert BreakerState.objects.get().failures == 1
        fail(one, PermanentError("no such article"))
        assert BreakerState.objects.get().failures == 0

    def test_a_probe_that_was_put_off_leaves_the_place_to_another(self, noon) -> None:
        one = made(1)
        fail(one)
        noon.shift(PAUSE)
        fail(one, PutOff("full", 5))
        succeed(one)
        assert open_breakers() == []

    def test_those_who_wait_ask_more_rarely_the_longer_it_is_closed(self, noon) -> None:
        one = made(1)
        fail(one)
        waits = []
        for minutes in (4, 16, 600):
            noon.move_to(NOON + timedelta(minutes=minutes))
            fail(one)
            with pytest.raises(BreakerOpen) as caught:
                succeed(one)
            waits.append(caught.value.seconds)
        assert waits == [60.0, 240.0, 600.0]


@pytest.mark.django_db(transaction=True)
def test_failures_and_probes_of_many_processes_are_counted_once_each() -> None:
    one = made(1)
    fail(one)
    BreakerState.objects.update(retry_at=clock.now())
    begin, passed, refused = threading.Barrier(8), [], []

    def probe() -> None:
        try:
            begin.wait(10)
            with one.guard():
                passed.append(1)
                hold.wait(10)
        except BreakerOpen:
            refused.append(1)
            if len(refused) == 7:
                hold.set()
        finally:
            connection.close()

    hold = threading.Event()
    threads = [threading.Thread(target=probe) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(passed), len(refused)) == (1, 7)

    many = made(1000)
    BreakerState.objects.all().delete()

    def break_it() -> None:
        fail(many)
        connection.close()

    threads = [threading.Thread(target=break_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert BreakerState.objects.get().failures == 8


@pytest.mark.django_db
def test_put_off_work_waits_without_losing_a_try_or_coming_nearer_to_its_end(noon) -> None:
    calls = []

    def closed(payload) -> None:
        calls.append(1)
        raise PutOff("the way is closed", 100)

    outbox._handlers["test.closed"] = (closed, lambda payload, error: calls.append(error))
    try:
        message = outbox.enqueue("test.closed", {})
        for _ in range(5):
            assert outbox.drain() == 0
            noon.shift(timedelta(days=1))
    finally:
        del outbox._handlers["test.closed"]
    kept = OutboxMessage.objects.get(pk=message.pk)
    assert (kept.state, kept.attempts, kept.lease_until) == (OutboxMessage.State.PENDING, 0, None)
    assert calls == [1] * 5
    assert kept.last_error == "PutOff: the way is closed"
    waited = kept.created_at - NOON
    assert timedelta(seconds=500) <= waited <= timedelta(seconds=750)
