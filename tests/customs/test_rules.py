"""Findings of substance and of form: each rule found where it is broken, nothing found where none is."""

from __future__ import annotations

import pytest

from plugins.customs_declaration.messages import MESSAGES
from plugins.customs_declaration.messages.form import Check
from plugins.customs_declaration.messages.reader import open_bytes
from plugins.customs_declaration.messages.rules import RULES

from .cases import head_of, lines_of, sound, xml

REQUESTS = sorted(name for name, message in MESSAGES.items() if message.request)


def found(body: bytes, edition: str = "202205", **options) -> list[tuple[int | None, str, str, str]]:
    return [
        (one.document, one.path, one.code, one.remedy.value)
        for one in Check(open_bytes(body), edition, **options).findings()
        if one.severity == "error"
    ]


@pytest.mark.parametrize("name", REQUESTS)
def test_a_sound_message_has_no_finding(name: str) -> None:
    assert found(xml(sound(name, 1 if MESSAGES[name].most == 1 else 3))) == []


@pytest.mark.parametrize(
    ("name", "field", "value", "code", "remedy"),
    [
        ("CEB311Message", "acturalPaid", "47.65", "actural_paid", "mend_data"),
        ("CEB311Message", "payName", "", "conditional", "mend_data"),
        ("CEB311Message", "buyerIdNumber", "110105194912310020", "id_number", "ask_buyer"),
        ("CEB311Message", "buyerIdType", "2", "fixed", "ask_buyer"),
        ("CEB311Message", "freight", "-5.00", "range", "mend_data"),
        ("CEB311Message", "guid", "4cde1cfd-EDED-46B1-946C-B8022E42FC94", "upper_case", "mend_data"),
        ("CEB411Message", "payerIdNumber", "1", "id_number", "ask_buyer"),
        ("CEB411Message", "amountPaid", "0", "range", "mend_data"),
        ("CEB511Message", "packNo", "2", "fixed", "mend_data"),
        ("CEB513Message", "logisticsStatus", "D", "fixed", "mend_data"),
        ("CEB621Message", "packNo", "6000", "fixed", "mend_data"),
        ("CEB621Message", "emsNo", "", "conditional", "operator"),
        ("CEB621Message", "areaCode", " ", "conditional", "operator"),
        ("CEB621Message", "country", "116", "conditional", "mend_data"),
        ("CEB621Message", "trafNo", "MH730", "superfluous", "mend_data"),
        ("CEB621Message", "copNo", "", "conditional", "mend_data"),
        ("CEB621Message", "tradeMode", "9710", "code", "mend_data"),
        ("CEB621Message", "netWeight", "99", "range", "mend_data"),
        ("CEB621Message", "ieFlag", "E", "fixed", "mend_data"),
        ("CEB623Message", "appType", "2", "fixed", "mend_data"),
        ("CEB625Message", "invtNo", "", "length", "mend_data"),
    ],
)
def test_a_broken_rule_of_the_head_is_found_at_its_place(name, field, value, code, remedy) -> None:
    data = sound(name)
    head_of(data)[field] = value
    assert (0, f"{MESSAGES[name].head.name}/{field}", code, remedy) in found(xml(data))
    if field not in ("freight",):
        assert len(found(xml(data))) == 1


@pytest.mark.parametrize(
    ("name", "line", "changes", "path", "code"),
    [
        ("CEB311Message", 1, {"gnum": "1"}, "OrderList[2]/gnum", "gnum"),
        ("CEB311Message", 0, {"gnum": "0"}, "OrderList[1]/gnum", "gnum"),
        ("CEB311Message", 0, {"price": "10.01"}, "OrderList[1]/totalPrice", "line_total"),
        (
            "CEB311Message",
            0,
            {"totalPrice": "20.01", "price": "10.005"},
            "OrderHead/goodsValue",
            "goods_value",
        ),
        ("CEB621Message", 0, {"itemRecordNo": ""}, "InventoryList[1]/itemRecordNo", "conditional"),
        ("CEB621Message", 1, {"qty2": None}, "InventoryList[2]/qty2", "pair"),
        ("CEB621Message", 1, {"unit2": None}, "InventoryList[2]/unit2", "pair"),
        ("CEB621Message", 1, {"qty2": "0"}, "InventoryList[2]/qty2", "pair"),
        ("CEB621Message", 0, {"unit": "999"}, "InventoryList[1]/unit", "code"),
        ("CEB621Message", 0, {"price": "2500.01", "totalPrice": "5000.02"}, "InventoryHead", "single_limit"),
        ("CEB625Message", 1, {"gnum": "1"}, "InvtRefundList[2]/gnum", "gnum"),
        ("CEB625Message", 1, {"qty": "0"}, "InvtRefundList[2]/qty", "range"),
        ("CEB711Message", 1, {"gnum": "3"}, "DeliveryList[2]/gnum", "gnum"),
        ("CEB711Message", 1, {"logisticsNo": "L1"}, "DeliveryList[2]/logisticsNo", "duplicate"),
    ],
)
def test_a_broken_rule_of_a_line_is_found_at_its_place(name, line, changes, path, code) -> None:
    data = sound(name)
    lines_of(data)[line] = {
        key: value for key, value in {**lines_of(data)[line], **changes}.items() if value is not None
    }
    assert (0, path, code) in {one[:3] for one in found(xml(data))}
    assert len(found(xml(data))) == 1


