"""The inbox: every message from outside is stored first and worked once.

A message is known by ``(source, event_id)``; a second delivery only counts up ``duplicates``.
Its handler runs in the same transaction that marks it done, so its effects happen once or not at all.
Handlers do database work only; what needs the network is enqueued in the outbox.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from . import backoff, clock
from .errors import PermanentError
from .models import InboxMessage

log = logging.getLogger(__name__)

Handler = Callable[[InboxMessage], None]
#: After this long without success a message is dead and waits for an operator.
GIVE_UP_AFTER = timedelta(days=3)

_handlers: dict[str, Handler] = {}


def handler(source: str) -> Callable[[Handler], Handler]:
    """Register the handler of a source; a source ``"saleor:3"`` is found under ``"saleor"``."""

    def register(function: Handler) -> Handler:
        known = _handlers.setdefault(source, function)
        if known is not function:
            raise RuntimeError(f"inbox source {source!r} has two handlers")
        return function

    return register


def receive(
    source: str, event_id: str, kind: str, body: bytes, headers: Mapping[str, str] | None = None
) -> tuple[InboxMessage, bool]:
    """Store a message and ask for it to be worked; return it and whether it is new."""
    now = clock.now()
    message = InboxMessage(
        source=source,
        event_id=event_id,
        kind=kind,
        body=body,
        headers=dict(headers or {}),
        received_at=now,
        run_at=now,
    )
    try:
        with transaction.atomic():
            message.save(force_insert=True)
            transaction.on_commit(lambda: _wake(message), robust=True)
        return message, True
    except IntegrityError:
        known = InboxMessage.objects.get(source=source, event_id=event_id)
        InboxMessage.objects.filter(pk=known.pk).update(duplicates=F("duplicates") + 1)
        return known, False


def work(message_id: UUID | str) -> bool:
    """Work one message if it is due and nobody else does; return whether it is done now."""
    with transaction.atomic():
        message = (
            InboxMessage.objects.select_for_update(skip_locked=True)
            .filter(pk=message_id, state=InboxMessage.State.NEW, run_at__lte=clock.now())
            .first()
        )
        if message is None:
            return False
        try:
            with transaction.atomic():
                _handler_of(message)(message)
        except Exception as error:  # every fault is recorded on the row, none may stop the queue
            _record_failure(message, error)
            return False
        message.state = InboxMessage.State.DONE
        message.finished_at = clock.now()
        message.attempts += 1
        message.last_error = ""
        message.save(update_fields=["state", "finished_at", "attempts", "last_error"])
    return True


def drain(limit: int = 100) -> int:
    """Work what is due, oldest first; return how many were done."""
    due = InboxMessage.objects.filter(state=InboxMessage.State.NEW, run_at__lte=clock.now())
    return sum(work(pk) for pk in list(due.order_by("run_at").values_list("pk", flat=True)[:limit]))


def retry(message: InboxMessage) -> None:
    """Put a dead message back to work."""
    InboxMessage.objects.filter(pk=message.pk, state=InboxMessage.State.DEAD).update(
        state=InboxMessage.State.NEW, run_at=clock.now(), received_at=clock.now()
    )
    _wake(message)


def _handler_of(message: InboxMessage) -> Handler:
    for name in (message.source, message.source.split(":", 1)[0]):
        if name in _handlers:
            return _handlers[name]
    raise PermanentError(f"nobody handles messages from {message.source!r}")


def _record_failure(message: InboxMessage, error: Exception) -> None:
    log.warning("inbox %s failed: %s", message, error, exc_info=not isinstance(error, PermanentError))
    message.attempts += 1
    message.last_error = f"{type(error).__name__}: {error}"[:2000]
    next_try: datetime = clock.now() + backoff.delay(message.attempts)
    if isinstance(error, PermanentError) or next_try - message.received_at > GIVE_UP_AFTER:
        message.state = InboxMessage.State.DEAD
    message.run_at = next_try
    message.save(update_fields=["attempts", "last_error", "state", "run_at"])


def _wake(message: InboxMessage) -> None:
    from .tasks import wake, work_inbox

    wake(work_inbox, str(message.pk))
