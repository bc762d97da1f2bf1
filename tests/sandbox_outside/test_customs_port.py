"""The port: structure, signatures, rules, comparison, receipts, personas, drop folder."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from lxml import etree

from sandbox.customs_port import drop, intake, review, rules, tables
from sandbox.customs_port.models import Document, Message, Receipt
from sandbox.customs_port.personas import PERSONAS
from sandbox.jobs import queue
from sandbox.jobs.models import Job, Knob

from . import declarant
from .clock import run_for
from .declarant import build, inventory, message, order, payment, sign, waybill

pytestmark = pytest.mark.django_db
OFFICIAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "customs"
NS = "{http://www.chinaport.gov.cn/ceb}"


def send(raw: bytes) -> dict[str, Any]:
    response = Client().post("/customs/messages", raw, content_type="application/xml")
    assert response.status_code == 202, response.content
    return response.json()


def polled(since: int = 0) -> list[dict[str, Any]]:
    return Client().get(f"/customs/receipts?since={since}").json()["receipts"]


def statuses(message_type: str) -> list[str]:
    return [one["returnStatus"] for one in polled() if one["messageType"] == message_type]


def first(message_type: str) -> etree._Element:
    xml = next(one["xml"] for one in polled() if one["messageType"] == message_type)
    return etree.fromstring(xml.encode())[0]


def value(node: etree._Element, name: str) -> str:
    return node.findtext(f"{NS}{name}") or ""


def send_all(buyer: str = declarant.BUYER, **changed: Any) -> None:
    """Send the four documents of one purchase."""
    person = {"buyerName": buyer}
    send(message(order(**person, consignee=buyer)))
    send(message(payment(payerName=buyer)))
    send(message(waybill(consignee=buyer)))
    run_for(100)
    send(message(inventory(**person, **changed)))


def test_a_good_purchase_is_released() -> None:
    send_all()
    run_for(300)
    assert statuses("CEB312Message") == ["2", "120"]
    assert statuses("CEB412Message") == ["2", "120"]
    assert statuses("CEB512Message") == ["2", "120"]
    assert statuses("CEB622Message") == ["2", "120", "399", "800"]
    infos = list(Receipt.objects.filter(message_type="CEB622Message").values_list("info", flat=True))
    assert infos[1:] == [
        "[Code:1800;Desc:逻辑校验通过]",
        "[Code:2300;Desc:审核通过]",
        "[Code:2600;Desc:放行]",
    ]
    document = Document.objects.get(kind="621")
    assert document.status == "800"
    assert document.value == Decimal("200")
    assert document.invt_no.startswith("51652026I") and len(document.invt_no) == 18
    assert document.pre_no.startswith("B") and len(document.pre_no) == 18
    last = etree.fromstring(polled()[-1]["xml"].encode())
    assert [etree.QName(one).localname for one in last[0]] == [
        "guid", "customsCode", "ebpCode", "ebcCode", "agentCode", "copNo", "preNo", "invtNo",
        "returnStatus", "returnTime", "returnInfo",
    ]  # fmt: skip
    assert value(last[0], "copNo") == "PT-621-0001"
    assert len(value(last[0], "returnTime")) == 17


@pytest.mark.parametrize("kind, late, last", [("621", "399", "800"), ("311", "2", "120")])
def test_a_step_whose_worker_died_comes_late_and_moves_nothing_back(kind: str, late: str, last: str) -> None:
    """The job of a killed worker is run when its lease ends; the steps after it are over by then."""
    send_all()
    run_for(300)
    document = Document.objects.get(kind=kind)
    planned = next(
        row.payload
        for row in Job.objects.filter(kind="customs.status")
        if (row.payload["id"], row.payload["status"]) == (document.pk, late)
    )
    with transaction.atomic():
        review.status(planned)
    document.refresh_from_db()
    assert document.status == last
    receipts = Receipt.objects.filter(document=document).order_by("id")
    assert [row.status for row in receipts][-2:] == [last, late]


def test_a_message_sent_twice_over_http_is_one_message() -> None:
    raw, http = message(order()), Client()
    for _ in range(2):
        response = http.post(
            "/customs/messages", raw, content_type="application/xml", headers={"X-Cop-Msg-Id": "ORDER-1"}
        )
        assert (response.status_code, response.json()["copMsgId"]) == (202, "ORDER-1")
    run_for(100)
    assert statuses("CEB312Message") == ["2", "120"]


def test_receipts_of_an_order_name_it() -> None:
    send(message(order()))
    run_for(100)
    node = first("CEB312Message")
    assert [etree.QName(one).localname for one in node] == [
        "guid", "ebpCode", "ebcCode", "orderNo", "returnStatus", "returnTime", "returnInfo",
    ]  # fmt: skip
    assert value(node, "orderNo") == declarant.ORDER_NO
    assert value(node, "returnInfo").startswith("新增申报成功[")


@pytest.mark.parametrize("name", ["CEB311Message", "CEB411Message", "CEB511Message", "CEB621Message"])
def test_tables_agree_with_the_official_schema(name: str) -> None:
    folder = OFFICIAL / "xsd" / "202205"
    if not folder.is_dir():
        pytest.skip("the official schema files are not beside the project")
    (path,) = folder.glob("*进口业务*.xsd")
    xsd = etree.parse(str(path)).getroot()
    shape = tables.SHAPES[name]
    for node, leaves in ((shape.head_name, shape.head), (shape.lines_name, shape.lines)):
        if node:
            assert [(leaf.name, leaf.required) for leaf in leaves] == _official(xsd, node)


def _official(xsd: etree._Element, node: str) -> list[tuple[str, bool]]:
    """Read names and requiredness of a node's children out of the schema."""
    xs = "{http://www.w3.org/2001/XMLSchema}"
    element = next(one for one in xsd.iter(f"{xs}element") if one.get("name") == node)
    holder = element
    if element.get("type"):
        wanted = element.get("type").split(":")[-1]
        holder = next(one for one in xsd.iter(f"{xs}complexType") if one.get("name") == wanted)
    sequence = next(holder.iter(f"{xs}sequence"))
    return [
        (one.get("name") or one.get("ref").split(":")[-1], one.get("minOccurs", "1") != "0")
        for one in sequence.findall(f"{xs}element")
    ]


