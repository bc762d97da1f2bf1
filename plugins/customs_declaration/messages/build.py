"""From a message in memory to the element tree of the schema: names, order and namespace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

from .document import Document, MessageData, MessageError
from .fields import Message, Node
from .tables import BASE_SUBSCRIBE, BASE_TRANSFER, EDITION, EXTEND_MESSAGE, MESSAGES, NAMESPACE, nodes

#: Elements whose text is written as CDATA, as the specification has it.
CDATA = frozenset({"oriBizMessage"})


def build(data: MessageData, edition: str = EDITION) -> etree._Element:
    """Return the root element; the signature, if any, is appended by ``signing.sign``.

    Elements come in the order of the table whatever order they are given in; those the table does not know come
    behind them. An absent value is an absent element, an empty one an empty element.
    """
    message = MESSAGES.get(data.message)
    if message is None:
        raise MessageError(f"{data.message} is not a message of the import set", code="root")
    prefix = "ceb" if message.request else None
    root = etree.Element(_tag(data.message), nsmap={prefix: NAMESPACE})  # type: ignore[dict-item]  # None = default namespace
    for name, value in (("guid", data.guid), ("version", data.version)):
        if value:
            _attribute(root, name, value)
    for document in data.documents:
        _document(root, message, document, edition)
    if data.base_transfer is not None:
        _node(root, BASE_TRANSFER, data.base_transfer)
    for one in data.base_subscribe:
        _node(root, BASE_SUBSCRIBE, one)
    if data.extend_message is not None:
        _extend(root, data.extend_message)
    return root


def to_bytes(root: etree._Element) -> bytes:
    """Serialise as it is sent: UTF-8 with a declaration and no added whitespace (a signature covers it)."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _attribute(root: etree._Element, name: str, value: str) -> None:
    try:
        root.set(name, value)
    except ValueError:
        raise MessageError(f"{name} holds characters that XML does not allow", code="characters") from None


def _document(root: etree._Element, message: Message, document: Document, edition: str) -> None:
    head, lines = nodes(message, edition)
    if not message.wrapper:
        _node(root, head, document)
        return
    parent = etree.SubElement(root, _tag(message.wrapper))
    if not isinstance(document.get(head.name), Mapping):
        raise MessageError(f"a {message.wrapper} needs one {head.name}", code="shape")
    known = [node for node in (head, lines) if node is not None]
    strange = [name for name in document if name not in {node.name for node in known}]
    for node in (*known, *(Node(name, "", ()) for name in strange)):
        for values in _each(document.get(node.name)):
            if isinstance(values, str):
                _leaf(parent, message.wrapper, node.name, values)
            else:
                _node(parent, node, values)


def _each(value: Any) -> list[Any]:
    """Return the occurrences of a node: none, one, or a list of them."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _node(parent: etree._Element, node: Node, values: Mapping[str, object]) -> None:
    element = _element(parent, node.name)
    known = [one.name for one in node.fields]
    for name in [*known, *(other for other in values if other not in node.by_name)]:
        value = values.get(name)
        if value is not None:
            _leaf(element, node.name, name, value)


def _element(parent: etree._Element, name: str) -> etree._Element:
    try:
        return etree.SubElement(parent, _tag(name))
    except ValueError:
        raise MessageError(f"{name[:40]!r} cannot be the name of an element", code="characters") from None


def _leaf(parent: etree._Element, owner: str, name: str, value: object) -> None:
    if not isinstance(value, str):
        raise MessageError(f"{owner}/{name} must be text, not {type(value).__name__}", code="shape")
    element = _element(parent, name)
    try:
        element.text = etree.CDATA(value) if name in CDATA and "]]>" not in value else value
    except ValueError:
        raise MessageError(
            f"{owner}/{name} holds characters that XML does not allow", code="characters"
        ) from None


def _extend(root: etree._Element, values: Mapping[str, str]) -> None:
    element = etree.SubElement(root, _tag(EXTEND_MESSAGE.name))
    for one in EXTEND_MESSAGE.fields:
        value = values.get(one.name)
        if value is None:
            continue
        if one.name == "Message" and any(sign in value for sign in "<&"):
            element.append(_message(value))
        else:
            _leaf(element, EXTEND_MESSAGE.name, one.name, value)


def _message(value: str) -> etree._Element:
    """Return ``Message`` with XML in it; what is no well-formed XML is text."""
    opening = f'<ceb:Message xmlns:ceb="{NAMESPACE}">'
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(f"{opening}{value}</ceb:Message>".encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        element = etree.Element(_tag("Message"), nsmap={"ceb": NAMESPACE})
        try:
            element.text = value
        except ValueError:
            raise MessageError(
                "ExtendMessage/Message holds characters that XML does not allow", code="characters"
            ) from None
        return element
