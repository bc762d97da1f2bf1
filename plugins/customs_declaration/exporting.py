"""Tables for spreadsheets: CSV for any program, XLSX with typed cells. Neither is ever whole in memory.

Columns have the names that the commands print, in no language. Text that a spreadsheet would take for a formula stays
text: CSV has nothing but an apostrophe for that; a workbook's cell is of type text and is marked as quoted, so that it
stays text also when a person edits it. Moments are told in China's time.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Literal, cast

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from saleor_ext.core import clock

Cell = str | int | Decimal | date | datetime | bool | None
Form = Literal["csv", "xlsx"]
FORMS: tuple[Form, ...] = ("csv", "xlsx")

#: A spreadsheet reads UTF-8 only with a mark.
MARK = "\ufeff"
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
#: What one sheet holds by the file format, head included; more goes on in the next one.
SHEET_ROWS = 1_048_576
#: The longest text of a cell, by the file format.
CELL_CHARACTERS = 32_767
#: A workbook keeps numbers as binary fractions, exact to this many digits; longer ones are written as text.
EXACT_DIGITS = 15
WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Below this size a workbook is put together in memory, above in a temporary file.
_IN_MEMORY = 1024 * 1024
_WIDTH = 18
#: The file format's own number of the format "text".
_TEXT = 49


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns; ``name`` is the file's, without its ending."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def response(table: Table, form: Form) -> HttpResponseBase:
    """Return a table as a download that no cache keeps."""
    headers = {
        "Content-Disposition": f'attachment; filename="{table.name}.{form}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if form == "csv":
        return StreamingHttpResponse(
            csv_lines(table), content_type="text/csv; charset=utf-8", headers=headers
        )
    return FileResponse(workbook(table), content_type=WORKBOOK_TYPE, headers=headers)


# -- CSV -------------------------------------------------------------------------------------------------------


def csv_lines(table: Table) -> Iterator[str]:
    """Yield the lines of a CSV file with a head: amounts with a point, days and moments by ISO 8601."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)

    def line(cells: Iterable[str]) -> str:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(cells)
        return buffer.getvalue()

    yield MARK + line(table.columns)
    for row in table.rows:
        yield line(guarded(cell) if isinstance(cell, str) else _plain(cell) for cell in row)


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return cell.astimezone(clock.CHINA).isoformat(timespec="seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet runs: an apostrophe goes before what begins like a formula and is no number."""
    return f"'{cell}" if is_formula(cell) else cell


def is_formula(cell: str) -> bool:
    """Tell whether a spreadsheet would take a text for a formula."""
    return cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell)


# -- XLSX ------------------------------------------------------------------------------------------------------


def workbook(table: Table) -> IO[bytes]:
    """Return a workbook of one sheet, further ones where the rows do not fit, at its first byte.

    Rows go to a temporary file one by one. Decimals are numbers with the places they have, days and moments are
    dates, everything else is text, numbers of documents among it.
    """
    made = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115  # the caller closes it
    try:
        with Workbook(made, {"constant_memory": True, "strings_to_formulas": False}) as book:
            _Writer(book, table).write()
        made.seek(0)
    except BaseException:
        made.close()
        raise
    return made


class _Writer:
    """Writes a table's rows into a workbook, with one format for each kind of cell."""

    def __init__(self, book: Workbook, table: Table) -> None:
        self.book, self.table = book, table
        self.head = book.add_format({"bold": True, "bottom": 1})
        self.text = book.add_format({"num_format": _TEXT})
        self.quoted = book.add_format({"num_format": _TEXT, "quote_prefix": True})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.numbers: dict[int, Format] = {}

    def write(self) -> None:
        sheet, place = self._sheet(), 1
        for row in self.table.rows:
            if place == SHEET_ROWS:
                sheet, place = self._sheet(), 1
            for column, cell in enumerate(row):
                self._cell(sheet, place, column, cell)
            place += 1

    def _sheet(self) -> Worksheet:
        """Begin a sheet: its head stays in view."""
        sheet = self.book.add_worksheet()
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, max(len(self.table.columns) - 1, 0), _WIDTH)
        for column, name in enumerate(self.table.columns):
            sheet.write_string(0, column, name, self.head)
        return sheet

    def _cell(self, sheet: Worksheet, row: int, column: int, cell: Cell) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, bool):
            sheet.write_boolean(row, column, cell)
        elif isinstance(cell, datetime):
            sheet.write_datetime(row, column, cell.astimezone(clock.CHINA).replace(tzinfo=None), self.moment)
        elif isinstance(cell, date):
            sheet.write_datetime(row, column, datetime.combine(cell, time()), self.day)
        elif isinstance(cell, str):
            self._text(sheet, row, column, cell)
        elif len(Decimal(cell).as_tuple().digits) > EXACT_DIGITS:
            self._text(sheet, row, column, f"{cell:f}" if isinstance(cell, Decimal) else str(cell))
        else:
            sheet.write_number(row, column, float(cell), self._number(cell))

    def _text(self, sheet: Worksheet, row: int, column: int, cell: str) -> None:
        kept = cell[:CELL_CHARACTERS]
        sheet.write_string(row, column, kept, self.quoted if kept.startswith(_FORMULA) else self.text)

    def _number(self, cell: int | Decimal) -> Format:
        """Return the format with as many places as the number has."""
        exponent = cell.as_tuple().exponent if isinstance(cell, Decimal) else 0
        places = max(0, -exponent) if isinstance(exponent, int) else 0
        if places not in self.numbers:
            shape = "0." + "0" * places if places else "0"
            self.numbers[places] = self.book.add_format({"num_format": shape})
        return self.numbers[places]
