"""Declaring Alipay payments: the buyer is compared within the declaration, records are asked for by their numbers."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction

from sandbox.psp.antom.payments import COMPANY, find
from sandbox.psp.antom.wire import Refused, result, text, yuan
from sandbox.psp.common import rfc3339
from sandbox.psp.customs import advance_later, same_payer
from sandbox.psp.models import Declaration, Payment
from sandbox.psp.payments import PERSONAS

#: Codes that Antom lists; Nansha declares to the national office.
OFFICES = {"ZONGSHU", "ZHENGZHOU", "NINGBO", "SHANGHAI_CBT"}
MOST = 10
_CHECKS = {"SAME": "CHECK_PASSED", "DIFFERENT": "CHECK_NOT_PASSED"}
#: What is not named differently keeps its name.
_STATES = {"EXCEPT": "EXCEPTION"}


@transaction.atomic
def declare(data: dict[str, Any]) -> dict[str, Any]:
    """POST /ams/api/v1/customs/declare; the same again is the same record."""
    request_no = text(data, "declarationRequestId", 32)
    payment = Payment.objects.select_for_update().get(pk=find({"paymentId": text(data, "paymentId", 64)}).pk)
    office = text(data.get("customs"), "customsCode", 32)
    if office not in OFFICES:
        raise Refused("CUSTOMS_NOT_SUPPORT", f"{office} is not supported")
    if data.get("splitOrder") is not False:
        raise Refused("PARAM_ILLEGAL", "splitOrder is needed; the sandbox knows whole orders only")
    registration = data.get("merchantCustomsInfo")
    number, _name = (
        text(registration, "merchantCustomsCode", 32),
        text(registration, "merchantCustomsName", 256),
    )
    _check(payment, yuan(data, "declarationAmount"))
    try:
        with transaction.atomic():
            made = Declaration.objects.create(
                payment=payment,
                customs=office,
                merchant_customs_no=number,
                request_no=request_no,
                request=_plain(data),
                check_result=_compare(data.get("buyerCertificate"), payment),
            )
    except IntegrityError:
        return _repeated(payment, office, data)
    advance_later(made)
    return _answer(made)


def _check(payment: Payment, fen: int) -> None:
    if payment.state not in (Payment.State.SUCCESS, Payment.State.REFUND):
        raise Refused("ORDER_STATUS_INVALID", "the payment was not made")
    if refusal := PERSONAS[payment.persona].refusal if payment.persona else "":
        raise Refused("USER_NOT_REAL_NAME", refusal)
    if fen > payment.total:
        raise Refused("DECLARATION_AMOUNT_EXCEED", "more would be declared than was paid")


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """Return a request without the buyer's certificate, which is not kept."""
    return {name: value for name, value in data.items() if name != "buyerCertificate"}


def _repeated(payment: Payment, office: str, data: dict[str, Any]) -> dict[str, Any]:
    earlier = Declaration.objects.get(payment=payment, customs=office, sub_order_no="")
    same_person = _compare(data.get("buyerCertificate"), payment) == earlier.check_result
    if earlier.request != _plain(data) or not same_person:
        raise Refused("REPEAT_REQ_INCONSISTENT", "another declaration was asked for under this number")
    return _answer(earlier)


def _compare(certificate: Any, payment: Payment) -> str:
    """Compare the person that the merchant names with the wallet's owner."""
    if certificate is None:
        return "UNCHECKED"
    if text(certificate, "certificateType", 16) != "ID_CARD":
        raise Refused("PARAM_ILLEGAL", "certificateType is ID_CARD")
    id_number, holder = text(certificate, "certificateNo", 18), text(certificate, "holderName", 64)
    return "SAME" if same_payer(payment, holder, id_number) else "DIFFERENT"


def _answer(made: Declaration) -> dict[str, Any]:
    payment = made.payment
    told: dict[str, Any] = {
        **result("S"),
        "declarationRequestId": made.request_no,
        "customsPaymentId": payment.transaction_id,
        "customsOrderId": payment.out_trade_no,
    }
    if made.check_result in _CHECKS:
        told["identityCheckResult"] = _CHECKS[made.check_result]
    return told | _clearing(made)


def _clearing(made: Declaration) -> dict[str, str]:
    """The clearing house's number is told once customs have the record."""
    if made.state != Declaration.State.SUCCESS:
        return {}
    return {"clearingChannel": "NUCC", "clearingTransactionId": f"31{str(made.payment.transaction_id)[2:]}"}


def inquire(data: dict[str, Any]) -> dict[str, Any]:
    """POST /ams/api/v1/customs/inquiryDeclarationRequests, at most ten numbers at a time."""
    numbers = data.get("declarationRequestIds")
    if not isinstance(numbers, list) or not 1 <= len(numbers) <= MOST:
        raise Refused("PARAM_ILLEGAL", f"declarationRequestIds are 1 to {MOST} numbers")
    found = Declaration.objects.select_related("payment").filter(
        request_no__in=[str(one) for one in numbers], payment__company=COMPANY
    )
    return {**result("S"), "declarationRecords": [_record(one) for one in found.order_by("pk")]}


def _record(made: Declaration) -> dict[str, Any]:
    told = {name: value for name, value in _answer(made).items() if name != "result"}
    return {
        **told,
        "declarationRequestStatus": _STATES.get(made.state, made.state),
        "customsDeclarationResultDesc": made.explanation,
        "lastModifiedTime": rfc3339(made.modify_time),
    }
