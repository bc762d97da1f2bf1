"""Invented messages without a finding, signed by a stand-in where they must be, for tests to bend."""

from __future__ import annotations

from typing import Any

from lxml import etree

from plugins.customs_declaration.messages import MESSAGES, MessageData, build, make_guid, to_bytes

from .examples import example

#: An invented number of an invented person: the region, date and check character of the official samples' form.
ID_NUMBER = "11010519491231002X"
DUMMY_SIGNATURE = (
    '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>'
    '<ds:CanonicalizationMethod Algorithm="urn:a"/><ds:SignatureMethod Algorithm="urn:b"/>'
    '<ds:Reference URI=""><ds:DigestMethod Algorithm="urn:c"/><ds:DigestValue>AA==</ds:DigestValue></ds:Reference>'
    "</ds:SignedInfo><ds:SignatureValue>AA==</ds:SignatureValue></ds:Signature>"
)


def sound(name: str, documents: int = 1) -> MessageData:
    """A message of mode 1210 that has no finding."""
    data = example(name, documents)
    for index, document in enumerate(data.documents):
        message = MESSAGES[name]
        head = document[message.head.name] if message.wrapper else document
        for field in ("guid", "orderNo", "logisticsNo", "copNo", "payTransactionId"):
            if field in head:
                head[field] = make_guid(name, index) if field == "guid" else f"N{index}"
        _head(head)
        if message.lines:
            document[message.lines.name] = [_line(document[message.lines.name][0], at) for at in (1, 2)]
    return data


def _head(head: dict[str, str]) -> None:
    wanted = {
        "buyerIdNumber": ID_NUMBER, "payerIdNumber": ID_NUMBER, "goodsValue": "40", "freight": "5.00",
        "discount": "1", "taxTotal": "3.64", "acturalPaid": "47.64", "tradeMode": "1210", "country": "142",
        "trafNo": "", "voyageNo": "", "billNo": "", "trafMode": "Y", "insuredFee": "0", "netWeight": "0.5",
    }  # fmt: skip
    if "tradeMode" not in head:
        for name in ("trafNo", "voyageNo", "billNo", "trafMode"):
            wanted.pop(name)
    head.update({name: value for name, value in wanted.items() if name in head})


def _line(line: dict[str, str], at: int) -> dict[str, str]:
    wanted = {"gnum": str(at), "qty": "2", "price": "10", "totalPrice": "20.00", "logisticsNo": f"L{at}"}
    return {**line, **{name: value for name, value in wanted.items() if name in line}}


def xml(data: MessageData, *, signed: bool = True) -> bytes:
    root = build(data)
    if signed and MESSAGES[data.message].signed:
        root.append(etree.fromstring(DUMMY_SIGNATURE))
    return to_bytes(root)


def head_of(data: MessageData, index: int = 0) -> dict[str, Any]:
    message = MESSAGES[data.message]
    document = data.documents[index]
    return document[message.head.name] if message.wrapper else document


def lines_of(data: MessageData, index: int = 0) -> list[dict[str, str]]:
    lines = MESSAGES[data.message].lines
    assert lines is not None
    return data.documents[index][lines.name]
