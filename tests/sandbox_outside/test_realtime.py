"""Customs' side of the payment data: it asks as the rule says, and takes only what is whole and signed."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from django.test import Client

from sandbox.customs_port import realtime, sm2
from sandbox.customs_port.models import PaymentFact, RealtimeCall
from sandbox.jobs.worker import drain

from .declarant import SERIAL, guid, message, order, pair

pytestmark = pytest.mark.django_db

#: A key and a value made by OpenSSL 3 under the usual identity, over b"some octets".
THEIR_KEY = (
    "049b7dc0daf4f80d474218eb5a852addb26f4e9a0a60242ec3581be3560d5c0899"
    "c7311636005f67bf918e231b22628ea92448a13fc9acc2865263be8c6c6e5035"
)
THEIR_VALUE = (
    "e52f7bc96b8c090cc4b839f075825d88ba5e6294e783b4155675ff59926141a4"
    "2ce5c85f9cf0916d5d06fa89aaf6c29a007eea17b87b260ca6f7e12dcd1c6a70"
)


def head(**changed: Any) -> dict[str, Any]:
    values = {
        "guid": guid(), "initalRequest": '{"a":"中 /"}', "initalResponse": "ok", "ebpCode": "44019801PT",
        "payCode": "4403169D3W", "payTransactionId": "N1", "totalAmount": 218.2, "currency": "142", "verDept": "2",
        "payType": "3", "tradingTime": "20261123100000", "note": "",
    }  # fmt: skip
    return {**values, **changed}


def lists(**changed: Any) -> list[dict[str, Any]]:
    line = {
        "orderNo": "W1", "goodsInfo": [{"gname": "饼", "itemLink": "https://shop.example/1"}], "recpAccount": "1",
        "recpCode": "", "recpName": "n",
    }  # fmt: skip
    return [{**line, **changed}]


def upload_text(session: str, about: Any = None, orders: Any = None, **changed: Any) -> str:
    """An upload signed with the registered key; ``changed`` members are put in after signing."""
    compact = {"ensure_ascii": False, "separators": (",", ":")}
    about, orders = json.dumps(about or head(), **compact), json.dumps(orders or lists(), **compact)
    signed = (
        f'"sessionID":"{session}"||"payExchangeInfoHead":"{about}"||"payExchangeInfoLists":"{orders}"'
        '||"serviceTime":"1544519952469"'
    )
    value = pair(SERIAL, 365)[0].sign(signed.encode(), padding.PKCS1v15(), hashes.SHA1())
    members = {
        "sessionID": json.dumps(session), "payExchangeInfoHead": about, "payExchangeInfoLists": orders,
        "serviceTime": '"1544519952469"', "certNo": f'"{SERIAL:016x}"',
        "signValue": json.dumps(base64.b64encode(value).decode()),
    } | changed  # fmt: skip
    return "{" + ",".join(f'"{name}":{text}' for name, text in members.items() if text is not None) + "}"


@pytest.fixture
def asked() -> RealtimeCall:
    pem = pair(SERIAL, 365)[1].public_bytes(serialization.Encoding.PEM).decode()
    body = json.dumps({"copCode": "4401W6AGT1", "certificate": pem})
    Client().post("/sandbox/customs/certificates", body, content_type="application/json")
    return RealtimeCall.objects.create(session_id="s-1", order_no="W1", url="http://p.test/")


def send(text: str) -> dict[str, Any]:
    return Client().post("/ceb2grab/grab/realTimeDataUpload", {"payExInfoStr": text}).json()


def test_the_platform_is_asked_by_form_field(platform, monkeypatch) -> None:
    monkeypatch.setattr(realtime, "client", lambda: platform)
    platform.answers = [(200, b'{"code":"10000","message":"","serviceTime":1}')]
    wanted = json.dumps({"orderNo": "W1", "url": "http://p.test/open"})
    said = Client().post("/sandbox/customs/realtime", wanted, content_type="application/json")
    assert said.status_code == 202
    drain()
    ((url, arguments),) = platform.calls
    opening = json.loads(arguments["data"]["openReq"])
    assert url == "http://p.test/open" and opening["orderNo"] == "W1"
    assert opening["sessionID"] == said.json()["sessionID"] and opening["serviceTime"].isdigit()
    assert Client().get("/sandbox/customs/realtime").json()["calls"][0]["code"] == "10000"


@pytest.mark.parametrize("body", ["", "x", "{}", "[]", '{"orderNo":"a","url":"ftp://x"}'])
def test_the_control_refuses_what_it_cannot_do(body: str) -> None:
    assert (
        Client().post("/sandbox/customs/realtime", body, content_type="application/json").status_code == 400
    )


def test_a_right_upload_is_taken(asked) -> None:
    said = send(upload_text("s-1"))
    assert (said["code"], said["message"], said["total"]) == ("10000", "上传成功", 0)
    asked.refresh_from_db()
    assert asked.verdict == "ok"


def test_a_certificate_that_signed_a_message_is_known(asked) -> None:
    from sandbox.customs_port.intake import take
    from sandbox.jobs.models import Knob

    Knob.objects.filter(pk="customs_realtime_certificates").delete()
    assert "未在服务系统注册" in send(upload_text("s-1"))["message"]
    take(message(order()), "http", "m-1")
    assert send(upload_text("s-1"))["code"] == "10000"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"about": head(verDept="9")}, "verDept"),
        ({"about": head(totalAmount="218.2")}, "totalAmount"),
        ({"about": head(initalRequest="x" * 8001)}, "initalRequest"),
        ({"about": {"initialRequest": "x", **head()}}, "initialRequest"),
        ({"about": dict(reversed(head().items()))}, "顺序"),
        ({"orders": lists(orderNo="W2")}, "orderNo"),
        ({"orders": lists(goodsInfo=[])}, "goodsInfo"),
        ({"payExchangeInfoHead": json.dumps(head())}, "验签失败"),
        ({"serviceTime": '"1544519952470"'}, "验签失败"),
        ({"signValue": '"!"'}, "base64"),
        ({"certNo": '"zz"'}, "certNo"),
        ({"certNo": '""', "signValue": '""'}, "certNo : certNo不为空;  signValue : signValue不为空"),
        ({"payExchangeInfoLists": None}, "payExchangeInfoLists"),
    ],
)
def test_a_wrong_upload_is_refused_with_the_reason(asked, arguments: dict[str, Any], said: str) -> None:
    answer = send(upload_text("s-1", **arguments))
    assert answer["code"] == "20000" and said in answer["message"]


@pytest.mark.parametrize(
    "text", ["", "x", "[", "{", '{"a"', '{"a":1', '{"a":1,}', "{}", '{"sessionID":"s-9"}']
)
def test_what_is_no_upload_is_refused(asked, text: str) -> None:
    assert send(text)["code"] == "20000"


def test_the_declared_amount_counts_and_failures_come_as_told(asked) -> None:
    PaymentFact.objects.create(
        pay_code="4403169D3W", pay_name="p", pay_transaction_id="1", order_no="W1", amount="100"
    )
    assert "金额" in send(upload_text("s-1"))["message"]
    PaymentFact.objects.update(amount="218.2")
    RealtimeCall.objects.update(failures=2)
    assert [send(upload_text("s-1"))["code"] for _ in range(2)] == ["20000", "10000"]


def test_sm2_holds_what_openssl_signed() -> None:
    raw = bytes.fromhex(THEIR_KEY)
    point = int.from_bytes(raw[1:33], "big"), int.from_bytes(raw[33:], "big")
    value = bytes.fromhex(THEIR_VALUE)
    assert sm2.holds(point, value, b"some octets")
    assert not sm2.holds(point, value, b"some octet")
    assert not sm2.holds((point[0], point[1] ^ 1), value, b"some octets")
    assert not sm2.holds(point, b"\0" * 64, b"some octets")
