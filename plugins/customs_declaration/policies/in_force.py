"""Which edition of each policy table is in force on a day: the approved one, else what is shipped or configured.

Every process keeps the list of approved editions for a few seconds and what it has read of them for good: an
edition's content never changes. So a tax webhook asks the database for editions once every few seconds at most.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from .. import links, policy, tables
from .. import positive_list as lists
from .. import postal as by_post
from . import windows as shipped_windows
from .kinds import parse
from .models import PolicyEdition

Kind = PolicyEdition.Kind
#: Processes notice an approval made in another one after this long.
CACHE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Approved:
    """An approved edition without its content."""

    pk: UUID
    kind: str
    since: date
    source: str
    read_on: date
    sha256: str


@dataclass(slots=True)
class _Memory:
    read_at: float = float("-inf")
    editions: tuple[Approved, ...] = ()


_memory = _Memory()


def limits(day: date) -> policy.Limits:
    """Return the limits of retail imports in force on a day."""
    return cast("policy.Limits", _content(Kind.LIMITS, day)) or policy.limits_on(day)


def tariff(day: date) -> policy.Tariff:
    """Return the tax rates in force on a day: an approved edition, else the configured file or the sample."""
    return cast("policy.Tariff", _content(Kind.TARIFF, day)) or policy.tariff(links.config().tariff_file)


def positive_list(day: date) -> lists.PositiveList | None:
    """Return the positive list in force on a day; None when nothing was approved and no file is configured."""
    if (approved := _content(Kind.POSITIVE_LIST, day)) is not None:
        return cast("lists.PositiveList", approved)
    path = links.config().positive_list_file
    return lists.positive_list(path) if path else None


def postal(day: date) -> by_post.PostalEdition:
    """Return the rates and limits of articles sent by post in force on a day."""
    return cast("by_post.PostalEdition", _content(Kind.POSTAL, day)) or by_post.edition_on(day)


def windows(released: date) -> shipped_windows.Windows:
    """Return the return and payment windows of a list released on a day."""
    found = _content(Kind.RETURNS, released)
    return cast("shipped_windows.Windows", found) or shipped_windows.windows_on(released)


def all_windows() -> list[shipped_windows.Windows]:
    """Return every edition of the windows that is in force on any day."""
    approved = [_read(one.pk) for one in _approved() if one.kind == Kind.RETURNS]
    return [*shipped_windows.shipped(), *approved]


def edition(kind: str, day: date) -> Approved | None:
    """Return the approved edition of a table that is in force on a day; None when the shipped one is."""
    return next((one for one in _approved() if one.kind == kind and one.since <= day), None)


def content(kind: str, day: date) -> Any:
    """Return a table as it is in force on a day, whatever it comes from; None for a positive list that is not there."""
    return _BY_KIND[Kind(kind)](day)


def base_file(kind: str, day: date) -> Path | None:
    """Return the file of a table of codes that holds on a day while no edition is approved; None for other tables."""
    settings = links.config()
    chosen = {Kind.TARIFF: settings.tariff_file, Kind.POSITIVE_LIST: settings.positive_list_file}
    if kind not in chosen:
        return None
    path = Path(chosen[Kind(kind)]) if chosen[Kind(kind)] else policy.DATA / f"{kind}_sample.csv"
    dated = [one for one in tables.editions(path) if one.since is None or one.since <= day]
    return dated[-1].path if dated else None


def forget() -> None:
    """Let this process look at the database again."""
    _memory.read_at = float("-inf")


def _content(kind: Kind, day: date) -> Any:
    found = edition(kind, day)
    return None if found is None else _read(found.pk)


def _approved() -> tuple[Approved, ...]:
    """Return all approved editions, of each kind the newest first."""
    if time.monotonic() - _memory.read_at >= CACHE_SECONDS:
        rows = PolicyEdition.objects.filter(state=PolicyEdition.State.APPROVED)
        rows = rows.order_by("kind", "-effective_from").only(
            "kind", "effective_from", "source", "read_on", "sha256"
        )
        _memory.editions = tuple(
            Approved(row.pk, row.kind, row.effective_from, row.source, row.read_on, row.sha256)
            for row in rows
        )
        _memory.read_at = time.monotonic()
    return _memory.editions


@lru_cache(maxsize=16)
def _read(pk: UUID) -> Any:
    row = PolicyEdition.objects.get(pk=pk)
    return parse(row.kind, row.content, row.effective_from, f"{row.source} ({row.read_on})")


_BY_KIND = {
    Kind.LIMITS: limits,
    Kind.TARIFF: tariff,
    Kind.POSITIVE_LIST: positive_list,
    Kind.POSTAL: postal,
    Kind.RETURNS: windows,
}
