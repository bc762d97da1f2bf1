"""Exchange rates: dated reference rates, crossed through HKD, and conversions at the rate that was really given."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from django.db import transaction

from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import DIGITS, Money

from . import chart
from .ledger import About, KeyReused, Leg, credit, debit, post
from .models import FxRate, Journal

#: Crosses go through this currency: Macau's is tied to it.
PIVOT = "HKD"
#: The Macau currency board issues patacas at 1.03 to the Hong Kong dollar (Autoridade Monetária de Macau).
MOP_PER_HKD = Decimal("1.03")
_EIGHTH = Decimal("0.00000001")
COLUMNS = ("base", "quote", "day", "rate", "source")


class NoRate(PermanentError):
    """There is no reference rate of a pair on a day or before it."""

    code = "fx_no_rate"


class BadRates(PermanentError):
    """A file of rates cannot be loaded; the message names the line."""

    code = "fx_bad_rates"


def rate(base: str, quote: str, day: date) -> Decimal:
    """Return how much of ``quote`` one ``base`` is, by the latest rates on or before the day; eight digits.

    :raises NoRate: no rate of the pair, nor of both with HKD
    """
    return _exact(base, quote, day).quantize(_EIGHTH, ROUND_HALF_UP)


def convert_at_reference(amount: Money, quote: str, day: date) -> Money:
    """Return an amount in another currency, HALF_UP at its minor unit."""
    return Money(amount.amount * _exact(amount.currency, quote, day), quote).quantize()


def _exact(base: str, quote: str, day: date) -> Decimal:
    direct = _direct(base, quote, day)
    if direct is not None:
        return direct
    if PIVOT not in (base, quote):
        to, onward = _direct(base, PIVOT, day), _direct(PIVOT, quote, day)
        if to is not None and onward is not None:
            return to * onward
    raise NoRate(f"no rate {base}/{quote} on {day} or before")


def _direct(base: str, quote: str, day: date) -> Decimal | None:
    """Return a pair's own rate, or the other way round; the younger of the two, the pair's own on the same day."""
    if base == quote:
        return Decimal(1)
    fixed = {(PIVOT, "MOP"): MOP_PER_HKD, ("MOP", PIVOT): 1 / MOP_PER_HKD}.get((base, quote))
    if fixed is not None:
        return fixed
    own = FxRate.objects.filter(base=base, quote=quote, day__lte=day).order_by("-day").first()
    turned = FxRate.objects.filter(base=quote, quote=base, day__lte=day).order_by("-day").first()
    if own is not None and (turned is None or own.day >= turned.day):
        return own.rate
    return None if turned is None else 1 / turned.rate


# -- loading ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    base: str
    quote: str
    day: date
    rate: Decimal
    source: str


def load(lines: Iterable[str], *, check_only: bool = False) -> dict[str, Any]:
    """Load rates from CSV lines with the heading ``base,quote,day,rate,source``; all of them or none.

    Rates that are known are left alone; one that differs from what is known stops the file, because journals may
    stand on the known one. Returns how many are new and the same, and the differences.

    :raises BadRates: a line cannot be read
    """
    rows = _read(lines)
    new, same, differences = [], 0, []
    with transaction.atomic():
        known = {
            (one.base, one.quote, one.day): one.rate
            for one in FxRate.objects.filter(day__in={row.day for row in rows})
        }
        for row in rows:
            there = known.get((row.base, row.quote, row.day))
            if there is None:
                new.append(row)
            elif there == row.rate:
                same += 1
            else:
                pair = f"{row.base}/{row.quote}"
                differences.append(
                    {"pair": pair, "day": str(row.day), "known": f"{there:f}", "told": f"{row.rate:f}"}
                )
        written = not check_only and not differences
        if written:
            FxRate.objects.bulk_create(
                FxRate(base=row.base, quote=row.quote, day=row.day, rate=row.rate, source=row.source)
                for row in new
            )
    return {"new": len(new), "same": same, "differences": differences, "written": written}


def _read(lines: Iterable[str]) -> list[_Row]:
    reader = csv.DictReader(lines)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise BadRates(f"the heading must be {','.join(COLUMNS)}")
    rows: dict[tuple[str, str, date], _Row] = {}
    for number, values in enumerate(reader, start=2):
        row = _row(number, values)
        if (row.base, row.quote, row.day) in rows:
            raise BadRates(f"line {number}: {row.base}/{row.quote} of {row.day} is there twice")
        rows[row.base, row.quote, row.day] = row
    return list(rows.values())


def _row(number: int, values: dict[str, str]) -> _Row:
    try:
        base, quote, told, figure, source = (values[name].strip() for name in COLUMNS)
        day, value = date.fromisoformat(told), Decimal(figure)
    except (AttributeError, InvalidOperation, ValueError) as error:
        raise BadRates(f"line {number}: {error}") from None
    if base not in DIGITS or quote not in DIGITS or base == quote:
        raise BadRates(f"line {number}: not a pair of currencies in use: {base}/{quote}")
    if {base, quote} == {PIVOT, "MOP"}:
        raise BadRates(f"line {number}: HKD/MOP is fixed at {MOP_PER_HKD}")
    if not value.is_finite() or not 0 < value < 10**10 or value != value.quantize(_EIGHTH):
        raise BadRates(f"line {number}: not a rate of eight digits at most: {figure}")
    if not source:
        raise BadRates(f"line {number}: no source")
    return _Row(base, quote, day, value, source[:120])


# -- converting ------------------------------------------------------------------------------------------------


def convert(
    key: str,
    gave: tuple[str, Money],
    got: tuple[str, Money],
    *,
    at: datetime,
    about: About,
    kind: str = "converted",
) -> None:
    """Write a conversion: (account, amount) that went and that came. Each currency balances by itself.

    What came beyond the reference rate of the day (China's) is ``fx.gain_loss``, below it negative. Told again it is
    not worked out anew: rates may have been loaded since.

    :raises KeyReused: the key stands for something else
    :raises NoRate: there is nothing to measure the rate by
    """
    (source, out), (target, came) = gave, got
    known = Journal.objects.filter(key=key).first()
    if known is not None:
        entries = set(known.entries.values_list("account__code", "account__currency", "amount"))
        if not {(source, out.currency, -out.amount), (target, came.currency, came.amount)} <= entries:
            raise KeyReused(f"the ledger has another journal under {key}")
        return
    expected = convert_at_reference(out, came.currency, at.astimezone(clock.CHINA).date())
    legs: list[Leg] = [
        credit(source, out),
        debit(chart.fx_trading(out.currency), out),
        debit(target, came),
        credit(chart.fx_trading(came.currency), expected),
        credit(chart.FX_GAIN_LOSS, came - expected),
    ]
    post(key, kind, legs, at=at, about=about)
