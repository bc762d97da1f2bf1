"""The audit log: append-only, readable by operators, free of secrets."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.db import connection

from . import clock
from .models import AuditEntry

#: One JSON text for all rows: an insert of rows is written out and taken apart again value by value.
_MANY = f"""
    INSERT INTO {AuditEntry._meta.db_table} (at, actor, action, object_type, object_id, reason, data)
    SELECT %s, %s, %s, %s, one.id, one.reason, one.data
    FROM jsonb_to_recordset(%s::jsonb) AS one (id text, reason text, data jsonb)
"""  # noqa: S608  # the table's own name
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
    rows = [
        {
            "id": str(one),
            "reason": data.get("reason", ""),
            "data": {name: data[name] for name in data if name != "reason"},
        }
        for one, data in facts
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_MANY, [clock.now(), actor, action, object_type, json.dumps(rows)])


def entries_of(object_type: str, object_id: object) -> list[AuditEntry]:
    """Entries of one object, newest first."""
    return list(AuditEntry.objects.filter(object_type=object_type, object_id=str(object_id)))
