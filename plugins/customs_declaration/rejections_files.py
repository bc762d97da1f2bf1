"""Causes of refusal as a table for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from .exporting import Cell, Table
from .rejections import Cause

COLUMNS = ("day", "code", "text", "documents", "share_of_all_days", "stopped_now")


def table(causes: Iterable[Cause], last: date) -> Table:
    """Return the causes of the days up to ``last``, the most frequent first, days without any left out."""
    return Table(f"customs-refusals-{last.isoformat()}", COLUMNS, _rows(causes, last))


def _rows(causes: Iterable[Cause], last: date) -> Iterator[list[Cell]]:
    for cause in causes:
        first = last - timedelta(days=len(cause.days) - 1)
        for place, number in enumerate(cause.days):
            if number:
                day = first + timedelta(days=place)
                yield [day, cause.code, cause.text, number, cause.share, cause.stopped]
