"""The port: structure of messages and receipts, what cannot be read, signatures and certificates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from lxml import etree

from sandbox.customs_port import tables
from sandbox.customs_port.models import Document

from . import declarant
from .clock import run_for
from .declarant import build, inventory, message, order, sign
from .port import first, polled, send, send_all, statuses, value

pytestmark = pytest.mark.django_db
OFFICIAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "customs"


@pytest.mark.parametrize("name", ["CEB311Message", "CEB411Message", "CEB511Message", "CEB621Message"])
def test_tables_agree_with_the_official_schema(name: str) -> None:
    folder = OFFICIAL / "xsd" / "202205"
    if not folder.is_dir():
        pytest.skip("the official schema files are not beside the project")
    (path,) = folder.glob("*进口业务*.xsd")
    xsd = etree.parse(str(path)).getroot()
    shape = tables.SHAPES[name]
    for node, leaves in ((shape.head_name, shape.head), (shape.lines_name, shape.lines)):
        if node:
            assert [(leaf.name, leaf.required) for leaf in leaves] == _official(xsd, node)


def _official(xsd: etree._Element, node: str) -> list[tuple[str, bool]]:
    """Read names and requiredness of a node's children out of the schema."""
    xs = "{http://www.w3.org/2001/XMLSchema}"
    element = next(one for one in xsd.iter(f"{xs}element") if one.get("name") == node)
    holder = element
    if element.get("type"):
        wanted = element.get("type").split(":")[-1]
        holder = next(one for one in xsd.iter(f"{xs}complexType") if one.get("name") == wanted)
    sequence = next(holder.iter(f"{xs}sequence"))
    return [
        (one.get("name") or one.get("ref").split(":")[-1], one.get("minOccurs", "1") != "0")
        for one in sequence.findall(f"{xs}element")
    ]


def test_receipts_validate_against_the_official_schema() -> None:
    folder = OFFICIAL / "xsd" / "202205"
    if not folder.is_dir():
        pytest.skip("the official schema files are not beside the project")
    (path,) = folder.glob("*进口业务*.xsd")
    schema = etree.XMLSchema(etree.parse(str(path)))
    send_all()
    send(message(inventory(copNo="PT-621-0002")))
    send(message(order(orderNo=declarant.ORDER_NO)))
    send(message(inventory(copNo=None, emsNo=None, agentCode=None)))
    send(b"<nonsense")
    run_for(300)
    seen = set()
    for one in polled():
        schema.assertValid(etree.fromstring(one["xml"].encode()))
        seen.add(one["messageType"])
    assert seen == {"CEB312Message", "CEB412Message", "CEB512Message", "CEB622Message", "CEB900Message"}


@pytest.mark.parametrize(
    ("raw", "kind", "part"),
    [
        (b"", None, None),
        (b"<nonsense", "Unknown", "XML解析失败"),
        (
            b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
            "Unknown",
            "DOCTYPE",
        ),
        (b"<CEB999Message xmlns='http://www.chinaport.gov.cn/ceb'/>", "CEB999Message", "不支持的报文类型"),
        (b"<CEB311Message xmlns='urn:other'/>", "CEB311Message", "命名空间"),
        (b"<CEB311Message xmlns='http://www.chinaport.gov.cn/ceb'/>", "CEB311Message", "应为1到100个"),
    ],
)
def test_what_cannot_be_read_gets_900(raw: bytes, kind: str | None, part: str | None) -> None:
    response = Client().post("/customs/messages", raw, content_type="application/xml")
    if kind is None:
        assert response.status_code == 400
        return
    assert response.status_code == 202
    run_for()
    node = first("CEB900Message")
    assert value(node, "oriMessageType") == kind
    assert part in value(node, "returnInfo")
    assert "root:" not in value(node, "returnInfo")
    assert not Document.objects.exists()


def test_a_billion_laughs_is_refused_quickly() -> None:
    bomb = b"<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><l>&b;</l>"
    assert send(bomb)["messageType"] == "Unknown"


def test_dxp_envelope() -> None:
    assert send(declarant.dxp(message(order()), "COP-77"))["copMsgId"] == "COP-77"
    run_for(100)
    assert statuses("CEB312Message") == ["2", "120"]
    send(declarant.dxp(b"<broken", "COP-78"))
    run_for()
    assert value(first("CEB900Message"), "oriCopMsgId") == "COP-78"


def _altered(raw: bytes) -> bytes:
    assert b"<ceb:acturalPaid>218.20<" in raw
    return raw.replace(b"<ceb:acturalPaid>218.20<", b"<ceb:acturalPaid>218.21<")


def _resigned_info(raw: bytes) -> bytes:
    """Change the digest to fit an altered body: then the signature value must fail."""
    import base64
    import hashlib

    root = etree.fromstring(_altered(raw))
    bare = etree.fromstring(_altered(raw))
    bare.remove(bare.find(f"{{{declarant.DS}}}Signature"))
    digest = hashlib.sha1(etree.tostring(bare, method="c14n")).digest()
    next(root.iter(f"{{{declarant.DS}}}DigestValue")).text = base64.b64encode(digest).decode()
    return etree.tostring(root)


def _algorithm(raw: bytes) -> bytes:
    return raw.replace(b"xmldsig#sha1", b"xmldsig#md5")


def _unsigned(raw: bytes) -> bytes:
    root = etree.fromstring(raw)
    root.remove(root.find(f"{{{declarant.DS}}}Signature"))
    return etree.tostring(root)


def _reference(raw: bytes) -> bytes:
    return raw.replace(b'URI=""', b'URI="#other"')


@pytest.mark.parametrize(
    ("forge", "text"),
    [
        (_altered, "摘要与报文内容不一致"),
        (_resigned_info, "签名值验证失败"),
        (_algorithm, "摘要算法不支持"),
        (_unsigned, "缺少签名"),
        (_reference, "引用URI不支持"),
    ],
)
def test_forged_signatures_are_refused(forge: Any, text: str) -> None:
    send(forge(message(order())))
    run_for()
    assert statuses("CEB312Message") == ["-301020"]
    assert text in value(first("CEB312Message"), "returnInfo")
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"key_name": "0000000000000001"}, "KeyName 与证书序列号不一致"),
        ({"key_name": "not hex"}, "KeyName 与证书序列号不一致"),
        ({"days": -1}, "证书不在有效期内"),
    ],
)
def test_certificates_are_looked_at(arguments: dict[str, Any], text: str) -> None:
    send(sign(build(inventory()), **arguments))
    run_for()
    assert statuses("CEB622Message") == ["-621029"]
    assert text in value(first("CEB622Message"), "returnInfo")


def test_altered_inventory_has_its_own_code() -> None:
    send(message(inventory()).replace(b"<ceb:totalPrice>188<", b"<ceb:totalPrice>189<"))
    run_for()
    assert statuses("CEB622Message") == ["-621028"]


def test_a_registered_certificate_locks_out_others() -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    _, certificate = declarant.pair(declarant.SERIAL, 365)
    data = {"copCode": "4401W6AGT1", "certificate": certificate.public_bytes(Encoding.PEM).decode()}
    http = Client()
    assert (
        http.post(
            "/sandbox/customs/certificates", json.dumps(data), content_type="application/json"
        ).status_code
        == 200
    )
    send(sign(build(inventory()), serial=0x0300000000099999))
    run_for()
    assert statuses("CEB622Message") == ["-621015"]
    send(message(inventory()))
    run_for(30)
    assert statuses("CEB622Message") == ["-621015", "2"]
