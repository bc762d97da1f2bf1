"""The worker: one dispatching loop, a few threads that run jobs."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from sandbox.jobs import queue
from sandbox.jobs.models import Job
from sandbox.jobs.queue import BACKOFF, GiveUp, RetryLater

log = logging.getLogger("sandbox.worker")
POLL_SECONDS = 0.1
KEEP_DONE = timedelta(hours=6)
#: Any constant will do; it only has to be the same in all workers.
_LOCK = 0x574F524B


def _finish(job: Job, **changes: Any) -> bool:
    """Write the end of an attempt unless another worker took the job over; tell whether it was ours."""
    return bool(Job.objects.filter(pk=job.pk, claim=job.claim, state=Job.State.RUNNING).update(**changes))


def _again(job: Job, error: Exception, max_attempts: int) -> None:
    text = f"{type(error).__name__}: {error}"[:2000]
    if isinstance(error, GiveUp) or job.attempts >= max_attempts:
        log.warning("%s failed for good: %s", job, text)
        _finish(job, state=Job.State.FAILED, error=text, finished_at=timezone.now(), lease_until=None)
        return
    if isinstance(error, RetryLater):
        delay = error.delay_seconds
    else:
        delay = BACKOFF[min(job.attempts - 1, len(BACKOFF) - 1)]
        log.warning("%s: attempt %d failed: %s", job, job.attempts, text)
    moment = timezone.now() + timedelta(seconds=delay / queue.speed())
    _finish(job, state=Job.State.WAITING, error=text, run_at=moment, lease_until=None)


def run(job: Job) -> None:
    """Run one claimed job and record how it ended; never raises for a failing handler."""
    entry = queue.registry.get(job.kind)
    if entry is None:
        _again(job, GiveUp(f"no handler for {job.kind}"), 1)
        return
    done = {"state": Job.State.DONE, "finished_at": timezone.now(), "lease_until": None, "error": ""}
    try:
        if entry.atomic:
            with transaction.atomic():
                # Marking first locks the row: a second worker cannot do the same effects meanwhile.
                if not _finish(job, **done):
                    return
                entry.handler(job.payload)
        else:
            entry.handler(job.payload)
            _finish(job, **done)
    except Exception as error:
        _again(job, error, entry.max_attempts)


def drain(limit: int = 10_000) -> int:
    """Run what is due, one job after the other in time order; return how many ran."""
    count = 0
    while count < limit:
        jobs = queue.claim(1)
        if not jobs:
            break
        run(jobs[0])
        count += 1
    return count


def recover(ours: Collection[int] = ()) -> int | None:
    """Take over at once what a dead worker left; return how many jobs, None while others are alive.

    Each worker holds a session lock as long as it lives, so the first to get it knows that nobody
    else is running what is marked as running; ``ours`` are the jobs it runs itself.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        alone = cursor.fetchone()[0]
    if not alone:
        return None
    left = Job.objects.filter(state=Job.State.RUNNING).exclude(pk__in=ours)
    return left.update(lease_until=timezone.now())


class Worker:
    """Claims jobs while threads are free and runs them; ``stop`` lets running ones end."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._free = threading.Semaphore(threads)
        self._pool = ThreadPoolExecutor(threads + 1, thread_name_prefix="job")
        self._stop = threading.Event()
        self._next: dict[str, float] = {}
        self._busy: set[str] = set()
        self._first = False
        self._held: set[int] = set()

    def stop(self, *_: object) -> None:
        self._stop.set()

    def _guarded(self, job: Job) -> None:
        try:
            run(job)
        except Exception:
            log.exception("job %s", job.pk)
            connection.close()
        finally:
            self._held.discard(job.pk)
            self._free.release()

    def _guarded_periodic(self, name: str) -> None:
        try:
            queue.periodics[name].handler()
        except Exception:
            log.exception("periodic %s", name)
            connection.close()
        finally:
            self._busy.discard(name)

    def _recover(self) -> None:
        """Try each second until we are the first worker; the server needs a moment to see another die."""
        now = time.monotonic()
        if self._first or now < self._next.get("recover", 0):
            return
        self._next["recover"] = now + 1
        abandoned = recover(tuple(self._held))
        self._first = abandoned is not None
        if abandoned:
            log.info("sandbox worker: takes over %d jobs of a dead worker", abandoned)

    def _start_periodics(self) -> None:
        now = time.monotonic()
        for name, entry in queue.periodics.items():
            if name not in self._busy and now >= self._next.get(name, 0):
                self._next[name] = now + entry.every_seconds
                self._busy.add(name)
                self._pool.submit(self._guarded_periodic, name)

    def _claim(self) -> int:
        slots = 0
        while slots < self._threads and self._free.acquire(blocking=False):
            slots += 1
        jobs: list[Job] = []
        try:
            if slots:
                jobs = queue.claim(slots)
        finally:
            for _ in range(slots - len(jobs)):
                self._free.release()
        for job in jobs:
            self._held.add(job.pk)
            self._pool.submit(self._guarded, job)
        return len(jobs)

    def loop(self) -> None:
        """Work until stopped; survive a database that is away for a while."""
        log.info("sandbox worker: %d threads, speed %s", self._threads, queue.speed())
        while not self._stop.is_set():
            try:
                self._recover()
                self._start_periodics()
                if not self._claim():
                    self._stop.wait(POLL_SECONDS)
            except OperationalError as error:
                log.warning("database away: %s", str(error).strip().splitlines()[0])
                connection.close()
                self._stop.wait(1)
        self._pool.shutdown(wait=True)
        log.info("sandbox worker: stopped")


@queue.periodic("jobs.tidy", 600)
def tidy() -> None:
    """Forget what was done long ago, so that the table stays small."""
    Job.objects.filter(
        state=Job.State.DONE, unique_key=None, finished_at__lt=timezone.now() - KEEP_DONE
    ).delete()


def main() -> int:
    """Run until SIGTERM or Ctrl-C."""
    worker = Worker(settings.SANDBOX_WORKER_THREADS)
    signal.signal(signal.SIGTERM, worker.stop)
    signal.signal(signal.SIGINT, worker.stop)
    worker.loop()
    return 0
