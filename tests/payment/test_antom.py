"""Antom's wire: what is signed, what is believed, what is kept; and the account's form and demonstration."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import httpx2
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from pydantic import ValidationError

from plugins.cross_border_payment import demo, gateways, offers, rsa, story
from plugins.cross_border_payment.antom import account, signing
from plugins.cross_border_payment.antom.gateway import AntomGateway
from plugins.cross_border_payment.config import AntomConfig
from plugins.cross_border_payment.models import PaymentWireRecord
from plugins.cross_border_payment.plugin import plugin
from plugins.cross_border_payment.port import (
    Buyer,
    CustomsTarget,
    DeclarationRequest,
    DeclarationState,
    GatewayRefused,
    GatewayUnavailable,
    Identity,
    NotifyRefused,
    PaymentState,
)
from saleor_ext.core import clock
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Account, accounts, configuration

from .fake_wechat import MERCHANT_KEY, PLATFORM_KEY, private_pem

pytestmark = pytest.mark.django_db
CLIENT, BASE = "CLIENT5Y", "https://antom.test"
PUBLIC = PLATFORM_KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
).decode()  # fmt: skip
PAID = {
    "result": {"resultStatus": "S", "resultCode": "SUCCESS"}, "paymentStatus": "SUCCESS",
    "paymentRequestId": "PT1", "paymentId": "20261126", "paymentTime": "2026-11-26T12:00:00+08:00",
    "paymentAmount": {"currency": "CNY", "value": "19400"},
    "customsDeclarationAmount": {"currency": "CNY", "value": "19400"},
}  # fmt: skip


def config(**changes: Any) -> AntomConfig:
    return AntomConfig(
        **{
            "base_url": BASE, "client_id": CLIENT, "merchant_private_key": private_pem(MERCHANT_KEY),
            "antom_public_key": PUBLIC, "customs_name": "示范",
            "customs_targets": [{"customs": "ZONGSHU", "merchant_customs_no": "4401"}], **changes,
        }
    )  # fmt: skip


def stamp(
    path: str, body: bytes, name: str, *, at: datetime | None = None, client: str = CLIENT
) -> dict[str, str]:
    """Sign as Antom does, written apart from the adapter."""
    moment = str(int((at or clock.now()).timestamp() * 1000))
    raw = PLATFORM_KEY.sign(
        f"POST {path}\n{client}.{moment}.".encode() + body, padding.PKCS1v15(), hashes.SHA256()
    )
    signature = quote(base64.b64encode(raw).decode(), safe="")
    return {
        "client-id": client,
        name: moment,
        "signature": f"algorithm=RSA256, keyVersion=2, signature={signature}",
    }


class Company:
    """Checks our signatures and answers what it is told to."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.spoil: Callable[[httpx2.Response], httpx2.Response] = lambda response: response

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        body, path = request.read(), request.url.path
        fields = dict(part.split("=", 1) for part in request.headers["Signature"].split(","))
        assert (fields["algorithm"], request.headers["Client-Id"]) == ("RSA256", CLIENT)
        covered = f"POST {path}\n{CLIENT}.{request.headers['Request-Time']}.".encode() + body
        MERCHANT_KEY.public_key().verify(
            base64.b64decode(unquote(fields["signature"])), covered, padding.PKCS1v15(), hashes.SHA256()
        )
        self.asked.append((path, json.loads(body)))
        said = json.dumps(self.answers.pop(0), ensure_ascii=False).encode()
        return self.spoil(httpx2.Response(200, content=said, headers=stamp(path, said, "response-time")))


@pytest.fixture
def company() -> Company:
    return Company()


@pytest.fixture
def gateway(company: Company) -> Iterator[AntomGateway]:
    made = account.build("main", config(), httpx2.MockTransport(company.handle))
    yield made
    made.close_connections()


def failed(code: str, status: str = "F") -> dict[str, Any]:
    return {"result": {"resultStatus": status, "resultCode": code, "resultMessage": "because"}}


def test_a_known_vector_is_signed_alike() -> None:
    """The text that is signed, as the public page puts it together."""
    covered = signing.message("/ams/api/v1/payments/pay", "C", "1685599933871", b'{"a":1}')
    assert covered == b'POST /ams/api/v1/payments/pay\nC.1685599933871.{"a":1}'
    signature = rsa.sign(covered, MERCHANT_KEY)
    assert rsa.verify(covered, signature, MERCHANT_KEY.public_key())
    assert not rsa.verify(covered + b" ", signature, MERCHANT_KEY.public_key())
    assert signing.header("a+b/=", "1") == "algorithm=RSA256,keyVersion=1,signature=a%2Bb%2F%3D"


