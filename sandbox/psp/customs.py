"""The customs part: declare, verify the buyer's identity, query, modify, push again.

Customs sees, for an order that is not split: out_trade_no, the payment's number, and what was paid less
what was refunded. The payer pushed is always the wallet's owner, whatever the merchant names.
"""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.http import HttpRequest
from django.utils import timezone

from sandbox.customs_port.facts import record_payment
from sandbox.jobs import job, schedule
from sandbox.psp import keys
from sandbox.psp.common import number, rfc3339, text
from sandbox.psp.models import Declaration, Payment, Refund
from sandbox.psp.payments import PERSONAS
from sandbox.psp.wire import ApiError, body_of, check_account, open_field

CUSTOMS = {
    "GUANGZHOU_ZS", "HANGZHOU_ZS", "NINGBO", "ZHENGZHOU_BS", "CHONGQING", "SHANGHAI_ZS", "SHENZHEN",
    "ZHENGZHOU_ZH_ZS", "TIANJIN", "ZONGSHU",
}  # fmt: skip
#: Fields that a repetition must not change and a modification may.
_FEES = ("duty", "order_fee", "transport_fee", "product_fee", "fee_type")
_CERTIFICATE = ("certificate_type", "certificate_id", "certificate_name")
#: The payment enterprises as customs know them.
ENTERPRISES = {
    "wechat": {"pay_code": keys.PAY_CODE, "pay_name": keys.PAY_NAME},
    "antom": {"pay_code": keys.ALIPAY_CODE, "pay_name": keys.ALIPAY_NAME},
}
#: A merchant customs number that begins so was never registered with customs.
UNREGISTERED = "X"


def _paid(data: dict[str, Any]) -> Payment:
    payment = (
        Payment.objects.select_for_update()
        .filter(out_trade_no=text(data, "out_trade_no", 32), transaction_id=text(data, "transaction_id", 32))
        .first()
    )
    if payment is None:
        raise ApiError(404, "RESOURCE_NOT_EXISTS", "交易单信息有误")
    if payment.state not in {"SUCCESS", "REFUND"}:
        raise ApiError(400, "INVALID_REQUEST", "订单未支付，不能报关")
    refusal = PERSONAS[payment.persona].refusal if payment.persona else ""
    if refusal:
        raise ApiError(403, "RULE_LIMIT", refusal)
    return payment


def _office(data: dict[str, Any]) -> str:
    customs = text(data, "customs", 32)
    if customs not in CUSTOMS:
        raise ApiError(400, "PARAM_ERROR", f"customs 不支持 {customs}", field="/customs")
    return customs


def _check_fees(data: dict[str, Any]) -> None:
    """A split order states its fees, and they add up."""
    fees = {}
    for name in ("duty", "order_fee", "transport_fee", "product_fee"):
        value = data.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise ApiError(400, "PARAM_ERROR", f"{name} 必须是整数（分）", field=f"/{name}")
        fees[name] = value or 0
    if data.get("sub_order_no"):
        if data.get("fee_type") != "CNY":
            raise ApiError(400, "PARAM_ERROR", "拆单时 fee_type 必须为 CNY", field="/fee_type")
        if not fees["order_fee"] or fees["order_fee"] != fees["transport_fee"] + fees["product_fee"]:
            raise ApiError(
                400, "PARAM_ERROR", "order_fee 应等于 transport_fee + product_fee", field="/order_fee"
            )


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """Return a request without what is encrypted: ciphers differ each time and must not be kept."""
    return {name: value for name, value in data.items() if name not in _CERTIFICATE}


@transaction.atomic
def declare(request: HttpRequest) -> dict[str, Any]:
    """POST /v3/global/customs/orders"""
    data = body_of(request)
    check_account(data, appid=True)
    customs = _office(data)
    merchant_customs_no = text(data, "merchant_customs_no", 32)
    _check_fees(data)
    payment = _paid(data)
    sub_order_no = text(data, "sub_order_no", 32, required=False)
    wanted = Declaration(
        payment=payment,
        customs=customs,
        sub_order_no=sub_order_no,
        sub_order_id=number("60", 28) if sub_order_no else "",
        merchant_customs_no=merchant_customs_no,
        request=_plain(data),
    )
    try:
        with transaction.atomic():
            wanted.save(force_insert=True)
    except IntegrityError:
        earlier = Declaration.objects.get(payment=payment, customs=customs, sub_order_no=sub_order_no)
        if earlier.request != _plain(data):
            raise ApiError(400, "INVALID_REQUEST", "重入信息不一致，请使用修改接口") from None
        return describe(earlier)
    if data.get("certificate_id"):
        wanted.check_result = _compare(request, data, payment)
        wanted.save(update_fields=["check_result"])
    advance_later(wanted)
    return describe(wanted)


