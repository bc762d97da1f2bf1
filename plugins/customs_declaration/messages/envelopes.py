"""The envelopes that carry a message: DxpMsg (and its server form DxpMsgSv) of the China E-port, GzeportTransfer.

Pure functions. Sources: the terminal schema of edition 202205, the schema of the Guangzhou E-port (2020). The
message travels as base64 in ``Data``; an envelope may be signed over, the signature is left to ``signing.sign``.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from .document import CHINA, MessageError, stamp

DXP_NAMESPACE = "http://www.chinaport.gov.cn/dxp"
ENVELOPES = frozenset({"DxpMsg", "DxpMsgSv", "GzeportTransfer"})
_DSIG = "{http://www.w3.org/2000/09/xmldsig#}Signature"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an envelope says: its number, from whom, to whom, when (as written), the type of what is inside."""

    kind: str
    number: str
    sender: str
    receivers: tuple[str, ...]
    time: str
    message_type: str
    file_name: str = ""
    signed: bool = False


def dxp(
    body: bytes, *, number: str, sender: str, receivers: Sequence[str], created: datetime, message_type: str,
    file_name: str = "",
) -> etree._Element:  # fmt: skip
    """Wrap the bytes of a message for the E-port's exchange platform (ver 1.0)."""
    _bounded("CopMsgId", number, 255)
    _bounded("SenderId", sender, 16)
    _receivers("ReceiverId", receivers, 5, 16)
    _bounded("MsgType", message_type, 30, least=0)
    root = etree.Element(f"{{{DXP_NAMESPACE}}}DxpMsg", nsmap={"dxp": DXP_NAMESPACE}, ver="1.0")
    info = _child(root, "TransInfo")
    _child(info, "CopMsgId", number)
    _child(info, "SenderId", sender)
    ids = _child(info, "ReceiverIds")
    for one in receivers:
        _child(ids, "ReceiverId", one)
    _child(info, "CreatTime", created.astimezone(CHINA).strftime("%Y-%m-%dT%H:%M:%S"))
    _child(info, "MsgType", message_type)
    _child(root, "Data", base64.b64encode(body).decode())
    if file_name:
        _bounded("FileName", file_name, 255)
        _child(_child(root, "AddInfo"), "FileName", file_name)
    return root


def gzeport(
    body: bytes, *, number: str, sender: str, receivers: Sequence[str], created: datetime, message_type: str,
    file_name: str = "", version: str = "3.0",
) -> etree._Element:  # fmt: skip
    """Wrap the bytes of a message for the Guangzhou E-port, which wants the envelope signed."""
    _bounded("MessageID", number, 60)
    _bounded("MessageType", message_type, 15)
    _bounded("Sender", sender, 30)
    _receivers("Receiver", receivers, 10, 30)
    root = etree.Element("GzeportTransfer")
    head = etree.SubElement(root, "Head")
    _child(head, "MessageID", number)
    _child(head, "MessageType", message_type)
    _child(head, "Sender", sender)
    inner = _child(head, "Receivers")
    for one in receivers:
        _child(inner, "Receiver", one)
    _child(head, "SendTime", stamp(created))
    _child(head, "Version", version)
    if file_name:
        _child(head, "FileName", file_name)
    _child(root, "Data", base64.b64encode(body).decode())
    return root


def opened(root: etree._Element) -> tuple[Envelope, bytes]:
    """Return what an envelope says and the bytes inside; the tree's copy of ``Data`` is emptied to save memory.

    :raises MessageError: ``envelope`` when there is no ``Data``, it is no base64, or it is zipped
    """
    kind = _local(root)
    values = {_local(one): one for one in root.iter() if isinstance(one.tag, str)}
    data = values.get("Data")
    if data is None:
        raise MessageError(f"the envelope {kind} holds no Data", code="envelope")
    if (_text(values, "ZipFlag") or "0") != "0":
        raise MessageError(f"the message inside {kind} is zipped, which is not supported", code="envelope")
    envelope = Envelope(
        kind,
        _text(values, "CopMsgId") or _text(values, "MessageID"),
        _text(values, "SenderId") or _text(values, "Sender"),
        tuple((one.text or "").strip() for one in root.iter("{*}ReceiverId", "{*}Receiver")),
        _text(values, "CreatTime") or _text(values, "SendTime"),
        _text(values, "MsgType") or _text(values, "MessageType"),
        _text(values, "FileName"),
        root.find(_DSIG) is not None,
    )
    return envelope, _emptied(data, kind)


def _emptied(data: etree._Element, kind: str) -> bytes:
    """Take the bytes out of ``Data``; the text, a third longer than they, is gone from the tree before decoding."""
    text = str(data.text or "")
    data.clear()
    try:
        octets = text.encode("ascii")
        del text
        octets = octets.translate(None, b" \t\r\n")
        body = binascii.a2b_base64(octets, strict_mode=True)
    except (binascii.Error, ValueError):
        raise MessageError(f"Data of the envelope {kind} is not base64", code="envelope") from None
    if not body:
        raise MessageError(f"Data of the envelope {kind} is empty", code="envelope")
    return body


def _child(parent: etree._Element, name: str, text: str = "") -> etree._Element:
    namespace = etree.QName(parent).namespace
    child = etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name)
    try:
        child.text = text or None
    except ValueError:
        raise MessageError(f"{name} holds characters that XML does not allow", code="characters") from None
    return child


def _bounded(name: str, value: str, most: int, least: int = 1) -> None:
    if not least <= len(value) <= most:
        raise MessageError(f"{name} must have {least} to {most} characters", code="envelope")


def _receivers(name: str, receivers: Sequence[str], most: int, longest: int) -> None:
    if not 1 <= len(receivers) <= most:
        raise MessageError(f"an envelope has 1 to {most} receivers", code="envelope")
    for one in receivers:
        _bounded(name, one, longest)


def _local(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def _text(values: dict[str, etree._Element], name: str) -> str:
    found = values.get(name)
    return (found.text or "").strip() if found is not None else ""