def test_a_line_may_differ_by_the_rounding_of_its_unit_price_only() -> None:
    data = sound("CEB311Message")
    lines_of(data)[0].update(qty="6", price="3.33333")
    assert found(xml(data)) == []


def test_mode_9610_needs_the_transport_and_no_ledger() -> None:
    data = sound("CEB621Message")
    head_of(data)["tradeMode"] = "9610"
    assert {(path, code) for _, path, code, _ in found(xml(data))} == {
        ("InventoryHead/trafNo", "conditional"),
        ("InventoryHead/voyageNo", "conditional"),
        ("InventoryHead/billNo", "conditional"),
        ("InventoryHead/country", "conditional"),
        ("InventoryHead/emsNo", "superfluous"),
    }
    head_of(data).update(trafNo="T", voyageNo="V", billNo="B", country="121", emsNo="")
    assert found(xml(data)) == []


def test_doubles_within_a_message_are_found_in_the_later_document() -> None:
    data = sound("CEB311Message", 3)
    head_of(data, 2).update(guid=head_of(data, 0)["guid"], orderNo=head_of(data, 1)["orderNo"])
    assert {one[:3] for one in found(xml(data))} == {
        (2, "OrderHead/guid", "duplicate"),
        (2, "OrderHead/orderNo", "duplicate"),
    }


def test_documents_and_lines_have_their_bounds() -> None:
    data = sound("CEB311Message", 101)
    row = {**lines_of(data)[0], "price": "0", "totalPrice": "0"}
    lines_of(data)[:] = [{**row, "gnum": str(at)} for at in range(1, 101)]
    head_of(data).update(goodsValue="0", acturalPaid="7.64")
    assert {one[:3] for one in found(xml(data))} == {
        (None, "Order", "too_many"),
        (0, "OrderList", "too_many"),
    }


def test_a_message_that_must_be_signed_is_not_sound_without() -> None:
    body = xml(sound("CEB621Message"), signed=False)
    assert found(body) == [(None, "Signature", "missing", "operator")]
    assert found(body, unsigned=True) == []


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        ('xmlns:ceb="http://www.chinaport.gov.cn/ceb"', 'xmlns:ceb="urn:other"', "CEB311Message", "namespace"),
        ("<ceb:appType>1</ceb:appType>", "", "OrderHead/appType", "missing"),
        ("<ceb:note>", "<ceb:strange>x</ceb:strange><ceb:note>", "OrderHead/strange", "unknown"),
        ("<ceb:orderType>I</ceb:orderType>", "<ceb:orderType>I</ceb:orderType>" * 2, "OrderHead/orderType", "repeated"),
        ("<ceb:BaseTransfer>", "<ceb:Strange/><ceb:BaseTransfer>", "Strange", "unknown"),
        ("<ceb:dxpMode>DXP<", "<ceb:dxpMode>MQS<", "BaseTransfer/dxpMode", "code"),
    ],
)  # fmt: skip
def test_faults_of_form_are_found(old: str, new: str, path: str, code: str) -> None:
    text = xml(sound("CEB311Message")).decode()
    assert old in text
    assert (path, code) in {one[1:3] for one in found(text.replace(old, new).encode())}


def test_elements_out_of_their_order_are_found() -> None:
    text = xml(sound("CEB311Message")).decode()
    first, second = "<ceb:appType>1</ceb:appType>", "<ceb:appTime>20261123101500</ceb:appTime>"
    assert first + second in text
    moved = text.replace(first + second, second + first)
    assert [one[1:3] for one in found(moved.encode())] == [("OrderHead/appType", "order")]
    start, end = (
        text.index("<ceb:BaseTransfer>"),
        text.index("</ceb:BaseTransfer>") + len("</ceb:BaseTransfer>"),
    )
    at = text.index("<ceb:Order>")
    early = text[:at] + text[start:end] + text[at:start] + text[end:]
    assert [one[1:3] for one in found(early.encode())] == [("Order", "order")]


def test_a_document_without_its_head_is_a_finding_and_not_unreadable() -> None:
    body = b'<ceb:CEB311Message xmlns:ceb="http://www.chinaport.gov.cn/ceb"><ceb:Order/></ceb:CEB311Message>'
    assert {one[1:3] for one in found(body)} == {
        ("@guid", "length"),
        ("@version", "length"),
        ("OrderHead", "missing"),
        ("OrderList", "missing"),
        ("BaseTransfer", "missing"),
    }


def test_the_older_edition_is_checked_by_its_own_lengths() -> None:
    data = sound("CEB621Message")
    lines_of(data)[0]["itemNo"] = "x" * 25
    assert [one[1:3] for one in found(xml(data))] == [("InventoryList[1]/itemNo", "length")]
    assert found(xml(data), "2018-113") == []
    lines_of(data)[0].update(itemNo="x", tradeCountry="1")
    assert {one[2] for one in found(xml(data), "2018-113")} == {"length"}


def test_findings_never_quote_a_person() -> None:
    data = sound("CEB311Message")
    head_of(data).update(buyerIdNumber="110105194912310029", buyerName="甲" * 61)
    texts = [one.message for one in Check(open_bytes(xml(data))).findings()]
    assert len(texts) == 2
    assert not any("110105" in text or "甲" in text for text in texts)


def test_every_rule_is_documented() -> None:
    from pathlib import Path

    page = (Path(__file__).resolve().parents[2] / "docs" / "customs.md").read_text(encoding="utf-8")
    assert [code for code in RULES if f"`{code}`" not in page] == []