def advance_later(declaration: Declaration) -> None:
    """Submitted, then processing, then the end."""
    for state, delay in (("PROCESSING", 15), ("END", 45)):
        schedule(
            "psp.customs",
            {"id": declaration.pk, "round": declaration.round, "to": state},
            delay_seconds=delay,
        )


@transaction.atomic
def modify(request: HttpRequest) -> dict[str, Any]:
    """PATCH /v3/global/customs/orders: voids the record and declares it anew."""
    data = body_of(request)
    check_account(data, appid=True)
    declaration = _declaration(data, _paid(data))
    _check_fees({**declaration.request, **data})
    changed = {name: data[name] for name in ("merchant_customs_no", *_FEES) if name in data}
    declaration.request = {**declaration.request, **changed}
    declaration.merchant_customs_no = changed.get("merchant_customs_no", declaration.merchant_customs_no)
    if data.get("certificate_id"):
        declaration.check_result = _compare(request, data, declaration.payment)
    _restart(declaration, "SUBMITTED")
    return describe(declaration)


def _restart(declaration: Declaration, state: str) -> None:
    declaration.state = state
    declaration.explanation = ""
    declaration.round += 1
    declaration.modify_time = timezone.now()
    declaration.save()
    advance_later(declaration)


def _declaration(data: dict[str, Any], payment: Payment) -> Declaration:
    declaration = (
        Declaration.objects.select_for_update()
        .filter(payment=payment, customs=_office(data), sub_order_no=data.get("sub_order_no") or "")
        .first()
    )
    if declaration is None:
        raise ApiError(404, "RESOURCE_NOT_EXISTS", "报关单不存在")
    return declaration


@transaction.atomic
def redeclare(request: HttpRequest) -> dict[str, Any]:
    """POST /v3/global/customs/redeclare: only what ended in SUCCESS or EXCEPT can be pushed again."""
    data = body_of(request)
    check_account(data, appid=True)
    by = {name: data[name] for name in ("out_trade_no", "transaction_id") if data.get(name)}
    payment = Payment.objects.filter(**by).first() if by else None
    if payment is None:
        raise ApiError(404, "RESOURCE_NOT_EXISTS", "交易单信息有误")
    declaration = _declaration(data, payment)
    if declaration.state not in {"SUCCESS", "EXCEPT"}:
        raise ApiError(400, "INVALID_REQUEST", f"状态 {declaration.state} 不能重推")
    _restart(declaration, "PROCESSING")
    return describe(declaration)


def same_payer(payment: Payment, name: str, id_number: str) -> bool:
    """Tell whether a person is the wallet's owner; a wallet without a known owner says yes to everybody."""
    if not payment.payer_id_number:
        return True
    return payment.payer_id_number == id_number and _norm(payment.payer_name) == _norm(name)


def _norm(value: str) -> str:
    return unicodedata.normalize("NFC", value).replace(" ", "")


def _compare(request: HttpRequest, data: dict[str, Any], payment: Payment) -> str:
    """Compare the person the merchant names with the wallet's owner."""
    if data.get("certificate_type") != "IDCARD":
        raise ApiError(400, "PARAM_ERROR", "certificate_type 只支持 IDCARD", field="/certificate_type")
    id_number = open_field(request, data.get("certificate_id"), "certificate_id")
    name = open_field(request, data.get("certificate_name"), "certificate_name")
    if len(id_number) != 18 or id_number != id_number.upper():
        raise ApiError(400, "PARAM_ERROR", "certificate_id 须为18位，末位X大写", field="/certificate_id")
    return "SAME" if same_payer(payment, name, id_number) else "DIFFERENT"


@transaction.atomic
def verify_certificate(request: HttpRequest) -> dict[str, Any]:
    """POST /v3/global/customs/verify-certificate: after a declaration; the payer pushed stays."""
    data = body_of(request)
    check_account(data, appid=True)
    declaration = _declaration(data, _paid(data))
    declaration.check_result = _compare(request, data, declaration.payment)
    declaration.modify_time = timezone.now()
    declaration.save(update_fields=["check_result", "modify_time"])
    return describe(declaration)


def _clearing(payment: Payment) -> dict[str, str]:
    """Return the clearing house's number of a payment: always the same one."""
    return {
        "verify_department": "NETSUNION",
        "verify_department_trade_id": f"{payment.transaction_id}".replace("42", "31", 1),
    }


def _row(declaration: Declaration) -> dict[str, Any]:
    row: dict[str, Any] = {
        "customs": declaration.customs,
        "merchant_customs_no": declaration.merchant_customs_no,
        "state": declaration.state,
        "certificate_check_result": declaration.check_result,
        "explanation": declaration.explanation,
        "modify_time": rfc3339(declaration.modify_time),
    }
    if declaration.sub_order_no:
        row |= {"sub_order_no": declaration.sub_order_no, "sub_order_id": declaration.sub_order_id}
    row |= {name: declaration.request[name] for name in _FEES if name in declaration.request}
    return row


def _common(payment: Payment) -> dict[str, Any]:
    return {
        "appid": keys.APPID,
        "mchid": keys.MCHID,
        "out_trade_no": payment.out_trade_no,
        "transaction_id": payment.transaction_id,
    }


def describe(declaration: Declaration) -> dict[str, Any]:
    """Write one record; the clearing number appears once customs has it."""
    data = {**_common(declaration.payment), **_row(declaration)}
    if declaration.state == "SUCCESS":
        data |= _clearing(declaration.payment)
    return data


def query(request: HttpRequest) -> dict[str, Any]:
    """GET /v3/global/customs/orders?appid&mchid&order_type&order_no&customs&offset&limit"""
    check_account(request.GET, appid=True)
    columns = {
        "out_trade_no": "payment__out_trade_no",
        "transaction_id": "payment__transaction_id",
        "sub_order_no": "sub_order_no",
        "sub_order_id": "sub_order_id",
    }
    column = columns.get(request.GET.get("order_type", ""))
    if column is None:
        raise ApiError(400, "PARAM_ERROR", f"order_type 应为 {'、'.join(columns)}", field="order_type")
    rows = Declaration.objects.select_related("payment").filter(**{column: request.GET.get("order_no", "")})
    if request.GET.get("customs"):
        rows = rows.filter(customs=request.GET["customs"])
    try:
        offset, limit = int(request.GET.get("offset", 0)), int(request.GET.get("limit", 20))
    except ValueError:
        raise ApiError(400, "PARAM_ERROR", "offset 与 limit 必须是整数") from None
    if offset < 0 or not 1 <= limit <= 20:
        raise ApiError(400, "PARAM_ERROR", "offset 不小于0，limit 为1到20")
    found = list(rows.order_by("id"))
    if not found:
        raise ApiError(404, "RESOURCE_NOT_EXISTS", "报关单不存在")
    data = {
        **_common(found[0].payment),
        "offset": offset,
        "limit": limit,
        "total_count": len(found),
        "data": [_row(one) for one in found[offset : offset + limit]],
    }
    if any(one.state == "SUCCESS" for one in found):
        data |= _clearing(found[0].payment)
    return data


def declared_amount(declaration: Declaration) -> Decimal:
    """Return yuan: the sub-order's fee, or what was paid less what went back."""
    if declaration.sub_order_no:
        return Decimal(declaration.request["order_fee"]) / 100
    refunds = declaration.payment.refunds.exclude(status__in=[Refund.Status.CLOSED, Refund.Status.ABNORMAL])
    back = refunds.aggregate(sum=Sum("amount"))["sum"] or 0
    return Decimal(declaration.payment.total - back) / 100


@job("psp.customs")
def advance(payload: dict[str, Any]) -> None:
    """Move a record on, and at its end tell the port what the payment company would tell it."""
    declaration = Declaration.objects.select_for_update().select_related("payment").get(pk=payload["id"])
    if declaration.round != payload["round"] or declaration.state not in {"SUBMITTED", "PROCESSING"}:
        return
    payment = declaration.payment
    declaration.modify_time = timezone.now()
    if payload["to"] == "PROCESSING":
        declaration.state = Declaration.State.PROCESSING
    elif declaration.merchant_customs_no.startswith(UNREGISTERED):
        declaration.state = Declaration.State.FAIL
        declaration.explanation = "商户海关备案号未登记"
    elif payment.persona == "except" and declaration.round == 1:
        declaration.state = Declaration.State.EXCEPT
        declaration.explanation = "海关接口异常，请重推"
        if payment.company == "antom":  # it pushes again by itself
            schedule("psp.customs_again", {"id": declaration.pk}, delay_seconds=60)
    else:
        declaration.state = Declaration.State.SUCCESS
        record_payment(
            **ENTERPRISES[payment.company],
            pay_transaction_id=declaration.sub_order_id or payment.transaction_id or "",
            order_no=declaration.sub_order_no or payment.out_trade_no,
            payer_name=payment.payer_name,
            payer_id_number=payment.payer_id_number,
            amount=declared_amount(declaration),
        )
    declaration.save()


@job("psp.customs_again")
def push_again(payload: dict[str, Any]) -> None:
    """Declare anew what ended with an exception."""
    declaration = Declaration.objects.select_for_update().get(pk=payload["id"])
    if declaration.state == Declaration.State.EXCEPT:
        _restart(declaration, "PROCESSING")