def test_receipts_validate_against_the_official_schema() -> None:
    folder = OFFICIAL / "xsd" / "202205"
    if not folder.is_dir():
        pytest.skip("the official schema files are not beside the project")
    (path,) = folder.glob("*进口业务*.xsd")
    schema = etree.XMLSchema(etree.parse(str(path)))
    send_all()
    send(message(inventory(copNo="PT-621-0002")))
    send(message(order(orderNo=declarant.ORDER_NO)))
    send(message(inventory(copNo=None, emsNo=None, agentCode=None)))
    send(b"<nonsense")
    run_for(300)
    seen = set()
    for one in polled():
        schema.assertValid(etree.fromstring(one["xml"].encode()))
        seen.add(one["messageType"])
    assert seen == {"CEB312Message", "CEB412Message", "CEB512Message", "CEB622Message", "CEB900Message"}


@pytest.mark.parametrize(
    ("raw", "kind", "part"),
    [
        (b"", None, None),
        (b"<nonsense", "Unknown", "XML解析失败"),
        (
            b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
            "Unknown",
            "DOCTYPE",
        ),
        (b"<CEB999Message xmlns='http://www.chinaport.gov.cn/ceb'/>", "CEB999Message", "不支持的报文类型"),
        (b"<CEB311Message xmlns='urn:other'/>", "CEB311Message", "命名空间"),
        (b"<CEB311Message xmlns='http://www.chinaport.gov.cn/ceb'/>", "CEB311Message", "应为1到100个"),
    ],
)
def test_what_cannot_be_read_gets_900(raw: bytes, kind: str | None, part: str | None) -> None:
    response = Client().post("/customs/messages", raw, content_type="application/xml")
    if kind is None:
        assert response.status_code == 400
        return
    assert response.status_code == 202
    run_for()
    node = first("CEB900Message")
    assert value(node, "oriMessageType") == kind
    assert part in value(node, "returnInfo")
    assert "root:" not in value(node, "returnInfo")
    assert not Document.objects.exists()


