"""What components are given: plain values, already translated and formatted where words matter."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from saleor_ext.core.money import Money


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a crumb trail, a tab row or a menu."""

    text: str
    url: str = ""
    icon: str = ""
    current: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class NavGroup:
    """A titled group of links in the side navigation of the work shell."""

    title: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a stepper; ``place`` is past, now or next."""

    text: str
    place: str = "next"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a timeline; ``place`` is done, now, next or trouble."""

    title: str
    icon: str
    place: str = "next"
    at: datetime | None = None
    text: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One part of a price with the rule behind it."""

    label: str
    amount: Money | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A tax-inclusive price taken apart, with the public rule it follows and where that was read."""

    total: Money
    lines: tuple[PriceLine, ...]
    rule: str = ""
    source: str = ""
    read_on: date | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Stat:
    """A number an operator looks at first."""

    label: str
    value: str
    icon: str = ""
    note: str = ""
    tone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class StateLook:
    """Icon and colour of a state; the word is translated where it is shown."""

    word: str
    icon: str
    tone: str


@dataclass(frozen=True, slots=True)
class Column:
    """A table column; ``kind`` is empty, right (figures), state or link."""

    title: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells for the dense table; a cell is a value or a :class:`Link`."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...] = field(default=())
