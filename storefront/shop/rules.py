"""The limits of cross-border retail import as pages quote them; the customs plugin checks orders against them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from saleor_ext.core.money import Money


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits in force from *since*: of one order, and of one person in a calendar year."""

    since: date
    single: Money
    annual: Money
    source: str
    read_on: date


def _cny(amount: int) -> Money:
    return Money(Decimal(amount), "CNY")


LIMITS = (
    Limits(date(2016, 4, 8), _cny(2_000), _cny(20_000), "财关税〔2016〕18号", date(2026, 11, 23)),
    Limits(date(2019, 1, 1), _cny(5_000), _cny(26_000), "财关税〔2018〕49号", date(2026, 11, 23)),
)


def limits_on(day: date) -> Limits:
    """Return the limits in force on a day."""
    return max((row for row in LIMITS if row.since <= day), key=lambda row: row.since)
