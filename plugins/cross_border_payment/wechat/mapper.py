"""Maps between the port's words and the JSON of WeChat Pay Global v3; pure.

Field names follow the public pages of /v3/global: transactions (chapter3_2_1, 3_4_1, 3_5_2, 3_4_7),
refunds (3_4_3, 3_1_4), notifications (3_6_11, 3_2_9), customs (4_3_1 to 4_3_5); read 2026-11.
Where pages of different years disagree on a name, both are read and the newer one is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from saleor_ext.core.money import Money

from ..port import (
    DeclarationRequest,
    DeclarationSnapshot,
    DeclarationState,
    GatewayUnavailable,
    Identity,
    NotifyKind,
    PaymentSnapshot,
    PaymentState,
    RefundRequest,
    RefundSnapshot,
    RefundState,
    StartRequest,
    Surroundings,
    VerifyDepartment,
)
from ..reading import clip, moment, rfc3339, text

#: Kinds of orders: a code to scan, an address that opens the wallet, a call in WeChat's own browser.
NATIVE, MWEB, JSAPI = "NATIVE", "MWEB", "JSAPI"
#: WeChat's trade_state to ours; REFUND means money came in and part or all of it went back.
_TRADE = {
    "SUCCESS": PaymentState.PAID,
    "REFUND": PaymentState.REFUNDED,
    "NOTPAY": PaymentState.PENDING,
    "USERPAYING": PaymentState.PENDING,
    "CLOSED": PaymentState.CLOSED,
    "REVOKED": PaymentState.CLOSED,
    "PAYERROR": PaymentState.FAILED,
}
_REFUND = {
    "SUCCESS": RefundState.SUCCESS,
    "PROCESSING": RefundState.PROCESSING,
    "CLOSED": RefundState.CLOSED,
    "ABNORMAL": RefundState.FAILED,
    "CHANGE": RefundState.FAILED,
}


@dataclass(frozen=True, slots=True)
class Merchant:
    """The account every message names."""

    mchid: str
    appid: str
    category_code: str


def order(request: StartRequest, merchant: Merchant) -> dict[str, Any]:
    """Body of an order: native (QR), mweb (H5) or jsapi (inside WeChat), by the buyer's surroundings."""
    body: dict[str, Any] = {
        "appid": merchant.appid,
        "mchid": merchant.mchid,
        "out_trade_no": request.out_trade_no,
        "merchant_category_code": merchant.category_code,
        "trade_type": trade_type(request),
        "description": clip(request.description, 127),
        "notify_url": request.notify_url,
        "time_expire": rfc3339(request.expires_at),
        "amount": {"total": request.amount.minor, "currency": request.amount.currency},
        "scene_info": {"payer_client_ip": request.client_ip or "127.0.0.1"},
    }
    if trade_type(request) == JSAPI:
        body["payer"] = {"openid": request.payer}
    return body


def trade_type(request: StartRequest) -> str:
    """A phone outside WeChat gets H5; inside WeChat it opens by itself for a known payer; else the code is scanned."""
    if request.surroundings is Surroundings.PHONE:
        return MWEB
    return JSAPI if request.surroundings is Surroundings.WECHAT and request.payer else NATIVE


def order_path(request: StartRequest) -> str:
    return f"/v3/global/transactions/{trade_type(request).lower()}"


def invocation(prepay_id: str, appid: str, timestamp: str, nonce: str) -> dict[str, str]:
    """Values of ``getBrandWCPayRequest``, all but its signature."""
    return {
        "appId": appid,
        "timeStamp": timestamp,
        "nonceStr": nonce,
        "package": f"prepay_id={prepay_id}",
        "signType": "RSA",
    }


def invocation_message(values: Mapping[str, str]) -> bytes:
    """Build what ``paySign`` covers; ``signType`` is not in it."""
    parts = (values[name] for name in ("appId", "timeStamp", "nonceStr", "package"))
    return "".join(f"{part}\n" for part in parts).encode()


def with_return(url: str, return_url: str) -> str:
    """Tell the wallet where the buyer's browser goes afterwards; WeChat takes it as a further parameter."""
    if not return_url:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode({'redirect_url': return_url})}"


def payment_path(out_trade_no: str, mchid: str) -> str:
    return f"/v3/global/transactions/out-trade-no/{out_trade_no}?{urlencode({'mchid': mchid})}"


def payment_path_by_id(transaction_id: str, mchid: str) -> str:
    return f"/v3/global/transactions/id/{transaction_id}?{urlencode({'mchid': mchid})}"


def statement_path(day: date, mchid: str) -> str:
    return "/v3/global/statements?" + urlencode({"date": f"{day:%Y%m%d}", "mchid": mchid})


def close_path(out_trade_no: str) -> str:
    return f"/v3/global/transactions/out-trade-no/{out_trade_no}/close"


def refund_path(refund_no: str, mchid: str) -> str:
    return f"/v3/global/refunds/out-refund-no/{refund_no}?{urlencode({'mchid': mchid})}"


def customs_path(request: DeclarationRequest, merchant: Merchant) -> str:
    query = {
        "appid": merchant.appid,
        "mchid": merchant.mchid,
        "order_type": "out_trade_no",
        "order_no": request.out_trade_no,
        "customs": request.target.customs,
        "offset": 0,
        "limit": 20,
    }
    return f"/v3/global/customs/orders?{urlencode(query)}"


