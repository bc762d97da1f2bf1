"""Own figures of a declaration: what each line owes by our engine, kept when the declaration is made.

A bill that comes weeks later is compared with them, and a return gives back by them, whatever rules hold by then.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction

from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import ParcelView

from .. import links
from ..duty import lines_of
from ..models import CustomsDocument, Declaration
from ..policies import in_force
from ..states import DocumentState
from ..tax import FEN, ZERO, calculate
from .models import TaxFigureLine, TaxFigures

log = logging.getLogger(__name__)

RETURN = "CEB625Message"
#: A cancellation or a return in one of these was granted by customs.
GRANTED = (DocumentState.REVIEWED, DocumentState.RELEASED, DocumentState.CLOSED)


@dataclass(frozen=True, slots=True)
class Taxes:
    """The three taxes of a line or a list."""

    duty: Decimal = ZERO
    consumption_tax: Decimal = ZERO
    vat: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.duty + self.consumption_tax + self.vat

    def __add__(self, other: Taxes) -> Taxes:
        return Taxes(
            self.duty + other.duty, self.consumption_tax + other.consumption_tax, self.vat + other.vat
        )

    def __sub__(self, other: Taxes) -> Taxes:
        return Taxes(
            self.duty - other.duty, self.consumption_tax - other.consumption_tax, self.vat - other.vat
        )

    def share(self, pieces: int, whole: int) -> Taxes:
        """Return what falls on some of a line's pieces, each tax HALF_UP to the fen."""
        return Taxes(
            *(
                (tax * pieces / whole).quantize(FEN, ROUND_HALF_UP)
                for tax in (self.duty, self.consumption_tax, self.vat)
            )
        )


def keep(declaration: Declaration, parcel: ParcelView) -> TaxFigures | None:
    """Store a declaration's figures at the first call; None when the engine cannot tell them (any more).

    ``quantity`` of a line is the declared one: returns are declared in it.
    """
    known = TaxFigures.objects.filter(declaration=declaration).first()
    if known is not None:
        return known
    day = parcel.paid_at.astimezone(clock.CHINA).date()
    try:
        lines = lines_of(parcel, in_force.tariff(day), day)
        result = calculate(lines, day=day, freight=parcel.freight.amount, limits=in_force.limits(day))
    except PermanentError as error:
        log.warning("%s: no figures of its own: %s", declaration.order_no, error.message)
        return None
    settings = links.config()
    with transaction.atomic():
        made = TaxFigures(
            declaration=declaration,
            day=day,
            outcome=result.outcome.value,
            agent_code=settings.agent_code,
            assure_code=settings.assure_code or settings.agent_code,
        )
        TaxFigures.objects.bulk_create([made], ignore_conflicts=True)
        TaxFigureLine.objects.bulk_create(
            [
                TaxFigureLine(
                    figures_id=declaration.pk,
                    gnum=line.gnum,
                    hs_code=line.facts.hs_code,
                    quantity=line.declared_quantity,
                    dutiable_value=tax.dutiable_value,
                    duty=tax.duty,
                    consumption_tax=tax.consumption_tax,
                    vat=tax.vat,
                )
                for line, tax in zip(parcel.lines, result.lines, strict=True)
            ],
            ignore_conflicts=True,
        )
    return TaxFigures.objects.get(declaration=declaration)


def renew(declaration: Declaration, parcel: ParcelView) -> TaxFigures | None:
    """Work the figures out anew after a line was corrected, by the rules of the day of payment still.

    A bill that is there was compared with those before: they stay.
    """
    with transaction.atomic():
        Declaration.objects.select_for_update().get(pk=declaration.pk)
        if not declaration.tax_bills.exists():
            TaxFigures.objects.filter(declaration=declaration).delete()
        return keep(declaration, parcel)


def total(lines: Iterable[TaxFigureLine]) -> Taxes:
    """Return the sums of a list."""
    return sum((taxes_of(line) for line in lines), Taxes())


def taxes_of(line: TaxFigureLine) -> Taxes:
    return Taxes(line.duty, line.consumption_tax, line.vat)


def returned_pieces(declaration: Declaration) -> dict[int, int]:
    """Return how many pieces of each line went back by granted returns (CEB625)."""
    from ..messages import parse

    found: dict[int, int] = {}
    granted = CustomsDocument.objects.filter(declaration=declaration, kind=RETURN, state__in=GRANTED)
    for document in granted:
        (content,) = parse(document.body.encode()).documents
        for row in content["InvtRefundList"]:
            gnum = int(row["gnum"])
            found[gnum] = found.get(gnum, 0) + int(Decimal(row["qty"]))
    return found


def left(lines: Iterable[TaxFigureLine], returned: Mapping[int, int]) -> dict[int, tuple[Decimal, Taxes]]:
    """Return dutiable value and taxes of what returns have left of each line; a line that is gone is left out."""
    found = {}
    for line in lines:
        gone = min(returned.get(line.gnum, 0), line.quantity)
        if gone < line.quantity:
            back = (line.dutiable_value * gone / line.quantity).quantize(FEN, ROUND_HALF_UP)
            taxes = taxes_of(line)
            found[line.gnum] = (line.dutiable_value - back, taxes - taxes.share(gone, line.quantity))
    return found


def returned_taxes(
    taxes: Mapping[int, Taxes], quantities: Mapping[int, int], returned: Mapping[int, int]
) -> Taxes:
    """Return what of a list's taxes falls on returned pieces, all of a line's when all of it went back.

    ``taxes`` and ``quantities`` by line number; lines that are in neither count nothing.
    """
    found = Taxes()
    for gnum, pieces in returned.items():
        if gnum in taxes and quantities.get(gnum):
            whole = quantities[gnum]
            found += taxes[gnum].share(min(pieces, whole), whole)
    return found
