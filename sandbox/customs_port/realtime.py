"""Customs' side of the real-time payment data (announcement 2018/179): asks the platform, checks what it uploads.

Written from the interface text, without the platform's code.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
from decimal import Decimal, InvalidOperation
from typing import Any

from cryptography import x509
from django.utils import timezone

from sandbox.customs_port.models import Message, PaymentFact, RealtimeCall
from sandbox.customs_port.signature import BadSignature, verify_value
from sandbox.http import client
from sandbox.jobs import job, schedule
from sandbox.jobs.queue import knob

TOP = ["sessionID", "payExchangeInfoHead", "payExchangeInfoLists", "serviceTime", "certNo", "signValue"]
#: Member -> longest value, required.
HEAD = {
    "guid": (36, True), "initalRequest": (8000, True), "initalResponse": (8000, True), "ebpCode": (18, True),
    "payCode": (18, True), "payTransactionId": (60, True), "totalAmount": (20, True), "currency": (4, True),
    "verDept": (1, True), "payType": (1, False), "tradingTime": (14, True), "note": (1000, False),
}  # fmt: skip
LINE = {
    "orderNo": (60, True), "goodsInfo": (0, True), "recpAccount": (60, True), "recpCode": (18, False),
    "recpName": (100, True),
}  # fmt: skip
GOODS = {"gname": (250, True), "itemLink": (3000, True)}
PATTERNS = {
    "guid": r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", "verDept": r"[123]", "payType": r"[1-4]?",
    "tradingTime": r"\d{14}", "currency": r"142",
}  # fmt: skip
_CERTIFICATE = re.compile(rb"<(?:\w+:)?X509Certificate[^>]*>([A-Za-z0-9+/=\s]+)<")
#: Certificates of these many messages are known without having been registered.
_REMEMBERED = 200


class Wrong(Exception):
    """An upload that is refused with this text."""


def call(order_no: str, url: str, failures: int = 0) -> RealtimeCall:
    """Plan a demand for the data of an order."""
    made = RealtimeCall.objects.create(
        session_id=str(uuid.uuid4()), order_no=order_no, url=url, failures=failures
    )
    schedule("customs.realtime_call", {"id": made.pk})
    return made


@job("customs.realtime_call", atomic=False)
def _call(payload: dict[str, Any]) -> None:
    row = RealtimeCall.objects.get(pk=payload["id"])
    now = timezone.now()
    wanted = {
        "orderNo": row.order_no,
        "sessionID": row.session_id,
        "serviceTime": str(int(now.timestamp() * 1000)),
    }
    RealtimeCall.objects.filter(pk=row.pk).update(called_at=now)
    answer = client().post(row.url, data={"openReq": json.dumps(wanted)})
    if answer.status_code != 200:
        raise RuntimeError(f"the platform answered {answer.status_code}")
    try:
        code = str(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        code = "?"
    RealtimeCall.objects.filter(pk=row.pk).update(answer=answer.text[:2000], code=code[:10])


def take(text: str) -> tuple[str, str]:
    """Check an upload; return code and message of the answer."""
    try:
        raw = members(text)
        row = RealtimeCall.objects.filter(session_id=str(raw["sessionID"][0])).first()
        if row is None:
            raise Wrong("sessionID不存在")
    except Wrong as wrong:
        return "20000", str(wrong)
    row.uploads += 1
    row.body, row.uploaded_at = text, timezone.now()
    try:
        if row.uploads <= row.failures:
            raise Wrong("上传失败")
        check(raw, row)
        row.verdict = "ok"
    except Wrong as wrong:
        row.verdict = str(wrong)
    # The demand's own answer may be written at this very moment: only what belongs to the upload is saved.
    row.save(update_fields=["uploads", "body", "uploaded_at", "verdict"])
    return ("10000", "上传成功") if row.verdict == "ok" else ("20000", row.verdict)


def members(text: str) -> dict[str, tuple[Any, str]]:
    """Return the first-level members with their value and the very characters it was written in."""
    decoder = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal)
    blank = re.compile(r"\s*")
    found: dict[str, tuple[Any, str]] = {}
    try:
        at = text.index("{") + 1
        while True:
            name, at = decoder.raw_decode(text, blank.match(text, at).end())  # type: ignore[union-attr]  # always matches
            at = text.index(":", at) + 1
            start = blank.match(text, at).end()  # type: ignore[union-attr]  # the same
            value, at = decoder.raw_decode(text, start)
            found[str(name)] = (value, text[start:at])
            at = blank.match(text, at).end()  # type: ignore[union-attr]  # the same
            if text[at] == "}":
                break
            at = text.index(",", at) + 1
    except (ValueError, IndexError):
        raise Wrong("payExInfoStr不是JSON") from None
    if missing := [name for name in TOP if name not in found or found[name][0] in ("", None)]:
        raise Wrong(";  ".join(f"{name} : {name}不为空" for name in missing))
    return found


def check(raw: dict[str, tuple[Any, str]], row: RealtimeCall) -> None:
    """Check structure, agreement with the demand, and signature."""
    head, lists = raw["payExchangeInfoHead"][0], raw["payExchangeInfoLists"][0]
    _fields(head, HEAD)
    if list(head) != [name for name in HEAD if name in head]:
        raise Wrong("payExchangeInfoHead顺序错误")
    if not isinstance(lists, list) or not lists:
        raise Wrong("payExchangeInfoLists不为空")
    for line in lists:
        _fields(line, LINE)
        if not isinstance(line["goodsInfo"], list):
            raise Wrong("goodsInfo应为数组")
        for goods in line["goodsInfo"]:
            _fields(goods, GOODS)
    if row.order_no not in [line["orderNo"] for line in lists]:
        raise Wrong("orderNo与请求不一致")
    _amount(head["totalAmount"], row.order_no)
    _signature(raw)


def _fields(found: Any, table: dict[str, tuple[int, bool]]) -> None:
    if not isinstance(found, dict):
        raise Wrong("应为对象")
    if unknown := sorted(set(found) - set(table)):
        raise Wrong(f"未知字段 {unknown[0]}")
    for name, (longest, required) in table.items():
        value = found.get(name)
        if required and value in (None, "", []):
            raise Wrong(f"{name} : {name}不为空")
        if longest and value is not None and len(str(value)) > longest:
            raise Wrong(f"{name} : 超长")
        if name in PATTERNS and value is not None and not re.fullmatch(PATTERNS[name], str(value)):
            raise Wrong(f"{name} : 格式错误")


def _amount(given: Any, order_no: str) -> None:
    """The amount is a number, and the one the payment company declared for the order, where that is known."""
    try:
        amount = given if isinstance(given, Decimal) else None
        known = PaymentFact.objects.filter(order_no=order_no).first()
        if amount is None or amount <= 0 or (known is not None and known.amount != amount):
            raise Wrong("totalAmount : 金额不符")
    except InvalidOperation:
        raise Wrong("totalAmount : 不是数值") from None


def _signature(raw: dict[str, tuple[Any, str]]) -> None:
    signed = "||".join(
        (
            f'"sessionID":"{raw["sessionID"][0]}"',
            f'"payExchangeInfoHead":"{raw["payExchangeInfoHead"][1]}"',
            f'"payExchangeInfoLists":"{raw["payExchangeInfoLists"][1]}"',
            f'"serviceTime":"{raw["serviceTime"][0]}"',
        )
    )
    try:
        value = base64.b64decode(str(raw["signValue"][0]), validate=True)
        verify_value(certificate(str(raw["certNo"][0])), value, signed.encode())
    except binascii.Error:
        raise Wrong("signValue : 不是base64") from None
    except BadSignature as bad:
        raise Wrong(f"验签失败: {bad}") from None


def certificate(number: str) -> x509.Certificate:
    """Return the certificate of a number: a registered one, or one that signed a message here before."""
    try:
        wanted = int(number, 16)
    except ValueError:
        raise Wrong("certNo : 格式错误") from None
    registered = (knob("customs_realtime_certificates", {}) or {}).get(f"{wanted:x}")
    if registered:
        return x509.load_pem_x509_certificate(registered.encode())
    recent = Message.objects.filter(error="").order_by("-pk").values_list("body", flat=True)[:_REMEMBERED]
    for body in recent:
        if found := _CERTIFICATE.search(bytes(body)):
            known = x509.load_der_x509_certificate(base64.b64decode(found[1]))
            if known.serial_number == wanted:
                return known
    raise Wrong("企业实时数据获取验签证书未在服务系统注册")