def payment(data: Mapping[str, Any]) -> PaymentSnapshot:
    """Read a queried or notified payment; the payment's number is ``id`` in the global interface."""
    state = _TRADE.get(text(data, "trade_state"))
    if state is None:
        raise GatewayUnavailable(f"unknown trade_state {text(data, 'trade_state')!r}")
    return PaymentSnapshot(
        out_trade_no=text(data, "out_trade_no"),
        state=state,
        merchant_account=text(data, "mchid"),
        app_id=text(data, "appid"),
        gateway_ref=text(data, "id") or text(data, "transaction_id"),
        amount=money(data.get("amount"), "total"),
        paid_at=moment(text(data, "success_time")),
        detail=text(data, "trade_state_desc"),
    )


def refund(request: RefundRequest, merchant: Merchant) -> dict[str, Any]:
    body: dict[str, Any] = {
        "appid": merchant.appid,
        "mchid": merchant.mchid,
        "transaction_id": request.gateway_ref,
        "out_refund_no": request.refund_no,
        "amount": {
            "refund": request.amount.minor,
            "total": request.paid.minor,
            "currency": request.amount.currency,
        },
    }
    if request.reason:
        body["reason"] = clip(request.reason, 80)
    if request.notify_url:
        body["notify_url"] = request.notify_url
    return body


def refund_snapshot(data: Mapping[str, Any]) -> RefundSnapshot:
    """Read a refund; an answer without a status only says that it was accepted."""
    word = text(data, "status") or text(data, "refund_status") or "PROCESSING"
    state = _REFUND.get(word)
    if state is None:
        raise GatewayUnavailable(f"unknown refund status {word!r}")
    return RefundSnapshot(
        refund_no=text(data, "out_refund_no"),
        state=state,
        gateway_ref=text(data, "id") or text(data, "refund_id"),
        amount=money(data.get("amount"), "refund"),
        finished_at=moment(text(data, "success_time")),
        detail=text(data, "recv_account"),
    )


def declaration(request: DeclarationRequest, merchant: Merchant) -> dict[str, Any]:
    """Body of a declaration, unsplit: customs sees out_trade_no as the order number.

    No duty is sent: WeChat does not pass it on, so the tax is part of the paid amount.
    """
    return {
        "appid": merchant.appid,
        "mchid": merchant.mchid,
        "out_trade_no": request.out_trade_no,
        "transaction_id": request.gateway_ref,
        "customs": request.target.customs,
        "merchant_customs_no": request.target.merchant_customs_no,
    }


def identity(
    request: DeclarationRequest, merchant: Merchant, *, sealed_id: str, sealed_name: str
) -> dict[str, Any]:
    return {
        **declaration(request, merchant),
        "certificate_type": "IDCARD",
        "certificate_id": sealed_id,
        "certificate_name": sealed_name,
    }


def declaration_snapshot(data: Mapping[str, Any]) -> DeclarationSnapshot:
    """Read one customs record from a declare, verify or redeclare answer."""
    word = text(data, "state")
    check = text(data, "certificate_check_result") or text(data, "cert_check_result")
    department = text(data, "verify_department")
    return DeclarationSnapshot(
        # An answer without a state only says that the request was taken; an unknown state is
        # not moved upon either: it is polled again.
        state=DeclarationState(word) if word in set(DeclarationState) else DeclarationState.PROCESSING,
        identity=Identity(check) if check in set(Identity) else None,
        # A clearing house we do not know stays unset, so that no order message names a wrong one.
        verify_department=(
            VerifyDepartment(department) if department in set(VerifyDepartment) else VerifyDepartment.NONE
        ),
        verify_number=text(data, "verify_department_trade_id"),
        explanation=text(data, "explanation"),
        modified_at=moment(text(data, "modify_time")),
    )


def declarations(data: Mapping[str, Any], request: DeclarationRequest) -> DeclarationSnapshot | None:
    """Pick our record out of a customs query; the clearing number stands beside the list."""
    for row in data.get("data") or []:
        if not isinstance(row, Mapping) or text(row, "customs") != request.target.customs:
            continue
        number = text(row, "merchant_customs_no") or text(row, "mch_customs_no")
        if number and number != request.target.merchant_customs_no:
            continue
        outer = {
            name: data[name]
            for name in ("verify_department", "verify_department_trade_id")
            if data.get(name) and not row.get(name)
        }
        return declaration_snapshot({**row, **outer})
    return None


def notify_kind(event_type: str) -> NotifyKind:
    if event_type.startswith("TRANSACTION."):
        return NotifyKind.PAYMENT
    return NotifyKind.REFUND if event_type.startswith("REFUND.") else NotifyKind.OTHER


def money(amount: object, name: str) -> Money | None:
    """Read an amount object; minor units must be whole and not negative."""
    if not isinstance(amount, Mapping) or amount.get(name) is None:
        return None
    minor = amount[name]
    if isinstance(minor, bool) or not isinstance(minor, int) or minor < 0:
        raise GatewayUnavailable(f"not an amount in minor units: {name}")
    try:
        return Money.from_minor(minor, str(amount.get("currency") or ""))
    except ValueError as error:
        raise GatewayUnavailable(f"not a currency in use: {error}") from None
