"""The tax pages of the customs work place: bills, one bill, the guarantee, the payment run, and their files."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from plugins.customs_declaration import links
from plugins.customs_declaration.duties.models import (
    GuaranteeEntry,
    TaxBill,
    TaxBillLine,
    TaxFigureLine,
    TaxFigures,
)
from saleor_ext.core import clock
from tests.customs.declared import declaration, document, receipt
from tests.customs.parcels import config

GUARANTOR = "4401960PT2"


@pytest.fixture(autouse=True)
def _configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    made = config(folder=str(tmp_path))
    monkeypatch.setattr(links, "config", lambda: made)


def billed(number: str, vat: str, comparison: str, **changes: Any) -> TaxBill:
    """A released list with figures of its own, occupied, and customs' bill of one line."""
    now = clock.now()
    case = declaration(
        "released", order_no=f"W{number}", cop_no=number, invt_no=f"5165I{number}",
        released_at=now - timedelta(days=31),
    )  # fmt: skip
    kept = TaxFigures.objects.create(
        declaration=case, day=now.date(), outcome="within_limits", agent_code=GUARANTOR, assure_code=GUARANTOR
    )
    TaxFigureLine.objects.create(
        figures=kept, gnum=1, hs_code="1905310000", quantity=2, dutiable_value="180.00", duty="0",
        consumption_tax="0", vat="16.38",
    )  # fmt: skip
    GuaranteeEntry.objects.create(
        declaration=case, guarantor=GUARANTOR, kind="occupy", amount="16.38", balance="16.38", key=number,
        document=number, at=now,
    )  # fmt: skip
    values = {
        "duty": "0",
        "consumption_tax": "0",
        "vat": vat,
        "status": "1",
        "assure_code": GUARANTOR,
        **changes,
    }
    made = TaxBill.objects.create(
        tax_no=f"T{number}", invt_no=case.invt_no, declaration=case, comparison=comparison, received_at=now,
        figures_at=now, **values,
    )  # fmt: skip
    TaxBillLine.objects.create(
        bill=made, gnum=1, gcode="1905310000", tax_price="180", duty="0", consumption_tax="0", vat=vat
    )
    return made


@pytest.fixture
def two(db: None) -> list[TaxBill]:
    return [billed("1", "16.38", "equal"), billed("2", "16.40", "differs")]


