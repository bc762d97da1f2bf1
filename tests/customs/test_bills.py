"""Customs' tax bills beside our own figures: stored once, in any order, every difference named."""

from __future__ import annotations

import json
from decimal import Decimal as D

import pytest

from plugins.customs_declaration.duties import bills, figures
from plugins.customs_declaration.duties.models import TaxBill, TaxBillLine, TaxFigures
from plugins.customs_declaration.models import Declaration, Receipt
from saleor_ext import cli
from saleor_ext.core.models import AuditEntry

from . import lists
from .editions import approved
from .lists import bill, bill_status, declared
from .parcels import parcel

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world(platform_of_tests, settings_of_customs):
    return platform_of_tests


def only() -> TaxBill:
    return TaxBill.objects.get()


def told() -> list[tuple[int | None, str, str, str]]:
    return [
        (one.gnum, one.tax, str(one.ours), str(one.theirs))
        for _bill, found in bills.differences()
        for one in found
    ]


# -- own figures -----------------------------------------------------------------------------------------------


def test_own_figures_are_kept_once_by_the_rules_of_the_day_of_payment() -> None:
    declaration = declared()
    kept = declaration.figures
    assert (kept.day.isoformat(), kept.outcome, kept.agent_code, kept.assure_code) == (
        "2026-11-23", "within_limits", "4401960PT2", "4401960PT2",
    )  # fmt: skip
    columns = ("gnum", "hs_code", "quantity", "dutiable_value", "duty", "consumption_tax", "vat")
    assert list(kept.lines.values_list(*columns)) == [
        (1, "1905310000", 3, D("94.74"), D("0.00"), D("0.00"), D("8.62")),
        (2, "2204210000", 1, D("105.26"), D("0.00"), D("8.19"), D("10.64")),
    ]  # fmt: skip
    assert figures.total(kept.lines.all()).total == D("27.45")
    approved("limits", 'single_limit = "5000.00"\nannual_limit = "26000.00"\ntax_share = "1"', _today())
    assert figures.keep(declaration, lists.view()) == kept
    assert kept.lines.count() == 2


def _today() -> str:
    from saleor_ext.core import clock

    return clock.china_today().isoformat()


def test_without_a_rate_there_are_no_figures_and_nothing_stops() -> None:
    declaration = declared(kept=False)
    odd = parcel(lines=(lists.line(1, 1, "10.00", hs_code="9999999999"),))
    assert figures.keep(declaration, odd) is None
    assert not TaxFigures.objects.exists()


# -- storing ---------------------------------------------------------------------------------------------------


def test_a_bill_as_reckoned_is_stored_with_its_lines() -> None:
    declaration = declared()
    bill()
    found = only()
    assert (found.declaration, found.comparison, found.status) == (declaration, "equal", "1")
    assert (found.duty, found.consumption_tax, found.vat) == (D(0), D("8.19"), D("19.26"))
    assert list(found.lines.values_list("gnum", "tax_price", "vat")) == [
        (1, D("94.74"), D("8.62")),
        (2, D("105.26"), D("10.64")),
    ]
    assert told() == []
    assert (
        AuditEntry.objects.filter(action="customs.tax_bill", object_id=str(declaration.parcel_id)).count()
        == 1
    )


def test_the_same_bill_again_changes_nothing() -> None:
    declared()
    assert bill() is not None
    assert bill() is None
    assert (TaxBill.objects.count(), TaxBillLine.objects.count(), Receipt.objects.count()) == (1, 2, 1)


def test_a_later_issue_of_a_bill_replaces_its_figures_and_an_earlier_one_does_not() -> None:
    declared()
    bill(after=10)
    bill(after=5, valueAddedTax="1.00")
    assert only().vat == D("19.26")
    bill(after=30, valueAddedTax="19.27")
    assert (only().vat, only().comparison, TaxBillLine.objects.count()) == (D("19.27"), "differs", 2)


@pytest.mark.parametrize("first", ["bill", "status"])
def test_bill_and_status_come_in_any_order(first: str) -> None:
    declared()
    for what in ("bill", "status") if first == "bill" else ("status", "bill"):
        if what == "bill":
            bill(after=10)
        else:
            bill_status(after=20)
    found = only()
    assert (found.status, found.ent_duty_no, found.vat, found.comparison) == ("2", "P1", D("19.26"), "equal")


def test_a_status_alone_cannot_be_compared_and_an_older_one_moves_nothing() -> None:
    declared()
    bill_status(after=20)
    assert (only().comparison, only().vat) == ("unknown", None)
    bill_status(status="1", after=19)
    assert only().status == "2"
    bill_status(status="3", after=21)
    bill_status(status="2", after=22)
    assert only().status == "3"


def test_bills_of_unknown_lists_are_kept_and_found_later() -> None:
    bill("PT7")
    assert (only().declaration, only().comparison, only().invt_no) == (None, "unknown", lists.invt_no("PT7"))
    assert bills.counts() == (0, 1)
    assert bills.adopt() == 0
    declaration = declared("PT7")
    assert bills.adopt() == 1
    assert (only().declaration, only().comparison) == (declaration, "equal")
    assert bills.adopt() == 0
    assert bills.counts() == (0, 0)


def test_a_number_stays_with_the_list_it_was_made_out_for() -> None:
    first = declared("PT1")
    declared("PT2")
    bill("PT1", "T1")
    bill("PT2", "T1", after=30)
    assert only().declaration == first and only().invt_no == lists.invt_no("PT1")