def test_a_billion_laughs_is_refused_quickly() -> None:
    bomb = b"<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><l>&b;</l>"
    assert send(bomb)["messageType"] == "Unknown"


def test_dxp_envelope() -> None:
    assert send(declarant.dxp(message(order()), "COP-77"))["copMsgId"] == "COP-77"
    run_for(100)
    assert statuses("CEB312Message") == ["2", "120"]
    send(declarant.dxp(b"<broken", "COP-78"))
    run_for()
    assert value(first("CEB900Message"), "oriCopMsgId") == "COP-78"


def _altered(raw: bytes) -> bytes:
    assert b"<ceb:acturalPaid>218.20<" in raw
    return raw.replace(b"<ceb:acturalPaid>218.20<", b"<ceb:acturalPaid>218.21<")


def _resigned_info(raw: bytes) -> bytes:
    """Change the digest to fit an altered body: then the signature value must fail."""
    import base64
    import hashlib

    root = etree.fromstring(_altered(raw))
    bare = etree.fromstring(_altered(raw))
    bare.remove(bare.find(f"{{{declarant.DS}}}Signature"))
    digest = hashlib.sha1(etree.tostring(bare, method="c14n")).digest()
    next(root.iter(f"{{{declarant.DS}}}DigestValue")).text = base64.b64encode(digest).decode()
    return etree.tostring(root)


def _algorithm(raw: bytes) -> bytes:
    return raw.replace(b"xmldsig#sha1", b"xmldsig#md5")


def _unsigned(raw: bytes) -> bytes:
    root = etree.fromstring(raw)
    root.remove(root.find(f"{{{declarant.DS}}}Signature"))
    return etree.tostring(root)


def _reference(raw: bytes) -> bytes:
    return raw.replace(b'URI=""', b'URI="#other"')


@pytest.mark.parametrize(
    ("forge", "text"),
    [
        (_altered, "摘要与报文内容不一致"),
        (_resigned_info, "签名值验证失败"),
        (_algorithm, "摘要算法不支持"),
        (_unsigned, "缺少签名"),
        (_reference, "引用URI不支持"),
    ],
)
def test_forged_signatures_are_refused(forge: Any, text: str) -> None:
    send(forge(message(order())))
    run_for()
    assert statuses("CEB312Message") == ["-301020"]
    assert text in value(first("CEB312Message"), "returnInfo")
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"key_name": "0000000000000001"}, "KeyName 与证书序列号不一致"),
        ({"key_name": "not hex"}, "KeyName 与证书序列号不一致"),
        ({"days": -1}, "证书不在有效期内"),
    ],
)
def test_certificates_are_looked_at(arguments: dict[str, Any], text: str) -> None:
    send(sign(build(inventory()), **arguments))
    run_for()
    assert statuses("CEB622Message") == ["-621029"]
    assert text in value(first("CEB622Message"), "returnInfo")


def test_altered_inventory_has_its_own_code() -> None:
    send(message(inventory()).replace(b"<ceb:totalPrice>188<", b"<ceb:totalPrice>189<"))
    run_for()
    assert statuses("CEB622Message") == ["-621028"]


def test_a_registered_certificate_locks_out_others() -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    _, certificate = declarant.pair(declarant.SERIAL, 365)
    data = {"copCode": "4401W6AGT1", "certificate": certificate.public_bytes(Encoding.PEM).decode()}
    http = Client()
    assert (
        http.post(
            "/sandbox/customs/certificates", json.dumps(data), content_type="application/json"
        ).status_code
        == 200
    )
    send(sign(build(inventory()), serial=0x0300000000099999))
    run_for()
    assert statuses("CEB622Message") == ["-621015"]
    send(message(inventory()))
    run_for(30)
    assert statuses("CEB622Message") == ["-621015", "2"]


