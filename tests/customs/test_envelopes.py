"""Envelopes: made as the schemas say, opened without trust."""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, datetime

import pytest
from lxml import etree

from plugins.customs_declaration.messages import MessageError, parse, to_bytes
from plugins.customs_declaration.messages.envelopes import dxp, gzeport
from plugins.customs_declaration.messages.reader import open_bytes
from plugins.customs_declaration.signing import SoftRsaSigner, sign, verify

from .cases import sound, xml
from .official import CUSTOMS, needs_schemas

AT = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)
BODY = xml(sound("CEB311Message"))
DXP = {
    "number": "M1", "sender": "DXPENT0000000001", "receivers": ("DXPEDCCEB0000002",), "created": AT,
    "message_type": "CEB311Message",
}  # fmt: skip
GZEPORT = {**DXP, "sender": "S", "receivers": ("KJPUBLIC", "B")}


def test_what_is_wrapped_is_read_as_if_it_came_alone() -> None:
    plain = parse(BODY).as_json()
    inner = to_bytes(gzeport(BODY, **GZEPORT))
    for body in (to_bytes(dxp(BODY, **DXP, file_name="a.xml")), inner, to_bytes(dxp(inner, **DXP))):
        assert parse(body).as_json() == plain
    (outer, second) = open_bytes(to_bytes(dxp(inner, **DXP))).envelopes
    assert (outer.kind, outer.number, outer.sender, outer.receivers, outer.time, outer.message_type) == (
        "DxpMsg", "M1", "DXPENT0000000001", ("DXPEDCCEB0000002",), "2026-11-23T10:15:00", "CEB311Message",
    )  # fmt: skip
    assert (second.kind, second.receivers, second.time) == (
        "GzeportTransfer",
        ("KJPUBLIC", "B"),
        "20261123101500",
    )


@needs_schemas
def test_envelopes_are_valid_by_their_schemas(key_pair) -> None:
    path = CUSTOMS / "xsd" / "202205" / "海关跨境终端节点报文定义202205.xsd"
    terminal = etree.XMLSchema(etree.parse(str(path)))
    terminal.assertValid(etree.fromstring(to_bytes(dxp(BODY, **DXP, file_name="a.xml"))))
    signed = sign(gzeport(BODY, **GZEPORT, file_name="a.xml"), SoftRsaSigner.from_files(*key_pair))
    guangzhou = etree.XMLSchema(etree.parse(str(CUSTOMS / "xsd" / "gzeport" / "GzeportTransfer-schema.xsd")))
    body = to_bytes(signed)
    guangzhou.assertValid(etree.fromstring(body))
    assert verify(etree.fromstring(body))
    (envelope,) = open_bytes(body).envelopes
    assert envelope.signed


def enveloped(data: str, more: str = "") -> bytes:
    return f"<GzeportTransfer><Head>{more}</Head><Data>{data}</Data></GzeportTransfer>".encode()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'<DxpMsg xmlns="http://www.chinaport.gov.cn/dxp"/>', "envelope"),
        (enveloped(""), "envelope"),
        (enveloped("=abc="), "envelope"),
        (enveloped("\u5357\u6c99"), "envelope"),
        (enveloped(base64.b64encode(zlib.compress(BODY)).decode(), "<ZipFlag>1</ZipFlag>"), "envelope"),
        (enveloped(base64.b64encode(b"<html/>").decode()), "root"),
        (enveloped(base64.b64encode(b"<!DOCTYPE a><a/>").decode()), "doctype"),
        (enveloped(base64.b64encode(BODY[:-9]).decode()), "malformed"),
        (b"<GzeportTransfer>" + b"<a/>" * 60_000 + b"</GzeportTransfer>", "envelope"),
    ],
)
def test_a_bad_envelope_is_a_clear_error(body: bytes, code: str) -> None:
    with pytest.raises(MessageError) as caught:
        parse(body)
    assert caught.value.code == code


def test_envelopes_are_not_opened_for_ever() -> None:
    body = BODY
    for _ in range(4):
        body = to_bytes(dxp(body, **DXP))
    with pytest.raises(MessageError) as caught:
        parse(body)
    assert caught.value.code == "envelope"


@pytest.mark.parametrize(
    "wrong", [{"number": ""}, {"sender": "x" * 17}, {"receivers": ()}, {"receivers": ("a",) * 6}, {"sender": "a\x01"}]
)  # fmt: skip
def test_what_an_envelope_cannot_say_is_refused(wrong) -> None:
    with pytest.raises(MessageError):
        dxp(BODY, **{**DXP, **wrong})
