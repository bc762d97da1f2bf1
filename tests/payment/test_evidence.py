"""The original bytes of a payment for customs: those of the try that made it, opened with an audit entry."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plugins.cross_border_payment import evidence, webhooks, wire
from plugins.cross_border_payment.models import PaymentSession, PaymentWireRecord
from plugins.cross_border_payment.port import WireEntry, WireKind
from saleor_ext.core import clock
from saleor_ext.core.models import AuditEntry
from saleor_ext.plugin_api.registry import ask_first

from .fake_wechat import MCHID, FakeWechat
from .test_declarations import view
from .test_sessions import CONTEXT, TX, payload

pytestmark = pytest.mark.django_db


def paid(surroundings: str = "desktop") -> PaymentSession:
    data = {"method": "wechat", "surroundings": surroundings}
    webhooks.initialize(CONTEXT, payload(data=data))
    session = PaymentSession.objects.get(transaction_id=TX)
    session.state, session.gateway_ref, session.paid_at = "paid", "42", clock.now()
    session.save()
    return session


def found(**changes: Any) -> Any:
    return ask_first("payment_evidence", parcel=replace(view("n"), **changes), purpose="a test")


def test_the_bytes_are_the_ones_that_went_over_the_wire(wechat: FakeWechat) -> None:
    session = paid()
    told = found()
    bodies = [
        wire.reveal(row, actor="test", reason="test") for row in PaymentWireRecord.objects.order_by("at")
    ]
    assert [told.request, told.response] == bodies[:2]
    assert session.out_trade_no.encode() in told.request and b"code_url" in told.response
    assert (told.account, told.pay_type) == (MCHID, "3")
    assert "code_url" not in repr(told)
    assert AuditEntry.objects.filter(action="payment.evidence", object_id="parcel-1").count() == 1


def test_of_several_tries_the_one_that_was_answered_counts(wechat: FakeWechat) -> None:
    session = paid()
    first = found()
    wire.keep(
        session.gateway,
        session.account,
        WireEntry(WireKind.REQUEST, evidence.START, session.out_trade_no, b"later, unanswered"),
    )
    assert found() == first


def test_on_a_phone_the_buyer_does_not_scan(wechat: FakeWechat) -> None:
    session = paid()
    PaymentSession.objects.filter(pk=session.pk).update(surroundings="phone")
    assert found().pay_type == "4"


def test_what_was_not_paid_or_is_not_ours_has_no_evidence(wechat: FakeWechat) -> None:
    session = paid()
    assert found(transaction_id="other") is None and found(api_url="http://other/graphql/") is None
    PaymentSession.objects.filter(pk=session.pk).update(state="closed")
    assert found() is None
    assert not AuditEntry.objects.filter(action="payment.evidence").exists()
