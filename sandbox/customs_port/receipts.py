"""Makes receipts, and brings them out by the way the message came in."""

from __future__ import annotations

import logging
import os
import uuid
from typing import Any

import httpx2
from django.db import connection
from django.utils import timezone
from lxml import etree

from sandbox.customs_port import drop
from sandbox.customs_port.models import Document, Message, Receipt, Visible
from sandbox.customs_port.tables import BY_KIND, NAMESPACE
from sandbox.http import client
from sandbox.jobs import RetryLater, job, schedule
from sandbox.jobs.queue import knob

log = logging.getLogger("sandbox.customs_port")
#: First letter of the E-port's own number: inventories, cancellations, returns.
PRE_NUMBERS = {"621": "B", "623": "C", "625": "T"}
#: Two receipts must not become visible in another order than their cursor says.
_LOCK = 0x43455256


def new_guid() -> str:
    return str(uuid.uuid4()).upper()


def return_time() -> str:
    """Return now as customs writes it: 17 digits, China Standard Time, milliseconds."""
    now = timezone.localtime()
    return now.strftime("%Y%m%d%H%M%S") + f"{now.microsecond // 1000:03d}"


def faults() -> dict[str, Any]:
    """Return the configured faults: ``double``, ``late`` (a factor) and ``shuffle``."""
    configured = (knob("faults", {}) or {}).get("customs")
    if configured is None:
        words = os.environ.get("SANDBOX_CUSTOMS_FAULTS", "").split(",")
        configured = {
            word.partition("=")[0].strip(): word.partition("=")[2] or "1" for word in words if word.strip()
        }
    return dict(configured)


def _xml(message_type: str, node: str, fields: dict[str, str | None]) -> str:
    root = etree.Element(f"{{{NAMESPACE}}}{message_type}", nsmap={None: NAMESPACE})  # type: ignore[dict-item]  # default namespace
    root.set("guid", new_guid())
    root.set("version", "1.0")
    element = etree.SubElement(root, f"{{{NAMESPACE}}}{node}")
    for name, value in fields.items():
        if value is not None:
            leaf = etree.SubElement(element, f"{{{NAMESPACE}}}{name}")
            leaf.text = etree.CDATA(value) if name == "oriBizMessage" else value
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8").decode()


def _fields(kind: str, head: dict[str, str], document: Document | None) -> dict[str, str | None]:
    """Return the fields before the status, in the order of the schema."""
    if kind == "311":
        names: tuple[str, ...] = ("ebpCode", "ebcCode", "orderNo")
    elif kind == "411":
        names = ("payCode", "payTransactionId")
    elif kind == "511":
        names = ("logisticsCode", "logisticsNo")
    elif kind == "621":
        names = ("customsCode", "ebpCode", "ebcCode", "agentCode", "copNo")
    else:
        names = ("customsCode", "agentCode", "ebpCode", "ebcCode", "copNo")
    fields: dict[str, str | None] = {"guid": new_guid()}
    # A refused document may lack what its receipt must name; optional names are then left out.
    missing = None if kind in PRE_NUMBERS else "UNKNOWN"
    fields |= {name: head.get(name) or missing for name in names}
    if kind in PRE_NUMBERS:
        fields["copNo"] = head.get("copNo") or "UNKNOWN"
        known = document.pre_no if document else ""
        fields["preNo"] = known or PRE_NUMBERS[kind] + "0" * 17
        fields["invtNo"] = (document.invt_no or None) if document else None
    return fields


def give(
    message: Message,
    kind: str,
    head: dict[str, str],
    status: str,
    info: str,
    *,
    document: Document | None = None,
    double: bool = False,
    hold_seconds: float = 0,
) -> Receipt:
    """Make one receipt and queue its delivery; ``hold_seconds`` (÷ speed) keeps it back."""
    shape = BY_KIND[kind]
    fields = _fields(kind, head, document)
    fields |= {"returnStatus": status, "returnTime": return_time(), "returnInfo": info[:1000]}
    receipt = Receipt.objects.create(
        document=document,
        message=message,
        message_type=shape.receipt_type,
        status=status,
        info=info,
        xml=_xml(shape.receipt_type, shape.receipt_node, fields),
    )
    _queue(receipt, double=double, hold_seconds=hold_seconds)
    return receipt


