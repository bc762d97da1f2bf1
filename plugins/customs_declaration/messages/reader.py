"""Reads a message of any size part by part: what is done with one document is forgotten before the next is read.

A part is a child of the root: a document, BaseTransfer, BaseSubscribe, ExtendMessage, a signature, or something
unknown. Names are local names; namespaces are only noted. Memory is bounded by the largest single part.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from lxml import etree

from .document import MessageError
from .envelopes import ENVELOPES, Envelope, opened
from .fields import Message
from .source import MAX_BYTES, pieces
from .tables import MESSAGES, NODES

DSIG = "http://www.w3.org/2000/09/xmldsig#"
#: Envelopes within envelopes.
MAX_ENVELOPES = 3
#: Elements within elements; messages have four levels, what an ExtendMessage carries may have more.
MAX_DEPTH = 64
#: Elements waiting to be taken out of the tree: those of one node, or of all of an ExtendMessage.
MAX_PENDING = 50_000

_Events = Iterator[tuple[str, etree._Element]]

#: Element names are written once in memory, however often they occur.
_KNOWN = {name: name for node in NODES.values() for name in (node.name, *node.by_name)}
#: So are short values, of which most are codes and zeroes.
_SHORT, _SHORTS = 40, 4096


@dataclass(slots=True)
class Group:
    """An element with leaves: local name, leaves in their order, and the names that came more than once."""

    name: str
    fields: dict[str, str] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()
    text: str = ""


@dataclass(slots=True)
class Part:
    """A child of the root; ``groups`` holds its head and lines where it is a wrapper."""

    group: Group
    namespace: str
    namespaces: frozenset[str]
    groups: list[Group] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.group.name


class Reader:
    """A message opened for reading: what its root says, then its parts, once.

    :raises MessageError: from the constructor or while parts are read, when the message cannot be read
    """

    def __init__(self, stream: BinaryIO, *, max_bytes: int = MAX_BYTES) -> None:
        self.envelopes: tuple[Envelope, ...] = ()
        self._tree = _Tree(stream, max_bytes)
        while self._tree.name in ENVELOPES:
            if len(self.envelopes) == MAX_ENVELOPES:
                raise MessageError(f"more than {MAX_ENVELOPES} envelopes in each other", code="envelope")
            envelope, body = opened(self._tree.whole())
            self.envelopes = (*self.envelopes, envelope)
            self._tree = _Tree(io.BytesIO(body), max_bytes)
            del body
        self.message = _message_of(self._tree.name)
        self.namespace = self._tree.namespace
        attributes = {_split(str(name))[1]: str(value) for name, value in self._tree.root.attrib.items()}
        self.guid, self.version = attributes.get("guid", ""), attributes.get("version", "")

    def parts(self) -> Iterator[Part]:
        """Yield the children of the root in order."""
        return self._tree.parts(self.message)


def open_bytes(body: bytes, *, max_bytes: int = MAX_BYTES) -> Reader:
    """Return a reader of bytes in memory."""
    return Reader(io.BytesIO(body), max_bytes=max_bytes)


def _message_of(name: str) -> Message:
    message = MESSAGES.get(name)
    if message is None:
        raise MessageError(f"the root element {name[:80]} is no message of the import set", code="root")
    return message


class _Tree:
    """An XML document being parsed; the elements that are done with are removed from it."""

    def __init__(self, stream: BinaryIO, max_bytes: int) -> None:
        self._parser = etree.XMLPullParser(
            events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False,
            remove_comments=True, remove_pis=True, huge_tree=True, encoding="utf-8",
        )  # fmt: skip
        self._events = self._event_stream(pieces(stream, max_bytes=max_bytes))
        self._short: dict[str, str] = {}
        _event, self.root = next(self._events)
        self.namespace, self.name = _split(self.root.tag)

    def _event_stream(self, source: Iterator[bytes]) -> _Events:
        """Yield start and end of every element, but the end of the root only when all of the file is well-formed."""
        try:
            for piece in source:
                self._parser.feed(piece)
                yield from cast(_Events, self._parser.read_events())
            self._parser.close()
            yield from cast(_Events, self._parser.read_events())
        except etree.XMLSyntaxError as error:
            raise MessageError(f"not well-formed XML: {_reason(error)}", code="malformed") from None

    def whole(self) -> etree._Element:
        """Read to the end and return the root with everything in it, within the bound on elements."""
        count = 0
        for event, _element in self._events:
            count += event == "start"
            if count > MAX_PENDING:
                raise MessageError("the envelope holds too many elements", code="envelope")
        return self.root

    def parts(self, message: Message) -> Iterator[Part]:
        depth, pending, groups, namespaces = 1, 0, [], set[str]()
        wrapped = False
        for event, element in self._events:
            if event == "start":
                depth, pending = depth + 1, pending + 1
                if depth > MAX_DEPTH or pending > MAX_PENDING:
                    raise MessageError("too many elements within one element", code="too_many_elements")
                if depth == 2:
                    wrapped = bool(message.wrapper) and _split(element.tag)[1] == message.wrapper
                continue
            depth -= 1
            if depth == 2 and wrapped:
                groups.append(self._group(element, namespaces))
                _forget(element)
                pending = 0
            elif depth == 1:
                yield self._part(element, groups, namespaces)
                _forget(element)
                pending, groups, namespaces = 0, [], set()

    def _part(self, element: etree._Element, groups: list[Group], namespaces: set[str]) -> Part:
        namespace, name = _split(element.tag)
        if namespace == DSIG:
            return Part(Group(name), namespace, frozenset())
        if name == "ExtendMessage":
            return Part(Group(name, _extension(element)), namespace, frozenset({namespace}))
        group = Group(_KNOWN.get(name, name)) if groups else self._group(element, namespaces)
        return Part(group, namespace, frozenset(namespaces | {namespace}), groups)

    def _group(self, element: etree._Element, namespaces: set[str]) -> Group:
        namespace, name = _split(element.tag)
        namespaces.add(namespace)
        group = Group(_KNOWN.get(name, name))
        for child in element:
            namespace, name = _split(child.tag)
            namespaces.add(namespace)
            name = _KNOWN.get(name, name)
            if name in group.fields:
                group.repeated = (*group.repeated, name)
            group.fields[name] = self._value(inner(child) if len(child) else child.text or "")
        if not group.fields:
            group.text = (element.text or "").strip()
        return group

    def _value(self, text: str) -> str:
        if len(text) > _SHORT or len(self._short) >= _SHORTS:
            return self._short.get(text, text)
        return self._short.setdefault(text, text)


def _extension(element: etree._Element) -> dict[str, str]:
    """Return name and version as text, and of ``Message`` the XML within it as it stands."""
    named = {_split(one.tag)[1]: one for one in element}
    return {name: inner(one) if name == "Message" else one.text or "" for name, one in named.items()}


def inner(element: etree._Element) -> str:
    """Return what stands within an element, as XML: text escaped, elements with the namespaces they need."""
    if not len(element) and not any(one in (element.text or "") for one in "<>&"):
        return element.text or ""
    shell = etree.Element("x")
    shell.text = element.text
    start = etree.tostring(shell, encoding="unicode")[3:-4] if element.text else ""
    return start + "".join(etree.tostring(child, encoding="unicode") for child in element)


def _split(tag: object) -> tuple[str, str]:
    """Return namespace and local name; an entity reference left in the tree is refused."""
    if not isinstance(tag, str):
        raise MessageError("entity references are not allowed", code="doctype")
    namespace, _brace, name = tag.rpartition("}")
    return namespace[1:], name


def _forget(element: etree._Element) -> None:
    """Empty an element that is done with, and remove those before it; the parser may still stand behind it."""
    element.clear(keep_tail=True)  # type: ignore[call-arg]  # the stubs do not know it
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _reason(error: etree.XMLSyntaxError) -> str:
    return str(error).partition("\n")[0][:200] or "the document ends too early"
