"""What components are given: plain values, already translated and formatted where words matter."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from saleor_ext.core.money import Money

#: A str, or a gettext lazy string that becomes one where it is shown.
Text = Any


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a crumb trail, a tab row or a menu."""

    text: Text
    url: str = ""
    icon: str = ""
    current: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class NavGroup:
    """A titled group of links in the side navigation of the work shell."""

    title: Text
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a stepper; ``place`` is past, now or next."""

    text: Text
    place: str = "next"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a timeline; ``place`` is done, now, next or trouble."""

    title: Text
    icon: str
    place: str = "next"
    at: datetime | None = None
    text: Text = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One part of a price with the rule behind it."""

    label: Text
    amount: Money | None
    note: Text = ""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A tax-inclusive price taken apart, with the public rule it follows and where that was read."""

    total: Money
    lines: tuple[PriceLine, ...]
    rule: Text = ""
    source: str = ""
    read_on: date | None = None
    label: Text = ""


@dataclass(frozen=True, slots=True)
class Stat:
    """A number an operator looks at first."""

    label: Text
    value: str
    icon: str = ""
    note: Text = ""
    tone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class StateLook:
    """Icon and colour of a state; the word is translated where it is shown."""

    word: Text
    icon: str
    tone: str


@dataclass(frozen=True, slots=True)
class Column:
    """A table column; ``kind`` is empty, right (figures), state or link."""

    title: Text
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells for the dense table; a cell is a value or a :class:`Link`."""

    caption: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...] = field(default=())
