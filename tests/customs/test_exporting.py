"""Spreadsheets: every cell of its type, formulas stay text in both formats, the head stays in view."""

from __future__ import annotations

import io
import itertools
import re
import tracemalloc
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest
from python_calamine import CalamineWorkbook

from plugins.customs_declaration import exporting
from plugins.customs_declaration.exporting import Table, csv_lines, response, workbook

HEAD = ("number", "amount", "count", "day", "at", "text", "yes")
MOMENT = datetime(2026, 11, 23, 17, 30, 5, tzinfo=UTC)  # the 24th in China
ROW = ["0051652026000000012", D("12.50"), 3, date(2026, 11, 24), MOMENT, "=HYPERLINK(1)", True]


def packed(table: Table) -> bytes:
    with workbook(table) as made:
        return made.read()


def sheets(table: Table) -> list[list[list[object]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(packed(table)))
    return [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]


def part(table: Table, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(packed(table))) as book:
        return book.read(name).decode()


def test_cells_have_the_types_of_what_they_hold() -> None:
    ((head, row),) = sheets(Table("x", HEAD, [ROW]))
    assert tuple(head) == HEAD
    assert row == [
        "0051652026000000012", 12.5, 3.0, date(2026, 11, 24), datetime(2026, 11, 24, 1, 30, 5), "=HYPERLINK(1)", True,
    ]  # fmt: skip
    assert type(row[0]) is str and type(row[1]) is float


def test_amounts_show_their_places_and_days_their_shape() -> None:
    styles = part(Table("x", HEAD, [ROW]), "xl/styles.xml")
    assert set(re.findall(r'formatCode="([^"]+)"', styles)) == {"yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "0.00"}


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"])
def test_a_formula_stays_text_in_both_formats(text: str) -> None:
    table = Table("x", ("a",), [[text]])
    sheet = part(table, "xl/worksheets/sheet1.xml")
    assert "<f>" not in sheet and sheet.count('t="inlineStr"') == 2
    (style,) = re.findall(r'<c r="A2" s="(\d+)"', sheet)
    formats = re.findall(r"<xf [^>]*>", part(table, "xl/styles.xml").split("<cellXfs")[1])
    assert 'quotePrefix="1"' in formats[int(style)] and 'numFmtId="49"' in formats[int(style)]
    assert list(csv_lines(table))[1].strip('"\r\n').startswith("'")


@pytest.mark.parametrize(("text", "written"), [("-621004", "-621004"), ("-1.50", "-1.50"), ("a=1", "a=1")])
def test_what_is_no_formula_is_left_alone_in_csv(text: str, written: str) -> None:
    assert list(csv_lines(Table("x", ("a",), [[text]])))[1] == f"{written}\r\n"


def test_csv_says_the_same_in_words() -> None:
    first, second = csv_lines(Table("x", HEAD, [ROW]))
    assert first == "\ufeffnumber,amount,count,day,at,text,yes\r\n"
    assert second == "0051652026000000012,12.50,3,2026-11-24,2026-11-24T01:30:05+08:00,'=HYPERLINK(1),yes\r\n"
    assert list(csv_lines(Table("x", ("a", "b"), [[None, D("1E+3")]])))[1] == ",1000\r\n"


def test_the_head_is_frozen() -> None:
    sheet = part(Table("x", HEAD, []), "xl/worksheets/sheet1.xml")
    assert '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' in sheet


def test_a_number_too_long_for_a_workbook_is_kept_as_text() -> None:
    ((_head, row),) = sheets(Table("x", ("a", "b"), [[D("12345678901234.56"), D("1234567890123.45")]]))
    assert row == ["12345678901234.56", 1234567890123.45]


def test_rows_that_do_not_fit_go_on_in_another_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "SHEET_ROWS", 3)
    found = sheets(Table("x", ("a",), [[str(number)] for number in range(5)]))
    assert [[row[0] for row in sheet] for sheet in found] == [["a", "0", "1"], ["a", "2", "3"], ["a", "4"]]


def test_control_characters_and_long_texts_do_not_spoil_a_workbook() -> None:
    ((_head, row),) = sheets(Table("x", ("a", "b"), [["<&>\x01\x0b", "x" * 40_000]]))
    assert str(row[0]).startswith("<&>") and len(str(row[1])) == exporting.CELL_CHARACTERS


def test_a_large_table_needs_no_memory() -> None:
    rows = ([f"{number:019}", D("1.00"), "x" * 100] for number in itertools.count())
    for make in (
        lambda table: workbook(table).close(),
        lambda table: sum(len(line) for line in csv_lines(table)),
    ):
        tracemalloc.start()
        try:
            make(Table("x", ("a", "b", "c"), itertools.islice(rows, 8_000)))
            _now, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < 3 * 1024 * 1024


def test_a_download_is_named_and_kept_by_no_cache() -> None:
    for form, kind in (("csv", "text/csv; charset=utf-8"), ("xlsx", exporting.WORKBOOK_TYPE)):
        answer = response(Table("bills-2026", ("a",), [["1"]]), form)
        assert answer["Content-Disposition"] == f'attachment; filename="bills-2026.{form}"'
        assert (answer["Content-Type"], answer["Cache-Control"]) == (kind, "no-store")
        assert b"".join(answer.streaming_content)
        for close in answer._resource_closers:  # not answer.close(): that ends the request and its connection
            close()
