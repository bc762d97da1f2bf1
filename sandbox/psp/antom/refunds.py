"""Refunds of Alipay payments: several partial ones, never more than was paid, within a year."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from sandbox.http import web_address
from sandbox.jobs import schedule
from sandbox.psp.antom.payments import COMPANY, find
from sandbox.psp.antom.wire import Refused, amount, result, text, yuan
from sandbox.psp.common import number, rfc3339
from sandbox.psp.models import Notification, Payment, Refund
from sandbox.psp.notify import queue
from sandbox.psp.refunds import TELL_REFUND, WINDOW

#: What is not named differently keeps its name.
_STATES = {"ABNORMAL": "FAIL", "CLOSED": "FAIL"}


@transaction.atomic
def give_back(data: dict[str, Any]) -> dict[str, Any]:
    """POST /ams/api/v1/payments/refund; the same again is the same refund."""
    refund_no, fen = text(data, "refundRequestId", 64), yuan(data, "refundAmount")
    payment = Payment.objects.select_for_update().get(pk=find({"paymentId": text(data, "paymentId", 64)}).pk)
    earlier = Refund.objects.filter(out_refund_no=refund_no).first()
    if earlier is not None:
        if earlier.payment_id != payment.pk or earlier.amount != fen:
            raise Refused("REPEAT_REQ_INCONSISTENT", "another refund was asked for under this number")
        return _accepted(earlier)
    if payment.success_time is None:
        raise Refused("ORDER_STATUS_INVALID", "the payment was not made")
    if timezone.now() - payment.success_time > WINDOW:
        raise Refused("REFUND_WINDOW_EXCEED", "the time to refund is over")
    alive = payment.refunds.exclude(status__in=[Refund.Status.CLOSED, Refund.Status.ABNORMAL])
    if (alive.aggregate(sum=Sum("amount"))["sum"] or 0) + fen > payment.total:
        raise Refused("REFUND_AMOUNT_EXCEED", "more would be refunded than was paid")
    url = text(data, "refundNotifyUrl", 1024, required=False)
    if url and web_address(url) is None:
        raise Refused("PARAM_ILLEGAL", "refundNotifyUrl is a web address")
    made = Refund.objects.create(
        payment=payment,
        out_refund_no=refund_no,
        refund_id=number("21", 28),
        amount=fen,
        reason=text(data, "refundReason", 256, required=False)[:80],
        notify_url=url[:256],
        request=data,
    )
    payment.state = Payment.State.REFUND
    payment.save(update_fields=["state"])
    schedule("psp.refund", {"id": made.pk}, delay_seconds=60)
    return _accepted(made)


def _accepted(made: Refund) -> dict[str, Any]:
    return {**result("U", "REFUND_IN_PROCESS", "refund in process"), **_named(made)}


def _named(made: Refund) -> dict[str, Any]:
    return {
        "refundRequestId": made.out_refund_no,
        "refundId": made.refund_id,
        "paymentId": made.payment.transaction_id,
        "refundAmount": amount(made.amount),
    }


def _ended(made: Refund) -> dict[str, Any]:
    told = {**_named(made), "refundStatus": _STATES.get(made.status, made.status)}
    if made.success_time:
        told["refundTime"] = rfc3339(made.success_time)
    return told


def inquire(data: dict[str, Any]) -> dict[str, Any]:
    """POST /ams/api/v1/payments/inquiryRefund"""
    found = Refund.objects.select_related("payment").filter(
        out_refund_no=text(data, "refundRequestId", 64), payment__company=COMPANY
    )
    made = found.first()
    if made is None:
        raise Refused("REFUND_NOT_EXIST", "the refund does not exist")
    return {**result("S"), **_ended(made)}


def _tell_refund(refund: Refund) -> None:
    body = {"notifyType": "REFUND_RESULT", **result("S"), **_ended(refund)}
    queue(
        Notification(
            company=COMPANY,
            url=refund.notify_url,
            event_type="REFUND_RESULT",
            reference=refund.out_refund_no,
            body=body,
        )
    )


TELL_REFUND[COMPANY] = _tell_refund
