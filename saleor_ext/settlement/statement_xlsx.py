"""A statement as a workbook, written line by line: constant memory, whatever the number of lines."""

from __future__ import annotations

from pathlib import Path

from xlsxwriter import Workbook

from .statement_texts import COLUMNS, texts
from .statements import FIGURES, Statement

#: A sheet ends here by the file format; head, opening, closing and sums need some rows too.
ROWS = 1_048_000


def write(statement: Statement, language: str, path: Path) -> None:
    """Write a statement; lines that one sheet does not hold go on in the next.

    :raises ValueError: no such language
    """
    text = texts(language)
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    with Workbook(str(path), options) as book:
        money = book.add_format({"num_format": "#,##0.00"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet()
        sheet.set_column(0, len(COLUMNS) - 1, 16)
        sheet.write_row(0, 0, [text["statement"], statement.merchant, statement.currency])
        sheet.write_row(1, 0, [text["period"], statement.start.isoformat(), statement.end.isoformat()])
        sheet.write_string(2, 0, text["opening"])
        sheet.write_number(2, 1, float(statement.opening), money)
        sheet.write_row(3, 0, [text[name] for name in COLUMNS])
        row = 4
        for line in statement.lines():
            if row == ROWS:
                sheet, row = book.add_worksheet(), 1
                sheet.write_row(0, 0, [text[name] for name in COLUMNS])
            sheet.write_datetime(row, 0, line.day, day)
            sheet.write_string(row, 1, line.order)
            sheet.write_string(row, 2, text.get(line.kind, line.kind))
            for column, name in enumerate(FIGURES, start=3):
                sheet.write_number(row, column, float(getattr(line, name)), money)
            sheet.write_string(row, 8, str(line.journal))
            sheet.write_string(row, 9, line.reference)
            row += 1
        for kind, total in sorted(statement.sums.items()):
            sheet.write_string(row, 0, text["sum"])
            sheet.write_string(row, 2, text.get(kind, kind))
            sheet.write_number(row, 6, float(total), money)
            row += 1
        sheet.write_string(row, 0, text["closing"])
        sheet.write_number(row, 1, float(statement.closing), money)
