"""Reading bills and guarantee entries for people: filters that stand in an address, pages, lines side by side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from saleor_ext.core import clock, keyset

from ..tax import FEN
from . import bills, figures
from .models import GuaranteeEntry, TaxBill, TaxBillLine, TaxFigureLine

PAGE = 50
NO_STATUS = "none"
#: Names of the taxes of a line, in the order of a bill.
TAXES = ("duty", "consumption_tax", "vat")
_NUMBER = re.compile(r"[0-9A-Za-z-]{1,64}")


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a list; values that mean nothing are dropped when an address is read."""

    @property
    def given(self) -> dict[str, str]:
        """The filters that narrow the list, by name."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name))}

    def query(self, **changes: str) -> str:
        """Return the list's address with some filters changed and further names added."""
        names = {one.name for one in fields(self)}
        mine = {name: value for name, value in changes.items() if name in names}
        others = {name: value for name, value in changes.items() if name not in names and value}
        return "?" + urlencode({**replace(self, **mine).given, **others})


@dataclass(frozen=True, slots=True)
class BillFilters(Filters):
    """``number``: beginning of a bill's, list's or payment document's number, or an order number. Days are China's."""

    status: str = ""
    comparison: str = ""
    number: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Self:
        return cls(
            status=_known(given, "status", {*TaxBill.Status.values, NO_STATUS}),
            comparison=_known(given, "comparison", TaxBill.Comparison.values),
            number=_number(given),
            since=_day(given, "since"),
            until=_day(given, "until"),
        )


@dataclass(frozen=True, slots=True)
class EntryFilters(Filters):
    """``number``: beginning of a list's or order's number or of what an entry was booked for."""

    guarantor: str = ""
    kind: str = ""
    number: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Self:
        return cls(
            guarantor=given.get("guarantor", "").replace("\x00", "")[:64],
            kind=_known(given, "kind", GuaranteeEntry.Kind.values),
            number=_number(given),
            since=_day(given, "since"),
            until=_day(given, "until"),
        )


def matching_bills(filters: BillFilters) -> QuerySet[TaxBill]:
    """Return the bills of some filters with their declarations and lines, in no order."""
    found = TaxBill.objects.select_related("declaration").all()
    if filters.status:
        found = found.filter(status="" if filters.status == NO_STATUS else filters.status)
    if filters.comparison:
        found = found.filter(comparison=filters.comparison)
    if filters.number:
        begins = Q(declaration__order_no=filters.number)
        for column in ("tax_no", "invt_no", "ent_duty_no"):
            begins |= Q(**{f"{column}__startswith": filters.number})
        found = found.filter(begins)
    return _within(found, "received_at", filters.since, filters.until)


def matching_entries(filters: EntryFilters) -> QuerySet[GuaranteeEntry]:
    """Return the guarantee entries of some filters with their declarations, in no order."""
    found = GuaranteeEntry.objects.select_related("declaration").all()
    if filters.guarantor:
        found = found.filter(guarantor=filters.guarantor)
    if filters.kind:
        found = found.filter(kind=filters.kind)
    if filters.number:
        begins = Q(document__startswith=filters.number)
        for column in ("order_no", "invt_no", "cop_no"):
            begins |= Q(**{f"declaration__{column}__startswith": filters.number})
        found = found.filter(begins)
    return _within(found, "at", filters.since, filters.until)


def bill_page(filters: BillFilters, *, newer: str = "", older: str = "") -> keyset.Page[TaxBill]:
    """Return a page of bills, the latest received first."""
    found = matching_bills(filters)
    return keyset.newest_first(
        found, "received_at", lambda one: one.received_at, newer=newer, older=older, size=PAGE
    )


def entry_page(filters: EntryFilters, *, newer: str = "", older: str = "") -> keyset.Page[GuaranteeEntry]:
    """Return a page of guarantee entries, the latest first."""
    found = matching_entries(filters)
    return keyset.newest_first(found, "at", lambda one: one.at, newer=newer, older=older, size=PAGE)


