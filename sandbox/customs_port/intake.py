"""Takes messages: checks them, keeps their documents, plans what the port will answer."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from sandbox.customs_port import afterwards, drop, rules
from sandbox.customs_port.afterwards import Refused
from sandbox.customs_port.facts import record_payment, record_waybill
from sandbox.customs_port.models import Document, Message, Seen
from sandbox.customs_port.personas import persona_of
from sandbox.customs_port.reader import Malformed, Parsed, Part, number, read
from sandbox.customs_port.receipts import faults, give, give_900
from sandbox.customs_port.signature import BadSignature, check, fingerprint
from sandbox.customs_port.tables import CODES
from sandbox.jobs import periodic, schedule
from sandbox.jobs.queue import knob

log = logging.getLogger("sandbox.customs_port")
_KEYS = {
    "311": ("ebpCode", "orderNo"),
    "411": ("payCode", "payTransactionId"),
    "511": ("logisticsCode", "logisticsNo"),
    "621": ("agentCode", "copNo"),
}
#: Real-world seconds from the message to each answer.
STORED, COMPARED = 10, 40


def take(raw: bytes, via: str, name: str) -> Message:
    """Take one message; the same name with the same content again is the same message again."""
    digest = hashlib.sha256(raw).hexdigest()
    try:
        return _take(raw, via, name[:255], digest)
    except IntegrityError:
        known = Message.objects.filter(via=via, name=name[:255], sha256=digest).first()
        if known is None:
            raise
        return known


def _take(raw: bytes, via: str, name: str, digest: str) -> Message:
    """Take a new message in one transaction; never raises for what the message contains."""
    with transaction.atomic():
        message = Message.objects.create(via=via, name=name, sha256=digest, body=raw)
        try:
            parsed = read(raw)
        except Malformed as fault:
            message.message_type, message.error = fault.message_type, str(fault)
            message.cop_msg_id = fault.cop_msg_id[:255]
            message.save(update_fields=["message_type", "error", "cop_msg_id"])
            give_900(message, str(fault))
            return message
        message.message_type = parsed.message_type
        message.documents = len(parsed.parts)
        message.cop_msg_id = parsed.cop_msg_id[:255]
        refusal = _whole_message(parsed)
        if refusal:
            message.error = refusal.text
        message.save()
        for part in parsed.parts:
            try:
                if refusal:
                    raise refusal
                with transaction.atomic():
                    _document(message, parsed.shape.kind, part)
            except Refused as refused:
                give(message, parsed.shape.kind, part.head, refused.code, refused.text)
    log.info("%s %s: %d documents %s", message.message_type, message.name, message.documents, message.error)
    return message


def _whole_message(parsed: Parsed) -> Refused | None:
    """Check what all documents share: transfer data and signature."""
    codes = CODES[parsed.shape.kind]
    if parsed.errors:
        return Refused(codes["parameter"], "报文格式错误: " + "; ".join(parsed.errors[:5]))
    try:
        certificate = check(parsed.root)
    except BadSignature as bad:
        key = "altered" if bad.altered and "altered" in codes else "signature"
        return Refused(codes[key], f"验签失败: {bad}")
    registered = (knob("customs_certificates", {}) or {}).get(parsed.transfer["copCode"])
    if registered and registered != fingerprint(certificate):
        return Refused(codes["card"], "签名证书与传输企业登记的证书不一致")
    return None


def _document(message: Message, kind: str, part: Part) -> None:
    codes = CODES[kind]
    if part.errors:
        raise Refused(codes["parameter"], "参数校验失败: " + "; ".join(part.errors[:5]))
    head, lines = part.head, part.lines
    if len({line["gnum"] for line in lines}) != len(lines):
        raise Refused(codes["lines"], "表体序号gnum重复")
    if _seen(kind, head, lines):
        return
    if kind in afterwards.KINDS:
        afterwards.take(message, kind, head, lines)
        return
    wrong = {
        "311": lambda: rules.order_faults(head, lines),
        "411": lambda: rules.payment_faults(head),
        "511": lambda: rules.waybill_faults(head),
        "621": lambda: rules.inventory_faults(head, lines),
    }[kind]()
    if wrong:
        raise Refused(codes["parameter"], "参数校验失败: " + "; ".join(wrong[:5]))
    document = _kept(message, kind, head, lines)
    if head["appStatus"] == "1":
        document.status = "1" if kind == "621" else "2"
        document.save(update_fields=["status"])
        give(message, kind, head, document.status, "暂存成功", document=document)
    elif head["appType"] == "3":
        give(message, kind, head, "2", "删除申报成功", document=document)
    else:
        _plan(document)


def _seen(kind: str, head: dict[str, str], lines: list[dict[str, str]]) -> bool:
    """Tell whether this very document was taken before; refuse its guid for anything else."""
    digest = hashlib.sha256(json.dumps([kind, head, lines], sort_keys=True).encode()).hexdigest()
    known, new = Seen.objects.get_or_create(
        guid=head["guid"].upper(), defaults={"kind": kind, "sha256": digest}
    )
    if not new and known.sha256 != digest:
        raise Refused(CODES[kind]["exists"], "guid已用于其他内容的单证")
    return not new


def _kept(message: Message, kind: str, head: dict[str, str], lines: list[dict[str, str]]) -> Document:
    """Insert or amend the document by the rules of appType; refuse what its state does not allow."""
    codes = CODES[kind]
    key = "|".join(head[name] for name in _KEYS[kind])
    old = Document.objects.select_for_update().filter(kind=kind, key=key).first()
    app_type = head["appType"]
    if old is not None and old.deleted and app_type != "1":
        old = None
    if app_type in {"2", "3"} and old is None:
        raise Refused(codes["missing"], "报送类型错误，未找到要操作的单证")
    if old is not None and not old.deleted:
        _may_change(old, head, codes)
    document = old or Document(kind=kind, key=key)
    if kind == "621":
        _inventory_limits(document, head, lines)
    document.message, document.head, document.lines = message, head, lines
    document.order_no, document.app_time = head["orderNo"], head["appTime"]
    document.deleted = app_type == "3"
    document.status = ""
    if document.pk:
        document.version += 1
    try:
        with transaction.atomic():
            document.save()
    except IntegrityError:  # two messages with the same number at the same moment
        raise Refused(codes["exists"], "存在相同编号的单证") from None
    _facts(kind, document)
    return document


def _may_change(old: Document, head: dict[str, str], codes: dict[str, str]) -> None:
    again_after_rejection = old.kind == "621" and old.rejected
    if head["appType"] == "1" and not again_after_rejection and old.status != "1":
        raise Refused(codes["exists"], f"存在相同编号的单证 {old.key.split('|')[1]}")
    if head["appTime"] <= old.app_time and not (head["appType"] == "1" and again_after_rejection):
        raise Refused(codes["older"], "报送时间appTime不晚于已有单证，不予处理")
    if old.kind == "621":
        if old.status != "1" and not old.rejected:
            raise Refused(codes["declared"], f"清单状态{old.status or '处理中'}不允许修改")
    elif _live_inventory(old.order_no):
        raise Refused(codes["declared"], "订单已申报清单，状态不允许")


def _live_inventory(order_no: str, without: Document | None = None) -> Document | None:
    rows = Document.objects.filter(kind="621", order_no=order_no, deleted=False)
    if without is not None and without.pk:
        rows = rows.exclude(pk=without.pk)
    return next((row for row in rows if not row.rejected), None)


def _inventory_limits(document: Document, head: dict[str, str], lines: list[dict[str, str]]) -> None:
    codes = CODES["621"]
    if _live_inventory(head["orderNo"], document):
        raise Refused(codes["exists"], "订单已申报清单，不能重复申报")
    document.value = rules.value_of(head, lines)
    document.buyer_id_number = head["buyerIdNumber"].upper()
    if rules.over_single_limit(document.value, lines):
        raise Refused(codes["single"], f"超过单次交易限值: {document.value:.2f} > {rules.SINGLE_LIMIT}")
    if not document.pre_no:
        day = timezone.localtime().strftime("%Y%m%d")
        document.pre_no = f"B{day}{secrets.randbelow(10**9):09d}"


def _facts(kind: str, document: Document) -> None:
    """Let payments and waybills that arrive as messages count like those told by their companies."""
    head = document.head
    if kind == "411":
        record_payment(
            pay_code=head["payCode"],
            pay_name=head["payName"],
            pay_transaction_id=head["payTransactionId"],
            order_no=head["orderNo"],
            payer_name=head["payerName"],
            payer_id_number=head["payerIdNumber"],
            amount=number(head, "amountPaid"),
        )
    elif kind == "511":
        record_waybill(
            logistics_code=head["logisticsCode"],
            logistics_name=head["logisticsName"],
            logistics_no=head["logisticsNo"],
            order_no=head["orderNo"],
            consignee=head["consignee"],
            consignee_telephone=head["consigneeTelephone"],
            consignee_address=head["consigneeAddress"],
            weight=number(head, "weight") or Decimal(0),
        )


def _plan(document: Document) -> None:
    """Ask the worker for the first answers."""
    persona = persona_of(document.head.get("buyerName", ""))
    if persona.silent and document.kind == "621":
        return
    factor = persona.late * float(faults().get("late") or 1)
    base: dict[str, Any] = {"id": document.pk, "version": document.version}
    texts = {"1": "新增申报成功", "2": "变更申报成功"}
    info = f"{texts[document.head['appType']]}[{document.head['guid']}]"
    schedule("customs.status", {**base, "status": "2", "info": info}, delay_seconds=STORED * factor)
    schedule("customs.review", {**base, "tries": 0}, delay_seconds=COMPARED * factor)


@periodic("customs_port.drop", 0.3)
def scan_drop() -> int:
    """Take every finished file of the outbox; return how many there were."""
    count = 0
    for path in drop.waiting():
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            continue  # another worker was faster
        # If a worker died before moving the file, this is the second time: it changes nothing.
        message = take(raw, Message.Via.DROP, path.name)
        unreadable = message.documents == 0
        drop.move(path, "error" if unreadable else "archive")
        if unreadable:
            drop.write(drop.folder("error") / f"{path.name}.reason.txt", message.error.encode())
        count += 1
    return count
