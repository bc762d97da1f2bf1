"""Statements as PDF: the same figures as elsewhere, amounts right-aligned, a head and a number on each page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from reportlab.pdfbase.pdfmetrics import stringWidth

from saleor_ext.core.money import Money
from saleor_ext.settlement import statement_pdf
from saleor_ext.settlement.ledger import credit, debit, post
from saleor_ext.settlement.statements import Statement

from .conftest import PAID_AT, make_parcel, moved, new_key
from .pdf_text import Text, pages
from .test_statements import run

START, END = date(2026, 11, 1), date(2026, 11, 30)


def owe(amount: str, days: int) -> None:
    money = Money(amount, "CNY")
    legs = [debit("unassigned", money), credit("merchant.bakery.pending", money)]
    post(new_key(), "assigned", legs, at=PAID_AT + timedelta(days=days))


def rows(page: list[Text]) -> list[list[str]]:
    """Return the strings of each line of a page, from the top; parts in two fonts are two strings."""
    heights = sorted({one.y for one in page}, reverse=True)
    return [[one.text for one in page if one.y == y] for y in heights]


def written(tmp_path: Path, language: str) -> list[list[Text]]:
    file = tmp_path / f"{language}.pdf"
    statement_pdf.write(Statement("bakery", "CNY", START, END), language, file)
    return pages(file)


def test_a_sale_and_a_refund_stand_between_two_balances(tell: Callable[..., None], tmp_path: Path) -> None:
    owe("1234.50", -20)
    make_parcel()
    tell(moved("captured", "1", "196.38"))
    tell(moved("refunded", "1", "10.00", at=PAID_AT + timedelta(days=1)))
    (page,) = written(tmp_path, "en")
    lines = rows(page)
    assert lines[:4] == [
        ["Statement bakery CNY"],
        ["Period 2026-11-01 - 2026-11-30"],
        ["Date", "Order", "Kind", "Gross", "Commission", "Fee", "Net", "Balance", "Journal", "Reference"],
        ["Opening balance", "1,234.50"],
    ]
    assert lines[4][:8] == ["2026-11-11", "1", "Sale", "160.00", "0.00", "0.00", "160.00", "1,394.50"]
    assert lines[5][:8] == ["2026-11-12", "1", "Refund", "-8.15", "0.00", "0.00", "-8.15", "1,386.35"]
    assert lines[6:] == [
        ["Sum", "Sale", "160.00"],
        ["Sum", "Refund", "-8.15"],
        ["Closing balance", "1,386.35"],
        ["Page 1 / 1"],
    ]
    ends = {
        round(one.x + stringWidth(one.text, one.font, 7), 1)
        for one in page
        if one.text in ("160.00", "-8.15")
    }
    assert ends == {292.0, 457.0}, "gross and net end where their columns do"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("pt", {"Saldo inicial", "Comissão", "Lançamento", "Saldo final", "Página 1 / 1"}),
        ("zh-Hant", {"期初結餘", "佣金", "分錄", "銷售", "期末結餘", "頁", " 1 / 1"}),
    ],
)
def test_words_are_in_the_language_and_its_font(language: str, words: set[str], tmp_path: Path) -> None:
    owe("152.00", 0)
    (page,) = written(tmp_path, language)
    assert words <= {one.text for one in page}
    for one in page:
        assert one.font == ("Helvetica" if one.text.encode("cp1252", "ignore") else "MSung-Light")


def test_each_page_has_the_head_and_its_number(tmp_path: Path) -> None:
    for _ in range(60):
        owe("1.00", 0)
    found = [rows(page) for page in written(tmp_path, "en")]
    assert [page[-1] for page in found] == [["Page 1 / 2"], ["Page 2 / 2"]]
    assert all(page[2][0] == "Date" for page in found)
    said = [line for page in found for line in page if line[0] == "2026-11-11"]
    assert [line[6] for line in said] == [f"{n}.00" for n in range(1, 61)]
    assert found[1][-2] == ["Closing balance", "60.00"]


def test_what_is_too_long_is_shortened_and_every_letter_has_a_font() -> None:
    assert statement_pdf.fitted("4" * 60, 94) == "4" * 22 + "..."
    assert statement_pdf.fitted("short", 94) == "short"
    assert list(statement_pdf.runs("頁 1 ção")) == [("MSung-Light", "頁"), ("Helvetica", " 1 ção")]


def test_the_command_writes_a_pdf(tmp_path: Path) -> None:
    owe("152.00", 0)
    file = tmp_path / "statement.pdf"
    period = ["--from", "2026-11-01", "--to", "2026-11-30", "-o", str(file)]
    assert run("statement", "bakery", "--format", "pdf", "--language", "pt", *period) == 0
    (page,) = pages(file)
    assert ["Saldo final", "152.00"] in rows(page)


def test_chinese_is_written_in_the_encoding_of_its_font(tmp_path: Path) -> None:
    written(tmp_path, "zh-Hant")
    content = (tmp_path / "zh-Hant.pdf").read_bytes()
    # A reader finds no glyphs by an encoding of another collection.
    assert b"/Encoding /UniCNS-UCS2-H" in content and b"/Ordering (CNS1)" in content
    assert b"UniGB" not in content
