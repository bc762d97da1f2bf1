"""The reconciliation as CSV and JSON. Cells that a spreadsheet would take for a formula are made text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from saleor_ext.core import clock

from .reconciliation import Row

COLUMNS = (
    "paid_at", "parcel", "lane", "parcel_state", "paid",
    "payment_state", "payment_no", "payment_order_no", "payment_amount",
    "waybill_no", "order_no", "order_state", "order_paid",
    "list_state", "list_order_no", "list_waybill_no", "pre_no", "invt_no",
    "tax_collected", "tax_declared", "tax_bill", "differences",
)  # fmt: skip
#: A spreadsheet reads UTF-8 only with a mark.
MARK = "\ufeff"
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


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


def csv_lines(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a CSV file, one a parcel, with a head."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)

    def line(cells: Iterable[str]) -> str:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(cells)
        return buffer.getvalue()

    yield MARK + line(COLUMNS)
    for row in rows:
        values = as_dict(row)
        values["differences"] = " ".join(values["differences"])
        yield line(guarded("" if values[name] is None else str(values[name])) for name in COLUMNS)


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet runs: an apostrophe goes before what begins like a formula and is no number."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell
