"""Refunds: several partial ones, never more than was paid."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.http import HttpRequest
from django.utils import timezone

from sandbox.jobs import job, schedule
from sandbox.psp import keys
from sandbox.psp.common import call_back, number, rfc3339, text, whole
from sandbox.psp.models import Payment, Refund
from sandbox.psp.notify import notify
from sandbox.psp.wire import ApiError, body_of, check_account

WINDOW = timedelta(days=365)
MOST = 50
_NUMBER = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")
#: A refund whose reason contains this ends ABNORMAL instead of SUCCESS.
ABNORMAL_REASON = "退款异常"


def _payment(data: dict[str, Any]) -> Payment:
    by = {name: data[name] for name in ("transaction_id", "out_trade_no") if data.get(name)}
    if not by:
        raise ApiError(400, "PARAM_ERROR", "transaction_id 与 out_trade_no 二选一", field="/out_trade_no")
    payment = Payment.objects.select_for_update().filter(company="wechat", **by).first()
    if payment is None:
        raise ApiError(404, "RESOURCE_NOT_EXISTS", "订单不存在")
    if payment.state not in {"SUCCESS", "REFUND"} or payment.success_time is None:
        raise ApiError(400, "INVALID_REQUEST", "订单未支付，不能退款")
    if timezone.now() - payment.success_time > WINDOW:
        raise ApiError(400, "INVALID_REQUEST", "订单已超过一年，不能退款")
    return payment


def _repeated(earlier: Refund, data: dict[str, Any]) -> dict[str, Any]:
    """Answer a repetition as the first time; another amount under the same number is refused."""
    if earlier.request.get("amount") != data.get("amount"):
        raise ApiError(400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致，请核实后再试")
    return describe(earlier, accepted=True)


@transaction.atomic
def create(request: HttpRequest) -> dict[str, Any]:
    """POST /v3/global/refunds"""
    data = body_of(request)
    out_refund_no = text(data, "out_refund_no", 64)
    if not _NUMBER.fullmatch(out_refund_no):
        raise ApiError(400, "PARAM_ERROR", "out_refund_no 含有非法字符", field="/out_refund_no")
    payment = _payment(data)
    earlier = Refund.objects.filter(out_refund_no=out_refund_no).first()
    if earlier is not None:
        return _repeated(earlier, data)
    amount = data.get("amount")
    if not isinstance(amount, dict):
        raise ApiError(400, "PARAM_ERROR", "amount 必填", field="/amount")
    wanted = whole(amount, "refund")
    if amount.get("total") != payment.total or amount.get("currency") != payment.currency:
        raise ApiError(400, "INVALID_REQUEST", "订单金额或币种与原交易不一致")
    alive = payment.refunds.exclude(status=Refund.Status.CLOSED)
    if (alive.aggregate(sum=Sum("amount"))["sum"] or 0) + wanted > payment.total:
        raise ApiError(400, "INVALID_REQUEST", "累计退款金额大于支付金额")
    if alive.count() >= MOST:
        raise ApiError(400, "INVALID_REQUEST", f"退款次数超过 {MOST} 次")
    refund = Refund.objects.create(
        payment=payment,
        out_refund_no=out_refund_no,
        refund_id=number("503", 28),
        amount=wanted,
        reason=text(data, "reason", 80, required=False),
        notify_url=call_back(data, required=False),
        request=data,
    )
    payment.state = Payment.State.REFUND
    payment.save(update_fields=["state"])
    schedule("psp.refund", {"id": refund.pk}, delay_seconds=60)
    return describe(refund, accepted=True)


def describe(refund: Refund, *, accepted: bool = False) -> dict[str, Any]:
    """Write a refund; the first answer only says that it was accepted and carries no status."""
    payment = refund.payment
    data: dict[str, Any] = {
        "id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": payment.transaction_id,
        "out_trade_no": payment.out_trade_no,
        "channel": "ORIGINAL",
        "create_time": rfc3339(refund.created_at),
        "amount": {
            "refund": refund.amount,
            "total": payment.total,
            "currency": payment.currency,
            "payer_refund": refund.amount,
            "payer_total": payment.total,
            "payer_currency": "CNY",
        },
    }
    if not accepted:
        data["status"] = refund.status
        data["recv_account"] = "支付用户零钱"
        if refund.success_time:
            data["success_time"] = rfc3339(refund.success_time)
    return data


def _found(request: HttpRequest, **by: str) -> dict[str, Any]:
    check_account(request.GET)
    refund = Refund.objects.select_related("payment").filter(**by).first()
    if refund is None:
        raise ApiError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
    return describe(refund)


def query_by_number(request: HttpRequest, out_refund_no: str) -> dict[str, Any]:
    """GET /v3/global/refunds/out-refund-no/{out_refund_no}?mchid="""
    return _found(request, out_refund_no=out_refund_no)


def query_by_id(request: HttpRequest, refund_id: str) -> dict[str, Any]:
    """GET /v3/global/refunds/id/{id}?mchid="""
    return _found(request, refund_id=refund_id)


@job("psp.refund")
def finish(payload: dict[str, Any]) -> None:
    """Let the money arrive, or not, and tell the merchant."""
    refund = Refund.objects.select_for_update().select_related("payment").get(pk=payload["id"])
    if refund.status != Refund.Status.PROCESSING:
        return
    if ABNORMAL_REASON in refund.reason:
        refund.status = Refund.Status.ABNORMAL
    else:
        refund.status = Refund.Status.SUCCESS
        refund.success_time = timezone.now()
    refund.save(update_fields=["status", "success_time"])
    TELL_REFUND[refund.payment.company](refund)


def _tell_refund(refund: Refund) -> None:
    plain = {"mchid": keys.MCHID, **describe(refund), "refund_status": refund.status}
    notify(
        refund.notify_url,
        f"REFUND.{refund.status}",
        "退款结果",
        reference=refund.out_refund_no,
        plain=plain,
        kind="refund",
    )


#: How the merchant hears of a refund, by company.
TELL_REFUND = {"wechat": _tell_refund}