@pytest.mark.parametrize(
    ("document", "kind", "code", "text"),
    [
        (order(acturalPaid="218.21"), "312", "-301008", "acturalPaid应为218.20，实为218.21"),
        (
            order(goodsValue="187", acturalPaid="217.20"),
            "312",
            "-301008",
            "goodsValue不等于表体totalPrice之和",
        ),
        (
            order(line={"totalPrice": "187"}, goodsValue="187", acturalPaid="217.20"),
            "312",
            "-301008",
            "totalPrice不等于price×qty",
        ),
        (order(buyerName=None), "312", "-301008", "缺少 buyerName"),
        (order(buyerName=""), "312", "-301008", "buyerName 长度应为1到60"),
        (order(currency="502"), "312", "-301008", "currency 应为 142"),
        (order(orderType="E"), "312", "-301008", "orderType 应为 I"),
        (order(freight="1e3"), "312", "-301008", "freight 不是数值"),
        (order(freight="1.000001"), "312", "-301008", "freight 超出N19,5"),
        (order(appTime="20261323100000"), "312", "-301008", "appTime 不是有效时间"),
        (order(consigneeDistrict=""), "312", "-301008", "consigneeDistrict 长度应为6"),
        (order(line={"gnum": "2"}), "312", "-301008", "gnum应为1"),
        (order(line={"gmodel": "x" * 511}), "312", "-301008", "gmodel 长度应为1到510"),
        (order(extra="1"), "312", "-301008", "多余的元素 extra"),
        (order(buyerIdType="2"), "312", "-301008", "buyerIdType限定为1"),
        (order(lines=[]), "312", "-301008", "OrderList 应为1到99个"),
        (inventory(packNo="2"), "622", "-621001", "packNo限定为1"),
        (inventory(emsNo=None), "622", "-621001", "1210模式emsNo必填"),
        (inventory(country="121"), "622", "-621001", "起运国限定为142"),
        (inventory(tradeMode="9610"), "622", "-621001", "9610模式trafNo必填"),
        (inventory(tradeMode="0110"), "622", "-621001", "tradeMode 应为"),
        (inventory(netWeight="1.3"), "622", "-621001", "净重应大于0且不大于毛重"),
        (inventory(line={"itemRecordNo": None}), "622", "-621001", "itemRecordNo必填"),
        (inventory(line={"gcode": "19053100"}), "622", "-621001", "gcode 长度应为10"),
        (inventory(line={"qty2": "1"}), "622", "-621001", "qty2与unit2须同时填写"),
        (inventory(line={"unit2": ""}), "622", "-621001", "unit2 长度应为3"),
        (inventory(line={"qty": "54", "totalPrice": "5076"}), "622", "-621005", "5088.00 > 5000"),
        (payment(payerIdNumber="110105194912310021"), "412", "-401009", "校验位错误"),
        (payment(amountPaid="0"), "412", "-401009", "amountPaid应大于0"),
        (waybill(packNo="2"), "512", "-504011", "packNo限定为1"),
        (waybill(weight="0"), "512", "-504011", "weight应大于0"),
    ],
)
def test_wrong_documents_are_refused(document: dict[str, Any], kind: str, code: str, text: str) -> None:
    send(message(document))
    run_for()
    name = f"CEB{kind}Message"
    assert statuses(name) == [code]
    assert text in value(first(name), "returnInfo")
    assert not Document.objects.exists()


def test_element_order_matters() -> None:
    document = order()
    head = document["head"]
    head["guid"] = head.pop("guid")  # last instead of first
    send(message(document))
    run_for()
    assert "位置不对" in value(first("CEB312Message"), "returnInfo")


def test_twice_the_same_line_number() -> None:
    document = inventory()
    document["lines"] = [document["lines"][0], dict(document["lines"][0])]
    send(message(document))
    run_for()
    assert statuses("CEB622Message") == ["-621027"]


