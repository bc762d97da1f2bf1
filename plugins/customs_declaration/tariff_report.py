"""What an operator looks at before a tariff is put into force: its contradictions, and what it changes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Any

from .policy import Tariff, TariffRow, rates_of


@dataclass(frozen=True, slots=True)
class Finding:
    """A contradiction of two rows; ``places`` are their files and lines."""

    hs: str
    message: str
    places: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {"hs": self.hs, "message": self.message, "places": list(self.places)}


def contradictions(tariff: Tariff) -> list[Finding]:
    """Return rows of one code that are in force on the same day and do not fit together."""
    by_code: dict[str, list[TariffRow]] = {}
    for row in tariff.rows:
        by_code.setdefault(row.hs, []).append(row)
    return [
        Finding(hs, message, (one.place, other.place))
        for hs, rows in sorted(by_code.items())
        for one, other in combinations(rows, 2)
        if _together(one, other) and (message := _conflict(one, other))
    ]


def differences(old: Tariff, new: Tariff, day: date, new_day: date | None = None) -> dict[str, Any]:
    """Compare what two tariffs say on a day (the new one on ``new_day`` when given).

    Returns ``{"added": [{"hs","name"}], "removed": [{"hs","name"}], "changed": [{"hs","name","changes":
    {field: [old, new]}}]}``; rates are fractions as text, tiers of the consumption tax one text.
    """
    before, after = old.listed(day), new.listed(new_day or day)
    return {
        "added": [_named(hs, after) for hs in after if hs not in before],
        "removed": [_named(hs, before) for hs in before if hs not in after],
        "changed": [
            {**_named(hs, after), "changes": changes}
            for hs in before
            if hs in after and (changes := _changes(before[hs], after[hs]))
        ],
    }


def _together(one: TariffRow, other: TariffRow) -> bool:
    return (other.until is None or one.since <= other.until) and (
        one.until is None or other.since <= one.until
    )


def _conflict(one: TariffRow, other: TariffRow) -> str:
    if (one.duty, one.vat) != (other.duty, other.vat):
        return "two rates of duty or VAT on the same day"
    if one.tier.threshold == other.tier.threshold:
        return (
            "listed twice on the same day"
            if one.tier == other.tier
            else "two consumption taxes from one threshold"
        )
    return ""


def _named(hs: str, listed: Mapping[str, Sequence[TariffRow]]) -> dict[str, Any]:
    return {"hs": hs, "name": listed[hs][0].name}


def _changes(before: Sequence[TariffRow], after: Sequence[TariffRow]) -> dict[str, list[str]]:
    old, new = _facts(before), _facts(after)
    return {field: [old[field], new[field]] for field in old if old[field] != new[field]}


def _facts(rows: Sequence[TariffRow]) -> dict[str, str]:
    rates = rates_of(rows)
    tiers = [
        " + ".join(
            part
            for part in (
                _text(tier.ad_valorem) if tier.ad_valorem else "",
                f"{_text(tier.specific)}/{tier.unit}" if tier.specific else "",
            )
            if part
        )
        + (f" from {_text(tier.threshold)}/{tier.basis}" if tier.threshold is not None else "")
        for tier in rates.consumption
    ]
    return {"duty": _text(rates.duty), "vat": _text(rates.vat), "consumption": "; ".join(tiers) or "0"}


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"
