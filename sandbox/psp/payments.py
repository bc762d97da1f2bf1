"""Orders and payments."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from sandbox.psp import keys, openids
from sandbox.psp.common import call_back, number, rfc3339, text, whole
from sandbox.psp.models import Payment
from sandbox.psp.notify import notify
from sandbox.psp.wire import ApiError, body_of, check_account

_NUMBER = re.compile(r"[0-9A-Za-z_\-|*@]{6,32}")
_STATES = {
    "NOTPAY": "订单未支付",
    "SUCCESS": "支付成功",
    "REFUND": "订单发生过退款",
    "CLOSED": "订单已关闭",
    "PAYERROR": "支付失败(银行返回失败)",
}


@dataclass(frozen=True, slots=True)
class Persona:
    """Who holds the phone. ``refusal`` is what the customs interface says when it cannot declare them."""

    label: str
    name: str = ""
    id_number: str = ""
    refusal: str = ""
    pays: bool = True


#: All people and numbers are fictitious; the numbers have valid check digits.
PERSONAS = {
    "same": Persona("与订购人为同一人（已实名） · same person as the buyer, real-named"),
    "different": Persona("另一位已实名的人 · another real-named person", "欧阳不同", "110101199003070011"),
    "not_real_named": Persona("未实名用户 · not real-named", refusal="支付用户未实名，不支持报关"),
    "hk_wallet": Persona("香港钱包 · Hong Kong wallet", refusal="香港钱包支付的订单不支持报关"),
    "foreign_id": Persona(
        "以护照或回乡证实名 · real-named by passport or home-return permit",
        refusal="支付用户非大陆身份证实名，不支持报关",
    ),
    "except": Persona("海关系统异常，重推后成功 · customs record ends EXCEPT until re-pushed"),
    "declined": Persona("银行拒绝付款 · the bank declines", pays=False),
}


def _fingerprint(data: dict[str, Any]) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=False)


def _expiry(data: dict[str, Any]) -> datetime | None:
    value = data.get("time_expire")
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise ApiError(400, "PARAM_ERROR", "time_expire 须为 rfc3339 格式", field="/time_expire") from None
    if moment.tzinfo is None:
        raise ApiError(400, "PARAM_ERROR", "time_expire 须带时区", field="/time_expire")
    if moment <= timezone.now():
        raise ApiError(400, "PARAM_ERROR", "time_expire 早于当前时间", field="/time_expire")
    return moment


def _wanted(data: dict[str, Any], trade_type: str) -> Payment:
    out_trade_no = text(data, "out_trade_no", 32, shortest=6)
    if not _NUMBER.fullmatch(out_trade_no):
        raise ApiError(400, "PARAM_ERROR", "out_trade_no 含有非法字符", field="/out_trade_no")
    text(data, "merchant_category_code", 32)
    if text(data, "trade_type", 16) != trade_type:
        raise ApiError(400, "PARAM_ERROR", f"trade_type 应为 {trade_type}", field="/trade_type")
    if trade_type == "JSAPI":
        payer = data.get("payer")
        if not isinstance(payer, dict) or not openids.known(str(payer.get("openid") or "")):
            raise ApiError(400, "INVALID_REQUEST", "appid和openid不匹配", field="/payer/openid")
    amount = data.get("amount")
    if not isinstance(amount, dict):
        raise ApiError(400, "PARAM_ERROR", "amount 必填", field="/amount")
    if amount.get("currency") != "CNY":
        raise ApiError(400, "PARAM_ERROR", "沙盒只支持 CNY", field="/amount/currency")
    return Payment(
        out_trade_no=out_trade_no,
        trade_type=trade_type,
        description=text(data, "description", 127),
        attach=text(data, "attach", 127, required=False),
        notify_url=call_back(data, required=True),
        total=whole(amount, "total"),
        currency="CNY",
        request=data,
        expires_at=_expiry(data),
    )


def place(request: HttpRequest, trade_type: str) -> dict[str, Any]:
    """Take an order, or give the same answer again; other content under the same number is refused."""
    data = body_of(request)
    check_account(data, appid=True)
    wanted = _wanted(data, trade_type)
    try:
        with transaction.atomic():
            wanted.save(force_insert=True)
        payment = wanted
    except IntegrityError:
        payment = Payment.objects.get(out_trade_no=wanted.out_trade_no)
        if payment.state in {"SUCCESS", "REFUND"}:
            raise ApiError(400, "ORDERPAID", "订单已支付") from None
        if payment.state == "CLOSED":
            raise ApiError(400, "ORDER_CLOSED", "订单已关闭") from None
        if _fingerprint(payment.request) != _fingerprint(data):
            raise ApiError(403, "OUT_TRADE_NO_USED", "商户订单号重复，且参数与首次请求不一致") from None
    url = f"{settings.SANDBOX_PUBLIC_URL}/pay/{payment.token}/"
    if trade_type == "JSAPI":
        return {"prepay_id": f"wx{payment.token}"}
    if trade_type == "NATIVE":
        return {"code_url": url}
    return {"mweb_url": f"{url}?prepay_id=wx{payment.token}"}


def native(request: HttpRequest) -> dict[str, Any]:
    """POST /v3/global/transactions/native"""
    return place(request, "NATIVE")


def mweb(request: HttpRequest) -> dict[str, Any]:
    """POST /v3/global/transactions/mweb (also reached as …/h5)"""
    return place(request, "MWEB")


def jsapi(request: HttpRequest) -> dict[str, Any]:
    """POST /v3/global/transactions/jsapi: for the payer named by its openid."""
    return place(request, "JSAPI")


def describe(payment: Payment) -> dict[str, Any]:
    """Write a payment as the query and the notification do; its own number is ``id``."""
    loaded = keys.load()
    data: dict[str, Any] = {
        "mchid": loaded.mchid,
        "appid": loaded.appid,
        "out_trade_no": payment.out_trade_no,
        "trade_type": payment.trade_type,
        "trade_state": payment.state,
        "trade_state_desc": _STATES[payment.state],
        "attach": payment.attach,
        "amount": {"total": payment.total, "currency": payment.currency},
    }
    if payment.transaction_id and payment.success_time:
        data["id"] = payment.transaction_id
        data["bank_type"] = "OTHERS"
        data["success_time"] = rfc3339(payment.success_time)
        data["payer"] = payment.request.get("payer") or {"openid": f"oSANDBOX{payment.token[:20]}"}
        data["promotion_detail"] = []
        data["amount"] |= {
            "payer_total": payment.total,
            "payer_currency": "CNY",
            "exchange_rate": {"type": "USERPAYMENT_RATE", "rate": 100000000},
        }
    return data


def find(request: HttpRequest, **by: str) -> Payment:
    """Return the payment of the account named in the query."""
    check_account(request.GET)
    payment = Payment.objects.filter(company="wechat", **by).first()
    if payment is None:
        raise ApiError(404, "ORDER_NOT_EXIST", "订单不存在")
    return payment


def query_by_number(request: HttpRequest, out_trade_no: str) -> dict[str, Any]:
    """GET /v3/global/transactions/out-trade-no/{out_trade_no}?mchid="""
    return describe(find(request, out_trade_no=out_trade_no))


def query_by_id(request: HttpRequest, transaction_id: str) -> dict[str, Any]:
    """GET /v3/global/transactions/id/{id}?mchid="""
    return describe(find(request, transaction_id=transaction_id))


def close(request: HttpRequest, out_trade_no: str) -> None:
    """POST /v3/global/transactions/out-trade-no/{out_trade_no}/close; closing twice is fine."""
    body_of(request)
    with transaction.atomic():
        payment = Payment.objects.select_for_update().filter(out_trade_no=out_trade_no).first()
        if payment is None:
            raise ApiError(404, "ORDER_NOT_EXIST", "订单不存在")
        if payment.state in {"SUCCESS", "REFUND"}:
            raise ApiError(400, "ORDERPAID", "订单已支付，不能关闭")
        payment.state = Payment.State.CLOSED
        payment.save(update_fields=["state"])


class CannotPay(Exception):
    """The phone shows an error instead of the confirmation."""


def pay(payment: Payment, persona: str = "same", payer_name: str = "", payer_id_number: str = "") -> Payment:
    """Do what the shopper does on the phone; paying twice is the same as once."""
    chosen = PERSONAS.get(persona)
    if chosen is None:
        raise CannotPay(f"unknown persona {persona!r}; known: {', '.join(PERSONAS)}")
    with transaction.atomic():
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        if payment.state in {"SUCCESS", "REFUND"}:
            return payment
        if payment.state == "CLOSED":
            raise CannotPay("订单已关闭 · this order is closed")
        if payment.expires_at and payment.expires_at <= timezone.now():
            raise CannotPay("订单已过期 · this order has expired")
        payment.persona = persona
        if not chosen.pays:
            payment.state = Payment.State.PAYERROR
            payment.save(update_fields=["persona", "state"])
            return payment
        payment.state = Payment.State.SUCCESS
        payment.transaction_id = payment.transaction_id or number("42", 28)
        payment.success_time = timezone.now()
        payment.payer_name = payer_name or chosen.name
        payment.payer_id_number = (payer_id_number or chosen.id_number).upper()
        payment.save()
        TELL_PAID[payment.company](payment)
    return payment


def _tell_paid(payment: Payment) -> None:
    notify(
        payment.notify_url,
        "TRANSACTION.SUCCESS",
        "支付成功",
        reference=payment.out_trade_no,
        plain=describe(payment),
        kind="transaction",
    )


#: How the merchant hears of a payment, by company.
TELL_PAID = {"wechat": _tell_paid}
