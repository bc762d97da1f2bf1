"""The outbox: work that must happen after a commit, at least once, even if every process dies.

``enqueue`` writes a row in the caller's transaction. Workers claim due rows with a lease, run the
topic's handler outside any transaction and mark the row done. A handler must be idempotent: a worker
killed after its work and before the mark leaves the row to be run again when the lease ends.
"""

from __future__ import annotations

import logging
import random
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from . import backoff, clock
from .errors import PermanentError, PutOff, TransientError
from .models import OutboxMessage
from .settings import platform_settings

log = logging.getLogger(__name__)

Handler = Callable[[dict[str, Any]], None]
DeadHandler = Callable[[dict[str, Any], str], None]
GIVE_UP_AFTER = timedelta(days=3)
#: What was put off together comes back spread over this share of the wait more.
SPREAD = 0.5


class WorkerLost(TransientError):
    """A worker was killed, or far too slow, while it had the message."""

    code = "worker_lost"


_handlers: dict[str, tuple[Handler, DeadHandler | None]] = {}


def handler(topic: str, *, on_dead: DeadHandler | None = None) -> Callable[[Handler], Handler]:
    """Register a topic's handler, and what to do when its message is given up."""

    def register(function: Handler) -> Handler:
        known = _handlers.setdefault(topic, (function, on_dead))
        if known[0] is not function:
            raise RuntimeError(f"outbox topic {topic!r} has two handlers")
        return function

    return register


def enqueue(
    topic: str, payload: dict[str, Any], *, key: str | None = None, delay: timedelta = timedelta(0)
) -> OutboxMessage:
    """Promise work in the current transaction; with a ``key`` the same promise is made once only."""
    now = clock.now()
    message = OutboxMessage(topic=topic, key=key, payload=payload, created_at=now, run_at=now + delay)
    if key is None:
        message.save(force_insert=True)
    else:
        OutboxMessage.objects.bulk_create([message], ignore_conflicts=True)
        message = OutboxMessage.objects.get(topic=topic, key=key)
    if not delay and message.state == OutboxMessage.State.PENDING:
        transaction.on_commit(_wake, robust=True)
    return message


def lease() -> timedelta:
    """How long a worker holds a row: longer than the slowest call (20 s), shorter than a person's patience."""
    return timedelta(seconds=platform_settings().outbox_lease)


def claim(limit: int = 1) -> list[OutboxMessage]:
    """Take due rows under a lease; rows that another worker holds are passed over."""
    now = clock.now()
    with transaction.atomic():
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
        rows = list(
            OutboxMessage.objects.select_for_update(skip_locked=True)
            .filter(free, state=OutboxMessage.State.PENDING, run_at__lte=now)
            .order_by("run_at")[:limit]
        )
        token = uuid.uuid4()
        taken = OutboxMessage.objects.filter(pk__in=[row.pk for row in rows])
        taken.filter(lease_until__isnull=False).update(attempts=F("attempts") + 1)
        taken.update(lease_until=now + lease(), lease_token=token)
    for row in rows:
        row.lost = row.lease_until is not None
        row.attempts += row.lost
        row.lease_token = token
    return rows


def run(message: OutboxMessage) -> bool:
    """Run a claimed message; return whether it is done."""
    try:
        entry = _handlers.get(message.topic)
        if entry is None:
            raise PermanentError(f"nobody handles the topic {message.topic!r}")
        if message.lost and message.attempts > 1:
            # One death is bad luck; a message that ends its workers waits like any other that fails.
            raise WorkerLost("the worker that had it ended in the middle")
        entry[0](message.payload)
    except PutOff as error:
        _put_off(message, error)
        return False
    except Exception as error:  # every fault is recorded on the row, none may stop the queue
        _record_failure(message, error)
        return False
    _held(message).update(
        state=OutboxMessage.State.DONE,
        attempts=message.attempts + 1,
        finished_at=clock.now(),
        lease_until=None,
        last_error="",
    )
    return True


def drain(limit: int = 100) -> int:
    """Claim and run due messages one by one; return how many were done.

    One at a time, so that a slow first message cannot let the leases of the others run out.
    """
    done = 0
    for _ in range(limit):
        claimed = claim()
        if not claimed:
            break
        done += run(claimed[0])
    return done


def retry(message: OutboxMessage) -> None:
    """Put a dead message back to work at once."""
    OutboxMessage.objects.filter(pk=message.pk, state=OutboxMessage.State.DEAD).update(
        state=OutboxMessage.State.PENDING, run_at=clock.now(), created_at=clock.now(), lease_until=None
    )
    _wake()


def give_up(message: OutboxMessage) -> None:
    """Close a dead message for good, by an operator's decision."""
    OutboxMessage.objects.filter(pk=message.pk, state=OutboxMessage.State.DEAD).update(
        state=OutboxMessage.State.DROPPED, finished_at=clock.now()
    )


def _held(message: OutboxMessage) -> Any:
    """Only the holder of the lease may write the result."""
    return OutboxMessage.objects.filter(pk=message.pk, lease_token=message.lease_token)


def _put_off(message: OutboxMessage, reason: PutOff) -> None:
    """Let a message wait without counting a try; the time it waits does not bring its giving up nearer."""
    wait = timedelta(seconds=reason.seconds * random.uniform(1, 1 + SPREAD))  # noqa: S311  # no secret
    log.info("outbox %s waits %.0f s: %s", message, wait.total_seconds(), reason)
    _held(message).update(
        run_at=clock.now() + wait,
        created_at=F("created_at") + wait,
        lease_until=None,
        last_error=f"{type(reason).__name__}: {reason}"[:2000],
    )


def _record_failure(message: OutboxMessage, error: Exception) -> None:
    attempts = message.attempts + 1
    next_try = clock.now() + backoff.delay(attempts)
    dead = isinstance(error, PermanentError) or next_try - message.created_at > GIVE_UP_AFTER
    text = f"{type(error).__name__}: {error}"[:2000]
    log.warning("outbox %s failed: %s", message, text, exc_info=not isinstance(error, PermanentError))
    written = _held(message).update(
        state=OutboxMessage.State.DEAD if dead else OutboxMessage.State.PENDING,
        attempts=attempts,
        run_at=next_try,
        lease_until=None,
        last_error=text,
    )
    if dead and written:  # else another worker took over, and its result counts
        _tell_dead(message, text)


def _tell_dead(message: OutboxMessage, text: str) -> None:
    entry = _handlers.get(message.topic)
    if entry is None or entry[1] is None:
        return
    try:
        entry[1](message.payload, text)
    except Exception:  # the message is dead all the same, and the queue goes on
        log.exception("telling of the dead message %s failed", message)


def _wake() -> None:
    from .tasks import drain_outbox, wake

    wake(drain_outbox)