@pytest.mark.parametrize(
    ("lines", "value_", "over"),
    [
        ([{"qty": "2"}], "5000", False),
        ([{"qty": "2"}], "5000.01", True),
        ([{"qty": "1"}], "5000.01", False),
        ([{"qty": "1"}], "26000", False),
        ([{"qty": "1"}], "26000.01", True),
        ([{"qty": "1"}, {"qty": "1"}], "5000.01", True),
    ],
)
def test_single_limit(lines: list[dict[str, str]], value_: str, over: bool) -> None:
    assert rules.over_single_limit(Decimal(value_), lines) is over


@pytest.mark.parametrize(
    ("number", "good"),
    [
        ("11010519491231002X", True),
        ("11010519491231002x", True),
        ("110105194912310021", False),
        ("110101199003070011", True),
        ("440305199506301234", False),
        ("1101051949123100", False),
        ("１１0105194912310028", False),
        ("110101199202290017", True),  # born on a leap day
        ("110101199002300014", False),  # 30 February
        ("110101209901010017", False),  # born in 2099
    ],
)
def test_id_numbers(number: str, good: bool) -> None:
    assert rules.id_number_is_valid(number) is good


def test_an_order_number_is_used_once() -> None:
    send(message(order()))
    send(message(order()))
    run_for(100)
    assert sorted(statuses("CEB312Message")) == ["-301010", "120", "2"]


def test_amending_needs_a_later_time_and_no_inventory() -> None:
    send(message(order(appType="2")))
    send(message(order()))
    send(message(order(appType="2")))
    send(message(order(appType="2", appTime="20261123110000", buyerTelephone="13900139000")))
    run_for(100)
    found = [(r.status, r.info.split("[")[0]) for r in Receipt.objects.order_by("id")]
    assert found == [
        ("-301009", "报送类型错误，未找到要操作的单证"),
        ("-301014", "报送时间appTime不晚于已有单证，不予处理"),
        ("2", "变更申报成功"),
        ("120", ""),
    ]
    assert Document.objects.get().head["buyerTelephone"] == "13900139000"
    send(message(inventory()))
    send(message(order(appType="2", appTime="20261123120000")))
    run_for()
    assert statuses("CEB312Message")[-1] == "-301011"


def test_one_live_inventory_per_order() -> None:
    send_all()
    send(message(inventory(copNo="PT-621-0002")))
    run_for(300)
    assert statuses("CEB622Message").count("-621004") == 1
    assert Document.objects.get(kind="621").status == "800"
    send(message(inventory(appType="2", appTime="20261123110000")))
    run_for(300)
    assert statuses("CEB622Message")[-1] == "-621012"


def test_a_rejected_inventory_can_be_sent_again() -> None:
    send_all(line={"gname": "别的名称"})
    run_for(200)
    assert statuses("CEB622Message") == ["2", "100"]
    send(message(inventory(appType="2", appTime="20261123110000")))
    run_for(300)
    assert statuses("CEB622Message") == ["2", "100", "2", "120", "399", "800"]


def test_temporary_storage_goes_no_further() -> None:
    send(message(inventory(appStatus="1")))
    run_for(3000)
    assert statuses("CEB622Message") == ["1"]


