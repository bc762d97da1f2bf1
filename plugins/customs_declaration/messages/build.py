"""From a message in memory to the element tree of the schema: names, order and namespace."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from .document import Document, MessageData, MessageError
from .fields import Message, Node
from .tables import BASE_SUBSCRIBE, BASE_TRANSFER, EDITION, MESSAGES, NAMESPACE, nodes


def build(data: MessageData, edition: str = EDITION) -> etree._Element:
    """Return the root element; the signature, if any, is appended by ``signing.sign``."""
    message = MESSAGES.get(data.message)
    if message is None:
        raise MessageError(f"{data.message} is not a message of the import set", code="root")
    prefix = "ceb" if message.request else None
    root = etree.Element(_tag(data.message), nsmap={prefix: NAMESPACE})  # type: ignore[dict-item]  # None = default namespace
    root.set("guid", data.guid)
    root.set("version", data.version)
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


def _document(root: etree._Element, message: Message, document: Document, edition: str) -> None:
    head, lines = nodes(message, edition)
    if not message.wrapper:
        _node(root, head, document)
        return
    parent = etree.SubElement(root, _tag(message.wrapper))
    if not isinstance(document.get(head.name), Mapping):
        raise MessageError(f"a {message.wrapper} needs one {head.name}", code="shape")
    _node(parent, head, document[head.name])
    if lines is not None:
        for line in document.get(lines.name, []):
            _node(parent, lines, line)


def _node(parent: etree._Element, node: Node, values: Mapping[str, object]) -> None:
    element = etree.SubElement(parent, _tag(node.name))
    known = [one.name for one in node.fields]
    for name in [*known, *(other for other in values if other not in node.by_name)]:
        value = values.get(name)
        if value is not None:
            _leaf(element, node.name, name, value)


def _leaf(parent: etree._Element, owner: str, name: str, value: object) -> None:
    if not isinstance(value, str):
        raise MessageError(f"{owner}/{name} must be text, not {type(value).__name__}", code="shape")
    try:
        etree.SubElement(parent, _tag(name)).text = value
    except ValueError:
        raise MessageError(
            f"{owner}/{name} holds characters that XML does not allow", code="characters"
        ) from None


def _extend(root: etree._Element, values: Mapping[str, str]) -> None:
    element = etree.SubElement(root, _tag("ExtendMessage"))
    for name in ("name", "version", "Message"):
        child = etree.SubElement(element, _tag(name))
        text = values.get(name) or ""
        if name == "Message" and text.lstrip().startswith("<"):
            child.append(etree.fromstring(text, etree.XMLParser(resolve_entities=False, no_network=True)))
        else:
            child.text = text
