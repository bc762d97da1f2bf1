"""The customs work place: who gets in, what it shows, what its forms do, and that it never shows a person."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from plugins.customs_declaration import actions, checks, links, oversized, quarantine, retrying
from plugins.customs_declaration.console import urls
from plugins.customs_declaration.duties.models import TaxBill
from plugins.customs_declaration.messages import MessageError
from plugins.customs_declaration.models import (
    CustomsDocument,
    Declaration,
    QuarantinedFile,
    RealtimeRequest,
    RetryItem,
    RetryRun,
)
from plugins.customs_declaration.policies.urls import patterns as policies
from plugins.customs_declaration.realtime import requests
from plugins.customs_declaration.signing import make_demo_key
from plugins.customs_declaration.transport import Incoming
from saleor_ext.core import clock, outbox
from saleor_ext.core.models import AuditEntry, OutboxMessage
from saleor_ext.orders.models import Parcel, ParcelStep
from saleor_ext.plugin_api import platform
from tests.customs.cases import ID_NUMBER
from tests.customs.declared import declaration, document, receipt
from tests.customs.parcels import config

from .conftest import FakeStorefront

PERSON = "步悦安"
PERSONS = {"buyerName": PERSON, "buyerIdNumber": ID_NUMBER, "buyerTelephone": "13811112222",
           "consigneeAddress": "广东省广州市秘密路七号"}  # fmt: skip
RAW = f"<broken>{ID_NUMBER}".encode()


@pytest.fixture(scope="session")
def customs_key(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_demo_key(tmp_path_factory.mktemp("customs-key"))


@pytest.fixture(autouse=True)
def _configured(customs_key: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = config(folder=str(tmp_path), key_path=str(customs_key[0]), certificate_path=str(customs_key[1]))
    monkeypatch.setattr(links, "config", lambda: made)
    checks.forget_keys()


@pytest.fixture
def case(parcel: Parcel) -> Declaration:
    """A refused list of the parcel at hand, whose step waits for a person."""
    made = declaration(
        "stopped", age=timedelta(hours=2), parcel_id=parcel.pk, order_no="WPT2611231001ABCD",
        cop_no=parcel.number, stopped_step="declare_inventory", stopped_code="1313",
        stopped_text="[Code:1313;Desc:年度限额] gmodel", stopped_at=clock.now(),
    )  # fmt: skip
    ParcelStep.objects.create(
        parcel=parcel, name="declare_inventory", position=9, state="failed", error="1313: x",
        changed_at=clock.now(),
    )  # fmt: skip
    return made


@pytest.fixture
def refused(case: Declaration) -> CustomsDocument:
    text = "[Code:1313;Desc:年度限额]"
    made = document(case, state="rejected", head=PERSONS, status="100", status_text=text)
    receipt(made, text=text, invtNo="51652026I000000009")
    return made


@pytest.fixture
def amended(refused: CustomsDocument) -> CustomsDocument:
    return document(refused.declaration, version=2, head={**PERSONS, "netWeight": "0.30"})


@pytest.fixture
def quarantined(db: None) -> QuarantinedFile:
    return quarantine.keep(Incoming("odd.xml", RAW), MessageError("no root", code="xml"))


@pytest.fixture
def demand(case: Declaration) -> RealtimeRequest:
    return RealtimeRequest.objects.create(
        order_no=case.order_no, session_id="S-1", service_time="1", declaration=case, state="failed",
        code="20001", message="验签失败", attempts=7, refusals=5, asked_at=clock.now(), body=ID_NUMBER,
    )  # fmt: skip


@pytest.fixture
def run(case: Declaration) -> RetryRun:
    made, _new = retrying.begin([case], token=uuid.uuid4(), actor="x", reason="y")
    return made


@pytest.fixture
def billed(case: Declaration) -> TaxBill:
    return TaxBill.objects.create(
        tax_no="T-1", invt_no="51652026I000000009", declaration=case, duty="0", consumption_tax="0", vat="16.40",
        status="1", received_at=clock.now(), figures_at=clock.now(),
    )  # fmt: skip


@pytest.fixture
def address(
    case: Declaration,
    refused: CustomsDocument,
    quarantined: QuarantinedFile,
    demand: RealtimeRequest,
    run: RetryRun,
    billed: TaxBill,
) -> Callable[[str], str]:
    """Return the address of a page, by its name."""
    answer = refused.receipts.get()
    arguments: dict[str, list[Any]] = {
        "declaration": [case.pk], "retry": [case.pk], "correct": [case.pk, 1],
        "correct_consignee": [case.pk], "correct_buyer": [case.pk], "document": [refused.pk],
        "raw": [refused.pk], "receipt": [answer.pk], "quarantined": [quarantined.pk],
        "quarantined_again": [quarantined.pk], "quarantined_download": [quarantined.pk],
        "quarantined_delete": [quarantined.pk],
        "payment_data_again": [demand.pk], "retry_run": [run.pk],
        "tax_bill": [billed.pk], "tax_bill_csv": [billed.pk], "tax_bill_xlsx": [billed.pk],
    }  # fmt: skip
    return lambda name: reverse(f"console:customs:{name}", args=arguments.get(name, []))


@pytest.fixture
def trusted(saleor: type[FakeStorefront], signed_in: Callable[[str], Client]) -> Client:
    """Staff with Saleor's permission on customers."""
    saleor.permissions = {"staff@shop.example": ["MANAGE_USERS"]}
    return signed_in("staff")