@pytest.mark.parametrize(
    ("what", "changed", "code"),
    [
        ("inventory", {"line": {"gname": "别的名称"}}, "1322"),
        ("inventory", {"line": {"price": "93", "totalPrice": "186"}}, "1322"),
        ("inventory", {"line": {"unit": "011"}}, "1322"),
        ("inventory", {"line": {"itemNo": "SKU-2"}}, "1322"),
        ("inventory", {"buyerName": "张三"}, "13127"),
        ("inventory", {"buyerTelephone": "13700137000"}, "130126"),
        ("inventory", {"consigneeAddress": "别处"}, "9003"),
        ("inventory", {"ebcCode": "4401W6EBC2"}, "9004"),
        ("payment", {"payerName": "张三"}, "1327"),
        ("payment", {"payerIdNumber": "110101199003070011"}, "1327"),
        ("payment", {"amountPaid": "218.19"}, "1332"),
        ("payment", {"payCode": "31222699S7"}, "13035"),
        ("payment", {"payTransactionId": "42X"}, "13035"),
        ("waybill", {"consignee": "张三"}, "9002"),
        ("waybill", {"consigneeTelephone": "13700137000"}, "9002"),
        ("waybill", {"consigneeAddress": "别处"}, "9002"),
        ("order", {"taxTotal": "100", "acturalPaid": "300", "goodsValue": "188"}, "9005"),
        ("order", {"taxTotal": "1", "acturalPaid": "201"}, "9005"),
        ("order", {"buyerIdNumber": "110105194912310021"}, None),
    ],
)
def test_four_documents_are_compared(what: str, changed: dict[str, Any], code: str | None) -> None:
    made = {"order": order, "payment": payment, "waybill": waybill, "inventory": inventory}
    documents = {name: make(**(changed if name == what else {})) for name, make in made.items()}
    if what == "order" and code:
        documents["payment"] = payment(amountPaid=changed["acturalPaid"])
    for name in ("order", "payment", "waybill"):
        send(message(documents[name]))
    run_for(100)
    if code is None:
        assert statuses("CEB312Message") == ["2", "100"]
        return
    send(message(documents["inventory"]))
    run_for(300)
    assert statuses("CEB622Message") == ["2", "100"]
    assert Receipt.objects.get(message_type="CEB622Message", status="100").info.startswith(
        f"[Code:{code};Desc:"
    )


def test_amount_text_is_that_of_customs() -> None:
    send(message(order()))
    send(message(payment(amountPaid="99.5")))
    send(message(waybill()))
    send(message(inventory()))
    run_for(300)
    info = Receipt.objects.get(message_type="CEB622Message", status="100").info
    assert info == "[Code:1332;Desc:支付单金额与订单金额不一致;acturalPaid:218.20,PaymentHead.amountPaid99.5]"


def test_documents_may_come_in_any_order() -> None:
    send(message(inventory()))
    run_for(61)
    assert statuses("CEB622Message") == ["2"]
    send(message(waybill()))
    send(message(order()))
    send(message(payment()))
    run_for(600)
    assert statuses("CEB622Message")[-1] == "800"


def test_missing_documents_end_in_a_rejection() -> None:
    send(message(inventory()))
    send(message(order()))
    run_for(10_000)
    info = Receipt.objects.get(message_type="CEB622Message", status="100").info
    assert info == "[Code:9000;Desc:未找到对应的支付单、运单]"


def test_yearly_limit_counts_live_inventories() -> None:
    earlier = Document(
        kind="621", key="a|b", order_no="X", head={"declTime": "20260101"}, app_time="1", status="800"
    )
    earlier.message = Message.objects.create(via="http", name="m", sha256="0", body=b"")
    earlier.buyer_id_number, earlier.value = declarant.BUYER_ID, Decimal("25800.01")
    earlier.save()
    send_all()
    run_for(300)
    info = Receipt.objects.get(message_type="CEB622Message", status="100").info
    assert info == (
        "[Code:1313;Desc:订购人购买超过年度限额,超过个人年度购买额度;"
        "totalPrice：26,000.01 > limitPrice: 26,000;]"
    )
    # A cent less fits exactly; another year, or a rejected one, does not count.
    Document.objects.filter(pk=earlier.pk).update(value=Decimal("25800"))
    send(message(inventory(appType="2", appTime="20261123110000")))
    run_for(300)
    assert statuses("CEB622Message")[-1] == "800"


EXPECTED = {
    "改后放行": ["2", "100"],
    "缓放行": ["2", "120", "399"],
    "拒撤单": ["2", "120", "399"],
    "拒退货": ["2", "120", "399", "800"],
    "退货审单": ["2", "120", "399", "800"],
    "年限额": ["2", "100"],
    "付款人不符": ["2", "100"],
    "金额不符": ["2", "100"],
    "表体不符": ["2", "100"],
    "证件不符": ["2", "100"],
    "担保不足": ["2", "100"],
    "订购人不符": ["2", "100"],
    "布控查验": ["2", "120", "500", "800"],
    "人工审单": ["2", "120", "300", "399", "800"],
    "扣留": ["2", "120", "501"],
    "退运": ["2", "120", "700"],
    "无声": [],
    "未知码": ["2", "120", "600", "399", "800"],
    "重复回执": ["120", "120", "2", "2", "399", "399", "800", "800"],
    "乱序回执": ["399", "800", "2", "120"],
    "迟到回执": ["2", "120", "399", "800"],
    "订单退单": ["2"],
}
CODES = {
    "年限额": "1313",
    "改后放行": "1322",
    "付款人不符": "1327",
    "金额不符": "1332",
    "表体不符": "1322",
    "证件不符": "1300",
    "担保不足": "1311",
    "订购人不符": "13127",
}


def test_every_persona_is_in_the_table_and_the_readme() -> None:
    readme = (Path(intake.__file__).parent / "README.md").read_text()
    assert {one.name for one in PERSONAS} == set(EXPECTED)
    for one in PERSONAS:
        assert f"`{one.name}`" in readme


@pytest.mark.parametrize("name", EXPECTED)
def test_personas(name: str) -> None:
    send_all(buyer=f"陈{name}")
    run_for(1500)
    given = statuses("CEB622Message")
    expected = EXPECTED[name]
    assert (sorted(given) if name == "重复回执" else given) == expected
    if name in CODES:
        info = Receipt.objects.get(message_type="CEB622Message", status="100").info
        assert info.startswith(f"[Code:{CODES[name]};Desc:")
    if name == "订单退单":
        assert statuses("CEB312Message") == ["2", "100"]


def test_late_persona_takes_ten_times_as_long() -> None:
    send_all(buyer="陈迟到回执")
    run_for(90)
    assert statuses("CEB622Message") == []
    run_for(100)
    assert statuses("CEB622Message") == ["2"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"double": True}, 8),
        ({"shuffle": True}, 4),
        ({"late": 5}, 4),
    ],
)
def test_configured_faults(fault: dict[str, Any], expected: int) -> None:
    http = Client()
    response = http.post("/sandbox/customs/faults", json.dumps(fault), content_type="application/json")
    assert response.json()["faults"] == fault
    send_all()
    run_for(3000)
    given = statuses("CEB622Message")
    assert len(given) == expected
    assert set(given) == {"2", "120", "399", "800"}
    if "shuffle" in fault:
        assert given.index("800") < given.index("120")
    assert (
        http.post("/sandbox/customs/faults", '{"late": 0}', content_type="application/json").status_code
        == 400
    )
    assert (
        http.post("/sandbox/customs/faults", '{"boom": 1}', content_type="application/json").status_code
        == 400
    )


def test_polling_cursor() -> None:
    send_all()
    run_for(300)
    http = Client()
    page = http.get("/customs/receipts?since=0&limit=3").json()
    rest = http.get(f"/customs/receipts?since={page['next']}").json()
    assert len(page["receipts"]) == 3
    assert len(rest["receipts"]) == 7
    assert http.get(f"/customs/receipts?since={rest['next']}").json() == {
        "receipts": [],
        "next": rest["next"],
    }
    assert http.get("/customs/receipts?since=x").status_code == 400


def test_receipts_are_pushed_until_taken(platform: Any) -> None:
    http = Client()
    data = json.dumps({"url": "http://127.0.0.1:8000/hooks/customs"})
    http.post("/sandbox/customs/callback", data, content_type="application/json")
    platform.answers = [(503, b""), (0, b""), (204, b"")]
    send(message(order()))
    run_for(12)
    assert len(platform.calls) == 1
    run_for(200)
    assert [call[0] for call in platform.calls] == ["http://127.0.0.1:8000/hooks/customs"] * 4
    bodies = [call[1]["content"] for call in platform.calls]
    assert len(set(bodies)) == 2
    assert Receipt.objects.filter(delivered_at=None).count() == 0


