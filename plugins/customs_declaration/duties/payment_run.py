"""Which lists' taxes are to be paid on a day: those of the window after release that nothing was returned of.

The agent pays what was neither returned nor withdrawn from one day to another after the release (day 31 to 45, by the
windows in force on the day of release). Customs' bill gives the amounts where it has come, our own figures otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice

from django.db.models import Exists, OuterRef, QuerySet

from saleor_ext.core import clock

from ..models import CustomsDocument, Declaration
from ..policies import in_force
from ..states import DocumentState
from ..tax import FEN, ZERO
from . import coverage, figures
from .figures import Taxes
from .models import TaxBill

LIST, WITHDRAWAL = "CEB621Message", "CEB623Message"
BATCH = 500
OPEN = (
    DocumentState.SENT,
    DocumentState.STORED,
    DocumentState.DECLARED,
    DocumentState.RECEIVED,
    DocumentState.ACCEPTED,
    DocumentState.REVIEW,
)


@dataclass(frozen=True, slots=True)
class Due:
    """One list whose tax is to be paid. ``source``: ``bill`` of customs, ``own`` figures, or ``collected`` sums only.

    Without figures of each tax (``collected``) the whole sum is ``uneven``. ``return_open``: customs have not
    decided on a return of it yet.
    """

    invt_no: str
    order_no: str
    released: date
    due_from: date
    due_until: date
    overdue: bool
    tax_no: str
    taxes: Taxes
    uneven: Decimal
    source: str
    agent: str
    guarantor: str
    return_open: bool

    @property
    def total(self) -> Decimal:
        return self.taxes.total + self.uneven

    @property
    def state(self) -> str:
        return "overdue" if self.overdue else "due"

    def as_json(self) -> dict[str, object]:
        return {
            "invt_no": self.invt_no,
            "order_no": self.order_no,
            "released": self.released.isoformat(),
            "due_from": self.due_from.isoformat(),
            "due_until": self.due_until.isoformat(),
            "state": self.state,
            "tax_no": self.tax_no,
            "duty": f"{self.taxes.duty:.2f}",
            "consumption_tax": f"{self.taxes.consumption_tax:.2f}",
            "vat": f"{self.taxes.vat:.2f}",
            "total": f"{self.total:.2f}",
            "figures": self.source,
            "agent": self.agent,
            "guarantor": self.guarantor,
            "return_open": self.return_open,
        }


@dataclass(slots=True)
class Sum:
    """What one agent pays under one guarantee."""

    agent: str
    guarantor: str
    lists: int = 0
    overdue: int = 0
    taxes: Taxes = field(default_factory=Taxes)
    total: Decimal = Decimal(0)

    def add(self, due: Due) -> None:
        self.lists += 1
        self.overdue += due.overdue
        self.taxes += due.taxes
        self.total += due.total

    def as_json(self) -> dict[str, object]:
        return {
            "agent": self.agent,
            "guarantor": self.guarantor,
            "lists": self.lists,
            "overdue": self.overdue,
            "duty": f"{self.taxes.duty:.2f}",
            "consumption_tax": f"{self.taxes.consumption_tax:.2f}",
            "vat": f"{self.taxes.vat:.2f}",
            "total": f"{self.total:.2f}",
        }


def due_on(day: date) -> Iterator[Due]:
    """Yield the lists whose tax is to be paid on a day, the longest released first; what is overdue stays in it."""
    for declaration in _candidates(day).iterator(BATCH):
        if (due := _due(declaration, day)) is not None:
            yield due


class Sums:
    """Adds up lists by agent and guarantor as they pass."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Sum] = {}

    def passing(self, dues: Iterable[Due]) -> Iterator[Due]:
        """Yield the lists unchanged."""
        for due in dues:
            key = (due.agent, due.guarantor)
            self._found.setdefault(key, Sum(*key)).add(due)
            yield due

    def all(self) -> list[Sum]:
        """Return the sums so far."""
        return [self._found[key] for key in sorted(self._found)]

    @property
    def overdue(self) -> int:
        return sum(one.overdue for one in self._found.values())


@dataclass(frozen=True, slots=True)
class Run:
    """A day's payment as a page shows it: sums, the first lists, how many; not ``whole`` when there are more."""

    sums: list[Sum]
    shown: list[Due]
    lists: int
    overdue: int
    whole: bool