def text_of(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return body.decode(errors="replace")  # a workbook is no text


#: Policy tables and demands on a parcel have tests of their own: ``test_policies``, ``test_customs_actions``.
ELSEWHERE = [*policies, *actions.urlpatterns]
NAMES = sorted(pattern.name for pattern in urls.urlpatterns if pattern.name and pattern not in ELSEWHERE)
POSTED = {
    "retry_many",
    "retry",
    "correct",
    "correct_consignee",
    "correct_buyer",
    "raw",
    "quarantined_again",
    "quarantined_download",
    "quarantined_delete",
    "payment_data_again",
}
CLOSED = {"raw", "quarantined_download", "quarantined_delete", "correct_consignee", "correct_buyer"}


# -- who gets in


@pytest.mark.parametrize(("who", "expected"), [("stranger", 302), ("merchant", 403), ("consumer", 403)])
def test_nobody_else_gets_in_or_changes_anything(
    signed_in: Callable[[str], Client], address: Callable[[str], str], who: str, expected: int
) -> None:
    client = signed_in(who)
    entries, steps = AuditEntry.objects.count(), set(ParcelStep.objects.values_list("name", "state"))
    for name in NAMES:
        for visit in (client.get, client.post):
            answer = visit(address(name), {"reason": "because", "q": "WPT2611231001ABCD"})
            assert (name, answer.status_code) == (name, expected)
            # A form that was posted is offered again: what was typed comes back, nothing else.
            assert "SF000" not in text_of(answer) and "bakery" not in text_of(answer)
            if who == "stranger":
                assert "/console/sign-in/" in answer["Location"]
    assert AuditEntry.objects.count() == entries
    assert set(ParcelStep.objects.values_list("name", "state")) == steps


def test_staff_see_every_page_but_what_holds_persons(staff: Client, address: Callable[[str], str]) -> None:
    for name in sorted(set(NAMES) - POSTED):
        answer = staff.get(address(name))
        assert (name, answer.status_code) == (name, 200)
        assert text_of(answer)
    entries = AuditEntry.objects.count()
    for name in sorted(CLOSED):
        assert (name, staff.post(address(name), {"reason": "because"}).status_code) == (name, 403)
    assert AuditEntry.objects.count() == entries
    for name in sorted(POSTED):
        assert (name, staff.get(address(name)).status_code) == (name, 405)


@pytest.mark.parametrize(
    "name", sorted({"declaration", "document", "raw", "receipt", "quarantined", "retry_run"})
)
def test_what_is_not_there_is_not_found(trusted: Client, name: str) -> None:
    url = reverse(f"console:customs:{name}", args=[uuid.uuid4()])
    visit = trusted.post if name in POSTED else trusted.get
    assert visit(url, {"reason": "x"}).status_code == 404


@pytest.mark.parametrize("language", ["", "/zh-hant", "/pt", "/en"])
def test_no_page_shows_a_person_or_needs_another_host(
    staff: Client, address: Callable[[str], str], amended: CustomsDocument, language: str
) -> None:
    pages = [address(name) for name in sorted(set(NAMES) - POSTED)]
    pages += [f"{address('document')}?view={view}" for view in ("fields", "xml", "receipts", "changes")]
    pages += [f"{address('search')}?q={part}" for part in (amended.guid[:8], "PT2611")]
    for url in pages:
        answer = staff.get(f"{language}{url}", follow=True)
        text = text_of(answer)
        assert answer.status_code == 200
        for secret in (ID_NUMBER, PERSON, "13811112222", "秘密路"):
            assert secret not in text
        assert re.findall(r'(?:src|href|action)="(?:https?:)?//', text) == []
        assert " style=" not in text and "<script>" not in text


def test_the_menu_has_an_entry_with_what_waits(staff: Client, case: Declaration) -> None:
    text = text_of(staff.get("/en/console/"))
    assert re.search(
        r'<a href="/en/console/customs/">.*?Customs <span class="state yellow">1</span></a>', text
    )
    text = text_of(staff.get("/en/console/customs/"))
    assert 'href="/en/console/customs/" aria-current="page"' in text


# -- the work list


def test_the_work_list_shows_state_messages_and_reason(staff: Client, amended: CustomsDocument) -> None:
    text = text_of(staff.get("/en/console/customs/"))
    assert "WPT2611231001ABCD" in text and '<b class="mono">1313</b>' in text and "年度限额" in text
    assert f'href="/en/console/customs/documents/{amended.pk}/"' in text
    assert "621 v2" in text and "2\u00a0hours" in text
    states = re.findall(
        r'<a class="option" href="([^"]*)"[^>]*>([\w ]+?) <span class="num">(\d+)</span>', text
    )
    assert [(word, count) for _url, word, count in states] == [
        ("Open", "1"), ("Needs attention", "1"), ("Not yet declared", "0"), ("Order declared", "0"),
        ("Inventory list declared", "0"), ("Released", "0"), ("Closed", "0"), ("Withdrawal asked for", "0"),
        ("Withdrawn", "0"), ("Cancelled", "0"), ("Sent back by customs", "0"), ("Return asked for", "0"),
        ("Return granted", "0"), ("Return refused", "0"),
    ]  # fmt: skip
    assert states[1][0] == "?state=stopped"


def test_the_address_holds_the_filters(staff: Client, case: Declaration) -> None:
    declaration("list", merchant="tea")
    text = text_of(staff.get("/en/console/customs/?merchant=tea&age=1h"))
    assert 'href="?state=released&amp;merchant=tea&amp;age=1h"' in text
    assert '<option value="tea" selected>' in text
    assert "WPT2611231001ABCD" not in text


def test_pages_of_the_work_list(staff: Client, db: None) -> None:
    cases = [declaration("list", age=timedelta(minutes=90 - number)) for number in range(51)]
    first = text_of(staff.get("/en/console/customs/"))
    assert cases[0].order_no in first and cases[50].order_no not in first and 'rel="prev"' not in first
    (url,) = re.findall(r'<a href="([^"]+)" rel="next">', first)
    second = text_of(staff.get(f"/en/console/customs/{url}"))
    assert cases[50].order_no in second and cases[49].order_no not in second and 'rel="next"' not in second
    (url,) = re.findall(r'<a href="([^"]+)" rel="prev">', second)
    assert cases[0].order_no in text_of(staff.get(f"/en/console/customs/{url}"))


def test_the_work_list_asks_as_often_for_many_as_for_one(staff: Client, case: Declaration) -> None:
    counted = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            staff.get("/en/console/customs/?state=all")
        counted.append(len(queries))
        for _ in range(10):
            other = declaration("stopped", age=timedelta(minutes=5))
            document(other, "CEB311Message", "accepted")
            document(other)
    assert counted[0] == counted[1]
    assert counted[0] <= 24


def test_an_empty_work_list_says_so(staff: Client) -> None:
    assert "Nothing is open" in text_of(staff.get("/en/console/customs/"))
    assert "No declaration fits" in text_of(staff.get("/en/console/customs/?lane=direct_9610"))


def test_search_leads_straight_to_the_only_one(staff: Client, refused: CustomsDocument) -> None:
    answer = staff.get("/console/customs/search/", {"q": "pt2611231001abcd"})
    assert answer["Location"] == reverse("console:customs:declaration", args=[refused.declaration_id])
    answer = staff.get("/console/customs/search/", {"q": refused.guid})
    assert answer["Location"] == reverse("console:customs:document", args=[refused.pk])
    stray = receipt(None, invtNo="99992026I000000001")
    text = text_of(staff.get("/en/console/customs/search/", {"q": "99992026"}))
    assert f'href="/en/console/customs/receipts/{stray.pk}/"' in text
    assert "a document that is not ours" in text
    assert "Give at least 4 characters" in text_of(staff.get("/en/console/customs/search/", {"q": "PT"}))
    text = text_of(staff.get("/en/console/customs/search/", {"q": "<script>x"}))
    assert "Nothing has this number" in text and "<script>" not in text


# -- one message


def test_fields_have_labels_meanings_and_origins(staff: Client, refused: CustomsDocument) -> None:
    text = text_of(staff.get(f"/en/console/customs/documents/{refused.pk}/"))
    assert "净重（公斤）" in text and ">netWeight<" in text
    assert "保税电商" in text  # the meaning of trade mode 1210
    assert "步＊＊" in text and "1＊＊" in text
    assert "Configuration" in text and "Goods" in text


def test_receipts_are_shown_with_time_code_and_effect(staff: Client, refused: CustomsDocument) -> None:
    text = text_of(staff.get(f"/en/console/customs/documents/{refused.pk}/?view=receipts"))
    assert "[Code:1313;Desc:年度限额]" in text and "Moved the document" in text
    assert 'href="/en/console/customs/?state=all&amp;code=1313"' in text


def test_changes_between_two_sends(staff: Client, amended: CustomsDocument) -> None:
    text = text_of(staff.get(f"/en/console/customs/documents/{amended.pk}/?view=changes"))
    assert "From version 1 to version 2" in text
    assert "<del>0.5</del>" in text and "<ins>0.30</ins>" in text
    first = amended.declaration.documents.get(version=1)
    text = text_of(staff.get(f"/en/console/customs/documents/{first.pk}/?view=changes"))
    assert "The first version" in text


def test_the_raw_message_needs_permission_and_reason_and_is_audited(
    trusted: Client, refused: CustomsDocument
) -> None:
    url = f"/console/customs/documents/{refused.pk}/raw/"
    assert "Download unmasked" in text_of(
        trusted.get(f"/en/console/customs/documents/{refused.pk}/?view=xml")
    )
    answer = trusted.post(url, {"reason": " "})
    assert (answer.status_code, ID_NUMBER in text_of(answer)) == (422, False)
    assert not AuditEntry.objects.filter(action="customs.message_opened").exists()
    answer = trusted.post(url, {"reason": "asked by customs"})
    assert (answer.status_code, answer.content) == (200, (refused.body or "").encode())
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Disposition"] == f'attachment; filename="CEB621Message_{refused.guid}.xml"'
    entry = AuditEntry.objects.get(action="customs.message_opened")
    assert (entry.actor, entry.reason, entry.object_id) == (
        "staff@shop.example", "asked by customs", str(refused.declaration.parcel_id),
    )  # fmt: skip
    assert entry.data == {"kind": "CEB621Message", "guid": refused.guid, "version": 1}


def test_without_the_permission_the_raw_message_is_not_offered(
    staff: Client, refused: CustomsDocument
) -> None:
    text = text_of(staff.get(f"/en/console/customs/documents/{refused.pk}/?view=xml"))
    assert "Download unmasked" not in text and "permission to manage customers" in text


# -- mending and starting again


def test_a_stopped_declaration_says_what_can_be_mended(staff: Client, refused: CustomsDocument) -> None:
    text = text_of(staff.get(f"/en/console/customs/declarations/{refused.declaration_id}/"))
    first = text.index("Named in the reason")
    assert text.index("gmodel", first) < text.index('href="/en/console/plugins/customs_declaration/"', first)
    assert "Start this step again" in text and 'name="line-1-gmodel"' in text
    assert f'href="/en/console/parcels/{refused.declaration.parcel_id}/"' in text
    assert "¥19.84" in text


def test_what_the_configuration_lacks_is_linked(
    staff: Client, case: Declaration, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = links.config().model_copy(update={"dxp_id": ""})
    monkeypatch.setattr(links, "config", lambda: lacking)
    text = text_of(staff.get(f"/en/console/customs/declarations/{case.pk}/"))
    assert 'href="/en/console/plugins/customs_declaration/#id_dxp_id">dxp_id</a>' in text


def test_a_declaration_that_runs_offers_nothing_to_mend(staff: Client, case: Declaration) -> None:
    ParcelStep.objects.filter(parcel=case.parcel_id).update(state="waiting")
    text = text_of(staff.get(f"/en/console/customs/declarations/{case.pk}/"))
    assert "Start this step again" not in text and "line-1-gmodel" not in text


def test_the_step_is_started_again_with_a_reason(staff: Client, case: Declaration) -> None:
    url = f"/en/console/customs/declarations/{case.pk}/retry/"
    assert staff.post(url, {"reason": ""}).status_code == 422
    assert staff.post(url, {"reason": "mended"}).status_code == 302
    step = ParcelStep.objects.get(parcel=case.parcel_id, name="declare_inventory")
    case.refresh_from_db()
    assert (step.state, step.attempt, case.state) == ("running", 1, "new")
    entry = AuditEntry.objects.get(action="step.retry")
    assert (entry.actor, entry.reason) == ("staff@shop.example", "mended")
    staff.post(url, {"reason": "again"})
    assert AuditEntry.objects.filter(action="step.retry").count() == 1


def line_form(**changes: Any) -> dict[str, Any]:
    values = {
        "name": "杏仁饼", "gmodel": "杏仁饼|盒装", "origin": "121", "hs_code": "1905310000", "declared_quantity": "2",
        "declared_price": "90.00", "barcode": "", "item_record_no": "7", "unit": "011",
        "unit1": "035", "qty1": "0.25", "unit2": "", "qty2": "", "net_g": "250", "gross_g": "300",
        "reason": "as weighed",
    }  # fmt: skip
    return {f"line-1-{name}": value for name, value in {**values, **changes}.items()}


def test_an_article_is_corrected_for_this_parcel(staff: Client, case: Declaration, parcel: Parcel) -> None:
    url = f"/en/console/customs/declarations/{case.pk}/lines/1/"
    assert staff.post(url, line_form(qty1="0.26")).status_code == 302
    facts = platform().parcel(str(parcel.pk)).lines[0].facts
    assert (facts.gmodel, facts.item_record_no, str(facts.qty1)) == ("杏仁饼|盒装", "7", "0.26")
    assert (facts.hs_code, facts.net_g) == ("1905310000", 250)
    assert parcel.lines.get().facts["gmodel"] == ""  # the order stays as it was sold
    entry = AuditEntry.objects.get(action="parcel.line_corrected")
    assert (entry.actor, entry.reason, entry.data["line"]) == ("staff@shop.example", "as weighed", 1)
    assert entry.data["changes"]["gmodel"] == ["", "杏仁饼|盒装"]
    assert ParcelStep.objects.get(parcel=parcel, name="declare_inventory").state == "failed"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"gross_g": "249"}, "The gross weight is not below the net weight."),
        ({"origin": "HKG"}, "This is no country code of customs"),
        ({"qty1": "0"}, "Enter a quantity above nought."),
        ({"qty2": "1"}, "Second unit and second quantity go together."),
        ({"unit": "xyz"}, "Choose one of those offered."),
        ({"reason": ""}, "the audit log needs a reason"),
        ({"gmodel": "x" * 511}, "At most 510 characters"),
    ],
)
def test_a_correction_that_customs_would_refuse_is_refused(
    staff: Client, case: Declaration, parcel: Parcel, changes: dict[str, str], said: str
) -> None:
    before = parcel.lines.get().facts
    answer = staff.post(f"/en/console/customs/declarations/{case.pk}/lines/1/", line_form(**changes))
    assert (answer.status_code, said in text_of(answer)) == (422, True)
    assert parcel.lines.get().facts == before