def test_drop_folder() -> None:
    drop.write(drop.folder("outbox") / "order.xml", message(order()))
    (drop.folder("outbox") / "half.xml.tmp").write_bytes(b"<ceb:CEB311Mess")
    (drop.folder("outbox") / ".hidden.xml").write_bytes(b"<ceb:CEB311Mess")
    assert intake.scan_drop() == 1
    assert intake.scan_drop() == 0
    assert sorted(one.name for one in drop.folder("outbox").iterdir()) == [".hidden.xml", "half.xml.tmp"]
    assert [one.name for one in drop.folder("archive").iterdir()] == ["order.xml"]
    run_for(100)
    files = sorted(drop.folder("inbox").iterdir())
    assert [etree.parse(str(one)).getroot()[0].findtext(f"{NS}returnStatus") for one in files] == ["2", "120"]
    assert all(one.name.startswith("CEB312Message_") and one.suffix == ".xml" for one in files)
    # What came by folder is not lost to those who poll.
    assert statuses("CEB312Message") == ["2", "120"]


def test_unreadable_files_go_to_error() -> None:
    drop.write(drop.folder("outbox") / "bad.xml", b"<bad")
    intake.scan_drop()
    assert {one.name for one in drop.folder("error").iterdir()} == {"bad.xml", "bad.xml.reason.txt"}
    run_for()
    (receipt,) = drop.folder("inbox").iterdir()
    root = etree.parse(str(receipt)).getroot()
    assert etree.QName(root).localname == "CEB900Message"
    assert root[0].findtext(f"{NS}oriCopMsgId") == "bad.xml"


def test_a_port_killed_before_moving_the_file_takes_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drop.write(drop.folder("outbox") / "order.xml", message(order()))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(drop, "move", killed)
        with pytest.raises(KeyboardInterrupt):
            intake.scan_drop()
    assert (drop.folder("outbox") / "order.xml").exists()
    assert intake.scan_drop() == 1
    assert not (drop.folder("outbox") / "order.xml").exists()
    assert Message.objects.count() == 1
    run_for(100)
    assert statuses("CEB312Message") == ["2", "120"]


def test_drop_write_is_all_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(drop.os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        drop.write_inbox("x.xml", b"<x/>")
    assert list(drop.folder("inbox").glob("*.xml")) == []


def test_the_same_name_twice_is_kept_apart() -> None:
    for text in ("13800138001", "13800138002"):
        drop.write(
            drop.folder("outbox") / "order.xml", message(order(orderNo=f"PT{text}", buyerTelephone=text))
        )
        assert intake.scan_drop() == 1
    assert len(list(drop.folder("archive").iterdir())) == 2


def test_a_message_with_several_documents() -> None:
    good, bad = order(), order(orderNo="PT20261123000002", acturalPaid="1")
    send(message(good, bad))
    run_for(100)
    assert sorted(statuses("CEB312Message")) == ["-301008", "120", "2"]
    assert Document.objects.get().order_no == declarant.ORDER_NO


def test_speed_shortens_the_way_to_release(settings: Any) -> None:
    settings.SANDBOX_SPEED = 60.0
    send_all()
    run_for(10)
    assert statuses("CEB622Message") == ["2", "120", "399", "800"]


def test_faults_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from sandbox.customs_port.receipts import faults

    monkeypatch.setenv("SANDBOX_CUSTOMS_FAULTS", "double, late=3")
    assert faults() == {"double": "1", "late": "3"}
    Knob.objects.create(pk="faults", value={"customs": {}})
    assert faults() == {}
    assert queue.knob("faults") == {"customs": {}}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sandbox/customs/faults", '{"late": NaN}'),
        ("/sandbox/customs/faults", '{"late": Infinity}'),
        ("/sandbox/customs/callback", '{"url": "http://[x"}'),
        ("/sandbox/customs/callback", '{"url": "http://"}'),
        ("/sandbox/carrier", '{"pushUrl": "http://[x"}'),
    ],
)
def test_settings_that_make_no_sense_are_refused(path: str, body: str) -> None:
    assert Client().post(path, body, content_type="application/json").status_code == 400
