"""What each line of a parcel was declared with: own figures of value and tax, kept with the declaration.

A return gives back by them, whatever tariff is in force by then.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from saleor_ext.core import clock
from saleor_ext.core.money import spread
from saleor_ext.plugin_api import ParcelView

from .duty import article_of, tax_line
from .policies import in_force
from .policy import UnknownTariff
from .tax import FEN, LineTax, MissingMeasure, calculate

log = logging.getLogger(__name__)


def of(parcel: ParcelView) -> list[dict[str, str]]:
    """Return the figures of each line, by the tariff of the day of payment.

    ``tax`` is the line's share of the tax that was really collected: the engine's sum wherever the two agree. The
    engine's own figures, which customs' bill is compared with, are kept by ``duties.figures``.
    """
    taxed = _engine(parcel)
    weights = [one.total for one in taxed] if taxed else [line.total.amount for line in parcel.lines]
    taxes = spread(parcel.tax_total, weights)
    freights = spread(parcel.freight, [line.total.amount for line in parcel.lines])
    rows = []
    for number, line in enumerate(parcel.lines):
        rows.append(
            {
                "gnum": str(line.gnum),
                "goods": f"{line.total.amount:.2f}",
                "dutiable": f"{(line.total + freights[number]).amount:.2f}",
                "tax": f"{taxes[number].amount:.2f}",
            }
        )
    return rows


def _engine(parcel: ParcelView) -> tuple[LineTax, ...]:
    day = parcel.paid_at.astimezone(clock.CHINA).date()
    try:
        rates = in_force.tariff(day)
        lines = [
            tax_line(article_of(line.facts), line.quantity, line.total.amount, rates, day)
            for line in parcel.lines
        ]
        return calculate(lines, day=day, freight=parcel.freight.amount, limits=in_force.limits(day)).lines
    except (UnknownTariff, MissingMeasure) as error:
        log.warning("%s: no tax per line: %s", parcel.number, error.message)
        return ()


def part(whole: Decimal, pieces: int, before: int, returned: int) -> Decimal:
    """Return what of a line's amount falls on ``returned`` pieces after ``before`` went back already.

    HALF_UP to the fen, counted from the first piece, so that the parts of all pieces are the whole amount.
    """
    return _share(whole, pieces, before + returned) - _share(whole, pieces, before)


def _share(whole: Decimal, pieces: int, count: int) -> Decimal:
    return (whole * count / pieces).quantize(FEN, ROUND_HALF_UP)


def figures(rows: list[dict[str, str]], gnum: int) -> Mapping[str, str]:
    """Return the kept figures of a line; KeyError when there are none."""
    for row in rows:
        if row["gnum"] == str(gnum):
            return row
    raise KeyError(gnum)
