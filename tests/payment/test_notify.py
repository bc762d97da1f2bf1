"""Notifications that must be refused, and what a good one leads to."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from plugins.cross_border_payment import gateways, sessions
from plugins.cross_border_payment.models import PaymentSession, PaymentWireRecord
from plugins.cross_border_payment.sessions import Opening
from saleor_ext.core import clock, inbox, outbox
from saleor_ext.core.models import AuditEntry, InboxMessage, OutboxMessage
from saleor_ext.core.money import Money

from .conftest import API, FakePlatform
from .fake_wechat import FakeWechat, sealed

URL = "/plugins/payment/notify/wechat/main"
Spoilt = tuple[bytes, dict[str, str]]


@pytest.fixture
def session(wechat: FakeWechat) -> PaymentSession:
    opening = Opening(API, "VHJhbnNhY3Rpb246MQ==", Money("194.00", "CNY"), checkout_id="Q2hlY2tvdXQ6MQ==")
    return sessions.open_session(opening, gateways.gateway())


def post(client: Client, body: bytes, headers: dict[str, str], url: str = URL) -> Any:
    return client.post(url, data=body, content_type="application/json", headers=headers)


def drain() -> None:
    """Work inbox and outbox until nothing is due."""
    while inbox.drain() + outbox.drain():
        pass


def forged_key(wechat: FakeWechat, body: bytes) -> Spoilt:
    return body, wechat.stamp(body, key=rsa.generate_private_key(65537, 2048))


def altered_body(wechat: FakeWechat, body: bytes) -> Spoilt:
    return body + b" ", wechat.stamp(body)


def altered_timestamp(wechat: FakeWechat, body: bytes) -> Spoilt:
    stamp = wechat.stamp(body)
    return body, {**stamp, "Wechatpay-Timestamp": str(int(stamp["Wechatpay-Timestamp"]) + 1)}


def unsigned(wechat: FakeWechat, body: bytes) -> Spoilt:
    return body, {}


def half_signed(wechat: FakeWechat, body: bytes) -> Spoilt:
    stamp = wechat.stamp(body)
    stamp.pop("Wechatpay-Nonce")
    return body, stamp


def replayed_late(wechat: FakeWechat, body: bytes) -> Spoilt:
    return body, wechat.stamp(body, at=clock.now() - timedelta(minutes=5, seconds=2))


def from_the_future(wechat: FakeWechat, body: bytes) -> Spoilt:
    return body, wechat.stamp(body, at=clock.now() + timedelta(minutes=5, seconds=2))


def unknown_certificate(wechat: FakeWechat, body: bytes) -> Spoilt:
    return body, {**wechat.stamp(body), "Wechatpay-Serial": "0" * 40}


def probe(wechat: FakeWechat, body: bytes) -> Spoilt:
    """WeChat itself sends such signatures now and then, to see whether merchants check."""
    return body, {**wechat.stamp(body), "Wechatpay-Signature": "WECHATPAY/SIGNTEST/abc"}


def other_seal(wechat: FakeWechat, body: bytes) -> Spoilt:
    data = json.loads(body)
    data["resource"] = sealed(b'{"mchid":"1900000109"}', key="f" * 32)
    return resigned(wechat, data)


def other_merchant(wechat: FakeWechat, body: bytes) -> Spoilt:
    data = json.loads(body)
    number = next(iter(wechat.orders))
    data["resource"] = sealed(json.dumps({**wechat.orders[number], "mchid": "1900000999"}).encode())
    return resigned(wechat, data)


def no_resource(wechat: FakeWechat, body: bytes) -> Spoilt:
    data = json.loads(body)
    data.pop("resource")
    return resigned(wechat, data)


def not_json(wechat: FakeWechat, body: bytes) -> Spoilt:
    return b"hello", wechat.stamp(b"hello")


def a_list(wechat: FakeWechat, body: bytes) -> Spoilt:
    return b"[]", wechat.stamp(b"[]")


def fractional_amount(wechat: FakeWechat, body: bytes) -> Spoilt:
    data = json.loads(body)
    order = {**next(iter(wechat.orders.values())), "amount": {"total": 194.5, "currency": "CNY"}}
    data["resource"] = sealed(json.dumps(order).encode())
    return resigned(wechat, data)


def resigned(wechat: FakeWechat, data: dict[str, Any]) -> Spoilt:
    body = json.dumps(data).encode()
    return body, wechat.stamp(body)


REFUSED = [
    forged_key,
    altered_body,
    altered_timestamp,
    unsigned,
    half_signed,
    replayed_late,
    from_the_future,
    unknown_certificate,
    probe,
    other_seal,
    other_merchant,
    no_resource,
    not_json,
    a_list,
    fractional_amount,
]


@pytest.mark.parametrize("spoil", REFUSED, ids=lambda function: function.__name__)
def test_refused_and_nothing_stored(
    client: Client,
    wechat: FakeWechat,
    session: PaymentSession,
    services: FakePlatform,
    spoil: Callable[[FakeWechat, bytes], Spoilt],
) -> None:
    wechat.pay(session.out_trade_no)
    body, headers = spoil(wechat, wechat.notification(session.out_trade_no))
    answer = post(client, body, headers)
    assert answer.status_code == 401
    assert answer.json()["code"] == "FAIL"
    assert not InboxMessage.objects.exists()
    assert not PaymentWireRecord.objects.filter(kind="notify").exists()
    session.refresh_from_db()
    assert session.state == PaymentSession.State.WAITING


def test_other_accounts_and_methods_have_no_door(
    client: Client, wechat: FakeWechat, session: PaymentSession
) -> None:
    wechat.pay(session.out_trade_no)
    body = wechat.notification(session.out_trade_no)
    assert post(client, body, wechat.stamp(body), URL.replace("main", "other")).status_code == 404
    assert post(client, body, wechat.stamp(body), URL.replace("wechat", "alipay")).status_code == 404
    assert client.get(URL).status_code == 405
    assert not InboxMessage.objects.exists()


def test_a_huge_body_is_not_read(client: Client, wechat: FakeWechat) -> None:
    assert post(client, b"x" * 70_000, {}).status_code == 413


def test_a_good_one_makes_the_order(
    client: Client, wechat: FakeWechat, session: PaymentSession, services: FakePlatform
) -> None:
    wechat.pay(session.out_trade_no)
    body = wechat.notification(session.out_trade_no)
    stamp = wechat.stamp(body)
    calls = len(wechat.calls)
    assert post(client, body, stamp).json() == {"code": "SUCCESS", "message": "OK"}
    assert len(wechat.calls) == calls, "the acknowledgement must not wait for a call"
    for _ in range(4):
        assert post(client, body, stamp).status_code == 200
    assert InboxMessage.objects.get().duplicates == 4
    drain()
    session.refresh_from_db()
    assert session.state == PaymentSession.State.PAID
    assert session.reported_at is not None
    assert session.completed_at is not None
    assert services.completed == [(API, "Q2hlY2tvdXQ6MQ==")]
    assert len(services.client.calls) == 1
    report = services.client.calls[0]
    assert (report["type"], report["amount"], report["pspReference"]) == (
        "CHARGE_SUCCESS",
        "194.00",
        session.gateway_ref,
    )
    assert "." in report["time"], "the time must be finer than a second"
    assert PaymentWireRecord.objects.filter(kind="notify", reference=session.out_trade_no).count() == 1


WRONG_MONEY = [
    {"amount": {"total": 19399, "currency": "CNY"}},
    {"amount": {"total": 19400, "currency": "HKD"}},
    {"amount": None},
    {"mchid": "1900000999"},
    {"appid": "wx0000000000000000"},
    {"id": ""},
]


@pytest.mark.parametrize("wrong", WRONG_MONEY, ids=lambda case: next(iter(case)))
def test_money_that_does_not_match_never_counts(
    client: Client, wechat: FakeWechat, session: PaymentSession, services: FakePlatform, wrong: dict[str, Any]
) -> None:
    """Even when the gateway itself confirms it."""
    wechat.pay(session.out_trade_no, **wrong)
    body = wechat.notification(session.out_trade_no, mchid="1900000109")
    assert post(client, body, wechat.stamp(body)).status_code == 200
    drain()
    session.refresh_from_db()
    assert session.state == PaymentSession.State.SUSPECT
    assert services.client.calls == []
    assert services.completed == []
    assert AuditEntry.objects.filter(action="payment.mismatch", object_id=str(session.pk)).exists()


def test_a_notification_that_the_gateway_does_not_confirm_changes_nothing(
    client: Client, wechat: FakeWechat, session: PaymentSession, services: FakePlatform
) -> None:
    body = wechat.notification(session.out_trade_no, trade_state="SUCCESS", id="4200000001")
    assert post(client, body, wechat.stamp(body)).status_code == 200
    drain()
    session.refresh_from_db()
    assert session.state == PaymentSession.State.WAITING
    assert services.client.calls == []


def test_one_for_an_unknown_order_is_noted_only(
    client: Client, wechat: FakeWechat, session: PaymentSession, services: FakePlatform
) -> None:
    wechat.pay(session.out_trade_no)
    body = wechat.notification(session.out_trade_no, out_trade_no="SOMEBODYELSES")
    assert post(client, body, wechat.stamp(body)).status_code == 200
    inbox.drain()
    assert not OutboxMessage.objects.filter(topic=sessions.SETTLE).exists()
    assert AuditEntry.objects.filter(action="payment.notify_unknown").exists()


def test_an_event_of_another_kind_is_kept_and_left(
    client: Client, wechat: FakeWechat, session: PaymentSession
) -> None:
    body = wechat.notification(session.out_trade_no, event="COUPON.USE")
    assert post(client, body, wechat.stamp(body)).status_code == 200
    inbox.drain()
    assert InboxMessage.objects.get().state == "done"
    assert not OutboxMessage.objects.filter(topic=sessions.SETTLE).exists()
