"""Dated policy: limits by day, tax rates by commodity code and day.

The files in ``data/`` carry the source and the standing of every row. The tariff file is a small
sample; an operator puts the real one beside it by configuration.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

from saleor_ext.core.errors import PermanentError

from . import tables

DATA = Path(__file__).parent / "data"

#: Units a consumption tax is counted in, with the customs unit codes that measure the same thing.
#: Each value is how many of the basis one unit of the code holds.
BASES: dict[str, dict[str, Decimal]] = {
    "l": {"095": Decimal(1), "096": Decimal("0.001")},
    "ml": {"096": Decimal(1), "095": Decimal(1000)},
    "g": {"036": Decimal(1), "035": Decimal(1000)},
    "kg": {"035": Decimal(1), "036": Decimal("0.001")},
    "g_ml": {"036": Decimal(1), "035": Decimal(1000), "096": Decimal(1), "095": Decimal(1000)},
    "piece": {code: Decimal(1) for code in ("007", "008", "010", "011", "020", "134")},
}
#: Key of the content that a label states, in ml, g or pieces.
CONTENT = "content"
#: Bases that a label's content is stated in, and those of a thousand ml or g.
LABELLED = frozenset({"g", "ml", "g_ml", "piece"})
THOUSANDS = frozenset({"l", "kg"})


class UnknownTariff(PermanentError):
    """No rate is on file for this commodity code on this day."""

    code = "unknown_tariff"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one person may buy, in CNY, and the share of VAT and consumption tax levied within it."""

    since: date
    single: Decimal
    annual: Decimal
    tax_share: Decimal
    source: str
    status: str
    #: When the rule was read in its source.
    read_on: date = date.min


@dataclass(frozen=True, slots=True)
class ConsumptionTier:
    """Consumption tax from a value per unit upwards; ``threshold`` None means always."""

    ad_valorem: Decimal = Decimal(0)
    specific: Decimal = Decimal(0)
    unit: str = ""
    threshold: Decimal | None = None
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates of one commodity code as fractions (0.13 = 13 %); tiers with the highest threshold first."""

    duty: Decimal = Decimal(0)
    vat: Decimal = Decimal(0)
    consumption: tuple[ConsumptionTier, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class TariffRow:
    """One row of a tariff file: rates of a code or of a prefix of codes, and the days it is in force.

    ``place`` is the file and line it stands in.
    """

    hs: str
    name: str
    since: date
    until: date | None
    duty: Decimal
    vat: Decimal
    tier: ConsumptionTier
    source: str
    place: str = ""

    def holds(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


class Tariff:
    """Rates by the longest listed prefix of a ten-digit code that is in force on a day."""

    def __init__(self, rows: Iterable[TariffRow]) -> None:
        self.rows = tuple(rows)
        self._by_prefix: dict[str, list[TariffRow]] = {}
        for row in self.rows:
            self._by_prefix.setdefault(row.hs, []).append(row)
        self._found: dict[tuple[str, date], Rates | None] = {}

    def find(self, hs_code: str, day: date) -> Rates | None:
        """Return the rates of a code on a day, or None when nothing is on file."""
        key = (hs_code, day)
        if key not in self._found:
            if len(self._found) > 20_000:  # a bound, not a tuning: one entry per code and day
                self._found.clear()
            self._found[key] = self._search(hs_code, day)
        return self._found[key]

    def rates(self, hs_code: str, day: date) -> Rates:
        """Return the rates of a code on a day; raise ``UnknownTariff`` when nothing is on file."""
        found = self.find(hs_code, day)
        if found is None:
            raise UnknownTariff(f"no tax rate on file for commodity code {hs_code} on {day}", hs_code=hs_code)
        return found

    def listed(self, day: date) -> dict[str, tuple[TariffRow, ...]]:
        """Return what is in force on a day: the rows of each listed code or prefix."""
        found = {hs: tuple(row for row in rows if row.holds(day)) for hs, rows in self._by_prefix.items()}
        return {hs: rows for hs, rows in sorted(found.items()) if rows}

    def _search(self, hs_code: str, day: date) -> Rates | None:
        for length in range(len(hs_code), 1, -1):
            rows = [row for row in self._by_prefix.get(hs_code[:length], []) if row.holds(day)]
            if rows:
                return rates_of(rows)
        return None


def rates_of(rows: Sequence[TariffRow]) -> Rates:
    """Join the rows of one code that are in force together: one row per tier of the consumption tax."""
    tiers = sorted(
        (row.tier for row in rows if row.tier.ad_valorem or row.tier.specific),
        key=lambda tier: tier.threshold if tier.threshold is not None else Decimal(-1),
        reverse=True,
    )
    return Rates(rows[0].duty, rows[0].vat, tuple(tiers), rows[0].source)


#: Columns of a tariff file: rates as fractions; ``ct_specific`` is CNY per ``ct_unit``, ``ct_threshold`` CNY per
#: ``ct_basis``.
COLUMNS = (
    "hs", "duty", "vat", "ct_ad_valorem", "ct_specific", "ct_unit", "ct_threshold", "ct_basis", "from", "to", "status",
    "source",
)  # fmt: skip


def _number(cells: tables.Cells, column: str, *, below: Decimal | None = None) -> Decimal:
    """Return a number that is not negative; an empty cell is nought."""
    try:
        number = Decimal(cells[column] or "0")
    except InvalidOperation:
        raise ValueError(f"{column}: {cells[column]!r} is no number") from None
    if not number.is_finite() or number < 0:
        raise ValueError(f"{column}: {cells[column]!r} is no rate or amount")
    if below is not None and number >= below:
        raise ValueError(f"{column}: {number} is not a fraction below 1 (13 % is 0.13)")
    return number


def _row(row: tables.Row, edition: tables.Edition) -> TariffRow | None:
    """Make the tariff row of a table's row; None when its edition leaves it no day."""
    cells, one = row.cells, Decimal(1)
    tier = ConsumptionTier(
        ad_valorem=_number(cells, "ct_ad_valorem", below=one),
        specific=_number(cells, "ct_specific"),
        unit=cells["ct_unit"],
        threshold=_number(cells, "ct_threshold") if cells["ct_threshold"] else None,
        basis=cells["ct_basis"],
    )
    for basis in (tier.unit, tier.basis):
        if basis and basis not in BASES:
            raise ValueError(f"unit {basis!r} is none of {', '.join(BASES)}")
    if tier.specific and not tier.unit:
        raise ValueError("ct_unit: a specific tax is levied per a unit")
    if tier.threshold is not None and not tier.basis:
        raise ValueError("ct_basis: a threshold is a value per a unit")
    if not cells["vat"]:
        raise ValueError("vat: is missing")
    days = tables.period(cells, edition)
    made = TariffRow(
        hs=tables.code(cells["hs"]),
        name=cells.get("name", ""),
        since=days[0] if days else date.min,
        until=days[1] if days else None,
        duty=_number(cells, "duty"),
        vat=_number(cells, "vat", below=one),
        tier=tier,
        source=f"{cells['source']} ({cells['status']})",
        place=row.place,
    )
    return made if days else None


