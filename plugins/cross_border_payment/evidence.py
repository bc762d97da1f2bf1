"""The original bytes of a payment's order, for customs' real-time data request (announcement 2018/179)."""

from __future__ import annotations

from typing import Literal

from saleor_ext.core import audit
from saleor_ext.plugin_api import ParcelView, PaymentEvidence

from . import gateways, wire
from .models import PaymentSession, PaymentWireRecord
from .port import Surroundings, WireKind

START = "start"
#: How the buyer came to pay, in customs' code; both the desktop's and WeChat's own way show a code to scan.
_SCAN: Literal["3"] = "3"
_OTHER: Literal["4"] = "4"


def of(parcel: ParcelView, purpose: str) -> PaymentEvidence | None:
    """Return what was sent and answered when the payment was ordered; None when there is no such payment here.

    Of several tries the last one that was answered well counts: it made the payment.
    """
    session = PaymentSession.objects.filter(
        api_url=parcel.api_url, transaction_id=parcel.transaction_id, state=PaymentSession.State.PAID
    ).first()
    if session is None:
        return None
    records = PaymentWireRecord.objects.filter(
        gateway=session.gateway, account=session.account, reference=session.out_trade_no, operation=START
    )
    answer = records.filter(kind=WireKind.ANSWER, status__range=(200, 299)).order_by("-at").first()
    if answer is None:
        return None
    request = records.filter(kind=WireKind.REQUEST, at__lte=answer.at).order_by("-at").first()
    if request is None:
        return None
    audit.record("payment.evidence", "parcel", parcel.id, purpose=purpose, trade_no=session.out_trade_no)
    scanned = session.surroundings != Surroundings.PHONE and not session.invoke
    return PaymentEvidence(
        request=wire.reveal(request, actor=audit.SYSTEM, reason=purpose),
        response=wire.reveal(answer, actor=audit.SYSTEM, reason=purpose),
        account=gateways.gateway(session.gateway, session.account).merchant_account,
        pay_type=_SCAN if scanned else _OTHER,
    )
