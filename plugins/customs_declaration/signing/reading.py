"""Reading a message for signing or checking: nothing that a signature covers may change on the way.

Unlike the reading of receipts this keeps comments and processing instructions; it is as strict about safety.
"""

from __future__ import annotations

from lxml import etree


class NotXml(Exception):
    """The bytes are no XML document that may be signed or checked."""


def message_root(body: bytes) -> etree._Element:
    """Return the root of untrusted bytes; any encoding that the document declares.

    :raises NotXml: for what is not well-formed, or carries a document type
    """
    if not body.strip():
        raise NotXml("the file is empty")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, strip_cdata=True
    )
    # Before the parser sees it: entities of a document type cost time even where they are not resolved.
    if b"<!DOCTYPE" in body[: 64 * 1024].replace(b"\0", b""):
        raise NotXml("a document type declaration is not allowed")
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXml(f"not well-formed XML: {error}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotXml("a document type declaration is not allowed")
    return root