def test_a_paid_payment_is_read(company: Company, gateway: AntomGateway) -> None:
    company.answers = [PAID]
    told = gateway.query("PT1")
    assert (told.state, told.gateway_ref, told.amount) == (
        PaymentState.PAID,
        "20261126",
        Money("194.00", "CNY"),
    )
    assert told.paid_at == datetime(2026, 11, 26, 4, tzinfo=UTC)
    assert company.asked == [("/ams/api/v1/payments/inquiryPayment", {"paymentRequestId": "PT1"})]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failed("PROCESS_FAIL"), GatewayRefused),
        (failed("UNKNOWN_EXCEPTION", "U"), GatewayUnavailable),
        ({"result": {}}, GatewayUnavailable),
        ({**PAID, "paymentStatus": "ODD"}, GatewayUnavailable),
        ({**PAID, "paymentAmount": {"currency": "CNY", "value": "1.5"}}, GatewayUnavailable),
        ({**PAID, "paymentAmount": {"currency": "cny", "value": "1"}}, GatewayUnavailable),
    ],
)
def test_only_f_is_a_refusal(
    company: Company, gateway: AntomGateway, answer: dict[str, Any], error: type[Exception]
) -> None:
    company.answers = [answer]
    with pytest.raises(error):
        gateway.query("PT1")


def _without(response: httpx2.Response) -> httpx2.Response:
    return httpx2.Response(200, content=response.content)


def _altered(response: httpx2.Response) -> httpx2.Response:
    return httpx2.Response(
        200, content=response.content.replace(b"19400", b"19401"), headers=response.headers
    )


def _late(response: httpx2.Response) -> httpx2.Response:
    old = clock.now() - timedelta(minutes=6)
    path = "/ams/api/v1/payments/inquiryPayment"
    return httpx2.Response(
        200, content=response.content, headers=stamp(path, response.content, "response-time", at=old)
    )


def _down(response: httpx2.Response) -> httpx2.Response:
    return httpx2.Response(502, content=b"", headers=response.headers)


def _lost(response: httpx2.Response) -> httpx2.Response:
    raise httpx2.ReadTimeout("lost by the test")


@pytest.mark.parametrize("spoil", [_without, _altered, _late, _down, _lost])
def test_an_answer_that_proves_nothing_is_none(
    company: Company, gateway: AntomGateway, spoil: Callable[[httpx2.Response], httpx2.Response]
) -> None:
    company.answers, company.spoil = [PAID], spoil
    with pytest.raises(GatewayUnavailable):
        gateway.query("PT1")


def test_the_buyers_certificate_is_sent_and_not_kept(company: Company, gateway: AntomGateway) -> None:
    passed = {**failed("SUCCESS", "S"), "identityCheckResult": "CHECK_PASSED"}
    company.answers = [PAID, passed]
    request = DeclarationRequest("PT1", "20261126", CustomsTarget("ZONGSHU", "4401"))
    told = gateway.verify_identity(request, Buyer("张三", "11010519491231002x"))
    assert (told.state, told.identity) == (DeclarationState.PROCESSING, Identity.SAME)
    _path, sent = company.asked[1]
    assert sent["buyerCertificate"] == {
        "certificateType": "ID_CARD", "certificateNo": "11010519491231002X", "holderName": "张三",
    }  # fmt: skip
    assert sent["splitOrder"] is False and sent["declarationAmount"] == {"currency": "CNY", "value": "19400"}
    assert len(sent["declarationRequestId"]) == 32
    kept = b"".join(base64.b64decode(one.sealed_body) for one in PaymentWireRecord.objects.all())
    assert b"PT1" in kept and b"11010519491231002" not in kept and "张三".encode() not in kept


def test_a_payment_of_another_number_is_not_declared(company: Company, gateway: AntomGateway) -> None:
    company.answers = [PAID]
    with pytest.raises(GatewayRefused, match="another payment"):
        gateway.declare(DeclarationRequest("PT1", "2099", CustomsTarget("ZONGSHU", "4401")))


def test_a_paid_payment_is_not_cancelled(company: Company, gateway: AntomGateway) -> None:
    company.answers = [PAID]
    with pytest.raises(GatewayRefused):
        gateway.close("PT1")
    assert [path for path, _body in company.asked] == ["/ams/api/v1/payments/inquiryPayment"]


PATH = "/plugins/payment/notify/antom/main"
NOTICE = json.dumps({**PAID, "notifyType": "PAYMENT_RESULT"}).encode()


