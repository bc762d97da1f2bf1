"""Paying by Alipay: pay, inquiryPayment, cancel, and the notification of a payment."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from sandbox.http import web_address
from sandbox.psp.antom.wire import Refused, amount, result, text, yuan
from sandbox.psp.common import number, rfc3339
from sandbox.psp.models import Notification, Payment, Refund
from sandbox.psp.notify import queue
from sandbox.psp.payments import TELL_PAID

COMPANY = "antom"
TERMINALS = {"WEB", "WAP", "APP"}
_STATES = {"SUCCESS": "SUCCESS", "REFUND": "SUCCESS", "CLOSED": "CANCELLED", "PAYERROR": "FAIL"}


def pay(data: dict[str, Any]) -> dict[str, Any]:
    """POST /ams/api/v1/payments/pay; the same again is answered as the first time."""
    wanted = _wanted(data)
    try:
        with transaction.atomic():
            wanted.save(force_insert=True)
        payment = wanted
    except IntegrityError:
        payment = Payment.objects.get(out_trade_no=wanted.out_trade_no)
        if payment.company != COMPANY or _print(payment.request) != _print(data):
            raise Refused(
                "REPEAT_REQ_INCONSISTENT", "another payment was asked for under this number"
            ) from None
    if payment.state == Payment.State.CLOSED or _is_over(payment):
        raise Refused("ORDER_IS_CLOSED", "the order is closed")
    if payment.state == Payment.State.PAYERROR:
        raise Refused("USER_BALANCE_NOT_ENOUGH", "the bank declined")
    if payment.state != Payment.State.NOTPAY:
        return {**result("S"), **_named(payment)}
    url = f"{settings.SANDBOX_PUBLIC_URL}/pay/{payment.token}/"
    back = data.get("paymentRedirectUrl")
    answer = {**result("U", "PAYMENT_IN_PROCESS", "payment in process"), **_named(payment)}
    answer["normalUrl"] = url + (f"?redirect_url={quote(str(back), safe='')}" if back else "")
    if payment.trade_type == "WEB":
        answer["orderCodeForm"] = {"codeDetails": [{"displayType": "TEXT", "codeValue": url}]}
    return answer


def _wanted(data: dict[str, Any]) -> Payment:
    order, environment = data.get("order"), data.get("env")
    if text(data, "productCode", 32) != "CASHIER_PAYMENT":
        raise Refused("PARAM_ILLEGAL", "productCode is CASHIER_PAYMENT")
    if text(data.get("paymentMethod"), "paymentMethodType", 32) != "ALIPAY_CN":
        raise Refused("PAYMENT_METHOD_NOT_SUPPORTED", "the sandbox knows ALIPAY_CN only")
    if yuan(order, "orderAmount") != yuan(data, "paymentAmount"):
        raise Refused("PARAM_ILLEGAL", "paymentAmount is not orderAmount")
    terminal = text(environment, "terminalType", 8)
    if terminal not in TERMINALS:
        raise Refused("PARAM_ILLEGAL", f"terminalType is one of {', '.join(sorted(TERMINALS))}")
    text(data.get("settlementStrategy"), "settlementCurrency", 3)
    url = text(data, "paymentNotifyUrl", 1024)
    if web_address(url) is None:
        raise Refused("PARAM_ILLEGAL", "paymentNotifyUrl is a web address")
    return Payment(
        company=COMPANY,
        out_trade_no=text(data, "paymentRequestId", 32),
        trade_type=terminal,
        description=text(order, "orderDescription", 256)[:127],
        notify_url=url[:256],
        total=yuan(data, "paymentAmount"),
        currency="CNY",
        request=data,
        expires_at=_expiry(data),
        transaction_id=number("20", 28),
    )


def _expiry(data: dict[str, Any]) -> datetime | None:
    value = data.get("paymentExpiryTime")
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise Refused("PARAM_ILLEGAL", "paymentExpiryTime is of ISO 8601") from None
    if moment.tzinfo is None:
        raise Refused("PARAM_ILLEGAL", "paymentExpiryTime has an offset")
    return moment


def _print(data: dict[str, Any]) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=False)


def _is_over(payment: Payment) -> bool:
    past = payment.expires_at is not None and payment.expires_at <= timezone.now()
    return payment.state == Payment.State.NOTPAY and past


def _named(payment: Payment) -> dict[str, Any]:
    return {
        "paymentRequestId": payment.out_trade_no,
        "paymentId": payment.transaction_id,
        "paymentAmount": amount(payment.total),
        "paymentCreateTime": rfc3339(payment.created_at),
    }


def find(data: dict[str, Any]) -> Payment:
    """Return the payment that a request names by either number."""
    by = {
        column: data[name]
        for name, column in (("paymentId", "transaction_id"), ("paymentRequestId", "out_trade_no"))
        if data.get(name)
    }
    if not by:
        raise Refused("PARAM_ILLEGAL", "paymentId or paymentRequestId is needed")
    payment = Payment.objects.filter(company=COMPANY, **by).first()
    if payment is None:
        raise Refused("ORDER_NOT_EXIST", "the order does not exist")
    return payment


def inquire(data: dict[str, Any]) -> dict[str, Any]:
    """POST /ams/api/v1/payments/inquiryPayment"""
    payment = find(data)
    state = "CANCELLED" if _is_over(payment) else _STATES.get(payment.state, "PROCESSING")
    answer = {**result("S"), **_named(payment), "paymentStatus": state}
    if state == "SUCCESS":
        answer |= _paid(payment)
    elif state in ("CANCELLED", "FAIL"):
        answer["paymentResultCode"] = "ORDER_IS_CLOSED" if state == "CANCELLED" else "USER_BALANCE_NOT_ENOUGH"
    return answer


def _paid(payment: Payment) -> dict[str, Any]:
    assert payment.success_time is not None
    return {
        "paymentTime": rfc3339(payment.success_time),
        "customsDeclarationAmount": amount(payment.total),
    }


@transaction.atomic
def cancel(data: dict[str, Any]) -> dict[str, Any]:
    """POST /ams/api/v1/payments/cancel: a payment that was made after all is given back."""
    payment = Payment.objects.select_for_update().get(pk=find(data).pk)
    if payment.state in (Payment.State.SUCCESS, Payment.State.REFUND):
        left = payment.total - sum(one.amount for one in payment.refunds.exclude(status=Refund.Status.CLOSED))
        if left:
            Refund.objects.create(
                payment=payment,
                out_refund_no=f"CANCEL{payment.out_trade_no}",
                refund_id=number("21", 28),
                amount=left,
                request=data,
                status=Refund.Status.SUCCESS,
                success_time=timezone.now(),
            )
        payment.state = Payment.State.REFUND
    else:
        payment.state = Payment.State.CLOSED
    payment.save(update_fields=["state"])
    return {**result("S"), **_named(payment), "cancelTime": rfc3339(timezone.now())}


def _tell_paid(payment: Payment) -> None:
    body = {"notifyType": "PAYMENT_RESULT", **result("S"), **_named(payment), **_paid(payment)}
    queue(
        Notification(
            company=COMPANY,
            url=payment.notify_url,
            event_type="PAYMENT_RESULT",
            reference=payment.out_trade_no,
            body=body,
        )
    )


TELL_PAID[COMPANY] = _tell_paid
