"""From bytes to a message in memory: lenient about form, strict about safety (see ``source`` and ``reader``)."""

from __future__ import annotations

import io
from collections.abc import Iterator

from lxml import etree

from .document import Document, MessageData, MessageError
from .fields import Message
from .reader import Part, Reader, open_bytes
from .source import MAX_BYTES, pieces

__all__ = ["MAX_BYTES", "collect", "document_of", "parse", "root_of", "take"]


def parse(body: bytes, *, max_bytes: int = MAX_BYTES) -> MessageData:
    """Read a message of the import set, also out of its envelope; anything else is a ``MessageError``."""
    reader = open_bytes(body, max_bytes=max_bytes)
    data = collect(reader)
    if not data.documents:
        raise MessageError(f"{data.message} holds no {reader.message.document}", code="empty")
    return data


def collect(reader: Reader) -> MessageData:
    """Return all of a message that is being read."""
    data = MessageData(reader.message.name, reader.guid, reader.version)
    data.documents.extend(documents(reader, data))
    return data


def documents(reader: Reader, data: MessageData, *, complete: bool = True) -> Iterator[Document]:
    """Yield the documents of a message and put what stands behind them into ``data``.

    ``complete`` refuses a document without its head.
    """
    for part in reader.parts():
        if part.name == reader.message.document:
            yield document_of(reader.message, part, complete=complete)
        else:
            take(data, part)


def take(data: MessageData, part: Part) -> None:
    """Put a part that is no document where it belongs; unknown ones and signatures are left out."""
    if part.name == "BaseTransfer":
        data.base_transfer = part.group.fields
    elif part.name == "BaseSubscribe":
        data.base_subscribe.append(part.group.fields)
    elif part.name == "ExtendMessage":
        data.extend_message = part.group.fields


def document_of(message: Message, part: Part, *, complete: bool = True) -> Document:
    """Return a part as a document: its own fields, or its nodes where it is a wrapper."""
    if not message.wrapper:
        return dict(part.group.fields)
    document: Document = {}
    lines = message.lines.name if message.lines else ""
    for group in part.groups:
        value = group.text if group.text and not group.fields else group.fields
        if group.name == lines:
            document.setdefault(lines, []).append(group.fields)
        elif group.name == message.head.name:
            document[group.name] = group.fields
        else:
            document[group.name] = value
    if complete and message.head.name not in document:
        raise MessageError(f"a {message.wrapper} has no {message.head.name}", code="shape")
    return document


def root_of(body: bytes, *, max_bytes: int = MAX_BYTES) -> etree._Element:
    """Return the root element of untrusted bytes with the whole tree, as a signature check needs it.

    An envelope is not opened. Use ``parse`` or ``Reader`` where the tree itself is not needed.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False,
        remove_comments=True, remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    try:
        for piece in pieces(io.BytesIO(body), max_bytes=max_bytes):
            parser.feed(piece)
        return parser.close()
    except etree.XMLSyntaxError as error:
        raise MessageError(f"not well-formed XML: {error}", code="malformed") from None