def test_nothing_is_corrected_once_the_parcel_is_gone(
    staff: Client, case: Declaration, parcel: Parcel
) -> None:
    Parcel.objects.update(state="shipped")
    url = f"/en/console/customs/declarations/{case.pk}/lines/1/"
    assert "Not corrected" in text_of(staff.post(url, line_form(), follow=True))
    assert parcel.lines.get().facts["gmodel"] == ""
    assert staff.post(f"/en/console/customs/declarations/{case.pk}/lines/9/", line_form()).status_code == 302


def test_chosen_ones_are_started_together_once(staff: Client, case: Declaration) -> None:
    other = declaration("stopped", order_no="OTHER")
    running = declaration("list", order_no="RUNS")
    token = str(uuid.uuid4())
    posted = {"token": token, "reason": "port is back", "declaration": [str(case.pk), str(running.pk), "x"]}
    answer = staff.post("/en/console/customs/retries/", posted)
    run = RetryRun.objects.get()
    assert answer["Location"] == f"/en/console/customs/retries/{run.pk}/"
    assert [item.declaration_id for item in run.items.all()] == [case.pk]
    assert staff.post("/en/console/customs/retries/", posted)["Location"] == answer["Location"]
    assert RetryItem.objects.count() == 1
    text = text_of(staff.get(answer["Location"]))
    assert "1 to come" in text and 'hx-trigger="every 2s"' in text
    outbox.drain()
    text = text_of(staff.get(answer["Location"]))
    assert "1 started" in text and "hx-trigger" not in text and "port is back" in text
    assert Declaration.objects.get(pk=other.pk).state == "stopped"
    text = text_of(staff.get("/en/console/customs/"))
    assert f'href="/en/console/customs/retries/{run.pk}/"' in text and "· 1 · staff@shop.example" in text