def tell(document: Document, message_type: str, status: str, xml: str) -> Receipt:
    """Queue a message about a document that is none of its receipts."""
    receipt = Receipt.objects.create(
        document=document,
        message=document.message,
        message_type=message_type,
        status=status,
        info="",
        xml=xml,
    )
    _queue(receipt)
    return receipt


def give_900(message: Message, reason: str) -> Receipt:
    """Answer a message that could not be read."""
    original = bytes(message.body).decode("utf-8", "replace")[:100_000]
    clean = "".join(c for c in original if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd")
    fields: dict[str, str | None] = {
        "guid": new_guid(),
        "returnStatus": "-1",
        "returnInfo": reason[:5000],
        "returnTime": return_time(),
        "oriCopMsgId": message.cop_msg_id or message.name,
        "oriMessageType": message.message_type[:15],
        "oriBizMessage": clean.replace("]]>", "]] >"),
    }
    receipt = Receipt.objects.create(
        message=message,
        message_type="CEB900Message",
        status="-1",
        info=reason,
        xml=_xml("CEB900Message", "MessageReturn", fields),
    )
    _queue(receipt)
    return receipt


def _queue(receipt: Receipt, *, double: bool = False, hold_seconds: float = 0) -> None:
    configured = faults()
    schedule("customs.deliver", {"id": receipt.pk}, delay_seconds=hold_seconds)
    if double or configured.get("double"):
        schedule("customs.deliver", {"id": receipt.pk, "again": True}, delay_seconds=hold_seconds + 20)


def call_back_url() -> str:
    """Return where receipts of the HTTP way are pushed, if anywhere."""
    return str(knob("customs_callback", "") or os.environ.get("SANDBOX_CUSTOMS_CALLBACK", ""))


def _show(receipt: Receipt) -> None:
    """Put the receipt into the list that is polled."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    Visible.objects.create(receipt=receipt)
    receipt.visible_at = timezone.now()


@job("customs.deliver")
def deliver(payload: dict[str, Any]) -> None:
    """Make a receipt visible, and write or push it."""
    receipt = Receipt.objects.select_for_update().get(pk=payload["id"])
    _show(receipt)
    message = Message.objects.only("via", "name").get(pk=receipt.message_id)
    if message.via == Message.Via.DROP:
        suffix = "_again" if payload.get("again") else ""
        name = f"{receipt.message_type}_{receipt.pk:09d}{suffix}.xml"
        drop.write_inbox(name, receipt.xml.encode())
        receipt.delivery, receipt.delivered_at = f"inbox/{name}", timezone.now()
    elif message.via == Message.Via.AMQP:
        schedule("customs.publish", {"id": receipt.pk})
    elif call_back_url():
        schedule("customs.push", {"id": receipt.pk})
    receipt.save(update_fields=["visible_at", "delivery", "delivered_at"])
    log.info("%s %s %s", receipt.message_type, receipt.status, receipt.info)


@job("customs.push", atomic=False, max_attempts=50)
def push(payload: dict[str, Any]) -> None:
    """Send a receipt to the registered address until it is taken."""
    receipt = Receipt.objects.get(pk=payload["id"])
    url = call_back_url()
    if not url:
        return
    try:
        response = client().post(
            url,
            content=receipt.xml.encode(),
            headers={"Content-Type": "application/xml; charset=utf-8", "X-Sandbox-Receipt": str(receipt.pk)},
            timeout=10.0,
        )
        outcome = str(response.status_code)
        good = 200 <= response.status_code < 300
    except httpx2.HTTPError as error:
        outcome, good = type(error).__name__, False
    receipt.delivery = f"{url} {outcome}"[:200]
    if good:
        receipt.delivered_at = timezone.now()
    receipt.save(update_fields=["delivery", "delivered_at"])
    if not good:
        raise RetryLater(30, outcome)
