"""Registering, asking for and claiming jobs."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from sandbox.jobs.models import Job

Handler = Callable[[dict[str, Any]], Any]

#: Waits after failed attempts, in real-world seconds (divided by the speed like every delay).
BACKOFF = (1.0, 5.0, 30.0, 120.0, 600.0)


class RetryLater(Exception):
    """Raised by a handler to run again after ``delay_seconds`` (÷ speed); counts as an attempt."""

    def __init__(self, delay_seconds: float, reason: str = "") -> None:
        super().__init__(reason or f"again in {delay_seconds} s")
        self.delay_seconds = delay_seconds


class GiveUp(Exception):
    """Raised by a handler that will never succeed."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A handler; ``atomic`` ones commit their effects together with the end of the job."""

    handler: Handler
    atomic: bool
    max_attempts: int
    lease_seconds: float


@dataclass(frozen=True, slots=True)
class Periodic:
    handler: Callable[[], Any]
    every_seconds: float


registry: dict[str, Registered] = {}
periodics: dict[str, Periodic] = {}


def job(
    kind: str, *, atomic: bool = True, max_attempts: int = 10, lease_seconds: float | None = None
) -> Callable[[Handler], Handler]:
    """Register the handler of a kind of job; use ``atomic=False`` for handlers that call others by HTTP.

    A job that runs longer than its lease (15 s, or 45 s when it calls others) counts as abandoned.
    """
    lease = lease_seconds or (15 if atomic else 45)

    def register(handler: Handler) -> Handler:
        registry[kind] = Registered(handler, atomic, max_attempts, lease)
        return handler

    return register


def periodic(name: str, every_seconds: float) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Register something the worker does all the time; the interval is not divided by the speed."""

    def register(handler: Callable[[], Any]) -> Callable[[], Any]:
        periodics[name] = Periodic(handler, every_seconds)
        return handler

    return register


def knob(name: str, default: Any = None) -> Any:
    """Return a setting changed at run time, else ``default``."""
    from sandbox.jobs.models import Knob

    row = Knob.objects.filter(pk=name).first()
    return default if row is None else row.value


def speed() -> float:
    """Return by how much all delays are divided now."""
    return float(knob("speed", settings.SANDBOX_SPEED))


def schedule(
    kind: str, payload: dict[str, Any], delay_seconds: float = 0, unique_key: str | None = None
) -> Job:
    """Ask for one run, ``delay_seconds`` (÷ speed) from now; the same ``unique_key`` is never run twice.

    Runs inside the caller's transaction: no commit, no job.
    """
    from django.utils import timezone

    from sandbox.jobs.models import Job

    if kind not in registry:
        raise LookupError(f"no handler for jobs of kind {kind!r}")
    delay = delay_seconds / speed() if delay_seconds > 0 else 0.0
    wanted = Job(
        kind=kind, payload=payload, run_at=timezone.now() + timedelta(seconds=delay), unique_key=unique_key
    )
    if unique_key is None:
        wanted.save(force_insert=True)
        return wanted
    Job.objects.bulk_create([wanted], ignore_conflicts=True)
    return Job.objects.get(unique_key=unique_key)


def claim(limit: int = 1) -> list[Job]:
    """Take up to ``limit`` jobs that are due, or whose worker died, skipping what others hold."""
    from django.db import transaction
    from django.db.models import Q
    from django.utils import timezone

    from sandbox.jobs.models import Job

    now = timezone.now()
    due = Q(state=Job.State.WAITING, run_at__lte=now)
    dead = Q(state=Job.State.RUNNING, lease_until__lt=now)
    with transaction.atomic():
        taken = list(
            Job.objects.filter(due | dead)
            .select_for_update(skip_locked=True)
            .order_by("run_at", "id")[:limit]
        )
        for row in taken:
            entry = registry.get(row.kind)
            row.state = Job.State.RUNNING
            row.attempts += 1
            row.claim = uuid.uuid4()
            row.lease_until = now + timedelta(seconds=entry.lease_seconds if entry else 60)
            row.save(update_fields=["state", "attempts", "claim", "lease_until"])
    return taken