def test_all_that_fit_the_filters_are_started(
    staff: Client, case: Declaration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "MOST", 2)
    for number in range(3):
        declaration("stopped", merchant="tea", order_no=f"TEA-{number}", age=timedelta(hours=9 - number))
    posted = {"token": str(uuid.uuid4()), "reason": "x", "all": "1", "merchant": "tea"}
    staff.post("/en/console/customs/retries/", posted)
    numbers = [item.declaration.order_no for item in RetryItem.objects.select_related("declaration")]
    assert numbers == ["TEA-0", "TEA-1"]


@pytest.mark.parametrize("missing", ["reason", "token", "declaration"])
def test_a_run_needs_reason_and_choice(staff: Client, case: Declaration, missing: str) -> None:
    posted = {"token": str(uuid.uuid4()), "reason": "x", "declaration": str(case.pk), "merchant": "bakery"}
    answer = staff.post("/en/console/customs/retries/", {**posted, missing: ""})
    assert answer["Location"] == "/en/console/customs/?merchant=bakery"
    assert not RetryRun.objects.exists()


# -- reports


def test_causes_of_refusal_are_drawn(staff: Client, refused: CustomsDocument) -> None:
    text = text_of(staff.get("/en/console/customs/rejections/"))
    assert 'href="/en/console/customs/?state=all&amp;code=1313"' in text
    assert 'href="/en/console/customs/?state=stopped&amp;code=1313">1</a>' in text
    assert "年度限额" in text and "100%" in text
    assert '<rect x="174" y="0.0" width="5" height="28.0">' in text


