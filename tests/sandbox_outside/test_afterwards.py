"""The port's later messages: amendments, cancellations before and returns after the release."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from lxml import etree

from sandbox.customs_port import afterwards, rules
from sandbox.customs_port.models import Document, Receipt, Seen

from . import declarant
from .clock import run_for
from .declarant import cancellation, inventory, message, order, payment, refund, waybill

pytestmark = pytest.mark.django_db
CANCEL, RETURN = "CEB624Message", "CEB626Message"


def send(document: dict[str, Any], name: str = "") -> None:
    headers = {"HTTP_X_COP_MSG_ID": name} if name else {}
    raw = message(document)
    answer = Client().post("/customs/messages", raw, content_type="application/xml", **headers)
    assert answer.status_code == 202


def statuses(message_type: str) -> list[str]:
    return list(
        Receipt.objects.filter(message_type=message_type).order_by("pk").values_list("status", flat=True)
    )


def purchase(buyer: str = declarant.BUYER, seconds: float = 300, **changed: Any) -> Document:
    """Send the four documents of a purchase, wait, and return the inventory."""
    for document in (
        order(buyerName=buyer, consignee=buyer),
        payment(payerName=buyer),
        waybill(consignee=buyer),
    ):
        send(document)
    run_for(100)
    send(inventory(buyerName=buyer, **changed))
    run_for(seconds)
    return Document.objects.get(kind="621")


# -- cancellations ---------------------------------------------------------------------------------------------


def test_before_the_release_an_inventory_can_be_cancelled() -> None:
    listed = purchase(seconds=50)
    assert (listed.status, listed.deleted) == ("120", False)
    send(cancellation(invtNo=listed.invt_no))
    send(cancellation(invtNo=listed.invt_no, copNo="PT-LATER-0002"))
    assert statuses(CANCEL) == ["-623009"], "one cancellation at a time"
    run_for(15)
    receipt = etree.fromstring(Receipt.objects.get(message_type=CANCEL, status="2").xml.encode())[0]
    assert [etree.QName(field).localname for field in receipt] == [
        "guid", "customsCode", "agentCode", "ebpCode", "ebcCode", "copNo", "preNo", "invtNo", "returnStatus",
        "returnTime", "returnInfo",
    ]  # fmt: skip
    named = {etree.QName(field).localname: field.text or "" for field in receipt}
    assert (named["copNo"], named["invtNo"]) == ("PT-LATER-0001", listed.invt_no)
    assert named["preNo"].startswith("C") and len(named["preNo"]) == 18
    run_for(1000)
    assert statuses(CANCEL) == ["-623009", "2", "399"]
    assert statuses("CEB622Message") == ["2", "120"], "nothing planned for it is given any more"
    year = int(listed.head["declTime"][:4])
    assert rules.used_this_year(listed.buyer_id_number, year, Document(kind="621")) == 0


def test_a_cancellation_that_comes_too_late_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = purchase(seconds=50)
    monkeypatch.setattr(afterwards, "DECIDED", 200)
    send(cancellation(invtNo=listed.invt_no))
    run_for(300)
    assert statuses("CEB622Message") == ["2", "120", "399", "800"]
    assert statuses(CANCEL) == ["2", "100"]
    assert "9006" in Receipt.objects.get(message_type=CANCEL, status="100").info
    send(cancellation(invtNo=listed.invt_no, copNo="PT-LATER-0002"))
    assert statuses(CANCEL)[-1] == "-623005"


def test_a_cancellation_has_the_fields_of_its_inventory() -> None:
    listed = purchase(seconds=50)
    for changed, code in (
        ({"invtNo": "51652026I000000000"}, "-623003"),
        ({"copNo": None}, "-623001"),
        ({"orderNo": "ANOTHER"}, "-623001"),
        ({"buyerName": "王大力"}, "-623001"),
        ({"appType": "2"}, "-623001"),
        ({"reason": ""}, "-623001"),
    ):
        send(cancellation(**{"invtNo": listed.invt_no, **changed}))
        assert statuses(CANCEL)[-1] == code, changed


def test_a_slow_release_leaves_time_to_cancel_and_one_persona_refuses() -> None:
    listed = purchase("陈缓放行", seconds=50)
    send(cancellation(invtNo=listed.invt_no, buyerName="陈缓放行"))
    run_for(3000)
    assert statuses(CANCEL) == ["2", "399"] and statuses("CEB622Message") == ["2", "120"]


def test_the_persona_that_refuses_a_cancellation() -> None:
    listed = purchase("陈拒撤单", seconds=50)
    send(cancellation(invtNo=listed.invt_no, buyerName="陈拒撤单"))
    run_for(3000)
    assert statuses(CANCEL) == ["2", "100"]
    assert statuses("CEB622Message") == ["2", "120", "399", "800"]


# -- returns ---------------------------------------------------------------------------------------------------


def test_a_released_inventory_can_be_returned_in_parts_and_never_twice() -> None:
    listed = purchase()
    send(refund(invtNo=listed.invt_no, line={"qty": "1"}))
    run_for(100)
    assert statuses(RETURN) == ["2", "399"]
    year = int(listed.head["declTime"][:4])
    used = rules.used_this_year(listed.buyer_id_number, year, Document(kind="621"))
    assert used == Decimal(100), "half of 188.00 with half of the freight"
    send(refund(invtNo=listed.invt_no, copNo="PT-LATER-0002"))
    assert statuses(RETURN)[-1] == "-625010"
    send(refund(invtNo=listed.invt_no, copNo="PT-LATER-0003", line={"qty": "1"}))
    run_for(100)
    assert statuses(RETURN)[-2:] == ["2", "399"]
    assert rules.used_this_year(listed.buyer_id_number, year, Document(kind="621")) == 0
    send(refund(invtNo=listed.invt_no, copNo="PT-LATER-0004", line={"qty": "1"}))
    assert statuses(RETURN)[-1] == "-625010"


def test_a_return_has_to_fit_its_inventory() -> None:
    listed = purchase()
    for changed, code in (
        ({"invtNo": "51652026I000000000"}, "-625007"),
        ({"orderNo": "ANOTHER"}, "-625010"),
        ({"line": {"gnum": "2"}}, "-625209"),
        ({"line": {"gcode": "2204210000"}}, "-625209"),
        ({"line": {"gname": "别的"}}, "-625010"),
        ({"line": {"qty": "3"}}, "-625010"),
        ({"line": {"qty": "0"}}, "-625001"),
        ({"appType": "2"}, "-625007"),
    ):
        send(refund(**{"invtNo": listed.invt_no, **changed}))
        assert statuses(RETURN)[-1] == code, changed


def test_before_the_release_nothing_can_be_returned() -> None:
    listed = purchase(seconds=50)
    send(refund(invtNo=listed.invt_no))
    assert statuses(RETURN) == ["-625022"]


@pytest.mark.parametrize(("days", "answer"), [(30, "399"), (31, "100")])
def test_a_return_is_asked_for_within_thirty_days(days: int, answer: str) -> None:
    listed = purchase()
    with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
        send(refund(invtNo=listed.invt_no))
        run_for(60)
    assert statuses(RETURN) == ["2", answer]


def test_a_refused_return_can_be_amended() -> None:
    listed = purchase("陈拒退货")
    send(refund(invtNo=listed.invt_no, buyerName="陈拒退货"))
    run_for(100)
    assert statuses(RETURN) == ["2", "100"]
    same = {"invtNo": listed.invt_no, "buyerName": "陈拒退货", "line": {"qty": "1"}}
    send(refund(**same))
    assert statuses(RETURN)[-1] == "-625022", "the number is taken"
    send(refund(appType="2", **same))
    assert statuses(RETURN)[-1] == "-625022", "not later than the one before"
    send(refund(appType="2", appTime="20261123110001", **same))
    run_for(100)
    assert statuses(RETURN)[-2:] == ["2", "100"]


def test_a_return_that_is_reviewed_by_hand() -> None:
    listed = purchase("陈退货审单")
    send(refund(invtNo=listed.invt_no, buyerName="陈退货审单"))
    run_for(200)
    assert statuses(RETURN) == ["2", "300", "399"]


# -- amendments and guids --------------------------------------------------------------------------------------


def test_the_persona_whose_amendment_passes() -> None:
    buyer = "陈改后放行"
    purchase(buyer)
    assert statuses("CEB622Message") == ["2", "100"]
    send(inventory(buyerName=buyer, appType="2", appTime="20261123100501"))
    run_for(300)
    assert statuses("CEB622Message")[2:] == ["2", "120", "399", "800"]


def test_the_same_guid_with_the_same_content_changes_nothing() -> None:
    document = order()
    send(document, "first")
    send(document, "second")
    run_for(100)
    assert statuses("CEB312Message") == ["2", "120"]
    assert Document.objects.get().version == 1 and Seen.objects.count() == 1


def test_the_same_guid_with_another_content_is_refused() -> None:
    document = order()
    send(document)
    head = {**document["head"], "appType": "2", "appTime": "20261123100001"}
    send({**document, "head": head})
    assert statuses("CEB312Message") == ["-301010"]
    run_for(100)
    assert statuses("CEB312Message") == ["-301010", "2", "120"]


def test_a_refused_document_leaves_its_guid_free() -> None:
    document = order(taxTotal="1000")
    send(document)
    assert statuses("CEB312Message") == ["-301008"] and not Seen.objects.exists()
    good = {**document["head"], "taxTotal": "18.20"}
    send({**document, "head": good})
    run_for(100)
    assert statuses("CEB312Message") == ["-301008", "2", "120"]
