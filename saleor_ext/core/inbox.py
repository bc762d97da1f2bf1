"""The inbox: every message from outside is stored first and worked once.

A message is known by ``(source, event_id)``; a second delivery only counts up ``duplicates``.
Its handler runs in the same transaction that marks it done, so its effects happen once or not at all.
Handlers do database work only; what needs the network is enqueued in the outbox.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from . import backoff, clock
from .errors import PermanentError
from .models import InboxMessage

log = logging.getLogger(__name__)

Handler = Callable[[InboxMessage], None]
#: After this long without success a message is dead and waits for an operator.
GIVE_UP_AFTER = timedelta(days=3)

_STORE = """
    INSERT INTO core_inboxmessage AS known
        (id, source, event_id, kind, body, headers, state, received_at, run_at, attempts, duplicates, last_error)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 0, 0, '')
    ON CONFLICT (source, event_id) DO UPDATE SET duplicates = known.duplicates + 1
    RETURNING id
"""

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
    """Store a message and ask for it to be worked; return it and whether it is new.

    One statement, because Saleor waits for the answer: a second delivery only counts up.
    """
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
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE,
            [
                message.pk,
                source,
                event_id,
                kind,
                body,
                json.dumps(message.headers),
                message.state,
                now,
                now,
            ],
        )
        (stored,) = cursor.fetchone()
    if stored != message.pk:
        return InboxMessage.objects.get(pk=stored), False
    message._state.adding, message._state.db = False, connection.alias
    transaction.on_commit(_wake, robust=True)
    return message, True


def work(message_id: UUID | str) -> bool:
    """Work one message if it is due and nobody else does; return whether it is done now."""
    return _work_first(InboxMessage.objects.filter(pk=message_id)) is True


def drain(limit: int = 100) -> int:
    """Work what is due, oldest first; return how many were done. Several workers share what there is."""
    done = 0
    for _ in range(limit):
        result = _work_first(InboxMessage.objects.order_by("run_at"))
        if result is None:
            break
        done += result
    return done


def _work_first(messages: QuerySet[InboxMessage]) -> bool | None:
    """Work the first message that is due and that nobody else works; None when there is none."""
    with transaction.atomic():
        message = (
            messages.select_for_update(skip_locked=True)
            .filter(state=InboxMessage.State.NEW, run_at__lte=clock.now())
            .first()
        )
        if message is None:
            return None
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


def retry(message: InboxMessage) -> None:
    """Put a dead message back to work."""
    InboxMessage.objects.filter(pk=message.pk, state=InboxMessage.State.DEAD).update(
        state=InboxMessage.State.NEW, run_at=clock.now(), received_at=clock.now()
    )
    _wake()


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


def _wake() -> None:
    from .tasks import drain_inbox, wake

    wake(drain_inbox)