def test_the_reconciliation_shows_a_day(staff: Client, case: Declaration, parcel: Parcel) -> None:
    day = parcel.paid_at.astimezone(clock.CHINA).date().isoformat()
    text = text_of(staff.get(f"/en/console/customs/reconciliation/?day={day}"))
    assert parcel.number in text and "¥196.38" in text and "1 parcel" in text
    assert "No parcel on this day" in text_of(staff.get("/en/console/customs/reconciliation/?day=2020-01-01"))
    assert staff.get("/en/console/customs/reconciliation/?day=x").status_code == 200
    answer = staff.get(f"/en/console/customs/reconciliation/csv/?day={day}")
    assert answer["Content-Disposition"] == f'attachment; filename="customs-{day}.csv"'
    assert parcel.number in text_of(answer)


# -- quarantine and payment data


def test_a_file_is_shown_masked_and_handed_out_with_permission(
    trusted: Client, quarantined: QuarantinedFile
) -> None:
    assert "odd.xml" in text_of(trusted.get("/en/console/customs/quarantine/"))
    url = f"/en/console/customs/quarantine/{quarantined.pk}/"
    text = text_of(trusted.get(url))
    assert "&lt;broken&gt;1****************X" in text and "no root" in text and ID_NUMBER not in text
    assert trusted.post(f"{url}download/", {"reason": ""}).status_code == 422
    answer = trusted.post(f"{url}download/", {"reason": "for the vendor"})
    assert (text_of(answer), answer["Content-Type"]) == (RAW.decode(), "application/octet-stream")
    entry = AuditEntry.objects.get(action="customs.quarantine_opened")
    assert (entry.actor, entry.reason, entry.object_id) == (
        "staff@shop.example", "for the vendor", str(quarantined.pk),
    )  # fmt: skip