@pytest.mark.parametrize(
    ("headers", "raw", "code"),
    [
        (dict, NOTICE, "unsigned"),
        (lambda: stamp(PATH, NOTICE, "request-time"), NOTICE + b" ", "bad_signature"),
        (lambda: stamp("/elsewhere", NOTICE, "request-time"), NOTICE, "bad_signature"),
        (lambda: stamp(PATH, NOTICE, "request-time", client="OTHER"), NOTICE, "other_account"),
        (lambda: stamp(PATH, NOTICE, "request-time", at=clock.now() - timedelta(minutes=6)), NOTICE, "stale"),
        (lambda: stamp(PATH, NOTICE, "request-time", at=clock.now() + timedelta(minutes=6)), NOTICE, "stale"),
        (lambda: stamp(PATH, b"[]", "request-time"), b"[]", "malformed"),
        (lambda: stamp(PATH, b"{}", "request-time"), b"{}", "malformed"),
        (
            lambda: {**stamp(PATH, NOTICE, "request-time"), "signature": "algorithm=none,signature=x"},
            NOTICE,
            "unsigned",
        ),
    ],
)
def test_refused_notifications(
    gateway: AntomGateway, headers: Callable[[], dict[str, str]], raw: bytes, code: str
) -> None:
    with pytest.raises(NotifyRefused) as caught:
        gateway.parse_notify(headers(), raw, clock.now())
    assert caught.value.code == code


def test_a_good_notification_is_taken(gateway: AntomGateway) -> None:
    notice = gateway.parse_notify(stamp(PATH, NOTICE, "request-time"), NOTICE, clock.now())
    assert (notice.out_trade_no, notice.notify_id) == ("PT1", "payment:PT1:SUCCESS")


@pytest.mark.parametrize(
    "changes",
    [
        {"merchant_private_key": "x"}, {"antom_public_key": "x"}, {"base_url": "ftp://x"},
        {"settlement_currency": "hkd"}, {"pay_code": "short"}, {"key_version": "x"},
    ],
)  # fmt: skip
def test_the_form_refuses_what_cannot_work(changes: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        config(**changes)


def test_the_demonstration_has_an_alipay_account_that_an_operator_may_change(tmp_path: Path) -> None:
    (tmp_path / "psp").mkdir()
    key = tmp_path / "key.pem"
    key.write_text(private_pem(MERCHANT_KEY))
    given = {
        "base_url": "http://127.0.0.1:8100", "mchid": "1900000109", "appid": "wx1", "merchant_key_file": str(key),
        "merchant_category_code": "5311", "merchant_serial": "A1", "apiv3_key": "0" * 32, "pay_code": "4403169D3W",
        "customs": [{"customs": "GUANGZHOU_ZS", "merchant_customs_no": "4401"}], "pay_name": "财付通支付科技有限公司",
        "antom": {
            "base_url": "http://127.0.0.1:8100", "client_id": CLIENT, "merchant_key_file": str(key),
            "antom_public_key": PUBLIC, "customs": [{"customs": "ZONGSHU", "merchant_customs_no": "4401"}],
            "customs_name": "示范", "pay_code": "31222699S7", "pay_name": "支付宝（中国）网络技术有限公司",
        },
        "stripe": {
            "base_url": "http://127.0.0.1:8100", "account": "acct_1Sandbox", "api_key": "sk_test_1",
            "webhook_secret": "whsec_1", "payment_method_types": ["card", "alipay"],
        },
    }  # fmt: skip
    (tmp_path / "psp" / "config.json").write_text(json.dumps(given))
    for _start in range(2):
        demo.configure(tmp_path, "http://127.0.0.1:8100")
    alipay = Account(plugin, accounts.kind_of(plugin, "antom"), "main")
    assert len(configuration.versions(alipay)) == 1 and len(configuration.versions(plugin)) == 1
    configuration.forget_cache()
    gateways.forget()
    names = [one.identifier for one in offers.of(offers.Wish("", Money("1.00", "CNY")))]
    assert names == ["wechat", "antom", "stripe"]
    assert [one.identifier for one in offers.of(offers.Wish("bonded_1210"))] == ["wechat", "antom"]
    told = {row["gateway"]: row for row in story.accounts()}["antom"]
    assert (told["wallet"], told["declares"], told["pay_code"]) == ("Alipay", True, "31222699S7")
    row = configuration.latest(alipay)
    assert row is not None
    configuration.save(alipay, {**row.values, "enabled": False}, actor="operator")
    demo.configure(tmp_path, "http://127.0.0.1:8100")
    configuration.forget_cache()
    gateways.forget()
    assert [one.identifier for one in offers.of(offers.Wish("", Money("1.00", "CNY")))] == [
        "wechat",
        "stripe",
    ]
    gateways.forget()
