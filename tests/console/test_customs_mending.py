"""The mending desk: what a refusal asks for, what is corrected, why it is refused, and what is sent then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from plugins.customs_declaration import lifecycle, links, mapping, mending, quota, situation, steps
from plugins.customs_declaration.config import CustomsConfig
from plugins.customs_declaration.duties import figures
from plugins.customs_declaration.duties.models import TaxFigureLine
from plugins.customs_declaration.messages import code_table, parse
from plugins.customs_declaration.models import CustomsDocument, Declaration, QuotaUse
from plugins.customs_declaration.signing import make_demo_key
from saleor_ext.core import clock, outbox
from saleor_ext.core.models import AuditEntry
from saleor_ext.identity.services import index_of
from saleor_ext.orders.models import Parcel, ParcelCorrection, ParcelStep
from saleor_ext.plugin_api import ParcelView, StepView, platform
from saleor_ext.plugin_api.registry import manager
from tests.customs.declared import declaration
from tests.customs.parcels import config

from .conftest import FakeStorefront

#: Invented, with a valid check character.
OTHER_ID = "44010619900101003X"
FINDINGS = [
    {
        "field": "InventoryList[1]/gcode",
        "code": "not_listed",
        "message": "x",
        "class": "mend_data",
        "blocking": True,
    },
    {"field": "goodsValue", "code": "-621005", "message": "x", "class": "final", "blocking": True},
]


@pytest.fixture(autouse=True)
def conf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CustomsConfig:
    made = config(folder=str(tmp_path))
    monkeypatch.setattr(links, "config", lambda: made)
    return made


@pytest.fixture
def case(parcel: Parcel) -> Declaration:
    """A list that customs refused: the orderers of order and list differ."""
    made = declaration(
        "stopped", parcel_id=parcel.pk, order_no="W1", cop_no=parcel.number, stopped_step="declare_inventory",
        stopped_code="13127", stopped_text="[Code:13127;Desc:订购人不一致]", stopped_at=clock.now(), tax_total="16.38",
    )  # fmt: skip
    ParcelStep.objects.create(
        parcel=parcel,
        name="declare_inventory",
        position=9,
        state="failed",
        error="13127: x",
        changed_at=clock.now(),
    )
    return made


@pytest.fixture
def trusted(saleor: type[FakeStorefront], signed_in: Callable[[str], Client]) -> Client:
    saleor.permissions = {"staff@shop.example": ["MANAGE_USERS"]}
    return signed_in("staff")


def address(case: Declaration, part: str = "") -> str:
    return f"/en/console/customs/declarations/{case.pk}/{part}"


def view(case: Declaration) -> ParcelView:
    return platform().parcel(str(case.parcel_id))


def line_form(**changes: Any) -> dict[str, Any]:
    values = {
        "name": "杏仁饼", "gmodel": "杏仁饼|盒装", "hs_code": "1905310000", "origin": "121", "declared_quantity": "2",
        "declared_price": "90.00", "unit": "011", "unit1": "035", "qty1": "0.25", "net_g": "250", "gross_g": "300",
        "reason": "as customs have it",
    }  # fmt: skip
    return {f"line-1-{name}": value for name, value in {**values, **changes}.items()}


# -- what is asked for


def asked(code: str = "", why: str = "", findings: Any = ()) -> mending.Asked:
    return mending.asked(StepView("declare_inventory", "failed", {"findings": findings}), code, why)


def test_findings_codes_and_texts_lead_to_fields() -> None:
    found = asked(findings=FINDINGS)
    assert (found.lines, found.consignee, found.buyer) == ({1: {"hs_code"}}, set(), set())
    assert asked("13127").buyer == {"name", "id_number"} and asked("130126").buyer == {"phone"}
    assert asked(why="[Code:1322;Desc:x]").lines == {
        0: {"name", "hs_code", "gmodel", "unit", "origin", "declared_quantity", "declared_price"}
    }
    assert (
        asked("1313").lines == {} and asked("1313").buyer == set()
    )  # final: nothing of it can be mended here
    assert asked("no_such_code", "consigneeAddress too long").consignee == {
        "province",
        "city",
        "district",
        "street",
    }
    assert asked("-625007").of_line(3) == {"item_record_no"}


def test_every_element_of_the_code_table_can_be_mended_here() -> None:
    named = {element for one in code_table.codes() for element in one.mends}
    assert named <= set(mending.FIELDS) and "gcode" in named
    assert {one.kind for one in code_table.codes() if one.mends} <= {
        code_table.Kind.MEND_DATA, code_table.Kind.ASK_BUYER,
    }  # fmt: skip


def test_the_page_opens_what_is_asked_for(trusted: Client, case: Declaration) -> None:
    text = trusted.get(address(case)).content.decode()
    assert '<details class="more" id="buyer" open>' in text and 'name="buyer-id_number"' in text
    assert '<details class="more" id="consignee">' in text
    assert text.count("Named in the reason.") == 2
    ParcelStep.objects.filter(name="declare_inventory").update(data={"findings": FINDINGS})
    text = trusted.get(address(case)).content.decode()
    assert text.count("Named in the reason.") == 3 and "Other values" in text
    assert text.index('name="line-1-hs_code"') < text.index('name="line-1-gmodel"')


def test_without_the_permission_persons_are_not_touched(staff: Client, case: Declaration) -> None:
    text = staff.get(address(case)).content.decode()
    assert 'name="buyer-name"' not in text and "needs Saleor's permission to manage customers" in text
    for part in ("buyer/", "consignee/"):
        assert staff.post(address(case, part), {"reason": "x"}).status_code == 403
    assert not ParcelCorrection.objects.exists()


# -- lines


def test_an_hs_code_is_corrected_and_our_figures_follow(staff: Client, case: Declaration) -> None:
    assert figures.keep(case, view(case)) is not None
    answer = staff.post(address(case, "lines/1/"), line_form(hs_code="2204210000"), follow=True)
    text = answer.content.decode()
    assert "By this code the tax is 32.20 CNY; 16.38 CNY were collected" in text
    line = TaxFigureLine.objects.get()
    assert (line.hs_code, line.dutiable_value, line.consumption_tax, line.vat) == (
        "2204210000", D("180.00"), D("14.00"), D("18.20"),
    )  # fmt: skip
    assert view(case).lines[0].facts.hs_code == "2204210000"
    assert view(case).tax_total.amount == D("16.38")  # what was paid stays declared
    assert "<del>1905310000</del>" in text and "<ins>2204210000</ins>" in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hs_code": "190531"}, "An HS code here has ten digits."),
        ({"hs_code": "9999999999"}, "No tax can be worked out for this code"),
        ({"declared_price": "91"}, "91 × 2 is 182, but 180.00 were paid: customs compare the payment."),
        ({"declared_quantity": "4", "declared_price": "45"}, "2 pieces are held in the bonded book"),
        ({"declared_price": "90.000001"}, "decimal"),
        ({"reason": ""}, "the audit log needs a reason"),
    ],
)
def test_what_customs_would_refuse_is_refused_with_words(
    staff: Client, case: Declaration, changes: dict[str, str], said: str
) -> None:
    answer = staff.post(address(case, "lines/1/"), line_form(**changes))
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert not ParcelCorrection.objects.exists()


def test_without_a_book_a_piece_may_be_declared_as_several(staff: Client, case: Declaration) -> None:
    Parcel.objects.update(lane="direct_9610")
    said = "A sold piece has to be a whole number of declared ones"
    odd = line_form(declared_quantity="3", declared_price="60")
    assert said in staff.post(address(case, "lines/1/"), odd).content.decode()
    assert (
        staff.post(
            address(case, "lines/1/"), line_form(declared_quantity="12", declared_price="15")
        ).status_code
        == 302
    )
    (line,) = view(case).lines
    assert (line.declared_quantity, line.declared_price, line.total.amount) == (12, D("15"), D("180.00"))


def test_nothing_is_corrected_when_the_case_runs_or_is_over(staff: Client, case: Declaration) -> None:
    ParcelStep.objects.filter(name="declare_inventory").update(state="waiting")
    text = staff.post(address(case, "lines/1/"), line_form(), follow=True).content.decode()
    assert "Not corrected: Nothing was declared yet." in text
    ParcelStep.objects.filter(name="declare_inventory").update(state="failed")
    Parcel.objects.update(state="released")
    text = staff.post(address(case, "lines/1/"), line_form(), follow=True).content.decode()
    assert "Not corrected: The parcel is past correcting" in text
    assert not ParcelCorrection.objects.exists()


# -- persons


def test_a_consignee_is_corrected_and_shown_masked(trusted: Client, case: Declaration) -> None:
    posted = {
        "consignee-name": "陈悦",
        "consignee-street": "人民路 2 号",
        "consignee-reason": "the buyer wrote",
    }
    text = trusted.post(address(case, "consignee/"), posted, follow=True).content.decode()
    assert view(case).consignee.line == "广东省广州市人民路 2 号"
    assert (
        "<del>李＊＊</del>" in text
        and "<ins>陈＊＊</ins>" in text
        and "陈悦" not in text
        and "人民路" not in text
    )
    posted = {"consignee-reason": "x"}
    assert "Enter at least one value." in trusted.post(address(case, "consignee/"), posted).content.decode()


def test_a_buyer_is_entered_anew_with_his_year(trusted: Client, case: Declaration) -> None:
    first = view(case).buyer
    assert first is not None
    reference = lifecycle.quota_reference(case)
    quota.hold(first.index, reference, D("180.00"))
    posted = {
        "buyer-name": "陈悦",
        "buyer-id_number": OTHER_ID,
        "buyer-phone": "13900000001",
        "buyer-reason": "asked",
    }
    text = trusted.post(address(case, "buyer/"), posted, follow=True).content.decode()
    second = view(case).buyer
    assert second is not None and second.masked_name == "陈*"
    assert QuotaUse.objects.get().account.index == second.index
    assert (quota.state_of(first.index).used, quota.state_of(second.index).used) == (D("0"), D("180.00"))
    assert OTHER_ID not in text and "陈悦" not in text and "<ins>陈*</ins>" in text
    assert AuditEntry.objects.get(action="parcel.buyer_corrected").reason == "asked"
    identity = platform().reveal_identity(second.reference, purpose="test")
    assert (identity.name, identity.phone) == ("陈悦", "13900000001")


def test_a_buyer_whose_year_is_used_up_is_refused(trusted: Client, case: Declaration) -> None:
    before = view(case).buyer
    assert before is not None
    quota.hold(before.index, lifecycle.quota_reference(case), D("180.00"))
    quota.hold(index_of(OTHER_ID), "other", D("25900.00"))
    posted = {"buyer-name": "陈悦", "buyer-id_number": OTHER_ID, "buyer-phone": "1", "buyer-reason": "asked"}
    text = trusted.post(address(case, "buyer/"), posted, follow=True).content.decode()
    assert "Not corrected: the yearly limit would be exceeded" in text
    assert view(case).buyer == before and not ParcelCorrection.objects.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"buyer-id_number": OTHER_ID[:-1] + "9"}, "This number fails the check of resident IDs."),
        ({"buyer-name": "Chan"}, "This is no Chinese name as printed on a resident ID."),
        ({"buyer-reason": ""}, "the audit log needs a reason"),
    ],
)
def test_an_identity_that_customs_would_refuse_is_refused(
    trusted: Client, case: Declaration, changes: dict[str, str], said: str
) -> None:
    posted = {
        "buyer-name": "陈悦",
        "buyer-id_number": OTHER_ID,
        "buyer-phone": "1",
        "buyer-reason": "x",
        **changes,
    }
    answer = trusted.post(address(case, "buyer/"), posted)
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert not ParcelCorrection.objects.exists()


# -- what is sent then


def test_the_next_message_is_made_of_what_was_corrected(case: Declaration, conf: CustomsConfig) -> None:
    services = platform()
    services.correct_line(
        str(case.parcel_id), 1,
        {"hs_code": "2204210000", "declared_price": D("90.00001"), "item_record_no": "77", "net_g": 260},
        actor="x", reason="x",
    )  # fmt: skip
    services.correct_consignee(str(case.parcel_id), {"street": "人民路 2 号"}, actor="x", reason="x")
    services.correct_buyer(
        str(case.parcel_id), name="陈悦", id_number=OTHER_ID, phone="13900000001", actor="x", reason="x"
    )
    parcel = view(case)
    reserved = StepView("reserve_stock", "done", {"lines": [{"gnum": 1, "item_record_no": "1"}]})
    parcel = replace(parcel, steps={**parcel.steps, "reserve_stock": reserved})
    assert parcel.buyer is not None
    made = mapping.inventory(
        mapping.Case(
            parcel,
            services.reveal_identity(parcel.buyer.reference, purpose="test"),
            mapping.support_of(parcel, conf),
            conf,
            "C1",
            "G",
            "2",
            clock.china_now(),
        )
    )
    (document,) = made.documents
    (row,), head = document["InventoryList"], document["InventoryHead"]
    assert (row["gcode"], row["price"], row["qty"], row["totalPrice"], row["itemRecordNo"]) == (
        "2204210000", "90.00001", "2", "180", "77",
    )  # fmt: skip
    assert (head["buyerName"], head["buyerIdNumber"], head["buyerTelephone"], head["netWeight"]) == (
        "陈悦", OTHER_ID, "13900000001", "0.52",
    )  # fmt: skip
    assert head["consigneeAddress"] == "广东省广州市人民路 2 号"


def test_the_hook_for_another_buyer_is_known() -> None:
    assert manager().hook.buyer_corrected.get_hookimpls()


@pytest.fixture
def declared(parcel: Parcel, conf: CustomsConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parcel:
    """The parcel with its list refused by customs; payment, waybill and order are as they have to be."""
    key, certificate = make_demo_key(tmp_path / "keys")
    made = conf.model_copy(update={"key_path": str(key), "certificate_path": str(certificate)})
    monkeypatch.setattr(links, "config", lambda: made)
    monkeypatch.setattr(situation, "ask_first", lambda *_args, **_more: None)  # nobody keeps the book here
    parcel.steps.all().delete()
    parcel.lines.update(facts={**parcel.lines.get().facts, "gmodel": "杏仁饼|盒装", "origin": "121"})
    Parcel.objects.filter(pk=parcel.pk).update(buyer_account="guest-1")
    for position, (name, data) in enumerate(
        {
            "reserve_stock": {"book_no": "T516526A00001", "lines": [{"gnum": 1, "item_record_no": "1"}]},
            "declare_payment": {
                "orderNo": "W9",
                "payCode": "4403169D3W",
                "payName": "x",
                "payTransactionId": "V1",
            },
            "obtain_waybill": {"logistics_no": "SF1", "logistics_code": "4403580001", "logistics_name": "x"},
        }.items()
    ):
        ParcelStep.objects.create(
            parcel=parcel, name=name, position=position, state="done", data=data, changed_at=clock.now()
        )
    for position, name in enumerate((steps.ORDER_STEP, steps.LIST_STEP), 7):
        ParcelStep.objects.create(
            parcel=parcel, name=name, position=position, state="running", attempt=1, changed_at=clock.now()
        )
        getattr(steps, name)(platform().parcel(str(parcel.pk)))
        CustomsDocument.objects.update(state="accepted", filed=True)
    ParcelStep.objects.filter(name=steps.ORDER_STEP).update(state="done")
    CustomsDocument.objects.filter(kind="CEB621Message").update(
        state="rejected", status="100", status_text="[Code:1322;Desc:x]", status_at=clock.now()
    )
    assert platform().fail_step(str(parcel.pk), steps.LIST_STEP, "1322", "[Code:1322;Desc:x]")
    return parcel


def test_a_refused_list_is_corrected_and_sent_as_an_amendment(staff: Client, declared: Parcel) -> None:
    case = Declaration.objects.get(parcel_id=declared.pk)
    assert 'name="line-1-hs_code"' in staff.get(address(case)).content.decode()
    posted = line_form(hs_code="2204210000", origin="121")
    assert staff.post(address(case, "lines/1/"), posted).status_code == 302
    assert staff.post(address(case, "retry/"), {"reason": "corrected"}).status_code == 302
    outbox.drain()
    first, second = CustomsDocument.objects.filter(kind="CEB621Message").order_by("version")
    assert (second.version, second.app_type, second.state) == (2, "2", "sent"), ParcelStep.objects.get(
        name=steps.LIST_STEP
    ).error
    rows = [parse((one.body or "").encode()).documents[0]["InventoryList"][0] for one in (first, second)]
    assert [row["gcode"] for row in rows] == ["1905310000", "2204210000"]
    assert [row["totalPrice"] for row in rows] == ["180", "180"]