def run(day: date, *, most: int = 5000, shown: int = 200) -> Run:
    """Add up at most ``most`` lists of a day, the longest released first, and keep the first of them."""
    sums = Sums()
    kept: list[Due] = []
    dues = due_on(day)
    for due in sums.passing(islice(dues, most)):
        if len(kept) < shown:
            kept.append(due)
    found = sums.all()
    whole = next(dues, None) is None
    return Run(found, kept, sum(one.lists for one in found), sums.overdue, whole)


def _candidates(day: date) -> QuerySet[Declaration]:
    """Return released lists that may be due: not paid, not sent back abroad, not withdrawn."""
    soonest = min(one.pay_from_day for one in in_force.all_windows())
    until = datetime.combine(day - timedelta(days=soonest - 1), time(), tzinfo=clock.CHINA)
    documents = CustomsDocument.objects.filter(declaration=OuterRef("pk"))
    paid = TaxBill.objects.filter(declaration=OuterRef("pk"), status=TaxBill.Status.SUMMED)
    return (
        Declaration.objects.filter(released_at__isnull=False, released_at__lt=until)
        .exclude(Exists(paid))
        .exclude(Exists(documents.filter(kind=LIST, state=DocumentState.RETURNED)))
        .exclude(Exists(documents.filter(kind=WITHDRAWAL, state__in=figures.GRANTED)))
        .annotate(
            has_return=Exists(documents.filter(kind=figures.RETURN, state__in=figures.GRANTED)),
            return_open=Exists(documents.filter(kind=figures.RETURN, state__in=OPEN)),
        )
        .select_related("figures")
        .prefetch_related("figures__lines", "tax_bills__lines")
        .order_by("released_at", "order_no")
    )


def _due(declaration: Declaration, day: date) -> Due | None:
    if declaration.released_at is None:
        return None
    released = declaration.released_at.astimezone(clock.CHINA).date()
    windows = in_force.windows(released)
    if day < windows.pay_from(released):
        return None
    bill = _bill(declaration)
    taxes, uneven, source = _owed(declaration, bill)
    if not taxes.total + uneven:
        return None
    kept = getattr(declaration, "figures", None)
    return Due(
        invt_no=declaration.invt_no,
        order_no=declaration.order_no,
        released=released,
        due_from=windows.pay_from(released),
        due_until=windows.pay_until(released),
        overdue=day > windows.pay_until(released),
        tax_no=bill.tax_no if bill else "",
        taxes=taxes,
        uneven=uneven,
        source=source,
        agent=(bill.agent_code if bill else "") or (kept.agent_code if kept else ""),
        guarantor=(bill.assure_code if bill else "") or (kept.assure_code if kept else ""),
        return_open=declaration.return_open,  # type: ignore[attr-defined]  # annotated by _candidates
    )


def _bill(declaration: Declaration) -> TaxBill | None:
    """Return the newest bill with figures that is not void."""
    found = [
        bill
        for bill in declaration.tax_bills.all()
        if bill.figures_at is not None and bill.duty is not None and bill.status != TaxBill.Status.VOID
    ]
    return max(found, key=lambda bill: bill.figures_at, default=None)  # type: ignore[arg-type,return-value]  # not None


def _owed(declaration: Declaration, bill: TaxBill | None) -> tuple[Taxes, Decimal, str]:
    """Return the taxes that are left after returns, a sum without its parts, and where they are from."""
    kept = getattr(declaration, "figures", None)
    quantities = {line.gnum: line.quantity for line in kept.lines.all()} if kept else {}
    if bill is not None:
        whole = _fen(Taxes(bill.duty or ZERO, bill.consumption_tax or ZERO, bill.vat or ZERO))
        by_line = {
            line.gnum: _fen(Taxes(line.duty, line.consumption_tax, line.vat)) for line in bill.lines.all()
        }
        source = "bill"
    elif kept is not None:
        by_line = {line.gnum: figures.taxes_of(line) for line in kept.lines.all()}
        whole, source = figures.total(kept.lines.all()), "own"
    else:
        return Taxes(), declaration.tax_total, "collected"
    without = bill is not None and bool(coverage.left_out(bill))
    if declaration.has_return and not without:  # type: ignore[attr-defined]  # annotated by _candidates
        whole -= figures.returned_taxes(by_line, quantities, figures.returned_pieces(declaration))
    return whole, Decimal(0), source


def _fen(taxes: Taxes) -> Taxes:
    return Taxes(
        *(one.quantize(FEN, ROUND_HALF_UP) for one in (taxes.duty, taxes.consumption_tax, taxes.vat))
    )
