"""Antom's stand-in over its real wire: what it refuses, what it does once, what customs hear of it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
import time_machine
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from django.test import Client
from django.utils import timezone

from sandbox.customs_port.models import PaymentFact
from sandbox.psp import keys
from sandbox.psp.models import Declaration, Notification, Payment, Refund

from .clock import run_for

pytestmark = pytest.mark.django_db
NUMBER, BASE = "PT20261126000001", "/ams/api/v1/"
TOTAL = 21820


class Merchant:
    """A merchant's end of Antom's protocol, written for the tests alone."""

    def __init__(self) -> None:
        keys.load_antom()
        self.config = json.loads((keys.folder() / "config.json").read_text())["antom"]
        self.key = serialization.load_pem_private_key(
            Path(self.config["merchant_key_file"]).read_bytes(), password=None
        )
        self.antom = serialization.load_pem_public_key(self.config["antom_public_key"].encode())
        self.http = Client()

    def headers(self, path: str, body: bytes, **changed: str) -> dict[str, str]:
        moment = changed.pop("moment", str(int(time.time() * 1000)))
        client = self.config["client_id"]
        raw = self.key.sign(
            f"POST {path}\n{client}.{moment}.".encode() + body, padding.PKCS1v15(), hashes.SHA256()
        )
        text = quote(base64.b64encode(raw).decode(), safe="")
        return {
            "Client-Id": client, "Request-Time": moment,
            "Signature": f"algorithm=RSA256,keyVersion=1,signature={text}", **changed,
        }  # fmt: skip

    def call(self, name: str, data: Any, **changed: str) -> dict[str, Any]:
        path, body = BASE + name, json.dumps(data).encode()
        response = self.http.post(
            path, body, content_type="application/json", headers=self.headers(path, body, **changed)
        )
        fields = dict(part.split("=", 1) for part in response["Signature"].split(","))
        covered = (
            f"POST {path}\n{response['Client-Id']}.{response['Response-Time']}.".encode() + response.content
        )
        self.antom.verify(
            base64.b64decode(unquote(fields["signature"])), covered, padding.PKCS1v15(), hashes.SHA256()
        )
        return dict(json.loads(response.content))

    def order(self, number: str = NUMBER, **changed: Any) -> dict[str, Any]:
        amount = {"currency": "CNY", "value": str(TOTAL)}
        return {
            "productCode": "CASHIER_PAYMENT", "paymentRequestId": number,
            "order": {"referenceOrderId": number, "orderDescription": "杏仁饼", "orderAmount": amount},
            "paymentAmount": amount, "paymentMethod": {"paymentMethodType": "ALIPAY_CN"},
            "paymentNotifyUrl": "http://127.0.0.1:8000/hooks/antom", "env": {"terminalType": "WEB"},
            "settlementStrategy": {"settlementCurrency": "HKD"}, **changed,
        }  # fmt: skip

    def paid(self, number: str = NUMBER, persona: str = "same", **who: str) -> str:
        """Return the paymentId of a payment that was made."""
        answer = self.call("payments/pay", self.order(number))
        assert code(answer) == "PAYMENT_IN_PROCESS", answer
        response = self.http.post(
            "/sandbox/psp/pay", json.dumps({"out_trade_no": number, "persona": persona, **who}),
            content_type="application/json",
        )  # fmt: skip
        assert response.status_code == 200, response.content
        return str(answer["paymentId"])

    def declaration(self, payment: str, **changed: Any) -> dict[str, Any]:
        return {
            "declarationRequestId": "PD1", "paymentId": payment, "splitOrder": False,
            "declarationAmount": {"currency": "CNY", "value": str(TOTAL)},
            "customs": {"customsCode": "ZONGSHU", "region": "CN"},
            "merchantCustomsInfo": {"merchantCustomsCode": "4401W6PONT", "merchantCustomsName": "示范"},
            "buyerCertificate": {
                "certificateType": "ID_CARD", "certificateNo": "11010519491231002X", "holderName": "张三",
            }, **changed,
        }  # fmt: skip


def code(answer: dict[str, Any]) -> str:
    return str(answer["result"]["resultCode"])


@pytest.fixture
def merchant() -> Merchant:
    return Merchant()


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"Signature": "algorithm=RSA256,keyVersion=1,signature=AAAA"}, "INVALID_SIGNATURE"),
        ({"Signature": "algorithm=none,signature="}, "INVALID_SIGNATURE"),
        ({"Signature": ""}, "INVALID_SIGNATURE"),
        ({"moment": "1700000000000"}, "INVALID_SIGNATURE"),
        ({"moment": "soon"}, "INVALID_SIGNATURE"),
        ({"Client-Id": "OTHER"}, "INVALID_CLIENT"),
    ],
)
def test_forged_requests_are_refused(merchant: Merchant, changed: dict[str, str], refusal: str) -> None:
    assert code(merchant.call("payments/pay", merchant.order(), **changed)) == refusal
    assert Payment.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"productCode": "X"}, "PARAM_ILLEGAL"),
        ({"paymentMethod": {"paymentMethodType": "GCASH"}}, "PAYMENT_METHOD_NOT_SUPPORTED"),
        ({"paymentAmount": {"currency": "CNY", "value": "1"}}, "PARAM_ILLEGAL"),
        ({"paymentAmount": {"currency": "CNY", "value": 21820}}, "PARAM_ILLEGAL"),
        ({"env": {"terminalType": "TV"}}, "PARAM_ILLEGAL"),
        ({"paymentNotifyUrl": "javascript:x"}, "PARAM_ILLEGAL"),
        ({"paymentExpiryTime": "tomorrow"}, "PARAM_ILLEGAL"),
        ({"settlementStrategy": None}, "PARAM_ILLEGAL"),
    ],
)
def test_orders_that_lack_something_are_refused(
    merchant: Merchant, changes: dict[str, Any], refusal: str
) -> None:
    assert code(merchant.call("payments/pay", merchant.order(**changes))) == refusal
    assert Payment.objects.count() == 0


def test_the_same_order_is_one_and_another_under_its_number_a_conflict(merchant: Merchant) -> None:
    first = merchant.call("payments/pay", merchant.order())
    assert merchant.call("payments/pay", merchant.order()) == first
    other = merchant.order(order={**merchant.order()["order"], "orderDescription": "x"})
    assert code(merchant.call("payments/pay", other)) == "REPEAT_REQ_INCONSISTENT"
    assert Payment.objects.count() == 1


def test_a_payment_is_told_with_what_may_be_declared(merchant: Merchant) -> None:
    payment = merchant.paid()
    told = merchant.call("payments/inquiryPayment", {"paymentRequestId": NUMBER})
    assert (told["paymentStatus"], told["paymentId"], told["customsDeclarationAmount"]["value"]) == (
        "SUCCESS", payment, str(TOTAL),
    )  # fmt: skip
    notice = Notification.objects.get()
    assert (notice.company, notice.event_type) == ("antom", "PAYMENT_RESULT")
    assert notice.body["result"]["resultStatus"] == "S" and notice.body["paymentId"] == payment
    assert code(merchant.call("payments/inquiryPayment", {"paymentRequestId": "NONE"})) == "ORDER_NOT_EXIST"


def test_what_is_over_is_cancelled_and_cancelling_a_paid_one_gives_it_back(merchant: Merchant) -> None:
    expiry = (timezone.localtime() + timedelta(minutes=5)).isoformat(timespec="seconds")
    merchant.call("payments/pay", merchant.order(paymentExpiryTime=expiry))
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=False):
        told = merchant.call("payments/inquiryPayment", {"paymentRequestId": NUMBER})
        assert (told["paymentStatus"], told["paymentResultCode"]) == ("CANCELLED", "ORDER_IS_CLOSED")
        assert (
            code(merchant.call("payments/pay", merchant.order(paymentExpiryTime=expiry))) == "ORDER_IS_CLOSED"
        )
    merchant.paid("PT2")
    assert code(merchant.call("payments/cancel", {"paymentRequestId": "PT2"})) == "SUCCESS"
    assert [(one.amount, one.status) for one in Refund.objects.all()] == [(TOTAL, "SUCCESS")]


def test_refunds_are_made_once_within_amount_and_year(merchant: Merchant) -> None:
    payment = merchant.paid()

    def back(number: str, fen: int) -> dict[str, Any]:
        data = {
            "refundRequestId": number,
            "paymentId": payment,
            "refundAmount": {"currency": "CNY", "value": str(fen)},
        }
        return merchant.call("payments/refund", data)

    assert code(back("PR1", 20000)) == "REFUND_IN_PROCESS"
    assert back("PR1", 20000)["refundId"] == Refund.objects.get().refund_id
    assert code(back("PR1", 20001)) == "REPEAT_REQ_INCONSISTENT"
    assert code(back("PR2", 1821)) == "REFUND_AMOUNT_EXCEED"
    assert code(back("PR2", 1820)) == "REFUND_IN_PROCESS"
    run_for(120)
    told = merchant.call("payments/inquiryRefund", {"refundRequestId": "PR1"})
    assert (told["refundStatus"], told["refundAmount"]["value"]) == ("SUCCESS", "20000")
    assert code(merchant.call("payments/inquiryRefund", {"refundRequestId": "PR9"})) == "REFUND_NOT_EXIST"
    with time_machine.travel(timezone.now() + timedelta(days=366), tick=False):
        assert code(back("PR3", 1)) == "REFUND_WINDOW_EXCEED"


def test_a_declaration_is_one_record_and_customs_hear_of_the_payer(merchant: Merchant) -> None:
    payment = merchant.paid(payer_name="张三", payer_id_number="11010519491231002X")
    first = merchant.call("customs/declare", merchant.declaration(payment))
    assert (code(first), first["identityCheckResult"]) == ("SUCCESS", "CHECK_PASSED")
    assert merchant.call("customs/declare", merchant.declaration(payment)) == first
    other = {"certificateType": "ID_CARD", "certificateNo": "110101199003070011", "holderName": "欧阳不同"}
    again = merchant.declaration(payment, buyerCertificate=other)
    assert code(merchant.call("customs/declare", again)) == "REPEAT_REQ_INCONSISTENT"
    run_for(120)
    (record,) = merchant.call("customs/inquiryDeclarationRequests", {"declarationRequestIds": ["PD1"]})[
        "declarationRecords"
    ]
    assert (record["declarationRequestStatus"], record["clearingChannel"]) == ("SUCCESS", "NUCC")
    fact = PaymentFact.objects.get()
    assert (fact.pay_code, fact.pay_transaction_id, fact.order_no) == ("31222699S7", payment, NUMBER)
    assert "buyerCertificate" not in Declaration.objects.get().request


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        (lambda: {"customs": {"customsCode": "MOON"}}, "CUSTOMS_NOT_SUPPORT"),
        (lambda: {"splitOrder": None}, "PARAM_ILLEGAL"),
        (
            lambda: {"declarationAmount": {"currency": "CNY", "value": str(TOTAL + 1)}},
            "DECLARATION_AMOUNT_EXCEED",
        ),
        (lambda: {"paymentId": "NONE"}, "ORDER_NOT_EXIST"),
        (lambda: {"buyerCertificate": {"certificateType": "PASSPORT"}}, "PARAM_ILLEGAL"),
    ],
)
def test_declarations_that_cannot_be_are_refused(
    merchant: Merchant, changes: Callable[[], dict[str, Any]], refusal: str
) -> None:
    payment = merchant.paid()
    assert code(merchant.call("customs/declare", merchant.declaration(payment, **changes()))) == refusal
    assert Declaration.objects.count() == 0


def test_the_phone_says_whose_wallet_it_is(merchant: Merchant) -> None:
    address = merchant.call("payments/pay", merchant.order())["normalUrl"]
    page = merchant.http.get("/pay/" + address.split("/pay/")[1]).content.decode()
    assert "支付宝 · Alipay" in page and "沙盒" in page


def test_one_companys_payment_is_not_known_to_the_other(merchant: Merchant) -> None:
    from .wechat import Merchant as WechatMerchant

    merchant.paid()
    wechat = WechatMerchant()
    target = f"/v3/global/transactions/out-trade-no/{NUMBER}?mchid={wechat.config['mchid']}"
    assert wechat.call("GET", target)[0] == 404
