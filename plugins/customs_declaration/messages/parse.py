"""From bytes to a message in memory: lenient about form, strict about safety.

Lenient: any namespace or none, unknown elements, UTF-8 with or without mark, UTF-16, GB2312/GBK/GB18030.
Strict: a bound on size, no document type at all (so no entities), no network, no huge trees.
"""

from __future__ import annotations

import codecs
import re

from lxml import etree

from .document import Document, MessageData, MessageError
from .fields import Message, Node
from .tables import MESSAGES

#: Receipts are some kilobytes; a hundred documents with a full list of lines stay below this.
MAX_BYTES = 16 * 1024 * 1024

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_DECLARATION = re.compile(r"^\s*<\?xml\b[^>]*\?>")
_BETWEEN = re.compile(r"\s*(?:<!--.*?-->|<\?.*?\?>)", re.DOTALL)
_CHINESE = {"gb2312", "gbk", "gb18030", "cp936", "x-gbk"}


def parse(body: bytes, *, max_bytes: int = MAX_BYTES) -> MessageData:
    """Read a message of the import set; anything else is a ``MessageError`` that says why."""
    return read_message(root_of(body, max_bytes=max_bytes))


def root_of(body: bytes, *, max_bytes: int = MAX_BYTES) -> etree._Element:
    """Return the root element of untrusted bytes."""
    if len(body) > max_bytes:
        raise MessageError(f"{len(body)} bytes are more than the {max_bytes} allowed", code="too_large")
    if not body.strip():
        raise MessageError("the file is empty", code="empty")
    text = decode(body)
    _refuse_doctype(text)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False,
        remove_comments=True, remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    try:
        return etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError, UnicodeEncodeError) as error:
        raise MessageError(f"not well-formed XML: {error}", code="malformed") from None


def decode(body: bytes) -> str:
    """Return the text without its XML declaration, by mark, declaration, or what fits."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if body.startswith(mark):
            return _decoded(body[len(mark) :], [name])
    declared = _DECLARED.match(body[:400])
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    names = ["gb18030", "utf-8"] if name in _CHINESE else [name, "utf-8", "gb18030"]
    return _decoded(body, names)


def _decoded(body: bytes, names: list[str]) -> str:
    for name in names:
        try:
            return _DECLARATION.sub("", body.decode(name), count=1)
        except (UnicodeDecodeError, LookupError):
            continue
    raise MessageError("the bytes are in none of UTF-8, UTF-16 and GB18030", code="encoding")


def _refuse_doctype(text: str) -> None:
    position = 0
    while found := _BETWEEN.match(text, position):
        position = found.end()
    if text[position : position + 200].lstrip().upper().startswith("<!DOCTYPE"):
        raise MessageError("a document type declaration is not allowed", code="doctype")


def local_name(element: etree._Element) -> str:
    """Return the element's name without its namespace."""
    return str(etree.QName(element).localname)


def _elements(parent: etree._Element) -> list[etree._Element]:
    """Return child elements; an entity reference left in the tree is refused."""
    found = []
    for child in parent:
        if child.tag is etree.Entity:
            raise MessageError("entity references are not allowed", code="doctype")
        if isinstance(child.tag, str):
            found.append(child)
    return found


def read_message(root: etree._Element) -> MessageData:
    """Turn an element tree into a message by local names."""
    name = local_name(root)
    message = MESSAGES.get(name)
    if message is None:
        raise MessageError(f"the root element {name[:80]} is no message of the import set", code="root")
    data = MessageData(name, root.get("guid", ""), root.get("version", ""))
    for child in _elements(root):
        _root_child(data, message, child)
    if not data.documents:
        raise MessageError(f"{name} holds no {message.document}", code="empty")
    return data


def _root_child(data: MessageData, message: Message, child: etree._Element) -> None:
    name = local_name(child)
    if name == message.document:
        data.documents.append(_document(message, child))
    elif name == "BaseTransfer":
        data.base_transfer = _leaves(child)
    elif name == "BaseSubscribe":
        data.base_subscribe.append(_leaves(child))
    elif name == "ExtendMessage":
        data.extend_message = {local_name(one): _inner(one) for one in _elements(child)}


def _document(message: Message, element: etree._Element) -> Document:
    if not message.wrapper:
        return dict(_leaves(element))
    document: Document = {}
    for child in _elements(element):
        name = local_name(child)
        if _is_lines(message.lines, name):
            document.setdefault(name, []).append(_leaves(child))
        else:
            document[name] = _leaves(child)
    if message.head.name not in document:
        raise MessageError(f"a {message.wrapper} has no {message.head.name}", code="shape")
    return document


def _is_lines(node: Node | None, name: str) -> bool:
    return node is not None and node.name == name


def _leaves(element: etree._Element) -> dict[str, str]:
    return {
        local_name(child): "".join(str(part) for part in child.itertext()) for child in _elements(element)
    }


def _inner(element: etree._Element) -> str:
    """Return the text of a node that may hold any XML, which is kept as it stands."""
    children = _elements(element)
    if not children:
        return element.text or ""
    return "".join(etree.tostring(child, encoding="unicode", with_tail=False) for child in children)
