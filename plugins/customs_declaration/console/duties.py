"""Tax bills beside our figures, the guarantee account, and what is to be paid on a day."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models.fields.json import KeyTextTransform
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from saleor_ext.core import clock
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Look, Way

from .. import exporting
from ..duties import account, bills, figures, guarantee, listing, payment_run, tables
from ..duties.listing import BillFilters, BillRow, EntryFilters
from ..duties.models import GuaranteeEntry, TaxBill
from ..exporting import Form
from ..models import Declaration, Receipt
from ..policies import in_force
from . import frame
from .forms import DayForm

Status, Comparison = TaxBill.Status, TaxBill.Comparison
COMPARISON_LOOKS = {
    Comparison.EQUAL: Look("done", "green"),
    Comparison.DIFFERS: Look("alert", "red"),
    Comparison.UNKNOWN: Look("info"),
}
STATUS_WORDS: dict[str, str | Promise] = {one.value: one.label for one in Status}
STATUS_LOOKS: dict[str, Look] = {
    Status.MADE: Look("clock", "blue"),
    Status.SUMMED: Look("done", "green"),
    Status.VOID: Look("stop"),
}
FIGURES = {
    "value": gettext_lazy("Dutiable value"),
    "duty": gettext_lazy("Duty"),
    "consumption_tax": gettext_lazy("Consumption tax"),
    "vat": gettext_lazy("VAT"),
    "total": gettext_lazy("Tax"),
}
SOURCES = {
    "bill": gettext_lazy("Customs' bill"),
    "own": gettext_lazy("Our own figures"),
    "collected": gettext_lazy("As collected"),
}
#: The drawing of the guarantee: width of a day with its gap, greatest height.
BAR, HEIGHT = 8, 48
RECEIPTS_SHOWN = 20
_NOTHING = Decimal(0)


def _money(amount: Decimal | None) -> Money | None:
    return None if amount is None else Money(amount, "CNY")


# -- bills -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BillCell:
    """A bill as the list shows it."""

    bill: TaxBill

    @property
    def total(self) -> Money | None:
        parts = (self.bill.duty, self.bill.consumption_tax, self.bill.vat)
        return None if None in parts else _money(sum((one or Decimal(0) for one in parts), Decimal(0)))

    @property
    def look(self) -> Look:
        return COMPARISON_LOOKS[Comparison(self.bill.comparison)]

    @property
    def status_look(self) -> Look:
        return STATUS_LOOKS.get(self.bill.status, Look("info"))

    @property
    def status_word(self) -> str:
        """Say how the bill stands; a status of no table as customs wrote it."""
        return str(STATUS_WORDS.get(self.bill.status, self.bill.status)) or _("Not told yet")


@dataclass(frozen=True, slots=True)
class FigureCell:
    name: str
    ours: Money | None
    theirs: Money | None
    differs: bool


@dataclass(frozen=True, slots=True)
class LineCell:
    row: BillRow
    cells: list[FigureCell]


def bill_list(request: HttpRequest) -> HttpResponse:
    """List customs' bills, the latest first."""
    filters = BillFilters.of(request.GET.dict())
    page = listing.bill_page(filters, newer=request.GET.get("newer", ""), older=request.GET.get("older", ""))
    differing, unknown = bills.counts()
    context = {
        "filters": filters,
        "bills": [BillCell(one) for one in page.rows],
        "statuses": [*Status.choices, (listing.NO_STATUS, _("Not told yet"))],
        "comparisons": Comparison.choices,
        "differing": differing,
        "unknown": unknown,
        **_neighbours(filters, page.newer, page.older),
    }
    return _page(request, "tax_bills", context, "tax_bills")


def bill(request: HttpRequest, bill_id: uuid.UUID) -> HttpResponse:
    """Show one bill's lines beside our figures, what differs marked."""
    found = _find(bill_id)
    rows = listing.side_by_side(found)
    cell = BillCell(found)
    context = {
        "cell": cell,
        "bill": found,
        "rows": [LineCell(row, _cells(row)) for row in rows],
        "figures": FIGURES.items(),
        "differs": found.comparison == Comparison.DIFFERS,
        "balance": _money(guarantee.balance(found.declaration)) if found.declaration else None,
        "receipts": _receipts(found),
        "trail": [Way(_("Tax bills"), reverse("console:customs:tax_bills")), Way(found.tax_no)],
    }
    return _page(request, "tax_bill", context, "tax_bills")


def _find(bill_id: uuid.UUID) -> TaxBill:
    return get_object_or_404(bills.listed(), pk=bill_id)


def _cells(row: BillRow) -> list[FigureCell]:
    return [
        FigureCell(str(FIGURES[name]), _money(pair.ours), _money(pair.theirs), pair.differs)
        for name, pair in row.pairs.items()
    ]


def _receipts(found: TaxBill) -> list[Receipt]:
    """Return the messages that this bill is made of, the latest first."""
    told = Receipt.objects.filter(message__in=("CEB816Message", "CEB818Message"))
    told = told.alias(tax_no=KeyTextTransform("taxNo", "raw")).filter(tax_no=found.tax_no)
    return list(told.order_by("-returned_at")[:RECEIPTS_SHOWN])


def bills_download(request: HttpRequest, form: Form) -> HttpResponseBase:
    return exporting.response(tables.bill_table(BillFilters.of(request.GET.dict())), form)


def bill_download(request: HttpRequest, bill_id: uuid.UUID, form: Form) -> HttpResponseBase:
    return exporting.response(tables.one_bill(_find(bill_id)), form)