def test_a_file_left_on_the_disk_is_streamed_and_deleted(trusted: Client, tmp_path: Path) -> None:
    path = tmp_path / "error" / "big.xml"
    path.parent.mkdir()
    path.write_bytes(RAW)
    os.truncate(path, 51 * 1024 * 1024)
    assert oversized.adopt() == 1
    row = QuarantinedFile.objects.get()
    url = f"/en/console/customs/quarantine/{row.pk}/"
    text = text_of(trusted.get(url))
    assert "error/big.xml" in text and row.sha256 in text and "51.0" in text and ID_NUMBER not in text
    assert "Read it again" not in text
    answer = trusted.post(f"{url}download/", {"reason": "look"})
    assert answer["Content-Length"] == str(51 * 1024 * 1024)
    pieces = [(piece[: len(RAW)], len(piece)) for piece in answer.streaming_content]
    assert pieces[0] == (RAW, oversized.PIECE) and sum(size for _begin, size in pieces) == 51 * 1024 * 1024
    assert trusted.post(f"{url}delete/", {"reason": " "}).status_code == 422 and path.exists()
    text = text_of(trusted.post(f"{url}delete/", {"reason": "nothing of ours"}, follow=True))
    assert "The file is deleted." in text and "The file was deleted" in text and not path.exists()
    assert AuditEntry.objects.get(action="customs.quarantine_deleted").reason == "nothing of ours"
    text = text_of(trusted.post(f"{url}download/", {"reason": "look"}, follow=True))
    assert "The file was not kept." in text
    assert "big.xml" in text_of(trusted.get("/en/console/customs/quarantine/?state=deleted"))


