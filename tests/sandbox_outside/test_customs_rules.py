"""The port: rules of documents, amending, the four documents compared, limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.customs_port import rules
from sandbox.customs_port.models import Document, Message, Receipt

from . import declarant
from .clock import run_for
from .declarant import inventory, message, order, payment, waybill
from .port import first, send, send_all, statuses, value

pytestmark = pytest.mark.django_db


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