@pytest.mark.parametrize("lost", ["taxNo", "invtNo"])
def test_a_bill_without_its_numbers_is_recorded_as_a_receipt_only(lost: str) -> None:
    assert bill(**{lost: ""}) is not None
    assert bill_status(**{lost: ""}) is not None
    assert not TaxBill.objects.exists() and Receipt.objects.count() == 2


def test_unreadable_amounts_are_not_guessed() -> None:
    declared()
    rows = [
        {"gnum": "x", "gcode": "1", "taxPrice": "1", "customsTax": "1", "valueAddedTax": "1", "consumptionTax": "1"},
        {"gnum": "1", "gcode": "1", "taxPrice": "NaN", "customsTax": "1", "valueAddedTax": "1", "consumptionTax": "1"},
        {"gnum": "2", "gcode": "1", "taxPrice": "1", "customsTax": "1", "valueAddedTax": "1"},
        {"gnum": "3", "gcode": "1", "taxPrice": "1", "customsTax": "1", "valueAddedTax": "1", "consumptionTax": "1"},
        {"gnum": "03", "gcode": "1", "taxPrice": "9", "customsTax": "9", "valueAddedTax": "9", "consumptionTax": "9"},
    ]  # fmt: skip
    bill(rows=rows, valueAddedTax="?")
    assert (only().vat, only().comparison) == (None, "unknown")
    assert list(only().lines.values_list("gnum", "duty")) == [(3, D(1))]


# -- differences -----------------------------------------------------------------------------------------------


def test_a_bill_of_what_a_return_left_is_compared_with_what_it_left_of_ours() -> None:
    declaration = declared()
    bill()
    lists.bill_of_rest()
    assert told() != [], "nothing is known to have gone back yet"
    asked = lists.refund(declaration, {1: 1}, 1, "reviewed")
    bills.look_again(declaration)
    assert told() == []
    lists.bill_of_rest("T3", after=31)
    assert told() == []
    asked.state = "rejected"
    asked.save()
    assert [(one.gnum, one.tax) for one in bills.compare(TaxBill.objects.get(tax_no="T3")) or []] == [
        (1, "vat"), (1, "value"), (None, "vat"), (None, "total"),
    ]  # fmt: skip
    assert bills.compare(TaxBill.objects.get(tax_no="T1")) == []


def test_every_difference_is_named_with_both_figures() -> None:
    declared()
    rows = [
        {"gnum": "1", "gcode": "1905310000", "taxPrice": "94.73", "customsTax": "0", "valueAddedTax": "8.61",
         "consumptionTax": "0"},
        {"gnum": "3", "gcode": "2204210000", "taxPrice": "105.26", "customsTax": "0", "valueAddedTax": "10.64",
         "consumptionTax": "8.19"},
    ]  # fmt: skip
    bill(rows=rows, valueAddedTax="19.25", customsTax="0.01")
    assert told() == [
        (1, "vat", "8.62", "8.61"),
        (1, "value", "94.74", "94.73"),
        (2, "duty", "0.00", "None"),
        (2, "consumption_tax", "8.19", "None"),
        (2, "vat", "10.64", "None"),
        (2, "value", "105.26", "None"),
        (3, "duty", "None", "0.00"),
        (3, "consumption_tax", "None", "8.19"),
        (3, "vat", "None", "10.64"),
        (3, "value", "None", "105.26"),
        (None, "duty", "0.00", "0.01"),
        (None, "vat", "19.26", "19.25"),
    ]
    assert bills.counts() == (1, 0)


@pytest.mark.parametrize(
    ("vat", "differs"), [("19.255", False), ("19.2549", True), ("19.26499", False), ("19.265", True)]
)
def test_customs_figures_are_rounded_half_up_to_the_fen_before_they_are_compared(
    vat: str, differs: bool
) -> None:
    declared()
    bill(valueAddedTax=vat)
    assert bool(told()) is differs


def test_a_void_bill_differs_from_nothing_any_more() -> None:
    declared()
    bill(valueAddedTax="1.00")
    assert bills.counts() == (1, 0)
    bill_status(status="3")
    assert told() == [] and bills.counts() == (0, 0)


# -- command ---------------------------------------------------------------------------------------------------


def run(capsys, *words: str) -> tuple[int, dict]:
    code = cli.main(["customs", *words])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def _as_we_are(monkeypatch) -> None:
    """The process is set up already."""
    monkeypatch.setattr(cli, "_prepare", lambda arguments: None)


@pytest.mark.usefixtures("_as_we_are")
def test_the_command_lists_bills_and_ends_with_one_when_they_differ(capsys) -> None:
    assert run(capsys, "bills", "--differences") == (0, {"bills": []})
    declared("PT1")
    declared("PT2")
    bill("PT1", "T1")
    bill("PT2", "T2", valueAddedTax="19.27")
    bill("PT3", "T3")
    code, answered = run(capsys, "bills")
    assert code == 0
    assert [(one["tax_no"], one["order_no"], one["comparison"]) for one in answered["bills"]] == [
        ("T1", "WPT1", "equal"),
        ("T2", "WPT2", "differs"),
        ("T3", None, "unknown"),
    ]
    code, answered = run(capsys, "bills", "--differences")
    assert code == 1
    assert answered["bills"] == [
        {
            "tax_no": "T2", "invt_no": lists.invt_no("PT2"), "order_no": "WPT2", "status": "1", "duty": "0.00000",
            "consumption_tax": "8.19000", "vat": "19.27000", "ent_duty_no": "", "comparison": "differs",
            "differences": [
                {"gnum": None, "tax": "vat", "ours": "19.26", "theirs": "19.27"},
                {"gnum": None, "tax": "total", "ours": "27.45", "theirs": "27.46"},
            ],
        }
    ]  # fmt: skip
    assert Declaration.objects.count() == 2
