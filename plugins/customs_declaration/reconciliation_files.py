"""The reconciliation as a table for spreadsheets and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from saleor_ext.core import clock

from . import exporting
from .exporting import Cell, Table
from .reconciliation import Row

COLUMNS = (
    "paid_at", "parcel", "lane", "parcel_state", "paid",
    "payment_state", "payment_no", "payment_order_no", "payment_amount",
    "waybill_no", "order_no", "order_state", "order_paid",
    "list_state", "list_order_no", "list_waybill_no", "pre_no", "invt_no",
    "tax_collected", "tax_declared", "tax_bill", "differences",
)  # fmt: skip


def as_dict(row: Row) -> dict[str, Any]:
    """Return a row with plain values: amounts as text with two decimals, null where there is nothing."""

    def plain(value: Any) -> Any:
        if isinstance(value, Decimal):
            return f"{value:.2f}"
        return value

    values = {name: plain(getattr(row, name)) for name in COLUMNS if hasattr(row, name)}
    return {
        **values,
        "paid_at": row.paid_at.astimezone(clock.CHINA).isoformat(timespec="seconds"),
        "parcel": row.number,
        "differences": list(row.differences),
    }


def table(rows: Iterable[Row], day: date | None = None) -> Table:
    """Return a day as a table, one row a parcel, amounts with two decimals."""
    name = f"customs-{day.isoformat()}" if day else "customs"
    return Table(name, COLUMNS, (_cells(row) for row in rows))


def _cells(row: Row) -> list[Cell]:
    special: dict[str, Cell] = {"parcel": row.number, "differences": " ".join(row.differences)}
    return [special[name] if name in special else _cell(getattr(row, name)) for name in COLUMNS]


def _cell(value: Any) -> Cell:
    return Decimal(f"{value:.2f}") if isinstance(value, Decimal) else value


def csv_lines(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a CSV file, one a parcel, with a head."""
    return exporting.csv_lines(table(rows))
