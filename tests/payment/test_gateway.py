"""The WeChat adapter against a fake that checks our signatures and signs its answers."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from plugins.cross_border_payment import gateways, health
from plugins.cross_border_payment.models import PaymentWireRecord, PlatformCertificate
from plugins.cross_border_payment.port import (
    Buyer,
    CustomsDeclarer,
    CustomsTarget,
    DeclarationRequest,
    DeclarationState,
    Gateway,
    GatewayRefused,
    GatewayUnavailable,
    Identity,
    PaymentState,
    Redirect,
    RefundRequest,
    RefundState,
    ShowQr,
    StartFailed,
    StartRequest,
    Surroundings,
    VerifyDepartment,
)
from saleor_ext.core import clock
from saleor_ext.core.money import Money

from .fake_wechat import FakeWechat, certificate

NUMBER = "PTABCDEFGHIJKLMNOPQRSTUVWXYZ"
TARGET = CustomsTarget("GUANGZHOU_ZS", "4401961234")


def start_request(**changes: Any) -> StartRequest:
    values: dict[str, Any] = {
        "out_trade_no": NUMBER,
        "amount": Money("194.00", "CNY"),
        "description": "杏仁饼",
        "notify_url": "http://testserver/plugins/payment/notify/wechat/main",
        "return_url": "",
        "client_ip": "203.0.113.9",
        "surroundings": Surroundings.DESKTOP,
        "expires_at": clock.now() + timedelta(minutes=30),
        **changes,
    }
    return StartRequest(**values)


def test_the_adapter_fills_both_ports(wechat: FakeWechat) -> None:
    assert isinstance(gateways.gateway(), Gateway)
    assert isinstance(gateways.gateway(), CustomsDeclarer)


def test_native_order_shows_a_code(wechat: FakeWechat) -> None:
    result = gateways.gateway().start(start_request())
    assert result == ShowQr(f"weixin://wxpay/bizpayurl?pr={NUMBER}")
    sent = wechat.orders[NUMBER]["_body"]
    assert sent["amount"] == {"total": 19400, "currency": "CNY"}
    assert sent["trade_type"] == "NATIVE"
    assert sent["time_expire"].endswith("+08:00")


def test_phone_gets_an_address_to_go_to(wechat: FakeWechat) -> None:
    back = "http://testserver/pay/1?a=b"
    result = gateways.gateway().start(start_request(surroundings=Surroundings.PHONE, return_url=back))
    assert isinstance(result, Redirect)
    assert result.url.endswith("?redirect_url=http%3A%2F%2Ftestserver%2Fpay%2F1%3Fa%3Db")
    assert wechat.orders[NUMBER]["_body"]["trade_type"] == "MWEB"


def test_a_used_number_is_a_failure_not_an_exception(wechat: FakeWechat) -> None:
    request = start_request()
    gateways.gateway().start(request)
    result = gateways.gateway().start(
        start_request(amount=Money("1.00", "CNY"), expires_at=request.expires_at)
    )
    assert result == StartFailed("OUT_TRADE_NO_USED", result.message)  # type: ignore[union-attr]  # compared just here


def test_query_before_and_after_payment(wechat: FakeWechat) -> None:
    gateway = gateways.gateway()
    assert gateway.query("PTUNKNOWN").state is PaymentState.PENDING
    gateway.start(start_request())
    assert gateway.query(NUMBER).state is PaymentState.PENDING
    wechat.pay(NUMBER)
    paid = gateway.query(NUMBER)
    assert (paid.state, paid.amount) == (PaymentState.PAID, Money("194.00", "CNY"))
    assert paid.gateway_ref.startswith("42")
    assert paid.paid_at is not None
    with pytest.raises(GatewayRefused, match="ORDERPAID"):
        gateway.close(NUMBER)


def test_close_is_repeatable(wechat: FakeWechat) -> None:
    gateway = gateways.gateway()
    gateway.start(start_request())
    gateway.close(NUMBER)
    gateway.close("PTUNKNOWN")
    assert gateway.query(NUMBER).state is PaymentState.CLOSED


def test_refund_and_its_result(wechat: FakeWechat) -> None:
    gateway = gateways.gateway()
    gateway.start(start_request())
    wechat.pay(NUMBER)
    paid = gateway.query(NUMBER)
    request = RefundRequest("PR1", paid.gateway_ref, Money("10.00", "CNY"), Money("194.00", "CNY"))
    assert gateway.refund(request).state is RefundState.PROCESSING
    assert gateway.refund(request).refund_no == "PR1"
    assert len(wechat.refunds) == 1
    wechat.refunds["PR1"]["status"] = "SUCCESS"
    assert gateway.query_refund("PR1").state is RefundState.SUCCESS


def test_customs_record_from_declare_to_clearing_number(wechat: FakeWechat) -> None:
    gateway = gateways.gateway()
    request = DeclarationRequest(NUMBER, "4200001", TARGET)
    assert gateway.query_declaration(request).state is DeclarationState.UNDECLARED
    assert gateway.declare(request).state is DeclarationState.PROCESSING
    checked = gateway.verify_identity(request, Buyer("张三", "11010519491231002x"))
    assert checked.identity is Identity.SAME
    assert wechat.opened == {"certificate_id": "11010519491231002X", "certificate_name": "张三"}
    wechat.accept(NUMBER, "GUANGZHOU_ZS")
    found = gateway.query_declaration(request)
    assert found.state is DeclarationState.SUCCESS
    assert found.verify_department is VerifyDepartment.NETSUNION
    assert found.verify_department.ver_dept == "2"
    assert found.verify_number.startswith("2026")


def test_an_unknown_clearing_house_names_none(wechat: FakeWechat) -> None:
    gateway = gateways.gateway()
    request = DeclarationRequest(NUMBER, "4200001", TARGET)
    gateway.declare(request)
    wechat.accept(NUMBER, "GUANGZHOU_ZS")
    wechat.customs[(NUMBER, "GUANGZHOU_ZS")]["verify_department"] = "SOMEBODY"
    assert gateway.query_declaration(request).verify_department is VerifyDepartment.NONE


def _altered(path: str, response: httpx2.Response) -> httpx2.Response:
    return httpx2.Response(
        200, content=response.content.replace(b"19400", b"19401"), headers=response.headers
    )


def _unsigned(path: str, response: httpx2.Response) -> httpx2.Response:
    return httpx2.Response(200, content=response.content)


def _not_json(path: str, response: httpx2.Response) -> httpx2.Response:
    return httpx2.Response(200, content=b"<html>", headers=response.headers)


@pytest.mark.parametrize("spoil", [_altered, _unsigned, _not_json])
def test_an_answer_that_is_not_signed_as_sent_is_not_believed(wechat: FakeWechat, spoil: Any) -> None:
    gateway = gateways.gateway()
    gateway.start(start_request())
    wechat.pay(NUMBER)
    wechat.spoil = spoil
    with pytest.raises(GatewayUnavailable):
        gateway.query(NUMBER)


def test_an_old_answer_is_not_believed(wechat: FakeWechat) -> None:
    gateway = gateways.gateway()
    gateway.start(start_request())

    def replay(path: str, response: httpx2.Response) -> httpx2.Response:
        headers = wechat.stamp(response.content, at=clock.now() - timedelta(minutes=6))
        return httpx2.Response(200, content=response.content, headers=headers)

    wechat.spoil = replay
    with pytest.raises(GatewayUnavailable, match="moment"):
        gateway.query(NUMBER)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (500, "SYSTEM_ERROR", GatewayUnavailable),
        (429, "FREQUENCY_LIMITED", GatewayUnavailable),
        (403, "SYSTEM_ERROR", GatewayUnavailable),
        (401, "SIGN_ERROR", GatewayRefused),
        (400, "PARAM_ERROR", GatewayRefused),
    ],
)
def test_errors_say_whether_to_try_again(
    wechat: FakeWechat, status: int, code: str, error: type[Exception]
) -> None:
    gateway = gateways.gateway()
    gateway.start(start_request())
    wechat.fail_with = (status, code)
    with pytest.raises(error) as caught:
        gateway.query(NUMBER)
    assert caught.value.code == code  # type: ignore[attr-defined]  # both classes carry a code


def test_a_refusal_with_a_forged_signature_is_no_refusal(wechat: FakeWechat) -> None:
    """An attacker on the way must not be able to say "no such order"."""
    gateway = gateways.gateway()
    gateway.start(start_request())
    stranger = rsa.generate_private_key(65537, 2048)
    body = b'{"code":"ORDER_NOT_EXIST","message":""}'
    wechat.spoil = lambda path, response: httpx2.Response(
        404, content=body, headers=wechat.stamp(body, key=stranger)
    )
    with pytest.raises(GatewayUnavailable):
        gateway.query(NUMBER)


def test_platform_certificates_rotate_without_restart(
    wechat: FakeWechat, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = gateways.gateway()
    gateway.start(start_request())
    first = wechat.serial
    wechat.platform_key = rsa.generate_private_key(65537, 2048)
    wechat.serial, wechat.pem = certificate(wechat.platform_key, clock.now())
    with pytest.raises(GatewayUnavailable, match="unknown certificate"):
        gateway.query(NUMBER)
    later = clock.now() + timedelta(seconds=90)
    monkeypatch.setattr(gateway.client, "_clock", lambda: later)
    assert gateway.query(NUMBER).state is PaymentState.PENDING
    assert set(PlatformCertificate.objects.values_list("serial", flat=True)) == {first, wechat.serial}


@pytest.mark.parametrize(("days", "status"), [(30, "ok"), (3, "warning"), (-1, "error")])
def test_the_doctor_looks_at_the_date_of_the_platform_certificate(
    wechat: FakeWechat, days: int, status: str
) -> None:
    gateways.gateway().start(start_request())
    PlatformCertificate.objects.update(not_after=clock.now() + timedelta(days=days, hours=1))
    assert {one.name: one.status for one in health.check()}["payment.certificate"] == status


def test_a_foreign_certificate_list_is_refused(wechat: FakeWechat) -> None:
    """The list must open with our APIv3 key and be signed by a certificate inside it."""
    stranger = rsa.generate_private_key(65537, 2048)
    wechat.spoil = lambda path, response: httpx2.Response(
        200, content=response.content, headers=wechat.stamp(response.content, key=stranger)
    )
    with pytest.raises(GatewayUnavailable, match="not signed by one of them"):
        gateways.gateway().client.refresh_certificates()
    assert not PlatformCertificate.objects.exists()


def test_every_exchange_is_kept_verbatim_and_sealed(wechat: FakeWechat) -> None:
    gateways.gateway().start(start_request())
    kept = list(PaymentWireRecord.objects.filter(reference=NUMBER))
    assert [(r.kind, r.operation, r.status) for r in kept] == [
        ("request", "start", None),
        ("answer", "start", 200),
    ]
    from plugins.cross_border_payment import wire

    body = json.loads(wire.reveal(kept[0], actor="test", reason="unit test"))
    assert body == wechat.orders[NUMBER]["_body"]
    assert "authorization" not in {name.lower() for name in kept[0].headers}
    assert "wechatpay-signature" in kept[1].headers


@pytest.mark.django_db(transaction=True)
def test_wire_records_cannot_be_changed_or_deleted(wechat: FakeWechat) -> None:
    from django.db import DatabaseError

    gateways.gateway().start(start_request())
    rows = PaymentWireRecord.objects.filter(reference=NUMBER)
    with pytest.raises(DatabaseError):
        rows.update(reference="other")
    with pytest.raises(DatabaseError):
        rows.delete()
    row = rows[0]
    row.save(update_fields=["sealed_body"])  # sealing anew is allowed
    assert PaymentWireRecord.objects.filter(reference=NUMBER).count() == 2
