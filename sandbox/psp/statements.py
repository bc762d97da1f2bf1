"""The daily statement: one line for each payment and refund of a day of China, from nine o'clock on the day after.

The control page's fault ``psp_statement`` has it written at once (``early``), without its first line (``short``) or
with a first line that is one fen too high (``off``).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from sandbox.jobs.queue import knob
from sandbox.psp import keys
from sandbox.psp.models import Payment, Refund
from sandbox.psp.wire import ApiError, check_account, stamp

READY_AT = time(9)
KEPT = timedelta(days=180)
#: Share of a payment that the company keeps; what it pays a merchant of Macau in, and yuan to that, all invented.
FEE = Decimal("0.0080")
SETTLES_IN, RATE = "HKD", Decimal("1.08000000")
HEAD = (
    "交易时间", "公众账号ID", "商户号", "子商户号", "设备号", "微信订单号", "商户订单号", "用户标识",
    "交易类型", "交易状态", "付款银行", "充值券币种", "充值券金额", "优惠券币种", "优惠券金额",
    "微信退款单号", "商户退款单号", "退款类型", "退款状态", "商品名称", "商户数据包", "手续费", "费率",
    "标价币种", "订单金额(标价币种)", "用户支付币种", "用户支付金额", "结算币种", "应结订单金额", "支付汇率",
    "退款汇率", "申请退款金额", "用户退款币种", "用户退款金额", "退款结算币种", "退款应结订单金额",
    "充值券退款金额", "优惠券退款金额",
)  # fmt: skip
_DATE = re.compile(r"\d{8}")
_CENT = Decimal("0.01")


def fault() -> str:
    return str((knob("faults", {}) or {}).get("psp_statement", ""))


def download(request: HttpRequest) -> HttpResponse:
    """GET /v3/global/statements?date=20180130&mchid="""
    check_account(request.GET)
    day = _day(request.GET.get("date", ""))
    lines = [_line(row) for row in _rows(day)]
    if fault() == "short":
        lines = lines[1:]
    body = "\n".join([",".join(HEAD), *lines, ""]).encode()
    # The digest, not the text, is signed.
    digest = hashlib.sha1(body).hexdigest()  # noqa: S324  # the protocol's own choice
    signed = stamp(b'{"sha1":"' + digest.encode() + b'"}')
    return HttpResponse(
        body, content_type="text/plain; charset=utf-8", headers={**signed, "Wechatpay-Statement-Sha1": digest}
    )


def _day(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ApiError(400, "PARAM_ERROR", "date 格式为 yyyyMMdd", field="/date")
    try:
        day = datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007  # a day, no moment
    except ValueError:
        raise ApiError(400, "PARAM_ERROR", "date 不是日期", field="/date") from None
    now = timezone.localtime()
    ready = datetime.combine(day + timedelta(days=1), READY_AT, now.tzinfo)
    if now.date() - day > KEPT or (now < ready and fault() != "early"):
        raise ApiError(404, "NO_STATEMENT_EXIST", "账单不存在")
    return day


def _rows(day: date) -> Iterator[dict[str, str]]:
    """Give the columns that say something, payments before refunds, each by time."""
    zone = timezone.localtime().tzinfo
    begin = datetime.combine(day, time(0), zone)
    within = (begin, begin + timedelta(days=1) - timedelta(microseconds=1))
    off = fault() == "off"
    for payment in Payment.objects.filter(company="wechat", success_time__range=within).order_by(
        "success_time", "id"
    ):
        yield {**_payment(payment, Decimal(payment.total + off) / 100)}
        off = False
    refunds = Refund.objects.filter(
        payment__company="wechat", success_time__range=within, status=Refund.Status.SUCCESS
    )
    for refund in refunds.select_related("payment").order_by("success_time", "id"):
        yield _refund(refund)


def _payment(payment: Payment, total: Decimal) -> dict[str, str]:
    fee = (total * FEE).quantize(_CENT, ROUND_HALF_UP)
    return {
        **_common(payment, payment.success_time),
        "交易状态": "SUCCESS",
        "手续费": f"{fee:.2f}",
        "订单金额(标价币种)": f"{total:.2f}",
        "用户支付金额": f"{total:.2f}",
        "应结订单金额": f"{(total * RATE).quantize(_CENT, ROUND_HALF_UP):.2f}",
        "支付汇率": str(RATE),
    }


def _refund(refund: Refund) -> dict[str, str]:
    amount = Decimal(refund.amount) / 100
    fee = (amount * FEE).quantize(_CENT, ROUND_HALF_UP)
    return {
        **_common(refund.payment, refund.success_time),
        "交易状态": "REFUND",
        "微信退款单号": refund.refund_id,
        "商户退款单号": refund.out_refund_no,
        "退款类型": "ORIGINAL",
        "退款状态": "SUCCESS",
        "手续费": f"{-fee:.2f}",
        "订单金额(标价币种)": f"{Decimal(refund.payment.total) / 100:.2f}",
        "申请退款金额": f"{amount:.2f}",
        "用户退款币种": "CNY",
        "用户退款金额": f"{amount:.2f}",
        "退款结算币种": SETTLES_IN,
        "退款应结订单金额": f"{(amount * RATE).quantize(_CENT, ROUND_HALF_UP):.2f}",
        "退款汇率": str(RATE),
    }


def _common(payment: Payment, at: datetime | None) -> dict[str, str]:
    loaded = keys.load()
    return {
        "交易时间": f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}",
        "公众账号ID": loaded.appid,
        "商户号": loaded.mchid,
        "微信订单号": payment.transaction_id or "",
        "商户订单号": payment.out_trade_no,
        "用户标识": f"oSANDBOX{payment.token[:20]}",
        "交易类型": payment.trade_type,
        "付款银行": "OTHERS",
        "商品名称": payment.description,
        "费率": f"{FEE * 100:.2f}%",
        "标价币种": payment.currency,
        "用户支付币种": "CNY",
        "结算币种": SETTLES_IN,
    }


def _line(row: dict[str, str]) -> str:
    return ",".join(f"`{row.get(name, '')}" for name in HEAD)
