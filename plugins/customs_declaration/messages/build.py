"""From a message in memory to the XML of the schema: names, order and namespace.

The text is written directly: a tree of elements, made one by one, took three times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from .document import Document, MessageData, MessageError
from .fields import Message, Node
from .tables import BASE_SUBSCRIBE, BASE_TRANSFER, EDITION, EXTEND_MESSAGE, MESSAGES, NAMESPACE, nodes

#: Elements whose text is written as CDATA, as the specification has it.
CDATA = frozenset({"oriBizMessage"})
#: How a message begins; the same as ``to_bytes`` writes.
DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>\n"
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


def build(data: MessageData, edition: str = EDITION) -> etree._Element:
    """Return the root element of what ``write`` writes; the signature, if any, is appended by ``signing.sign``."""
    parser = etree.XMLParser(strip_cdata=False, resolve_entities=False, no_network=True, huge_tree=True)
    return etree.fromstring(write(data, edition).encode(), parser)


def to_bytes(root: etree._Element) -> bytes:
    """Serialise as it is sent: UTF-8 with a declaration and no added whitespace (a signature covers it)."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def write(data: MessageData, edition: str = EDITION) -> str:
    """Return an unsigned message as text, declaration included.

    Elements come in the order of the table whatever order they are given in; those the table does not know come
    behind them. An absent value is an absent element, an empty one an empty element.
    """
    message = MESSAGES.get(data.message)
    if message is None:
        raise MessageError(f"{data.message} is not a message of the import set", code="root")
    return DECLARATION + "".join(_message(message, data, edition))


def _message(message: Message, data: MessageData, edition: str) -> Iterator[str]:
    prefix, names = ("ceb:", "xmlns:ceb") if message.request else ("", "xmlns")
    yield f'<{prefix}{message.name} {names}="{NAMESPACE}"'
    for name, value in (("guid", data.guid), ("version", data.version)):
        if value:
            _allowed(name, value)
            yield f' {name}="{value.translate(_ATTRIBUTE)}"'
    yield ">"
    for document in data.documents:
        yield from _document(prefix, message, document, edition)
    if data.base_transfer is not None:
        yield _node(prefix, BASE_TRANSFER, data.base_transfer)
    for one in data.base_subscribe:
        yield _node(prefix, BASE_SUBSCRIBE, one)
    if data.extend_message is not None:
        yield from _extend(prefix, data.extend_message)
    yield f"</{prefix}{message.name}>"


def _document(prefix: str, message: Message, document: Document, edition: str) -> Iterator[str]:
    head, lines = nodes(message, edition)
    if not message.wrapper:
        yield _node(prefix, head, document)
        return
    if not isinstance(document.get(head.name), Mapping):
        raise MessageError(f"a {message.wrapper} needs one {head.name}", code="shape")
    yield f"<{prefix}{message.wrapper}>"
    known = [node for node in (head, lines) if node is not None]
    strange = [name for name in document if name not in {node.name for node in known}]
    for node in (*known, *(Node(name, "", ()) for name in strange)):
        for values in _each(document.get(node.name)):
            if isinstance(values, str):
                yield _leaf(prefix, message.wrapper, _named(node.name), values)
            else:
                yield _node(prefix, node, values)
    yield f"</{prefix}{message.wrapper}>"


def _each(value: Any) -> list[Any]:
    """Return the occurrences of a node: none, one, or a list of them."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _node(prefix: str, node: Node, values: Mapping[str, object]) -> str:
    name = node.name if node.fields else _named(node.name)
    leaves = [
        _leaf(prefix, name, field.name, value)
        for field in node.fields
        if (value := values.get(field.name)) is not None
    ]
    leaves += [
        _leaf(prefix, name, _named(other), value)
        for other, value in values.items()
        if other not in node.by_name and value is not None
    ]
    return f"<{prefix}{name}>{''.join(leaves)}</{prefix}{name}>"


def _named(name: str) -> str:
    """Return a name that is not the table's, when an element can have it."""
    try:
        etree.QName(NAMESPACE, name)
    except ValueError:
        raise MessageError(f"{name[:40]!r} cannot be the name of an element", code="characters") from None
    return name


def _leaf(prefix: str, owner: str, name: str, value: object) -> str:
    if not isinstance(value, str):
        raise MessageError(f"{owner}/{name} must be text, not {type(value).__name__}", code="shape")
    # Nearly all values are printable and need no second look.
    if not value.isprintable():
        _allowed(f"{owner}/{name}", value)
        text = value.translate(_TEXT)
    elif "&" in value or "<" in value or ">" in value:
        text = value.translate(_TEXT)
    else:
        text = value
    if name in CDATA and value and "]]>" not in value:
        text = f"<![CDATA[{value}]]>"
    return f"<{prefix}{name}>{text}</{prefix}{name}>"


def _allowed(place: str, value: str) -> None:
    if _FORBIDDEN.search(value):
        raise MessageError(f"{place} holds characters that XML does not allow", code="characters")


def _extend(prefix: str, values: Mapping[str, str]) -> Iterator[str]:
    yield f"<{prefix}{EXTEND_MESSAGE.name}>"
    for one in EXTEND_MESSAGE.fields:
        value = values.get(one.name)
        if value is None:
            continue
        if one.name == "Message" and any(sign in value for sign in "<&") and _is_xml(value):
            # What stands in it unprefixed is in no namespace, whatever the message's own is.
            yield f'<ceb:Message xmlns:ceb="{NAMESPACE}" xmlns="">{value}</ceb:Message>'
        else:
            yield _leaf(prefix, EXTEND_MESSAGE.name, one.name, value)
    yield f"</{prefix}{EXTEND_MESSAGE.name}>"


def _is_xml(value: str) -> bool:
    """Tell whether ``Message`` has XML in it; what is not well-formed is text."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        etree.fromstring(f'<ceb:Message xmlns:ceb="{NAMESPACE}">{value}</ceb:Message>'.encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return False
    return True
