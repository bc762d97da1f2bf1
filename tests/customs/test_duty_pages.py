"""What the tax pages read: filters, pages, bills beside our figures, the guarantee as an account, tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import pytest
import time_machine

from plugins.customs_declaration.duties import account, bills, guarantee, listing, payment_run, tables
from plugins.customs_declaration.duties.listing import BillFilters, EntryFilters
from plugins.customs_declaration.duties.models import TaxBill
from plugins.customs_declaration.models import Declaration

from . import lists
from .lists import bill, bill_status, declared, invt_no

pytestmark = pytest.mark.django_db
WINE = {"gnum": "2", "gcode": "2204210000", "taxPrice": "105.26", "customsTax": "0", "valueAddedTax": "10.65",
        "consumptionTax": "8.19"}  # fmt: skip
BISCUITS = {"gnum": "1", "gcode": "1905310000", "taxPrice": "94.74", "customsTax": "0", "valueAddedTax": "8.62",
            "consumptionTax": "0"}  # fmt: skip


@pytest.fixture(autouse=True)
def world(platform_of_tests, settings_of_customs):
    return platform_of_tests


def found(**given: str) -> list[str]:
    return [one.tax_no for one in listing.bill_page(BillFilters.of(given)).rows]


@pytest.fixture
def three() -> None:
    """T1 as reckoned and summed, T2 with another VAT of the wine, T3 of a list that is not ours."""
    declared()
    declared("PT2")
    for second, make in enumerate((
        lambda: bill(),
        lambda: bill("PT2", "T2", rows=[BISCUITS, WINE], valueAddedTax="19.27"),
        lambda: bill("PT9", "T3"),
    )):  # fmt: skip
        with time_machine.travel(lists.START + timedelta(days=second, hours=1), tick=False):
            make()
    bill_status()


def test_bills_are_filtered_newest_first(three) -> None:
    assert found() == ["T3", "T2", "T1"]
    assert found(comparison="differs") == ["T2"] and found(comparison="unknown") == ["T3"]
    assert found(status="2") == ["T1"] and found(status="1") == ["T3", "T2"] and found(status="none") == []
    assert (
        found(number="P1") == ["T1"]
        and found(number=invt_no("PT2")) == ["T2"]
        and found(number="WPT2") == ["T2"]
    )
    assert found(number="T2") == ["T2"] and found(number="%") == ["T3", "T2", "T1"]
    assert found(since="2026-11-24") == ["T3", "T2"] and found(until="2026-11-24") == ["T2", "T1"]
    assert found(since="2026-02-30", comparison="x", status="9") == ["T3", "T2", "T1"]


def test_an_address_holds_the_filters() -> None:
    filters = BillFilters.of({"comparison": "differs", "number": " T 1 ", "since": "x"})
    assert filters.query(older="1.2") == "?comparison=differs&number=T1&older=1.2"
    assert filters.query(comparison="") == "?number=T1"


def test_pages_go_there_and_back(monkeypatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    moment = lists.START
    TaxBill.objects.bulk_create(
        TaxBill(tax_no=f"T{number}", invt_no="x", received_at=moment + timedelta(minutes=number // 2))
        for number in range(5)
    )
    seen, older = [], ""
    pages = []
    while True:
        page = listing.bill_page(BillFilters(), older=older)
        seen += [one.tax_no for one in page.rows]
        pages.append(page)
        if not (older := page.older):
            break
    assert sorted(seen) == ["T0", "T1", "T2", "T3", "T4"] and [len(page.rows) for page in pages] == [2, 2, 1]
    assert (pages[0].newer, bool(pages[1].newer)) == ("", True)
    back = listing.bill_page(BillFilters(), newer=pages[2].newer)
    assert [one.tax_no for one in back.rows] == [one.tax_no for one in pages[1].rows]
    assert listing.bill_page(BillFilters(), newer=back.newer).newer == ""
    assert [one.tax_no for one in listing.bill_page(BillFilters(), older="nonsense").rows] == seen[:2]


def test_a_bill_stands_beside_our_figures_with_differences_marked(three) -> None:
    first, second, whole = listing.side_by_side(bills.listed().get(tax_no="T2"))
    assert [(row.gnum, row.differs) for row in (first, second, whole)] == [
        (1, False),
        (2, True),
        (None, True),
    ]
    told = {name: (pair.ours, pair.theirs, pair.differs) for name, pair in second.pairs.items()}
    assert told == {
        "value": (D("105.26"), D("105.26"), False), "duty": (D("0.00"), D("0.00"), False),
        "consumption_tax": (D("8.19"), D("8.19"), False), "vat": (D("10.64"), D("10.65"), True),
        "total": (D("18.83"), D("18.84"), True),
    }  # fmt: skip
    assert (whole.pairs["value"].ours, whole.pairs["total"].ours, whole.pairs["total"].theirs) == (
        D("200.00"), D("27.45"), D("27.46"),
    )  # fmt: skip


def test_without_our_figures_nothing_is_marked(three) -> None:
    rows = listing.side_by_side(bills.listed().get(tax_no="T3"))
    assert [row.differs for row in rows] == [False, False, False]
    assert rows[0].pairs["vat"].ours is None and rows[0].pairs["vat"].theirs == D("8.62")


def test_a_line_that_one_side_lacks_is_marked() -> None:
    declared()
    bill(rows=[BISCUITS], valueAddedTax="8.62", consumptionTax="0")
    _first, second, _whole = listing.side_by_side(bills.listed().get())
    assert (second.gcode, second.own_code, second.pairs["vat"].theirs, second.pairs["vat"].differs) == (
        "", "2204210000", None, True,
    )  # fmt: skip


def test_bills_as_a_table(three) -> None:
    table = tables.bill_table(BillFilters.of({"comparison": "differs"}))
    first, second, whole = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert (second["tax_no"], second["order_no"], second["gnum"], second["gcode"], second["own_gcode"]) == (
        "T2", "WPT2", 2, "2204210000", "2204210000",
    )  # fmt: skip
    assert (second["vat"], second["own_vat"], second["differs"], first["differs"]) == (
        D("10.65"),
        D("10.64"),
        True,
        False,
    )
    assert (whole["gnum"], whole["total"], whole["own_total"]) == (None, D("27.46"), D("27.45"))


# -- the guarantee ---------------------------------------------------------------------------------------------


def booked(declaration: Declaration, kind: guarantee.Kind | None, at: datetime) -> None:
    with time_machine.travel(at, tick=False):
        if kind is None:
            assert guarantee.occupy(declaration, declaration.cop_no)
        else:
            assert guarantee.free(declaration, kind, f"{kind}:{declaration.cop_no}", "T1")


@pytest.fixture
def moved() -> None:
    """27.45 occupied forty days ago and lately; the first one freed on the second day of the window's end."""
    first, second = declared(), declared("PT2")
    booked(first, None, datetime(2026, 10, 14, 2, tzinfo=UTC))
    booked(second, None, datetime(2026, 11, 22, 15, 59, tzinfo=UTC))  # 23:59 in China
    booked(first, guarantee.Kind.PAID, datetime(2026, 11, 22, 16, 1, tzinfo=UTC))  # 00:01 of the next day