def load_tariff(path: Path) -> Tariff:
    """Read a tariff: one CSV or XLSX file, or a folder of dated editions; a bad row names its line."""
    return Tariff(tables.read(path, COLUMNS, _row))


def tariff_of(text: str, name: str, since: date) -> Tariff:
    """Read a tariff from CSV text that is in force from a day on."""
    return Tariff(tables.read_text(text, name, since, COLUMNS, _row))


@lru_cache(maxsize=4)
def _tariff_at(path: Path, _stamp: tuple[tuple[str, int, int], ...]) -> Tariff:
    return load_tariff(path)


def tariff(path: str = "") -> Tariff:
    """Return the tariff of a file or folder (the shipped sample when empty), read again when it changes."""
    chosen = Path(path) if path else DATA / "tariff_sample.csv"
    return _tariff_at(chosen, tables.stamp(chosen))


def limits_of(
    entry: Mapping[str, Any], since: date, source: str, status: str, read_on: date = date.min
) -> Limits:
    """Make limits of a table's keys ``single_limit``, ``annual_limit`` and ``tax_share``."""
    return Limits(
        since=since,
        single=Decimal(entry["single_limit"]),
        annual=Decimal(entry["annual_limit"]),
        tax_share=Decimal(entry["tax_share"]),
        source=source,
        status=status,
        read_on=read_on,
    )


@lru_cache(maxsize=1)
def limit_editions() -> tuple[Limits, ...]:
    """Return every shipped edition of the limits, oldest first."""
    with (DATA / "limits.toml").open("rb") as file:
        found = tomllib.load(file)["edition"]
    made = (
        limits_of(entry, entry["from"], entry["source"], entry["status"], entry["read_on"]) for entry in found
    )
    return tuple(sorted(made, key=lambda edition: edition.since))


def limits_on(day: date) -> Limits:
    """Return the limits in force on a day by the shipped table."""
    valid = [edition for edition in limit_editions() if edition.since <= day]
    if not valid:
        raise PermanentError(f"no retail-import limits are on file for {day}", code="no_limits")
    return valid[-1]
