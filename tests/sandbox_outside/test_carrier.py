"""The carrier: signed services, waybills, routes and their pushes."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

import pytest
from django.test import Client

from sandbox.carrier import account
from sandbox.carrier.models import Order, Route
from sandbox.carrier.service import full_address
from sandbox.customs_port.models import WaybillFact

from .clock import run_for

pytestmark = pytest.mark.django_db
ONE_LINE = {"contactType": 2, "contact": "李", "mobile": "1", "address": "一句话地址"}
PUSH = "http://127.0.0.1:8000/hooks/routes"


def order(order_id: str = "PT20261123000001", **changed: Any) -> dict[str, Any]:
    return {
        "language": "zh-CN",
        "orderId": order_id,
        "cargoDetails": [{"name": "葡式杏仁饼", "count": 2, "unit": "盒"}],
        "contactInfoList": [
            {
                "contactType": 1, "contact": "南沙保税仓", "tel": "020-12345678", "country": "CN",
                "province": "广东省", "city": "广州市", "county": "南沙区", "address": "保税港区1号",
            },
            {
                "contactType": 2, "contact": "李小宝", "mobile": "13800138000", "country": "CN",
                "province": "广东省", "city": "广州市", "county": "天河区", "address": "体育西路1号",
            },
        ],
        "extraInfoList": [{"attrName": "routePushUrl", "attrVal": PUSH}],
        "totalWeight": 1.2,
        **changed,
    }  # fmt: skip


def form(service: str, data: Any, **changed: str) -> dict[str, str]:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    timestamp = changed.get("timestamp", str(int(time.time() * 1000)))
    return {
        "partnerID": "PONTESANDBOX",
        "requestID": "c0ffee",
        "serviceCode": service,
        "timestamp": timestamp,
        "msgData": text,
        "msgDigest": account.digest(text, timestamp),
        **changed,
    }


def call(service: str, data: Any) -> dict[str, Any]:
    answer = Client().post("/std/service", form(service, data)).json()
    assert answer["apiResultCode"] == "A1000", answer
    return json.loads(answer["apiResultData"])


def test_digest_is_that_of_java() -> None:
    # URLEncoder.encode("{\"a\":\"北 ~*-._\"}1700000000000PonteSandboxCheckWord0123456789", "UTF-8")
    encoded = "%7B%22a%22%3A%22%E5%8C%97+%7E*-._%22%7D1700000000000PonteSandboxCheckWord0123456789"
    expected = base64.b64encode(hashlib.md5(encoded.encode()).digest()).decode()
    assert account.digest('{"a":"北 ~*-._"}', "1700000000000") == expected
    assert expected == "WynI3Fp8UXWs3mpRMKmpkQ=="


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"msgDigest": "AAAAAAAAAAAAAAAAAAAAAA=="}, "A1006"),
        ({"msgDigest": "不是"}, "A1006"),
        ({"msgData": "{}"}, "A1006"),
        ({"partnerID": "SOMEBODY"}, "A1003"),
        ({"timestamp": "1700000000000"}, "A1002"),
        ({"timestamp": "now"}, "A1002"),
        ({"serviceCode": "EXP_RECE_NOTHING"}, "A1004"),
        ({"requestID": ""}, "A1001"),
    ],
)
def test_forged_calls_are_refused(changed: dict[str, str], code: str) -> None:
    data = form("EXP_RECE_CREATE_ORDER", order())
    response = Client().post("/std/service", {**data, **changed})
    assert response.status_code == 200
    assert response.json()["apiResultCode"] == code
    assert response.json()["apiResultData"] is None
    assert not Order.objects.exists()


def test_an_order_gets_one_waybill() -> None:
    first = call("EXP_RECE_CREATE_ORDER", order())
    assert (first["success"], first["errorCode"]) == (True, "S0000")
    (info,) = first["msgData"]["waybillNoInfoList"]
    assert info["waybillType"] == 1
    assert info["waybillNo"].startswith("SF") and len(info["waybillNo"]) == 15
    assert call("EXP_RECE_CREATE_ORDER", order()) == first
    other = call("EXP_RECE_CREATE_ORDER", order(totalWeight=2))
    assert (other["success"], other["errorCode"]) == (False, "8016")
    found = call("EXP_RECE_SEARCH_ORDER_RESP", {"orderId": "PT20261123000001"})
    assert found["msgData"]["waybillNoInfoList"] == [info]
    assert call("EXP_RECE_SEARCH_ORDER_RESP", {"orderId": "nobody"})["errorCode"] == "8024"


def test_the_port_hears_of_the_waybill() -> None:
    answer = call("EXP_RECE_CREATE_ORDER", order())
    run_for(10)
    fact = WaybillFact.objects.get()
    assert fact.logistics_code == account.LOGISTICS_CODE
    assert fact.logistics_no == answer["msgData"]["waybillNoInfoList"][0]["waybillNo"]
    assert (fact.order_no, fact.consignee, fact.consignee_telephone) == (
        "PT20261123000001",
        "李小宝",
        "13800138000",
    )
    assert fact.consignee_address == "广东省广州市天河区体育西路1号"


def test_the_port_hears_the_numbers_customs_knows() -> None:
    more = [
        {"attrName": "customsOrderNo", "attrVal": "CUSTOMS-1"},
        {"attrName": "customsConsigneeAddress", "attrVal": "广东省 广州市 体育西路1号"},
    ]
    call("EXP_RECE_CREATE_ORDER", order(extraInfoList=more))
    run_for(10)
    fact = WaybillFact.objects.get()
    assert (fact.order_no, fact.consignee_address) == ("CUSTOMS-1", "广东省 广州市 体育西路1号")


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (
            {"province": "广东省", "city": "广州市", "county": "天河区", "address": "路1号"},
            "广东省广州市天河区路1号",
        ),
        (
            {"province": "北京市", "city": "北京市", "county": "朝阳区", "address": "路1号"},
            "北京市朝阳区路1号",
        ),
        (
            {"province": "广东省", "city": "广州市", "address": "广东省广州市天河区路1号"},
            "广东省广州市天河区路1号",
        ),
    ],
)
def test_full_address(person: dict[str, str], expected: str) -> None:
    assert full_address(person) == expected


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"orderId": ""}, "8119"),
        ({"contactInfoList": []}, "8119"),
        ({"cargoDetails": []}, "8119"),
        ({"contactInfoList": [{**order()["contactInfoList"][0], "tel": ""}, order()["contactInfoList"][1]]}, "8117"),
        ({"contactInfoList": [order()["contactInfoList"][0], ONE_LINE]}, "8119"),
    ],
)  # fmt: skip
def test_incomplete_orders_are_refused(changed: dict[str, Any], code: str) -> None:
    answer = call("EXP_RECE_CREATE_ORDER", order(**changed))
    assert (answer["success"], answer["errorCode"], answer["msgData"]) == (False, code, None)
    assert not Order.objects.exists()


def test_msg_data_must_be_an_object() -> None:
    assert call("EXP_RECE_CREATE_ORDER", "not json")["errorCode"] == "S0001"
    assert call("EXP_RECE_CREATE_ORDER", "[]")["errorCode"] == "S0001"


def confirm(deal: int = 1) -> dict[str, Any]:
    return call("EXP_RECE_UPDATE_ORDER", {"orderId": "PT20261123000001", "dealType": deal})


def test_nothing_moves_before_the_hand_over(platform: Any) -> None:
    call("EXP_RECE_CREATE_ORDER", order())
    run_for(100_000)
    assert not Route.objects.exists()
    assert platform.calls == []


def test_routes_are_pushed_signed_and_in_order(platform: Any) -> None:
    number = call("EXP_RECE_CREATE_ORDER", order())["msgData"]["waybillNoInfoList"][0]["waybillNo"]
    assert confirm()["msgData"]["resStatus"] == 2
    assert confirm()["success"] is True
    run_for(5000)
    entries = []
    for url, sent in platform.calls:
        assert url == PUSH
        headers = sent["headers"]
        assert headers["partnerID"] == "PONTESANDBOX"
        assert headers["serviceCode"] == "RoutePushService"
        assert headers["msgDigest"] == account.digest(sent["content"].decode(), headers["timestamp"])
        (entry,) = json.loads(sent["content"])["Body"]["WaybillRoute"]
        entries.append(entry)
    assert [entry["opCode"] for entry in entries] == ["50", "30", "36", "31", "130", "44", "80"]
    assert {(entry["mailno"], entry["orderid"]) for entry in entries} == {(number, "PT20261123000001")}
    assert len({entry["id"] for entry in entries}) == 7
    answer = call(
        "EXP_RECE_SEARCH_ROUTES", {"trackingType": "1", "trackingNumber": [number], "methodType": "1"}
    )
    (found,) = answer["msgData"]["routeResps"]
    assert found["mailNo"] == number
    assert [one["opCode"] for one in found["routes"]] == ["50", "30", "36", "31", "130", "44", "80"]
    assert found["routes"][0]["acceptTime"] == entries[0]["acceptTime"]
    by_order = {"trackingType": "2", "trackingNumber": ["PT20261123000001"], "methodType": "1"}
    assert call("EXP_RECE_SEARCH_ROUTES", by_order)["msgData"]["routeResps"] == [found]


def test_pushes_are_repeated_until_acknowledged(platform: Any) -> None:
    platform.answers = [(500, b""), (200, b"OK"), (200, b'{"return_code":"1000"}'), (0, b"")]
    call("EXP_RECE_CREATE_ORDER", order())
    confirm()
    run_for(100)
    assert Route.objects.get(op_code="50").acknowledged_at is None
    run_for(10_000)
    route = Route.objects.get(op_code="50")
    assert route.acknowledged_at is not None
    assert Route.objects.filter(acknowledged_at=None).count() == 0
    ids = [json.loads(sent["content"])["Body"]["WaybillRoute"][0]["id"] for _, sent in platform.calls]
    assert ids.count(str(route.push_id)) == route.attempts >= 3


@pytest.mark.parametrize(("fault", "calls"), [("double", 14), ("never", 0), ("late", 7)])
def test_push_faults(platform: Any, fault: str, calls: int) -> None:
    Client().post("/sandbox/faults", {"carrier_push": fault})
    call("EXP_RECE_CREATE_ORDER", order())
    confirm()
    run_for(10_000)
    assert len(platform.calls) == calls
    assert Route.objects.count() == 7


def test_waybill_faults() -> None:
    Client().post("/sandbox/faults", {"carrier_waybill": "never"})
    call("EXP_RECE_CREATE_ORDER", order())
    run_for(10_000)
    assert not WaybillFact.objects.exists()


def test_cancelling(platform: Any) -> None:
    call("EXP_RECE_CREATE_ORDER", order())
    run_for(10)
    assert confirm(2)["success"] is True
    assert confirm(2)["success"] is True
    assert not WaybillFact.objects.exists()
    assert confirm(1)["errorCode"] == "8037"
    assert call("EXP_RECE_CREATE_ORDER", order())["errorCode"] == "8016"
    call("EXP_RECE_CREATE_ORDER", order("PT20261123000002"))
    call("EXP_RECE_UPDATE_ORDER", {"orderId": "PT20261123000002", "dealType": 1})
    late = call("EXP_RECE_UPDATE_ORDER", {"orderId": "PT20261123000002", "dealType": 2})
    assert late["errorCode"] == "8018"
    assert (
        call("EXP_RECE_UPDATE_ORDER", {"orderId": "PT20261123000002", "dealType": 9})["errorCode"] == "8119"
    )


def test_a_receiver_may_refuse(platform: Any) -> None:
    data = order()
    data["contactInfoList"][1]["contact"] = "李拒收"
    call("EXP_RECE_CREATE_ORDER", data)
    confirm()
    run_for(10_000)
    assert list(Route.objects.order_by("id").values_list("op_code", flat=True))[-3:] == ["33", "99", "648"]


def test_push_address_from_the_control_page(platform: Any) -> None:
    http = Client()
    response = http.post(
        "/sandbox/carrier", json.dumps({"pushUrl": PUSH + "2"}), content_type="application/json"
    )
    assert response.json()["pushUrl"] == PUSH + "2"
    assert response.json()["check_word"] == account.CHECK_WORD
    call("EXP_RECE_CREATE_ORDER", order(extraInfoList=[]))
    confirm()
    run_for(60)
    assert [url for url, _ in platform.calls] == [PUSH + "2"]
    bad = http.post("/sandbox/carrier", '{"pushUrl": "file:///etc/passwd"}', content_type="application/json")
    assert bad.status_code == 400
