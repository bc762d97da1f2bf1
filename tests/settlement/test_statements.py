"""Statements say every line, and end where the ledger does."""

from __future__ import annotations

import argparse
import json
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from saleor_ext.core.money import Money
from saleor_ext.settlement import cli, ledger, statement_json, statements
from saleor_ext.settlement.ledger import credit, debit, post
from saleor_ext.settlement.models import FxRate
from saleor_ext.settlement.statements import Statement

from .conftest import PAID_AT, make_parcel, moved, new_key

START, END = date(2026, 11, 1), date(2026, 11, 30)


def line(statement: dict[str, Any], number: int) -> tuple[str, ...]:
    row = statement["lines"][number]
    return tuple(
        row[name] for name in ("day", "order", "kind", "gross", "commission", "fee", "net", "balance")
    )


def owe(amount: str, days: int, merchant: str = "bakery") -> None:
    money = Money(amount, "CNY")
    legs = [debit("unassigned", money), credit(f"merchant.{merchant}.pending", money)]
    post(new_key(), "assigned", legs, at=PAID_AT + timedelta(days=days))


def test_a_sale_and_a_refund_are_lines_between_two_balances(tell: Callable[..., None]) -> None:
    owe("7.00", -20)
    owe("9.00", 20)
    owe("5.00", 0, "stranger")
    make_parcel()
    tell(moved("captured", "1", "196.38"))
    tell(moved("refunded", "1", "10.00", at=PAID_AT + timedelta(days=1)))
    said = json.loads("".join(statement_json.chunks(Statement("bakery", "CNY", START, END))))
    assert (said["opening"], said["closing"], len(said["lines"])) == ("7.00", "158.85", 2)
    assert line(said, 0) == ("2026-11-11", "1", "assigned", "160.00", "0.00", "0.00", "160.00", "167.00")
    assert line(said, 1) == ("2026-11-12", "1", "refunded", "-8.15", "0.00", "0.00", "-8.15", "158.85")
    assert said["sums"] == {"assigned": "160.00", "refunded": "-8.15"}
    assert ledger.balance("merchant.bakery.pending", "CNY") == Money("167.85", "CNY")


def test_commission_has_its_own_column() -> None:
    kept = Money("8.00", "CNY")
    legs = [debit("merchant.bakery.pending", kept), credit("commission.revenue", kept)]
    post(new_key(), "commission", legs, at=PAID_AT)
    said = json.loads("".join(statement_json.chunks(Statement("bakery", "CNY", START, END))))
    assert line(said, 0) == ("2026-11-11", "", "commission", "0.00", "-8.00", "0.00", "-8.00", "-8.00")


def test_days_are_chinas_and_both_ends_count() -> None:
    owe("1.00", 0)
    day = date(2026, 11, 11)
    assert len(list(statements.lines("bakery", "CNY", day, day))) == 1
    assert not list(statements.lines("bakery", "CNY", day + timedelta(days=1), END))
    assert not list(statements.lines("bakery", "HKD", day, day))


def test_a_journal_that_comes_in_between_is_found_out() -> None:
    owe("1.00", 0)
    statement = Statement("bakery", "CNY", START, END)
    reading = statement.lines()
    next(reading)
    owe("2.00", -5)
    with pytest.raises(statements.Changed):
        list(reading)


def test_long_statements_tell_how_far_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "PROGRESS", 2)
    told: list[int] = []
    for day in range(5):
        owe("1.00", day)
    assert len(list(Statement("bakery", "CNY", START, END, told.append).lines())) == 5
    assert told == [2, 4]


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    cli.register(parser.add_subparsers())
    arguments = parser.parse_args(["ledger", *words])
    return int(arguments.func(arguments))


@pytest.mark.parametrize(
    ("language", "word"), [("en", "Opening balance"), ("pt", "Saldo inicial"), ("zh-Hant", "期初結餘")]
)
def test_the_command_writes_workbooks_in_three_languages(
    language: str, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    owe("152.00", 0)
    file = tmp_path / "statement.xlsx"
    period = ["--from", "2026-11-01", "--to", "2026-11-30", "-o", str(file)]
    assert run("statement", "bakery", "--format", "xlsx", "--language", language, *period) == 0
    assert json.loads(capsys.readouterr().out) == {"file": str(file), "lines": 1, "closing": "152.00"}
    with zipfile.ZipFile(file) as book:
        root = etree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    cells = {str(one.get("r")): "".join(one.itertext()) for one in root.iter("{*}c")}
    assert (cells["A3"], cells["G5"], cells["H5"], cells["B7"]) == (word, "152", "152", "152")


def test_the_commands_of_payouts_answer_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("payouts", "draft", "--day", "2026-12-01", "--currency", "CNY", "--actor", "ann") == 1
    assert json.loads(capsys.readouterr().out)["error"] == "payout_nothing"
    assert run("payouts", "show", "00000000-0000-0000-0000-000000000000") == 1
    assert json.loads(capsys.readouterr().out)["error"] == "payout_unknown"


def test_rates_are_entered_by_one_and_released_by_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("base,quote,day,rate,source\nCNY,HKD,2026-11-10,1.0912,HKMA\n")
    assert [run("rates", str(file), "--check"), run("rates", str(file), "--actor", "Ann")] == [0, 0]
    first, second = told(capsys)
    assert [(one["new"], one["same"]) for one in (first, second)] == [(1, 0), (1, 0)]
    assert (first["change"], FxRate.objects.count()) == (None, 0)
    change = str(second["change"])
    assert [run("terms", "show"), run("terms", "release", change, "--actor", "ann ")] == [0, 1]
    shown, refused = told(capsys)
    assert [(one["change"], one["kind"], one["new"]) for one in shown["changes"]] == [(change, "rates", 1)]
    assert refused["error"] == "terms_four_eyes"
    assert run("terms", "release", change, "--actor", "bob") == 0
    assert (told(capsys)[0]["state"], FxRate.objects.get().rate) == ("released", Decimal("1.0912"))
    assert run("terms", "refuse", change, "--actor", "bob", "--reason", "late") == 1
    assert run("terms", "release", "00000000-0000-0000-0000-000000000000", "--actor", "bob") == 1
    assert [one["error"] for one in told(capsys)] == ["terms_decided", "terms_unknown"]
    assert run("rates", str(file), "--actor", "ann") == 0
    assert [(one["new"], one["same"], one["change"]) for one in told(capsys)] == [(0, 1, None)]
    file.write_text(file.read_text().replace("1.0912", "1.0913"))
    assert run("rates", str(file), "--actor", "ann") == 1
    assert run("rates", str(file.with_name("none.csv")), "--check") == 1


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]
