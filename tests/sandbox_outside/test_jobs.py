"""The job table: leases, retries, unique keys, speed."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from sandbox.jobs import GiveUp, RetryLater, queue, schedule
from sandbox.jobs import worker as worker_module
from sandbox.jobs.models import Job, Knob
from sandbox.jobs.worker import Worker, drain, recover, run

from .clock import run_for


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """Register test kinds and collect their payloads."""
    seen: list[dict] = []
    monkeypatch.setattr(queue, "registry", {})
    monkeypatch.setattr(queue, "periodics", {})

    @queue.job("note")
    def note(payload: dict) -> None:
        seen.append(payload)
        if payload.get("retry") and len(seen) < 3:
            raise RetryLater(15)
        if payload.get("give_up"):
            raise GiveUp("never")
        if payload.get("crash"):
            Knob.objects.create(name="half-done", value=1)
            raise ValueError("boom")

    return seen


@pytest.mark.django_db
def test_delay_is_divided_by_the_speed(calls: list, settings: object) -> None:
    settings.SANDBOX_SPEED = 60
    before = timezone.now()
    row = schedule("note", {}, delay_seconds=120)
    assert timedelta(seconds=2) <= row.run_at - before < timedelta(seconds=3)
    Knob.objects.create(name="speed", value=120)
    row = schedule("note", {}, delay_seconds=120)
    assert timedelta(seconds=1) <= row.run_at - before < timedelta(seconds=2)


@pytest.mark.django_db
def test_a_unique_key_runs_once(calls: list) -> None:
    first = schedule("note", {"n": 1}, unique_key="k")
    second = schedule("note", {"n": 2}, unique_key="k")
    assert first.unique_key == "k" and first.payload == second.payload == {"n": 1}
    assert drain() == 1
    schedule("note", {"n": 3}, unique_key="k")
    assert drain() == 0
    assert calls == [{"n": 1}]


@pytest.mark.django_db
def test_unknown_kind_is_refused(calls: list) -> None:
    with pytest.raises(LookupError):
        schedule("nobody", {})


@pytest.mark.django_db
def test_retry_later_waits(calls: list) -> None:
    row = schedule("note", {"retry": True})
    assert drain() == 1
    row.refresh_from_db()
    assert row.state == Job.State.WAITING and row.run_at > timezone.now() + timedelta(seconds=14)
    assert drain() == 0
    assert run_for(3600) == 2
    row.refresh_from_db()
    assert (row.state, row.attempts, row.error) == (Job.State.DONE, 3, "")


@pytest.mark.django_db
def test_a_failed_attempt_leaves_nothing_behind(calls: list) -> None:
    row = schedule("note", {"crash": True})
    assert drain() == 1
    row.refresh_from_db()
    assert row.state == Job.State.WAITING and row.error == "ValueError: boom"
    assert not Knob.objects.filter(name="half-done").exists()
    run_for(10**6)
    row.refresh_from_db()
    assert (row.state, row.attempts) == (Job.State.FAILED, 10)


@pytest.mark.django_db
def test_give_up_is_final(calls: list) -> None:
    row = schedule("note", {"give_up": True})
    run_for(10**6)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.error) == (Job.State.FAILED, 1, "GiveUp: never")


@pytest.mark.django_db
def test_a_killed_workers_job_is_taken_again_and_done_once(calls: list) -> None:
    row = schedule("note", {"n": 1})
    (dead,) = queue.claim(5)
    assert queue.claim(5) == []  # the lease holds
    Job.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    (alive,) = queue.claim(5)
    assert alive.pk == dead.pk and alive.attempts == 2
    run(alive)
    run(dead)  # it was only slow: it finds the job taken over and does nothing
    assert calls == [{"n": 1}]
    row.refresh_from_db()
    assert row.state == Job.State.DONE


@pytest.mark.django_db(transaction=True)
def test_worker_runs_jobs_within_a_second_and_stops(calls: list) -> None:
    done = threading.Event()

    @queue.job("ring")
    def ring(_payload: dict) -> None:
        done.set()
        connection.close()

    worker = Worker(2)
    thread = threading.Thread(target=lambda: (worker.loop(), connection.close()))
    thread.start()
    try:
        schedule("ring", {})
        assert done.wait(1.0)
    finally:
        worker.stop()
        thread.join(5)
    assert not thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_the_only_worker_takes_over_at_once(calls: list) -> None:
    schedule("note", {"n": 1})
    assert len(queue.claim(1)) == 1  # and the worker dies
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [worker_module._LOCK])
            assert recover() is None  # somebody else is alive: the lease decides
            assert queue.claim(1) == []
            cursor.execute("SELECT pg_advisory_unlock(%s)", [worker_module._LOCK])
    finally:
        other.close()
    assert recover([Job.objects.get().pk]) == 0  # our own
    assert recover() == 1
    assert drain() == 1
    assert calls == [{"n": 1}]
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_two_claimers_never_share_a_job(calls: list) -> None:
    for n in range(20):
        schedule("note", {"n": n})
    taken: list[int] = []

    def take() -> None:
        while jobs := queue.claim(3):
            taken.extend(job.pk for job in jobs)
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 20
