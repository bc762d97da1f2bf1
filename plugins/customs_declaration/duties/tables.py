"""Bills, guarantee entries and the payment run as tables for spreadsheets. Amounts in CNY, days and times China's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from saleor_ext.core import clock

from ..exporting import Cell, Table
from . import bills, payment_run
from .listing import BillFilters, BillRow, EntryFilters, matching_bills, matching_entries, side_by_side
from .models import GuaranteeEntry, TaxBill
from .payment_run import Due

BILL_COLUMNS = (
    "tax_no", "invt_no", "order_no", "received_at", "status", "ent_duty_no", "comparison", "gnum", "gcode",
    "own_gcode", "value", "own_value", "duty", "own_duty", "consumption_tax", "own_consumption_tax", "vat", "own_vat",
    "total", "own_total", "differs",
)  # fmt: skip
ENTRY_COLUMNS = (
    "at", "guarantor", "kind", "amount", "declaration_balance", "document", "order_no", "invt_no",
)  # fmt: skip
RUN_COLUMNS = (
    "invt_no", "order_no", "released", "due_from", "due_until", "state", "tax_no", "duty", "consumption_tax", "vat",
    "total", "figures", "agent", "guarantor", "return_open",
)  # fmt: skip


def bill_table(filters: BillFilters) -> Table:
    """Return the lines of all bills of some filters beside our own; the sum of a bill has no line number."""
    found = matching_bills(filters).select_related("declaration__figures")
    found = found.prefetch_related("lines", "declaration__figures__lines").order_by("received_at", "tax_no")
    rows = (_bill_row(bill, row) for bill in found.iterator(bills.BATCH) for row in side_by_side(bill))
    return Table(f"tax-bills-{clock.china_today():%Y-%m-%d}", BILL_COLUMNS, rows)


def one_bill(bill: TaxBill) -> Table:
    """Return one bill's lines beside our own."""
    rows = (_bill_row(bill, row) for row in side_by_side(bill))
    safe = "".join(sign for sign in bill.tax_no if sign.isascii() and sign.isalnum())
    return Table(f"tax-bill-{safe}", BILL_COLUMNS, rows)


def _bill_row(bill: TaxBill, row: BillRow) -> list[Cell]:
    figures: list[Cell] = []
    for pair in row.pairs.values():
        figures += [pair.theirs, pair.ours]
    order_no = bill.declaration.order_no if bill.declaration else ""
    return [
        bill.tax_no, bill.invt_no, order_no, bill.received_at, bill.status, bill.ent_duty_no, bill.comparison,
        row.gnum, row.gcode, row.own_code, *figures, row.differs,
    ]  # fmt: skip


def entry_table(filters: EntryFilters) -> Table:
    """Return guarantee entries in the order in which they were booked."""
    found = matching_entries(filters).order_by("at", "pk")
    rows = (_entry_row(one) for one in found.iterator(bills.BATCH))
    return Table(f"guarantee-{clock.china_today():%Y-%m-%d}", ENTRY_COLUMNS, rows)


def _entry_row(one: GuaranteeEntry) -> list[Cell]:
    of = one.declaration
    return [one.at, one.guarantor, one.kind, one.amount, one.balance, one.document, of.order_no, of.invt_no]


def run_table(day: date) -> Table:
    """Return the lists whose tax is to be paid on a day."""
    return Table(f"tax-run-{day.isoformat()}", RUN_COLUMNS, run_rows(payment_run.due_on(day)))


def run_rows(dues: Iterable[Due]) -> Iterator[list[Cell]]:
    """Yield the cells of each list."""
    for due in dues:
        taxes = due.taxes
        yield [
            due.invt_no, due.order_no, due.released, due.due_from, due.due_until, due.state, due.tax_no,
            taxes.duty, taxes.consumption_tax, taxes.vat, due.total, due.source, due.agent, due.guarantor,
            due.return_open,
        ]  # fmt: skip
