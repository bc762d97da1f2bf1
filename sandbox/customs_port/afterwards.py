"""Cancellations (CEB623) and returns (CEB625) of inventories that the port has."""

from __future__ import annotations

import secrets
from decimal import Decimal

from django.utils import timezone

from sandbox.customs_port import bills
from sandbox.customs_port.models import Document, Message, Receipt
from sandbox.customs_port.personas import Persona
from sandbox.customs_port.reader import number
from sandbox.customs_port.receipts import PRE_NUMBERS, faults, give
from sandbox.customs_port.rules import Reason
from sandbox.customs_port.tables import CODES
from sandbox.jobs import schedule

KINDS = ("623", "625")
#: Days from the release within which a return has to be asked for (announcement 2020/45).
RETURN_DAYS = 30
RELEASED = frozenset({"800", "899"})
#: Fields that have to be the inventory's.
SAME = (
    "customsCode", "orderNo", "ebpCode", "ebcCode", "logisticsNo", "logisticsCode", "buyerIdNumber",
    "buyerName", "agentCode",
)  # fmt: skip
#: Real-world seconds from the message to each answer.
STORED, DECIDED = 10, 40


class Refused(Exception):
    """A document that the E-port refuses with a negative code."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def take(message: Message, kind: str, head: dict[str, str], lines: list[dict[str, str]]) -> None:
    """Check an application against its inventory, keep it and plan the answers."""
    codes = CODES[kind]
    if not head.get("copNo"):
        raise Refused(codes["parameter"], "copNo必填")
    inventory = _inventory(head, codes)
    _same(head, inventory, codes)
    if kind == "623":
        _may_cancel(inventory, codes)
    else:
        _may_return(inventory, lines, codes, without=_known(kind, head))
    document = _kept(message, kind, head, lines, inventory)
    if head["appStatus"] == "1":
        document.status = "1"
        document.save(update_fields=["status"])
        give(message, kind, head, "1", "暂存成功", document=document)
        return
    factor = float(faults().get("late") or 1)
    base = {"id": document.pk, "version": document.version}
    info = f"新增申报成功[{head['guid']}]"
    schedule("customs.status", {**base, "status": "2", "info": info}, delay_seconds=STORED * factor)
    schedule("customs.review", {**base, "tries": 0}, delay_seconds=DECIDED * factor)


def _inventory(head: dict[str, str], codes: dict[str, str]) -> Document:
    found = (
        Document.objects.select_for_update().filter(kind="621", invt_no=head["invtNo"], deleted=False).first()
    )
    if found is None:
        raise Refused(codes["missing"], f"未找到清单 {head['invtNo']}")
    return found


def _same(head: dict[str, str], inventory: Document, codes: dict[str, str]) -> None:
    differing = [name for name in SAME if head.get(name) != inventory.head.get(name)]
    if differing:
        raise Refused(codes["differs"], f"与清单不一致: {'、'.join(differing)}")


def _may_cancel(inventory: Document, codes: dict[str, str]) -> None:
    if inventory.rejected or inventory.status in RELEASED | {"700", ""}:
        raise Refused(codes["state"], f"清单状态{inventory.status or '处理中'}不允许撤销")
    if any(not one.rejected for one in Document.objects.filter(kind="623", invt_no=inventory.invt_no)):
        raise Refused(codes["exists"], "撤销申请已申报")


def _may_return(
    inventory: Document, lines: list[dict[str, str]], codes: dict[str, str], without: Document | None
) -> None:
    if inventory.status not in RELEASED:
        raise Refused(codes["state"], f"清单状态{inventory.status or '处理中'}不允许退货")
    declared = {line["gnum"]: line for line in inventory.lines}
    gone = returned(inventory, without)
    for line in lines:
        listed = declared.get(line["gnum"])
        if listed is None or listed["gcode"] != line["gcode"]:
            raise Refused(codes["line"], f"清单中未找到商品 {line['gnum']} {line['gcode']}")
        if listed["unit"] != line["unit"] or listed["gname"] != line["gname"]:
            raise Refused(codes["differs"], f"第{line['gnum']}项品名或单位与清单不一致")
        if number(line, "qty") <= 0:
            raise Refused(codes["parameter"], f"第{line['gnum']}项qty应大于0")
        if gone.get(line["gnum"], Decimal(0)) + number(line, "qty") > number(listed, "qty"):
            raise Refused(codes["quantity"], f"第{line['gnum']}项退货数量大于放行数量")


def returned(inventory: Document, without: Document | None = None) -> dict[str, Decimal]:
    """Return what returns that are not refused have asked for, by line."""
    rows = Document.objects.filter(kind="625", invt_no=inventory.invt_no, deleted=False)
    found: dict[str, Decimal] = {}
    for row in rows:
        if row.rejected or (without is not None and row.pk == without.pk):
            continue
        for line in row.lines:
            found[line["gnum"]] = found.get(line["gnum"], Decimal(0)) + number(line, "qty")
    return found


def _known(kind: str, head: dict[str, str]) -> Document | None:
    return Document.objects.filter(kind=kind, key=_key(head)).first()


def _key(head: dict[str, str]) -> str:
    return f"{head['agentCode']}|{head['copNo']}"


def _kept(
    message: Message,
    kind: str,
    head: dict[str, str],
    lines: list[dict[str, str]],
    inventory: Document,
) -> Document:
    """Insert the application, or amend one that was stored or rejected."""
    codes = CODES[kind]
    document = Document.objects.select_for_update().filter(kind=kind, key=_key(head)).first()
    if document is None:
        if head["appType"] != "1":
            raise Refused(codes["missing"], "未找到要变更的申请")
        day = timezone.localtime().strftime("%Y%m%d")
        document = Document(kind=kind, key=_key(head), invt_no=inventory.invt_no)
        document.pre_no = f"{PRE_NUMBERS[kind]}{day}{secrets.randbelow(10**9):09d}"
    else:
        if head["appType"] != "2" or not (document.rejected or document.status == "1"):
            raise Refused(codes["exists"], "申请已申报，状态不允许")
        if head["appTime"] <= document.app_time:
            raise Refused(codes["older"], "报送时间appTime不晚于已有申请")
        document.version += 1
    document.message, document.head, document.lines, document.status = message, head, lines, ""
    document.order_no, document.app_time = head["orderNo"], head["appTime"]
    document.buyer_id_number = head["buyerIdNumber"].upper()
    document.value = _value(inventory, lines)
    document.save()
    return document


def _value(inventory: Document, lines: list[dict[str, str]]) -> Decimal:
    """Return what the returned part counted against the buyer's limits, freight by value."""
    prices = {line["gnum"]: number(line, "price") for line in inventory.lines}
    goods = sum((number(line, "totalPrice") for line in inventory.lines), Decimal(0))
    back = sum((prices[line["gnum"]] * number(line, "qty") for line in lines), Decimal(0))
    return (inventory.value * back / goods).quantize(Decimal("0.00001")) if goods else Decimal(0)