def test_the_account_shows_each_day_with_its_balance(moved) -> None:
    found = account.of("4401960PT2", guarantee.occupied("4401960PT2"), until=date(2026, 11, 23))
    assert (found.occupied, len(found.days), found.highest) == (D("27.45"), 30, D("54.90"))
    assert (found.days[0].day, found.days[0].balance) == (date(2026, 10, 25), D("27.45"))
    assert [(one.occupied, one.freed, one.balance) for one in found.days[-2:]] == [
        (D("27.45"), D("0"), D("54.90")), (D("0"), D("27.45"), D("27.45")),
    ]  # fmt: skip
    assert account.of("nobody", D("0"), until=date(2026, 11, 23)).highest == D("0")
    everybody = account.of("", D("27.45"), until=date(2026, 11, 23))
    assert [one.balance for one in everybody.days] == [one.balance for one in found.days]


def test_entries_are_filtered_and_told_as_a_table(moved) -> None:
    def kinds(**given: str) -> list[str]:
        return [one.kind for one in listing.entry_page(EntryFilters.of(given)).rows]

    assert kinds() == ["paid", "occupy", "occupy"]
    assert kinds(kind="paid") == ["paid"] and kinds(guarantor="nobody") == []
    assert kinds(number="WPT2") == ["occupy"] and kinds(number="T1") == ["paid"]
    assert kinds(since="2026-11-23") == ["paid"] and kinds(until="2026-11-22") == ["occupy", "occupy"]
    table = tables.entry_table(EntryFilters())
    assert [row[2:7] for row in table.rows] == [
        ["occupy", D("27.45"), D("27.45"), "PT1", "WPT1"], ["occupy", D("27.45"), D("27.45"), "PT2", "WPT2"],
        ["paid", D("-27.45"), D("0.00"), "T1", "WPT1"],
    ]  # fmt: skip


# -- the payment run -------------------------------------------------------------------------------------------


def test_a_run_adds_up_all_and_keeps_the_first() -> None:
    released = datetime(2026, 10, 1, 2, tzinfo=UTC)
    for number in ("PT1", "PT2", "PT3"):
        declared(number, released=released)
    run = payment_run.run(date(2026, 11, 5), shown=2)
    assert (run.lists, run.overdue, len(run.shown), run.sums[0].total) == (3, 0, 2, D("82.35"))
    assert run.whole and payment_run.run(date(2026, 11, 30)).overdue == 3
    part = payment_run.run(date(2026, 11, 5), most=2)
    assert (part.lists, part.whole, part.sums[0].total) == (2, False, D("54.90"))
    table = tables.run_table(date(2026, 11, 5))
    first = dict(zip(table.columns, next(iter(table.rows)), strict=True))
    assert (first["released"], first["due_from"], first["state"], first["total"], first["return_open"]) == (
        date(2026, 10, 1), date(2026, 11, 1), "due", D("27.45"), False,
    )  # fmt: skip
