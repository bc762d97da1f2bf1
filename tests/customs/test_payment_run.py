"""Which lists' taxes are paid on a day: day 31 to 45 after release, without returns, by agent and guarantor."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import pytest
import time_machine

from plugins.customs_declaration.duties import payment_run
from plugins.customs_declaration.duties.figures import Taxes
from saleor_ext import cli

from . import lists
from .editions import approved
from .lists import bill, bill_of_rest, bill_status, declared, document, refund

pytestmark = pytest.mark.django_db
#: 1 January 2027 in China, ten minutes past midnight: still the year before in UTC.
RELEASED = datetime(2026, 12, 31, 16, 10, tzinfo=UTC)
FIRST, LAST = date(2027, 2, 1), date(2027, 2, 15)


@pytest.fixture(autouse=True)
def world(platform_of_tests, settings_of_customs):
    return platform_of_tests


def due(day: date = FIRST) -> list[payment_run.Due]:
    return list(payment_run.due_on(day))


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (FIRST - timedelta(days=1), None),
        (FIRST, False),
        (LAST, False),
        (LAST + timedelta(days=1), True),
        (LAST + timedelta(days=400), True),
    ],
)
def test_the_window_opens_on_day_31_and_ends_with_day_45(day: date, state: bool | None) -> None:
    declared(released=RELEASED)
    assert [one.overdue for one in due(day)] == ([] if state is None else [state])


def test_a_release_just_before_midnight_belongs_to_the_day_in_china() -> None:
    declared(released=RELEASED - timedelta(minutes=11))
    (found,) = due(FIRST - timedelta(days=1))
    assert (found.released, found.due_from, found.due_until) == (
        date(2026, 12, 31), date(2027, 1, 31), date(2027, 2, 14),
    )  # fmt: skip


def test_own_figures_stand_in_until_the_bill_comes_and_the_bill_is_the_truth() -> None:
    declared(released=RELEASED)
    (found,) = due()
    assert (found.source, found.taxes, found.total, found.tax_no) == (
        "own", Taxes(D("0.00"), D("8.19"), D("19.26")), D("27.45"), "",
    )  # fmt: skip
    bill(valueAddedTax="20.005", agentCode="4401960PT9")
    (found,) = due()
    assert (found.source, found.total, found.tax_no, found.agent) == ("bill", D("28.20"), "T1", "4401960PT9")


def test_without_figures_the_collected_sum_is_told_undivided() -> None:
    declared(kept=False, released=RELEASED)
    (found,) = due()
    assert (found.source, found.taxes, found.uneven, found.total) == (
        "collected",
        Taxes(),
        D("27.46"),
        D("27.46"),
    )


def test_what_is_paid_is_out_and_a_void_bill_does_not_count() -> None:
    declared(released=RELEASED)
    bill()
    bill_status(status="3")
    (found,) = due()
    assert (found.source, found.tax_no) == ("own", "")
    bill(tax_no="T2", after=30)
    (found,) = due()
    assert found.tax_no == "T2"
    bill_status(tax_no="T2", after=40)
    assert due() == []


def test_the_newest_of_two_bills_counts() -> None:
    declared(released=RELEASED)
    bill(tax_no="T1", after=10)
    bill(tax_no="T2", after=20, valueAddedTax="1.00")
    bill_status(tax_no="T3", status="1", after=30)
    (found,) = due()
    assert (found.tax_no, found.total) == ("T2", D("9.19"))


@pytest.mark.parametrize("with_bill", [False, True])
def test_returned_pieces_are_left_out_and_a_whole_return_altogether(with_bill: bool) -> None:
    declaration = declared(released=RELEASED)
    if with_bill:
        bill()
    asked = refund(declaration, {1: 2})
    (found,) = due()
    assert (found.total, found.return_open) == (D("27.45"), True)
    asked.state = "reviewed"
    asked.save()
    (found,) = due()
    assert (found.taxes, found.return_open) == (Taxes(D("0.00"), D("8.19"), D("13.51")), False)
    refund(declaration, {1: 1, 2: 1}, 2, "reviewed")
    assert due() == []


def test_a_bill_of_what_a_return_left_is_paid_as_it_is() -> None:
    declaration = declared(released=RELEASED)
    bill()
    refund(declaration, {1: 1}, 1, "reviewed")
    bill_status(status="3")
    bill_of_rest()
    (found,) = due()
    assert (found.tax_no, found.source) == ("T2", "bill")
    assert found.taxes == Taxes(D("0.00"), D("8.19"), D("16.39"))


@pytest.mark.parametrize(
    ("kind", "state", "counts"),
    [
        ("CEB621Message", "returned", False),
        ("CEB621Message", "closed", True),
        ("CEB623Message", "reviewed", False),
        ("CEB623Message", "rejected", True),
        ("CEB625Message", "rejected", True),
    ],
)
def test_lists_sent_back_or_withdrawn_owe_nothing(kind: str, state: str, counts: bool) -> None:
    declaration = declared(released=RELEASED)
    document(declaration, kind, state)
    assert len(due()) == counts


def test_what_is_not_released_owes_nothing_yet() -> None:
    declared()
    assert due(date(2030, 1, 1)) == []


def test_another_edition_of_the_windows_moves_the_days_of_its_releases() -> None:
    declared("PT1", released=RELEASED)
    declared("PT2", released=RELEASED + timedelta(days=1))
    with time_machine.travel(RELEASED, tick=False):
        approved(
            "returns",
            "apply_days = 10\narrive_days = 15\npay_from_day = 11\npay_until_day = 15",
            "2027-01-02",
        )
    assert [one.order_no for one in due(date(2027, 1, 12))] == []
    assert [one.order_no for one in due(date(2027, 1, 13))] == ["WPT2"]
    assert [(one.order_no, one.overdue) for one in due(FIRST)] == [("WPT1", False), ("WPT2", True)]


# -- command ---------------------------------------------------------------------------------------------------


def run(capsys, *words: str) -> tuple[int, dict]:
    code = cli.main(["customs", "tax-run", *words])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def _as_we_are(monkeypatch) -> None:
    monkeypatch.setattr(cli, "_prepare", lambda arguments: None)


@pytest.mark.usefixtures("_as_we_are")
def test_the_command_adds_up_by_agent_and_guarantor_and_writes_a_table(capsys, tmp_path) -> None:
    declared("PT1", released=RELEASED)
    declared("PT2", released=RELEASED - timedelta(days=1))
    declared("PT3", released=RELEASED)
    bill("PT3", "T3", assureCode="4401960PT8")
    table = tmp_path / "run.csv"
    code, found = run(capsys, "--on", "2027-02-15", "--csv", str(table))
    assert code == 1
    assert (found["on"], found["rule"]["standing"]) == ("2027-02-15", "second-hand")
    assert "2018-194" in found["rule"]["source"]
    assert [(one["invt_no"], one["state"], one["total"]) for one in found["lists"]] == [
        (lists.invt_no("PT2"), "overdue", "27.45"),
        (lists.invt_no("PT1"), "due", "27.45"),
        (lists.invt_no("PT3"), "due", "27.45"),
    ]
    assert found["lists"][1] == {
        "invt_no": lists.invt_no("PT1"), "order_no": "WPT1", "released": "2027-01-01", "due_from": "2027-02-01",
        "due_until": "2027-02-15", "state": "due", "tax_no": "", "duty": "0.00", "consumption_tax": "8.19",
        "vat": "19.26", "total": "27.45", "figures": "own", "agent": "4401960PT2", "guarantor": "4401960PT2",
        "return_open": False,
    }  # fmt: skip
    assert found["totals"] == [
        {"agent": "4401960PT2", "guarantor": "4401960PT2", "lists": 2, "overdue": 1, "duty": "0.00",
         "consumption_tax": "16.38", "vat": "38.52", "total": "54.90"},
        {"agent": "4401960PT2", "guarantor": "4401960PT8", "lists": 1, "overdue": 0, "duty": "0.00",
         "consumption_tax": "8.19", "vat": "19.26", "total": "27.45"},
    ]  # fmt: skip
    with table.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["order_no"], row["total"], row["return_open"]) for row in rows] == [
        ("WPT2", "27.45", "no"), ("WPT1", "27.45", "no"), ("WPT3", "27.45", "no"),
    ]  # fmt: skip
    assert list(tmp_path.iterdir()) == [table]


@pytest.mark.usefixtures("_as_we_are")
def test_nothing_due_is_an_empty_run_and_bad_words_are_refused(capsys, tmp_path) -> None:
    code, found = run(capsys, "--on", "2027-02-01")
    assert (code, found["lists"], found["totals"]) == (0, [], [])
    assert cli.main(["customs", "tax-run", "--csv", str(tmp_path / "no" / "run.csv")]) == 2
    assert "ponte customs tax-run: " in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["customs", "tax-run", "--on", "2027-2-1"])