def refusal(document: Document, persona: Persona) -> Reason | None:
    """Say why customs refuse an application at the moment of deciding, None when they grant it."""
    inventory = Document.objects.select_for_update().filter(kind="621", invt_no=document.invt_no).first()
    if document.kind == "623":
        if persona.cancel_refusal:
            return persona.cancel_refusal
        if inventory is None or inventory.deleted or inventory.rejected or inventory.status in RELEASED:
            return Reason("9006", "清单已放行或已退单，不予撤销")
        return None
    if persona.return_refusal:
        return persona.return_refusal
    if inventory is None or released_days(inventory) > RETURN_DAYS:
        return Reason("9007", f"超过放行之日起{RETURN_DAYS}日")
    return None


def released_days(inventory: Document) -> int:
    """Return how many days ago, in China, the inventory was released."""
    receipt = Receipt.objects.filter(document=inventory, status="800").order_by("created_at").first()
    if receipt is None:
        return 0
    return (timezone.localdate() - timezone.localtime(receipt.created_at).date()).days


def grant(document: Document) -> None:
    """Do what a granted application means: a cancelled inventory is gone, a returned one is billed anew."""
    inventories = Document.objects.filter(kind="621", invt_no=document.invt_no)
    if document.kind == "623":
        inventories.update(deleted=True)
    elif (inventory := inventories.select_for_update().first()) is not None:
        bills.renew(inventory)