@dataclass(frozen=True, slots=True)
class Owed:
    """A declaration's bills and what it occupies, for its page."""

    bills: list[BillCell]
    own: Money | None
    balance: Money

    @property
    def anything(self) -> bool:
        return bool(self.bills) or self.own is not None


def of_declaration(declaration: Declaration) -> Owed:
    """Return what is owed for a declaration as far as it is known."""
    kept = getattr(declaration, "figures", None)
    return Owed(
        [BillCell(one) for one in declaration.tax_bills.order_by("-received_at")],
        _money(figures.total(kept.lines.all()).total) if kept else None,
        Money(guarantee.balance(declaration), "CNY"),
    )


# -- the guarantee ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DayCell:
    """A day of the account with its place in the drawing."""

    day: date
    occupied: Money
    freed: Money
    balance: Money
    x: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class EntryCell:
    entry: GuaranteeEntry
    amount: Money
    balance: Money


def guarantee_account(request: HttpRequest) -> HttpResponse:
    """Show what is occupied by guarantor, how the last thirty days went, and the entries."""
    filters = EntryFilters.of(request.GET.dict())
    page = listing.entry_page(filters, newer=request.GET.get("newer", ""), older=request.GET.get("older", ""))
    totals = guarantee.by_guarantor()
    occupied = (
        totals.get(filters.guarantor, _NOTHING) if filters.guarantor else sum(totals.values(), _NOTHING)
    )
    found = account.of(filters.guarantor, occupied)
    context = {
        "filters": filters,
        "guarantors": [(one, Money(sum_, "CNY")) for one, sum_ in totals.items()],
        "occupied": Money(found.occupied, "CNY"),
        "days": _days(found),
        "kinds": GuaranteeEntry.Kind.choices,
        "width": account.DAYS * BAR,
        "bar": BAR - 1,
        "height": HEIGHT,
        "entries": [EntryCell(one, Money(one.amount, "CNY"), Money(one.balance, "CNY")) for one in page.rows],
        **_neighbours(filters, page.newer, page.older),
    }
    return _page(request, "guarantee", context, "guarantee")


def _days(found: account.Account) -> list[DayCell]:
    highest = found.highest or Decimal(1)
    cells = []
    for place, one in enumerate(found.days):
        height = round(float(one.balance / highest) * HEIGHT, 1)
        height = max(height, 1.0) if one.balance else 0.0
        cells.append(
            DayCell(
                one.day,
                Money(one.occupied, "CNY"),
                Money(one.freed, "CNY"),
                Money(one.balance, "CNY"),
                place * BAR,
                HEIGHT - height,
                height,
            )
        )
    return cells


def entries_download(request: HttpRequest, form: Form) -> HttpResponseBase:
    return exporting.response(tables.entry_table(EntryFilters.of(request.GET.dict())), form)


# -- the payment run -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DueCell:
    due: payment_run.Due
    total: Money
    source: str
    bill_url: str
    list_url: str


def tax_run(request: HttpRequest) -> HttpResponse:
    """Show the lists whose tax is to be paid on a day, with sums by agent and guarantor."""
    day = _day_of(request)
    found = payment_run.run(day)
    windows = in_force.windows(day)
    context = {
        "day": day,
        "run": found,
        "sums": [(one, _money(one.total)) for one in found.sums],
        "total": Money(sum((one.total for one in found.sums), Decimal(0)), "CNY"),
        "dues": _dues(found.shown),
        "left_out": found.lists - len(found.shown),
        "windows": windows,
    }
    return _page(request, "tax_run", context, "tax_run")


def _dues(dues: list[payment_run.Due]) -> list[DueCell]:
    """Return lists with the way to their bills and declarations, in two queries."""
    declarations = dict(
        Declaration.objects.filter(invt_no__in=[one.invt_no for one in dues]).values_list("invt_no", "pk")
    )
    known = dict(TaxBill.objects.filter(tax_no__in=[one.tax_no for one in dues]).values_list("tax_no", "pk"))
    return [
        DueCell(
            one,
            Money(one.total, "CNY"),
            str(SOURCES[one.source]),
            reverse("console:customs:tax_bill", args=[known[one.tax_no]]) if one.tax_no in known else "",
            reverse("console:customs:declaration", args=[declarations[one.invt_no]])
            if one.invt_no in declarations
            else "",
        )
        for one in dues
    ]


def run_download(request: HttpRequest, form: Form) -> HttpResponseBase:
    return exporting.response(tables.run_table(_day_of(request)), form)


def _day_of(request: HttpRequest) -> date:
    """Return the day that is asked for, today in China when none or none that is one."""
    form = DayForm(request.GET)
    given = form.cleaned_data.get("day") if form.is_valid() else None
    return given or clock.china_today()


# -- what the three share --------------------------------------------------------------------------------------


def _neighbours(filters: listing.Filters, newer: str, older: str) -> dict[str, str]:
    return {
        "newer_url": filters.query(newer=newer) if newer else "",
        "older_url": filters.query(older=older) if older else "",
    }


def _page(request: HttpRequest, template: str, context: dict[str, Any], current: str) -> HttpResponse:
    parts = [
        Way(text, reverse(f"console:customs:{name}"), name == current)
        for name, text in (
            ("tax_bills", _("Tax bills")), ("guarantee", _("Guarantee")), ("tax_run", _("To be paid")),
        )
    ]  # fmt: skip
    return frame.page(request, template, {"parts": parts, **context}, tab="tax_bills")
