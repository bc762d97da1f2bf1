"""Pages of a long table that begin behind a row instead of being counted: as quick on the last as on the first.

A cursor is opaque text; one that means nothing shows the first page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

M = TypeVar("M", bound=Model)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(\d{1,17})\.([0-9a-f]{32}|\d{1,19})")
#: The largest key of a counted table.
_LARGEST = 2**63 - 1
Position = tuple[datetime, UUID | int]


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Rows, the newest first; ``newer`` and ``older`` are the cursors of the neighbours, empty at an end."""

    rows: list[M]
    newer: str = ""
    older: str = ""


def newest_first(
    found: QuerySet[M], column: str, at: Callable[[M], datetime], *, newer: str, older: str, size: int
) -> Page[M]:
    """Return a page by a column of moments, then by key: the rows above ``newer`` or below ``older``."""
    if (position := _read(newer)) is not None:
        rows = list(_above(found, column, position)[: size + 1])
        more = len(rows) > size
        rows = rows[:size][::-1]
        return Page(rows, _write(rows[0], at) if more else "", _write(rows[-1], at) if rows else "")
    position = _read(older)
    rows = list(_below(found, column, position)[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return Page(rows, _write(rows[0], at) if position and rows else "", _write(rows[-1], at) if more else "")


def _above(found: QuerySet[M], column: str, position: Position) -> QuerySet[M]:
    moment, key = position
    ahead = Q(**{f"{column}__gt": moment}) | Q(**{column: moment, "pk__gt": key})
    return found.filter(ahead, **{f"{column}__gte": moment}).order_by(column, "pk")


def _below(found: QuerySet[M], column: str, position: Position | None) -> QuerySet[M]:
    if position is None:
        return found.order_by(f"-{column}", "-pk")
    moment, key = position
    behind = Q(**{f"{column}__lt": moment}) | Q(**{column: moment, "pk__lt": key})
    return found.filter(behind, **{f"{column}__lte": moment}).order_by(f"-{column}", "-pk")


def _write(row: M, at: Callable[[M], datetime]) -> str:
    key = row.pk.hex if isinstance(row.pk, UUID) else str(row.pk)
    return f"{(at(row) - _EPOCH) // timedelta(microseconds=1)}.{key}"


def _read(text: str) -> Position | None:
    found = _CURSOR.fullmatch(text)
    if found is None:
        return None
    moment = _EPOCH + timedelta(microseconds=int(found[1]))
    if len(found[2]) == 32:
        return moment, UUID(found[2])
    return moment, min(int(found[2]), _LARGEST)
