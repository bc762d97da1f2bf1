"""The audit log: append-only, readable by operators, free of secrets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import clock
from .models import AuditEntry

#: Actor of what the platform does by itself.
SYSTEM = "system"


def record(
    action: str, object_type: str, object_id: object, *, actor: str = SYSTEM, reason: str = "", **data: Any
) -> AuditEntry:
    """Write one entry in the current transaction.

    ``data`` must be JSON-able and already masked: entries are never changed or deleted.
    """
    return AuditEntry.objects.create(
        at=clock.now(),
        actor=actor,
        action=action,
        object_type=object_type,
        object_id=str(object_id),
        reason=reason,
        data=data,
    )


def record_many(
    action: str, object_type: str, facts: Iterable[tuple[object, dict[str, Any]]], *, actor: str = SYSTEM
) -> None:
    """Write an entry for each (object id, data) in one statement, in the current transaction.

    A ``reason`` in the data is the entry's, as with ``record``.
    """
    now = clock.now()
    AuditEntry.objects.bulk_create(
        AuditEntry(
            at=now,
            actor=actor,
            action=action,
            object_type=object_type,
            object_id=str(one),
            reason=data.get("reason", ""),
            data={name: value for name, value in data.items() if name != "reason"},
        )
        for one, data in facts
    )


def entries_of(object_type: str, object_id: object) -> list[AuditEntry]:
    """Entries of one object, newest first."""
    return list(AuditEntry.objects.filter(object_type=object_type, object_id=str(object_id)))
