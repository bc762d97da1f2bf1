"""Tax of articles sent by post to a person: one rate a class, nothing up to a small sum, one limit a parcel.

It is no retail import: no 70 % share, no yearly limit, and customs levy it from the receiver on arrival, on values of
their own. What is worked out here is therefore an estimate, never part of a price. Rates, exemption and limits are
``data/postal.toml``; the class of a commodity code comes from a table like ``data/postal_classes_sample.csv``. All of
it is marked as recalled there. Amounts are CNY; each line's tax rounds HALF_UP to 0.01, the total is their sum.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from saleor_ext.core.errors import PermanentError

from . import tables
from .policy import DATA, UnknownTariff
from .tax import EXACT, FEN, ZERO

MACAU = "121"
COLUMNS = ("hs", "name", "class", "from", "to", "status", "source")


class PostalOutcome(StrEnum):
    #: The tax is small enough not to be collected.
    EXEMPT = "exempt"
    TAXED = "taxed"
    #: Worth more than one parcel may be, and more than one piece: returned, or to be declared as goods.
    OVER_LIMIT = "over_limit"


@dataclass(frozen=True, slots=True)
class PostalEdition:
    """What is in force from a day on. ``rates`` by class, ``parcel_limit`` by country code, "" for all others."""

    since: date
    rates: Mapping[str, Decimal]
    exempt_up_to: Decimal
    parcel_limit: Mapping[str, Decimal]
    source: str
    status: str

    def limit(self, origin: str) -> Decimal:
        return self.parcel_limit.get(origin, self.parcel_limit[""])


@dataclass(frozen=True, slots=True)
class PostalLine:
    """Pieces of one article: ``value`` is the price of all of them."""

    ref: str
    hs_code: str
    quantity: int
    value: Decimal


@dataclass(frozen=True, slots=True)
class PostalTax:
    """The estimate. ``lines`` are the taxes line by line before the exemption, ``due`` what would be collected."""

    outcome: PostalOutcome
    edition: PostalEdition
    limit: Decimal
    lines: tuple[Decimal, ...]

    @property
    def assessed(self) -> Decimal:
        return sum(self.lines, ZERO)

    @property
    def due(self) -> Decimal:
        return ZERO if self.outcome is PostalOutcome.EXEMPT else self.assessed


class PostalClasses:
    """Class of a commodity code by the longest listed prefix in force on a day."""

    def __init__(self, rows: Sequence[tuple[str, str, date, date | None]]) -> None:
        self._rows = tuple(rows)

    def find(self, hs_code: str, day: date) -> str:
        """Return the class; raise ``UnknownTariff`` when nothing is on file."""
        fitting = [
            (len(hs), name)
            for hs, name, since, until in self._rows
            if hs_code.startswith(hs) and since <= day and (until is None or day <= until)
        ]
        if not fitting:
            raise UnknownTariff(
                f"no postal class on file for commodity code {hs_code} on {day}", hs_code=hs_code
            )
        return max(fitting)[1]


def calculate(
    lines: Sequence[PostalLine],
    *,
    day: date,
    classes: PostalClasses,
    origin: str = MACAU,
    edition: PostalEdition | None = None,
) -> PostalTax:
    """Estimate the tax of one parcel. Without ``edition`` the shipped one of the day is meant.

    :raises UnknownTariff: a code without a class
    """
    edition = edition or edition_on(day)
    with localcontext(EXACT):
        taxes = tuple(
            (line.value * edition.rates[classes.find(line.hs_code, day)]).quantize(FEN) for line in lines
        )
        value = sum((line.value for line in lines), ZERO)
    pieces = sum(line.quantity for line in lines)
    limit = edition.limit(origin)
    if value > limit and pieces > 1:
        outcome = PostalOutcome.OVER_LIMIT
    else:
        outcome = PostalOutcome.EXEMPT if sum(taxes, ZERO) <= edition.exempt_up_to else PostalOutcome.TAXED
    return PostalTax(outcome, edition, limit, taxes)


def edition_of(entry: Mapping[str, Any], since: date, source: str, status: str) -> PostalEdition:
    """Make an edition of a table's keys ``rates``, ``exempt_up_to`` and ``parcel_limit``."""
    return PostalEdition(
        since=since,
        rates={str(name): Decimal(rate) for name, rate in entry["rates"].items()},
        exempt_up_to=Decimal(entry["exempt_up_to"]),
        parcel_limit={str(code): Decimal(limit) for code, limit in entry["parcel_limit"].items()},
        source=source,
        status=status,
    )


@lru_cache(maxsize=1)
def editions() -> tuple[PostalEdition, ...]:
    """Return every shipped edition, oldest first."""
    with (DATA / "postal.toml").open("rb") as file:
        found = tomllib.load(file)["edition"]
    made = (edition_of(entry, entry["from"], entry["source"], entry["status"]) for entry in found)
    return tuple(sorted(made, key=lambda edition: edition.since))


def edition_on(day: date) -> PostalEdition:
    """Return the edition in force on a day."""
    valid = [edition for edition in editions() if edition.since <= day]
    if not valid:
        raise PermanentError(f"no rates of postal articles are on file for {day}", code="no_limits")
    return valid[-1]


def load_classes(path: Path) -> PostalClasses:
    """Read a table of classes: one CSV or XLSX file, or a folder of dated editions; a bad row names its line."""
    known = {name for edition in editions() for name in edition.rates}

    def made(row: tables.Row, edition: tables.Edition) -> tuple[str, str, date, date | None] | None:
        days = tables.period(row.cells, edition)
        if row.cells["class"] not in known:
            raise ValueError(f"class: {row.cells['class']!r} is none of {', '.join(sorted(known))}")
        code = tables.code(row.cells["hs"])
        return (code, row.cells["class"], *days) if days else None

    return PostalClasses(tables.read(path, COLUMNS, made))


@lru_cache(maxsize=1)
def classes() -> PostalClasses:
    """Return the shipped sample of classes."""
    return load_classes(DATA / "postal_classes_sample.csv")
