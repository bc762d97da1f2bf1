"""A day side by side: what was really sent is compared, each difference has its code, files hold no formulas."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from plugins.customs_declaration import reconciliation
from plugins.customs_declaration.exporting import guarded
from plugins.customs_declaration.models import Declaration
from plugins.customs_declaration.reconciliation_files import COLUMNS, csv_lines
from saleor_ext.cli import main
from saleor_ext.plugin_api import ParcelView, StepView

from .declared import declaration, document, receipt
from .parcels import FakePlatform, parcel

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _the_day_after():
    with time_machine.travel(datetime(2026, 11, 24, 1, 0, tzinfo=UTC), tick=False):
        yield


def whole(platform: FakePlatform, number: str = "PT1", **changes: Any) -> tuple[ParcelView, Declaration]:
    """A parcel that was declared and released, all facts alike; the changes are of the parcel."""
    view = parcel(number, **{"state": "released", "paid_at": NOON, **changes})
    payment = dict(view.steps["declare_payment"].data)
    payment.setdefault("amount", str(view.actual_paid.amount))
    view = platform.add(
        dataclasses.replace(
            view, steps={**view.steps, "declare_payment": StepView("declare_payment", "done", payment)}
        )
    )
    case = declaration(
        "released", parcel_id=uuid.UUID(view.id), order_no=f"W{number}", invt_no=f"I{number}", pre_no="B1"
    )
    order_of(case, view)
    list_of(case, view)
    return view, case


def order_of(
    case: Declaration, view: ParcelView, state: str = "accepted", version: int = 1, **head: str
) -> None:
    values = {
        "acturalPaid": str(view.actual_paid.amount), "taxTotal": str(view.tax_total.amount),
        "payTransactionId": f"V{view.number}",
    }  # fmt: skip
    document(case, "CEB311Message", state, version=version, head={**values, **head})


def list_of(
    case: Declaration, view: ParcelView, state: str = "released", version: int = 1, **head: str
) -> None:
    document(case, "CEB621Message", state, version=version, head={"logisticsNo": f"SF{view.number}", **head})


def told(platform: FakePlatform) -> list[tuple[str, ...]]:
    return [row.differences for row in reconciliation.rows(DAY)]


def test_a_parcel_whose_facts_agree(platform_of_tests) -> None:
    view, case = whole(platform_of_tests)
    (row,) = reconciliation.rows(DAY)
    assert dataclasses.asdict(row) == {
        "parcel_id": view.id, "number": "PT1", "lane": "bonded_1210", "parcel_state": "released", "paid_at": NOON,
        "paid": D("237.84"), "payment_state": "done", "payment_no": "VPT1", "payment_order_no": "WPT1",
        "payment_amount": D("237.84"), "waybill_no": "SFPT1", "order_no": "WPT1", "order_state": "accepted",
        "order_paid": D("237.84"), "list_state": "released", "list_order_no": "WPT1", "list_waybill_no": "SFPT1",
        "pre_no": "B1", "invt_no": "IPT1", "tax_collected": D("19.84"), "tax_declared": D("19.84"),
        "tax_bill": None, "declaration_id": case.pk, "declared_payment_no": "VPT1", "differences": (),
    }  # fmt: skip


def test_the_day_is_chinas_and_other_lanes_are_left_out(platform_of_tests) -> None:
    start = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    whole(platform_of_tests, "FIRST", paid_at=start)
    whole(platform_of_tests, "LAST", paid_at=start + timedelta(days=1, microseconds=-1))
    whole(platform_of_tests, "BEFORE", paid_at=start - timedelta(microseconds=1))
    whole(platform_of_tests, "AFTER", paid_at=start + timedelta(days=1))
    platform_of_tests.add(parcel("POST", lane="postal", paid_at=NOON))
    assert [row.number for row in reconciliation.rows(DAY)] == ["FIRST", "LAST"]


def change_payment(platform: FakePlatform, view: ParcelView, state: str = "done", **data: str) -> None:
    step = view.steps["declare_payment"]
    platform.set_step(view.id, StepView("declare_payment", state, {**step.data, **data}))


@pytest.mark.parametrize(
    ("data", "difference"),
    [
        ({"amount": "237.83"}, "payment_amount"),
        ({"orderNo": "OTHER"}, "payment_order"),
        ({"payTransactionId": "OTHER"}, "payment_number"),
    ],
)
def test_differences_of_the_payment(platform_of_tests, data: dict[str, str], difference: str) -> None:
    view, _case = whole(platform_of_tests)
    change_payment(platform_of_tests, view, **data)
    assert told(platform_of_tests) == [(difference,)]


@pytest.mark.parametrize(
    ("head", "difference"),
    [
        ({"acturalPaid": "237.85"}, "order_amount"),
        ({"taxTotal": "19.83"}, "tax_declared"),
        ({"payTransactionId": "OTHER"}, "payment_number"),
    ],
)
def test_differences_of_the_newest_order(platform_of_tests, head: dict[str, str], difference: str) -> None:
    view, case = whole(platform_of_tests)
    order_of(case, view, version=2, **head)
    assert told(platform_of_tests) == [(difference,)]


@pytest.mark.parametrize(
    ("head", "difference"),
    [({"logisticsNo": "OTHER"}, "waybill_number"), ({"orderNo": "OTHER"}, "list_order")],
)
def test_differences_of_the_newest_list(platform_of_tests, head: dict[str, str], difference: str) -> None:
    view, case = whole(platform_of_tests)
    list_of(case, view, version=2, **head)
    assert told(platform_of_tests) == [(difference,)]


@pytest.mark.parametrize(
    ("state", "order", "listed", "differences"),
    [
        ("declaring", "accepted", "released", ("released_unnoticed",)),
        ("shipped", "accepted", "accepted", ("sent_unreleased", "list_missing")),
        ("declaring", "rejected", "sent", ("order_refused", "list_missing")),
        ("declaring", "sent", "error", ("list_refused", "order_missing")),
        ("delivered", "reviewed", "closed", ()),
        ("cancelled", "accepted", "accepted", ("cancelled_declared",)),
        ("cancelled", "accepted", "rejected", ()),
        ("cancelled", "rejected", "returned", ()),
    ],
)
def test_states_that_do_not_go_together(
    platform_of_tests, state: str, order: str, listed: str, differences: tuple[str, ...]
) -> None:
    view, case = whole(platform_of_tests, state=state)
    order_of(case, view, order, version=2)
    list_of(case, view, listed, version=2)
    assert told(platform_of_tests) == [differences]


def test_what_is_missing_counts_when_the_day_is_over(platform_of_tests) -> None:
    platform_of_tests.add(parcel("PT1", steps={}, paid_at=NOON))
    everything = ("payment_missing", "waybill_missing", "order_missing", "list_missing")
    assert told(platform_of_tests) == [everything]
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        assert told(platform_of_tests) == [()]
    platform_of_tests.add(parcel("PT1", steps={}, paid_at=NOON, state="cancelled"))
    assert told(platform_of_tests) == [()]


def test_bills_of_customs_are_compared_until_they_are_void(platform_of_tests) -> None:
    _view, case = whole(platform_of_tests)

    def bill(minute: int, status: str, message: str = "CEB816Message", **raw: str) -> None:
        at = NOON + timedelta(minutes=minute)
        receipt(None, status, "", at=at, message=message, invtNo=case.invt_no, taxNo="T1", **raw)

    def of_bill() -> tuple[Any, ...]:
        (row,) = reconciliation.rows(DAY)
        return row.tax_bill, row.differences

    bill(1, "1", customsTax="0", valueAddedTax="15.00", consumptionTax="4.84")
    assert of_bill() == (D("19.84"), ())
    bill(2, "2", customsTax="0", valueAddedTax="15.01", consumptionTax="4.84")
    assert of_bill() == (D("19.85"), ("tax_bill",))
    bill(3, "3", "CEB818Message")
    assert of_bill() == (None, ())


def test_every_code_has_words_in_every_language() -> None:
    checked = (*reconciliation._CHECKS, *reconciliation._MISSING, *reconciliation._OF_CANCELLED)
    assert {code for code, _check in checked} == set(reconciliation.WORDS)
    for language in ("zh-hans", "zh-hant", "pt"):
        with translation.override(language):
            words = {str(word) for word in reconciliation.WORDS.values()}
        assert len(words) == len(reconciliation.WORDS)
        assert "There is no waybill." not in words


def test_a_summary_shows_what_differs_first_and_stops_at_its_bound(platform_of_tests) -> None:
    for number in range(4):
        at = NOON + timedelta(minutes=number)
        view, _case = whole(platform_of_tests, f"PT{number}", paid_at=at)
        if number % 2:
            change_payment(platform_of_tests, view, amount="1.00")
    found = reconciliation.summary(DAY, shown=1)
    assert ([row.number for row in found.differing], [row.number for row in found.agreeing]) == (
        ["PT1"],
        ["PT0"],
    )
    assert (found.parcels, found.differences, found.whole) == (4, 2, True)
    found = reconciliation.summary(DAY, most=3)
    assert (found.parcels, found.differences, found.whole) == (3, 1, False)


def test_queries_do_not_grow_with_the_parcels(platform_of_tests) -> None:
    counted = []
    for number in range(3):
        whole(platform_of_tests, f"PT{number}")
        with CaptureQueriesContext(connection) as queries:
            assert len(list(reconciliation.rows(DAY))) == number + 1
        counted.append(len(queries))
    assert counted == [4, 4, 4]


# -- files and the command -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+86", "'+86"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("-5.00", "-5.00"),
        ("-5.00=1", "'-5.00=1"),
        ("WPT1", "WPT1"),
        ("", ""),
    ],
)
def test_cells_are_no_formulas(cell: str, safe: str) -> None:
    assert guarded(cell) == safe


def test_a_csv_file_opens_in_a_spreadsheet(platform_of_tests) -> None:
    view, _case = whole(platform_of_tests)
    change_payment(platform_of_tests, view, payTransactionId='=cmd|"x"', amount="1")
    text = "".join(csv_lines(reconciliation.rows(DAY)))
    assert text.startswith("\ufeffpaid_at,parcel,lane,")
    (row,) = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    assert tuple(row) == COLUMNS
    assert (row["paid_at"], row["parcel"], row["paid"], row["tax_bill"]) == (
        "2026-11-23T12:00:00+08:00", "PT1", "237.84", "",
    )  # fmt: skip
    assert (row["payment_no"], row["differences"]) == ('\'=cmd|"x"', "payment_amount payment_number")


def run(*arguments: str) -> int:
    return main(["customs", "reconcile", "--day", "2026-11-23", *arguments])


def test_the_command_tells_what_differs(platform_of_tests, capsys) -> None:
    whole(platform_of_tests, "PT1")
    assert run() == 0
    assert capsys.readouterr().out == "2026-11-23: 1 parcels, 0 with differences\n"
    view, _case = whole(platform_of_tests, "PT2")
    change_payment(platform_of_tests, view, amount="1.00")
    assert run() == 1
    assert capsys.readouterr().out == "PT2  payment_amount\n2026-11-23: 2 parcels, 1 with differences\n"


def test_the_command_prints_json(platform_of_tests, capsys) -> None:
    view, _case = whole(platform_of_tests)
    change_payment(platform_of_tests, view, amount="1.00")
    assert run("--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["day"], found["parcels"], found["differing"]) == ("2026-11-23", 1, 1)
    (row,) = found["rows"]
    assert set(row) == set(COLUMNS)
    assert (row["payment_amount"], row["tax_bill"], row["differences"]) == ("1.00", None, ["payment_amount"])


def test_the_command_writes_csv(platform_of_tests, capsys, tmp_path) -> None:
    whole(platform_of_tests)
    target = tmp_path / "day.csv"
    assert run("--csv", str(target)) == 0
    assert len(target.read_text(encoding="utf-8").splitlines()) == 2
    assert list(tmp_path.iterdir()) == [target]
    assert run("--csv", "-") == 0
    assert capsys.readouterr().out.splitlines() == target.read_text(encoding="utf-8").splitlines()
    assert run("--csv", str(tmp_path / "no" / "day.csv")) == 2
    assert "No such file" in capsys.readouterr().err


def test_a_day_that_is_none_is_refused(capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["customs", "reconcile", "--day", "2026-02-30"])
    assert caught.value.code == 2
    assert "is no day" in capsys.readouterr().err


def test_without_a_day_it_is_yesterday_in_china(platform_of_tests, capsys) -> None:
    assert main(["customs", "reconcile"]) == 0
    assert capsys.readouterr().out.startswith("2026-11-23: ")


def test_money_of_other_sorts_is_not_guessed() -> None:
    assert [reconciliation._amount(value) for value in (None, "", "x", "NaN", "1.50", D(2))] == [
        None, None, None, None, D("1.50"), D(2),
    ]  # fmt: skip