# -- one bill beside our figures -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """One figure of both sides, in CNY to the fen; None where a side has none. ``differs`` only when both could."""

    ours: Decimal | None
    theirs: Decimal | None
    differs: bool


@dataclass(frozen=True, slots=True)
class BillRow:
    """A line of a bill, or its sum (``gnum`` None): dutiable value, the three taxes and their sum."""

    gnum: int | None
    gcode: str
    own_code: str
    pairs: dict[str, Pair]

    @property
    def differs(self) -> bool:
        return any(pair.differs for pair in self.pairs.values())


def side_by_side(bill: TaxBill) -> list[BillRow]:
    """Return the lines of a bill and of our figures by number, the sum last; one side may be missing whole."""
    kept = getattr(bill.declaration, "figures", None) if bill.declaration else None
    ours = {line.gnum: line for line in kept.lines.all()} if kept else {}
    theirs = {line.gnum: line for line in bill.lines.all()}
    comparable = bills.compare(bill) is not None
    rows = [
        _row(gnum, ours.get(gnum), theirs.get(gnum), comparable)
        for gnum in sorted(ours.keys() | theirs.keys())
    ]
    own_sum = _figures(
        sum((line.dutiable_value for line in ours.values()), Decimal(0)), figures.total(ours.values())
    )
    return [*rows, BillRow(None, "", "", _pairs(own_sum if kept else {}, _whole(bill), comparable))]


def _row(gnum: int, own: TaxFigureLine | None, billed: TaxBillLine | None, comparable: bool) -> BillRow:
    mine = _figures(own.dutiable_value, figures.taxes_of(own)) if own else {}
    said = (
        _figures(billed.tax_price, figures.Taxes(billed.duty, billed.consumption_tax, billed.vat))
        if billed
        else {}
    )
    return BillRow(
        gnum, billed.gcode if billed else "", own.hs_code if own else "", _pairs(mine, said, comparable)
    )


def _whole(bill: TaxBill) -> dict[str, Decimal]:
    """Return the sums of a bill's head; the value of its lines, for the head has none."""
    if bill.duty is None or bill.consumption_tax is None or bill.vat is None:
        return {}
    value = sum((line.tax_price for line in bill.lines.all()), Decimal(0))
    return _figures(value, figures.Taxes(bill.duty, bill.consumption_tax, bill.vat))


def _figures(value: Decimal, taxes: figures.Taxes) -> dict[str, Decimal]:
    found = {"value": value, **{name: getattr(taxes, name) for name in TAXES}, "total": taxes.total}
    return {name: figure.quantize(FEN, ROUND_HALF_UP) for name, figure in found.items()}


def _pairs(ours: Mapping[str, Decimal], theirs: Mapping[str, Decimal], comparable: bool) -> dict[str, Pair]:
    return {
        name: Pair(ours.get(name), theirs.get(name), comparable and ours.get(name) != theirs.get(name))
        for name in ("value", *TAXES, "total")
    }


# -- reading addresses -----------------------------------------------------------------------------------------


def _known(given: Mapping[str, str], name: str, values: Any) -> str:
    value = given.get(name, "")
    return value if value in values else ""


def _number(given: Mapping[str, str]) -> str:
    number = "".join(given.get("number", "").split())
    return number if _NUMBER.fullmatch(number) else ""


def _day(given: Mapping[str, str], name: str) -> str:
    try:
        return date.fromisoformat(given.get(name, "")).isoformat()
    except ValueError:
        return ""


def _within(found: QuerySet[Any], column: str, since: str, until: str) -> QuerySet[Any]:
    """Narrow to days in China, both included."""
    if since:
        found = found.filter(**{f"{column}__gte": midnight(date.fromisoformat(since))})
    if until and until != date.max.isoformat():
        found = found.filter(**{f"{column}__lt": midnight(date.fromisoformat(until) + timedelta(days=1))})
    return found


def midnight(day: date) -> datetime:
    """Return the first instant of a day in China."""
    return datetime.combine(day, time(), clock.CHINA)