def text_of(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return body.decode()


def sheet(answer: Any) -> list[list[object]]:
    body = b"".join(answer.streaming_content)
    return CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()


def test_bills_are_listed_and_narrowed(staff: Client, two: list[TaxBill]) -> None:
    text = text_of(staff.get("/en/console/customs/tax/"))
    assert "T1" in text and "T2" in text and "1 bill differs from our figures" in text
    assert re.search(r'href="/en/console/customs/tax/" aria-current="page">.*?Tax', text)
    text = text_of(staff.get("/en/console/customs/tax/?comparison=differs"))
    assert ">T2</a>" in text and ">T1</a>" not in text
    assert 'href="/en/console/customs/tax/xlsx/?comparison=differs"' in text
    assert "No bill fits" in text_of(staff.get("/en/console/customs/tax/?number=nothing"))


def test_the_list_asks_as_often_for_many_as_for_one(staff: Client, two: list[TaxBill]) -> None:
    counted = []
    for number in range(2):
        with CaptureQueriesContext(connection) as queries:
            staff.get("/en/console/customs/tax/")
        counted.append(len(queries))
        for one in range(5):
            billed(f"{number}{one}", "16.38", "equal")
    assert counted[0] == counted[1]


def test_a_bill_shows_both_sides_and_marks_what_differs(staff: Client, two: list[TaxBill]) -> None:
    answer = receipt(None, "1", "", message="CEB816Message", taxNo="T2")
    text = text_of(staff.get(f"/en/console/customs/tax/bills/{two[1].pk}/"))
    assert re.search(r"<strong>¥16\.40</strong></span><br><span class=\"small\">ours ¥16\.38</span>", text)
    assert text.count('class="state bare red"') == 4  # VAT and sum, of the line and of the whole
    assert "Customs&#x27; figures are not ours" in text or "Customs' figures are not ours" in text
    assert f'href="/en/console/customs/declarations/{two[1].declaration_id}/"' in text
    assert f'href="/en/console/customs/receipts/{answer.pk}/"' in text
    text = text_of(staff.get(f"/en/console/customs/tax/bills/{two[0].pk}/"))
    assert "state bare red" not in text and "¥16.38" in text


def test_a_declaration_leads_to_its_bills(staff: Client, two: list[TaxBill]) -> None:
    text = text_of(staff.get(f"/en/console/customs/declarations/{two[1].declaration_id}/"))
    assert f'href="/en/console/customs/tax/bills/{two[1].pk}/"' in text
    assert 'href="/en/console/customs/tax/guarantee/?number=W2">¥16.38</a>' in text


def test_the_guarantee_shows_balance_days_and_entries(staff: Client, two: list[TaxBill]) -> None:
    text = text_of(staff.get("/en/console/customs/tax/guarantee/"))
    assert '<p class="price num">¥32.76</p>' in text and f"?guarantor={GUARANTOR}" in text
    assert text.count("<rect ") == 1 and ">W1</a>" in text and ">W2</a>" in text
    text = text_of(staff.get("/en/console/customs/tax/guarantee/?number=W2&kind=occupy"))
    assert ">W2</a>" in text and ">W1</a>" not in text


def test_the_payment_run_of_a_day(staff: Client, two: list[TaxBill]) -> None:
    text = text_of(staff.get("/en/console/customs/tax/run/"))
    assert "2 lists" in text and "¥32.78" in text and "None overdue" in text
    assert f'href="/en/console/customs/tax/bills/{two[1].pk}/"' in text
    later = (clock.china_today() + timedelta(days=30)).isoformat()
    assert "2 overdue" in text_of(staff.get(f"/en/console/customs/tax/run/?day={later}"))
    assert f'href="/en/console/customs/tax/run/csv/?day={later}"' in text_of(
        staff.get(f"/en/console/customs/tax/run/?day={later}")
    )
    assert "Nothing is to be paid" in text_of(staff.get("/en/console/customs/tax/run/?day=2020-01-01"))


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("tax_bills", ["T2", "5165I2", "W2"]),
        ("guarantee", ["occupy", 16.38, 16.38, "2", "W2", "5165I2"]),
        ("tax_run", ["5165I2", "W2", "due", "T2", 16.40, "bill"]),
        ("work", ["W2", "released", 218.0, 19.84]),
    ],
)
def test_files_hold_the_cells_in_both_forms(
    staff: Client, two: list[TaxBill], name: str, cells: list[object]
) -> None:
    query = {"comparison": "differs", "state": "released"}
    rows = sheet(staff.get(reverse(f"console:customs:{name}_xlsx"), query))
    (row,) = [row for row in rows if {"T2", "W2"} & {cell for cell in row if isinstance(cell, str)}][:1]
    assert all(cell in row for cell in cells)
    lines = text_of(staff.get(reverse(f"console:customs:{name}_csv"), query)).splitlines()
    assert lines[0].removeprefix("\ufeff").split(",") == rows[0]
    (line,) = [one for one in lines if "W2" in one][:1]
    assert all(f"{cell:.2f}" in line if isinstance(cell, float) else str(cell) in line for cell in cells)


def test_what_customs_wrote_is_no_formula_in_a_file(staff: Client) -> None:
    case = declaration("stopped", order_no="W9", stopped_code="1322", stopped_text='=HYPERLINK("http://x")')
    made = document(case, state="rejected", status="100")
    receipt(made, text="[Code:1322;Desc:+1+1]")
    rows = sheet(staff.get(reverse("console:customs:work_xlsx")))
    row = dict(zip(rows[0], rows[1], strict=True))
    assert (row["stopped_text"], row["messages"]) == ('=HYPERLINK("http://x")', "621v1:rejected")
    assert "\"'=HYPERLINK" in text_of(staff.get(reverse("console:customs:work_csv")))
    lines = text_of(staff.get(reverse("console:customs:rejections_csv"))).splitlines()
    assert lines[1] == f"{clock.china_today().isoformat()},1322,'+1+1,1,1.000,1"
    head, first = sheet(staff.get(reverse("console:customs:rejections_xlsx")))
    assert dict(zip(head, first, strict=True)) == {
        "day": clock.china_today(), "code": "1322", "text": "+1+1", "documents": 1.0, "share_of_all_days": 1.0,
        "stopped_now": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize("who", ["stranger", "merchant", "consumer"])
def test_nobody_else_sees_a_bill(signed_in: Callable[[str], Client], two: list[TaxBill], who: str) -> None:
    client = signed_in(who)
    for name in ("tax_bill", "tax_bill_csv", "tax_bill_xlsx"):
        answer = client.get(reverse(f"console:customs:{name}", args=[two[0].pk]))
        assert answer.status_code == (302 if who == "stranger" else 403) and "T1" not in text_of(answer)
