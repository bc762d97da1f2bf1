"""Dated policy: limits by day, tax rates by commodity code and day.

The files in ``data/`` carry the source and the standing of every row. The tariff file is a small
sample; an operator puts the real one beside it by configuration.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path

from saleor_ext.core.errors import ConfigurationError, PermanentError

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
    vat: Decimal = Decimal("0.13")
    consumption: tuple[ConsumptionTier, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    hs: str
    since: date
    until: date | None
    duty: Decimal
    vat: Decimal
    tier: ConsumptionTier
    source: str


class Tariff:
    """Rates by the longest listed prefix of a ten-digit code that is in force on a day."""

    def __init__(self, rows: Iterable[_Row]) -> None:
        self._by_prefix: dict[str, list[_Row]] = {}
        for row in rows:
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

    def _search(self, hs_code: str, day: date) -> Rates | None:
        for length in range(len(hs_code), 1, -1):
            rows = [
                row
                for row in self._by_prefix.get(hs_code[:length], [])
                if row.since <= day and (row.until is None or day <= row.until)
            ]
            if rows:
                return _rates(rows)
        return None


def _rates(rows: list[_Row]) -> Rates:
    tiers = sorted(
        (row.tier for row in rows if row.tier.ad_valorem or row.tier.specific),
        key=lambda tier: tier.threshold if tier.threshold is not None else Decimal(-1),
        reverse=True,
    )
    return Rates(rows[0].duty, rows[0].vat, tuple(tiers), rows[0].source)


def _decimal(text: str | None) -> Decimal:
    return Decimal(text) if text else Decimal(0)


def _row(cells: Mapping[str, str]) -> _Row:
    tier = ConsumptionTier(
        ad_valorem=_decimal(cells["ct_ad_valorem"]),
        specific=_decimal(cells["ct_specific"]),
        unit=cells["ct_unit"],
        threshold=Decimal(cells["ct_threshold"]) if cells["ct_threshold"] else None,
        basis=cells["ct_basis"],
    )
    for basis in (tier.unit, tier.basis):
        if basis and basis not in BASES:
            raise ValueError(f"unit {basis!r} is none of {', '.join(BASES)}")
    if not (cells["hs"].isdigit() and 2 <= len(cells["hs"]) <= 10):
        raise ValueError(f"{cells['hs']!r} is not 2 to 10 digits")
    if tier.ad_valorem >= 1:
        raise ValueError("a consumption tax of 100 % or more cannot be computed")
    return _Row(
        hs=cells["hs"],
        since=date.fromisoformat(cells["from"]),
        until=date.fromisoformat(cells["to"]) if cells["to"] else None,
        duty=_decimal(cells["duty"]),
        vat=Decimal(cells["vat"]),
        tier=tier,
        source=f"{cells['source']} ({cells['status']})",
    )


def load_tariff(path: Path) -> Tariff:
    """Read a tariff file; a bad row names its line."""
    rows: list[_Row] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            for cells in reader:
                try:
                    rows.append(_row(cells))
                except (ValueError, KeyError, InvalidOperation, TypeError) as error:
                    raise ConfigurationError(f"{path.name} line {reader.line_num}: {error}") from error
    except OSError as error:
        raise ConfigurationError(f"tariff file {path}: {error.strerror}") from error
    return Tariff(rows)


@lru_cache(maxsize=4)
def _tariff_at(path: Path, _modified: int) -> Tariff:
    return load_tariff(path)


def tariff(path: str = "") -> Tariff:
    """Return the tariff of a file (the shipped sample when empty), read again when the file changes."""
    chosen = Path(path) if path else DATA / "tariff_sample.csv"
    try:
        modified = chosen.stat().st_mtime_ns
    except OSError as error:
        raise ConfigurationError(f"tariff file {chosen}: {error.strerror}") from error
    return _tariff_at(chosen, modified)


@lru_cache(maxsize=1)
def limit_editions() -> tuple[Limits, ...]:
    """Return every edition of the limits, oldest first."""
    with (DATA / "limits.toml").open("rb") as file:
        found = tomllib.load(file)["edition"]
    editions = (
        Limits(
            since=entry["from"],
            single=Decimal(entry["single_limit"]),
            annual=Decimal(entry["annual_limit"]),
            tax_share=Decimal(entry["tax_share"]),
            source=entry["source"],
            status=entry["status"],
        )
        for entry in found
    )
    return tuple(sorted(editions, key=lambda edition: edition.since))


def limits_on(day: date) -> Limits:
    """Return the limits in force on a day."""
    valid = [edition for edition in limit_editions() if edition.since <= day]
    if not valid:
        raise PermanentError(f"no retail-import limits are on file for {day}", code="no_limits")
    return valid[-1]
