"""Maps between the port's words and the JSON of Antom's AMS interface; pure.

Field names follow docs.antom.com/ac/ams: pay_cashier, paymentrn_online, paymentri_online, paymentc_online,
refund_online, ir_online, notify_refund, declare, inquirydeclare; read 2026-11.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saleor_ext.core.money import Money

from ..port import (
    Buyer,
    CustomsTarget,
    DeclarationRequest,
    DeclarationSnapshot,
    DeclarationState,
    GatewayUnavailable,
    Identity,
    PaymentSnapshot,
    PaymentState,
    RefundRequest,
    RefundSnapshot,
    RefundState,
    StartRequest,
    Surroundings,
    VerifyDepartment,
)
from ..reading import moment, rfc3339, text

_PAYMENT = {
    "SUCCESS": PaymentState.PAID,
    "PROCESSING": PaymentState.PENDING,
    "PENDING": PaymentState.PENDING,
    "CANCELLED": PaymentState.CLOSED,
    "FAIL": PaymentState.FAILED,
}
#: With these a payment failed only because its time was over or it was cancelled.
_CLOSED_CODES = {"ORDER_IS_CLOSED", "ORDER_IS_CANCELLED", "ORDER_IS_CANCELED"}
_REFUND = {
    "SUCCESS": RefundState.SUCCESS,
    "PROCESSING": RefundState.PROCESSING,
    "FAIL": RefundState.FAILED,
}
#: Antom publishes no table of declarationRequestStatus: what is not here is polled again.
_DECLARATION = {
    "SUBMITTED": DeclarationState.SUBMITTED,
    "PROCESSING": DeclarationState.PROCESSING,
    "SUCCESS": DeclarationState.SUCCESS,
    "FAIL": DeclarationState.FAIL,
    "EXCEPTION": DeclarationState.EXCEPT,
}
_IDENTITY = {"CHECK_PASSED": Identity.SAME, "CHECK_NOT_PASSED": Identity.DIFFERENT}
#: The pages give names in one place and digits in the other.
_CLEARING = {
    "CUP": VerifyDepartment.UNIONPAY,
    "1": VerifyDepartment.UNIONPAY,
    "NUCC": VerifyDepartment.NETSUNION,
    "2": VerifyDepartment.NETSUNION,
    "OTHER": VerifyDepartment.OTHERS,
    "3": VerifyDepartment.OTHERS,
}


@dataclass(frozen=True, slots=True)
class Merchant:
    """The account; ``customs_name`` is the name registered with the customs number."""

    client_id: str
    settlement_currency: str
    customs_name: str
    region: str = "CN"


def order(request: StartRequest, merchant: Merchant) -> dict[str, Any]:
    """Body of a payment; a phone is told to open the wallet, a desktop shows a code."""
    body: dict[str, Any] = {
        "productCode": "CASHIER_PAYMENT",
        "paymentRequestId": request.out_trade_no,
        "order": {
            "referenceOrderId": request.out_trade_no,
            "orderDescription": request.description[:256],
            "orderAmount": amount(request.amount),
        },
        "paymentAmount": amount(request.amount),
        "paymentMethod": {"paymentMethodType": "ALIPAY_CN"},
        "paymentNotifyUrl": request.notify_url,
        "paymentExpiryTime": rfc3339(request.expires_at),
        "settlementStrategy": {"settlementCurrency": merchant.settlement_currency},
        "env": {
            "terminalType": "WEB" if request.surroundings is Surroundings.DESKTOP else "WAP",
            "clientIp": request.client_ip or "127.0.0.1",
        },
    }
    if request.return_url:
        body["paymentRedirectUrl"] = request.return_url
    return body


def code(data: Mapping[str, Any]) -> str:
    """Return the content of the code to scan, where the answer has one."""
    form = data.get("orderCodeForm")
    details = form.get("codeDetails") if isinstance(form, Mapping) else None
    for detail in details or []:
        if isinstance(detail, Mapping) and text(detail, "displayType") in ("TEXT", ""):
            return text(detail, "codeValue")
    return ""


def payment(data: Mapping[str, Any], merchant: Merchant) -> PaymentSnapshot:
    """Read an answer of inquiryPayment."""
    state = _PAYMENT.get(text(data, "paymentStatus"))
    if state is None:
        raise GatewayUnavailable(f"unknown paymentStatus {text(data, 'paymentStatus')!r}")
    why = text(data, "paymentResultCode")
    if state is PaymentState.FAILED and why in _CLOSED_CODES:
        state = PaymentState.CLOSED
    paid = state is PaymentState.PAID
    return PaymentSnapshot(
        out_trade_no=text(data, "paymentRequestId"),
        state=state,
        # The signature covers our client id: an answer that holds is of our account.
        merchant_account=merchant.client_id,
        gateway_ref=text(data, "paymentId") if paid else "",
        amount=money(data.get("paymentAmount")),
        paid_at=moment(text(data, "paymentTime")) if paid else None,
        detail=why,
    )


def notified_payment(data: Mapping[str, Any], merchant: Merchant) -> PaymentSnapshot:
    """Read a notifyPayment: the state is in the result and not beside it."""
    result = data.get("result")
    status = text(result, "resultStatus") if isinstance(result, Mapping) else ""
    why = text(result, "resultCode") if isinstance(result, Mapping) else ""
    word = {"S": "SUCCESS", "F": "FAIL", "U": "PROCESSING"}.get(status, status)
    return payment({**data, "paymentStatus": word, "paymentResultCode": why}, merchant)


def refund(request: RefundRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "refundRequestId": request.refund_no,
        "paymentId": request.gateway_ref,
        "refundAmount": amount(request.amount),
    }
    if request.reason:
        body["refundReason"] = request.reason[:256]
    if request.notify_url:
        body["refundNotifyUrl"] = request.notify_url
    return body


def refund_snapshot(data: Mapping[str, Any]) -> RefundSnapshot:
    """Read a refund; the first answer has no status and only says that it was taken."""
    word = text(data, "refundStatus") or "PROCESSING"
    state = _REFUND.get(word)
    if state is None:
        raise GatewayUnavailable(f"unknown refundStatus {word!r}")
    return RefundSnapshot(
        refund_no=text(data, "refundRequestId"),
        state=state,
        gateway_ref=text(data, "refundId"),
        amount=money(data.get("refundAmount")),
        finished_at=moment(text(data, "refundTime")) if state is RefundState.SUCCESS else None,
        detail=text(data, "refundResultCode"),
    )


def declaration_id(out_trade_no: str, target: CustomsTarget) -> str:
    """Return the idempotency key of a declaration: 32 characters, the same for the same payment and office."""
    return "PD" + hashlib.sha256(f"{out_trade_no}|{target.customs}".encode()).hexdigest()[:30]


def declaration(
    request: DeclarationRequest, merchant: Merchant, declared: Mapping[str, Any], buyer: Buyer
) -> dict[str, Any]:
    """Body of a declaration, unsplit; ``declared`` is customsDeclarationAmount of the payment, as Antom wrote it."""
    return {
        "declarationRequestId": declaration_id(request.out_trade_no, request.target),
        "paymentId": request.gateway_ref,
        "declarationAmount": dict(declared),
        "customs": {"customsCode": request.target.customs, "region": merchant.region},
        "merchantCustomsInfo": {
            "merchantCustomsCode": request.target.merchant_customs_no,
            "merchantCustomsName": merchant.customs_name,
        },
        "splitOrder": False,
        "buyerCertificate": {
            "certificateType": "ID_CARD",
            "certificateNo": buyer.id_number.upper(),
            "holderName": buyer.name,
        },
    }


def declaration_snapshot(data: Mapping[str, Any]) -> DeclarationSnapshot:
    """Read one record; the answer to a declaration has no status: taken, not yet declared."""
    return DeclarationSnapshot(
        state=_DECLARATION.get(text(data, "declarationRequestStatus"), DeclarationState.PROCESSING),
        identity=_IDENTITY.get(text(data, "identityCheckResult"), Identity.UNCHECKED),
        # A clearing house we do not know stays unset, so that no order message names a wrong one.
        verify_department=_CLEARING.get(text(data, "clearingChannel"), VerifyDepartment.NONE),
        verify_number=text(data, "clearingTransactionId"),
        explanation=text(data, "customsDeclarationResultDesc"),
        modified_at=moment(text(data, "lastModifiedTime")),
    )


def declarations(data: Mapping[str, Any], request_id: str) -> DeclarationSnapshot | None:
    for row in data.get("declarationRecords") or []:
        if isinstance(row, Mapping) and text(row, "declarationRequestId") == request_id:
            return declaration_snapshot(row)
    return None


def amount(value: Money) -> dict[str, str]:
    return {"currency": value.currency, "value": str(value.minor)}


def money(value: object) -> Money | None:
    """Read an amount: minor units as a string of digits."""
    if value is None:
        return None
    minor = value.get("value") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not (isinstance(minor, str) and minor.isascii() and minor.isdigit()):
        raise GatewayUnavailable("not an amount in minor units")
    try:
        return Money.from_minor(int(minor), str(value.get("currency") or ""))
    except ValueError as error:
        raise GatewayUnavailable(f"not a currency in use: {error}") from None