def test_a_file_is_read_again(staff: Client, quarantined: QuarantinedFile) -> None:
    url = f"/en/console/customs/quarantine/{quarantined.pk}/again/"
    assert "The file still cannot be read." in text_of(staff.post(url, follow=True))
    quarantined.refresh_from_db()
    assert quarantined.tries == 1
    QuarantinedFile.objects.update(state="read")
    assert "There is nothing to read" in text_of(staff.post(url, follow=True))
    assert "odd.xml" in text_of(staff.get("/en/console/customs/quarantine/?state=read"))
    assert "The quarantine is empty" in text_of(staff.get("/en/console/customs/quarantine/"))


def test_demands_for_payment_data(staff: Client, demand: RealtimeRequest) -> None:
    text = text_of(staff.get("/en/console/customs/payment-data/"))
    for shown in ("WPT2611231001ABCD", "S-1", "20001", "验签失败", "10000", "5 refused"):
        assert shown in text
    url = f"/en/console/customs/payment-data/{demand.pk}/again/"
    assert staff.post(url, {"reason": ""}).status_code == 422
    staff.post(url, {"reason": "certificate registered"})
    demand.refresh_from_db()
    assert demand.state == "asked"
    assert AuditEntry.objects.get(action="customs.realtime_again").reason == "certificate registered"
    promised = OutboxMessage.objects.get(topic=requests.UPLOAD)
    text = text_of(staff.get("/en/console/customs/payment-data/?state=asked"))
    assert promised.run_at.astimezone(clock.CHINA).strftime("%m-%d %H:%M:%S") in text
    assert "nothing to start again" in text_of(staff.post(url, {"reason": "twice"}, follow=True))
    assert AuditEntry.objects.filter(action="customs.realtime_again").count() == 1
    assert "No demand" in text_of(staff.get("/en/console/customs/payment-data/?state=uploaded"))


def test_certificate_and_key_are_told(
    staff: Client, customs_key: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = text_of(staff.get("/en/console/customs/health/"))
    assert "Ponte demo declarant" in text and "customs-key" in text and "customs-transport" in text
    assert "signing key" not in text_of(staff.get("/en/console/customs/"))
    broken = links.config().model_copy(update={"key_path": str(tmp_path / "none.pem")})
    monkeypatch.setattr(links, "config", lambda: broken)
    assert "none.pem" not in text_of(staff.get("/en/console/customs/"))  # believed for a minute
    checks.forget_keys()
    assert "none.pem" in text_of(staff.get("/en/console/customs/"))
    assert staff.get("/en/console/customs/health/").status_code == 200
