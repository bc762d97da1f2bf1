"""What pages show of messages: persons by their first character only."""

from __future__ import annotations

from lxml import etree

from .messages import root_of
from .messages.statuses import masked

#: Elements that name a person, in any message.
PERSONAL = frozenset(
    {
        "buyerName",
        "buyerIdNumber",
        "buyerTelephone",
        "payerName",
        "payerIdNumber",
        "telephone",
        "consignee",
        "consigneeTelephone",
        "consigneeAddress",
        "consigneeIdNumber",
    }
)
HIDDEN = "＊＊"


def shown(element: str, value: str) -> str:
    """Return a value as a page may show it."""
    return value[:1] + HIDDEN if element in PERSONAL and value else value


def masked_xml(body: str) -> str:
    """Return a message indented for reading, persons masked. Its signature does not hold for this form."""
    root = root_of(body.encode())
    for element in root.iter(etree.Element):
        if element.text and element.text.strip():
            name = etree.QName(element).localname
            element.text = shown(name, element.text) if name in PERSONAL else masked(element.text)
    etree.indent(root, space="  ")
    return etree.tostring(root, encoding="unicode")
