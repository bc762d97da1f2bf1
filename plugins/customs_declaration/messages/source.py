"""From untrusted bytes to UTF-8 pieces that are safe to hand to an XML parser; never the whole file at once.

Lenient: UTF-8 with or without mark, UTF-16 with mark, GB2312/GBK/GB18030, declared or not, rightly or wrongly.
Strict: a bound on size, no NUL, and no document type at all, so that there are no entities to expand or to fetch.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from .document import MessageError

#: Receipts are some kilobytes; a hundred documents with a full list of lines stay below this.
MAX_BYTES = 16 * 1024 * 1024
#: What is read at a time. The first element has to begin within the first piece.
PIECE = 64 * 1024

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_DECLARATION = re.compile(r"^\s*<\?xml\b[^>]*\?>")
_BETWEEN = re.compile(r"\s*(?:<!--.*?-->|<\?.*?\?>)", re.DOTALL)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: Declared name -> how it is really read. GB18030 holds GB2312 and GBK. Other names are not believed.
_NAMES = {
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "cp936", "x-gbk", "gb_2312-80", "windows-936"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs"), "big5hkscs"),
    **dict.fromkeys(("iso-8859-1", "latin1", "windows-1252"), "windows-1252"),
}


def pieces(stream: BinaryIO, *, max_bytes: int = MAX_BYTES) -> Iterator[bytes]:
    """Yield a message as UTF-8 without mark and declaration; the stream must be seekable.

    :raises MessageError: ``empty``, ``too_large``, ``encoding``, ``doctype``, ``malformed`` (NUL, no element)
    """
    size = stream.seek(0, 2)
    if size > max_bytes:
        raise MessageError(f"{size} bytes are more than the {max_bytes} allowed", code="too_large")
    start, encoding = _encoding(stream)
    first = True
    for text in _decoded(stream, start, encoding):
        if first:
            text = _DECLARATION.sub("", text, count=1)  # noqa: PLW2901  # what is left of the first piece
            _check_prolog(text)
            first = False
        if "\0" in text:
            raise MessageError("not well-formed XML: it holds NUL bytes", code="malformed")
        yield text.encode()
    if first:
        raise MessageError("the file is empty", code="empty")


def _encoding(stream: BinaryIO) -> tuple[int, str]:
    """Return where the text begins and the encoding that all of it can be read in."""
    stream.seek(0)
    head = stream.read(400)
    for mark, name in _MARKS:
        if head.startswith(mark):
            start, names = len(mark), [name]
            break
    else:
        declared = _DECLARED.match(head)
        name = declared[1].decode("ascii").lower() if declared else "utf-8"
        start, names = 0, list(dict.fromkeys([_NAMES.get(name, "utf-8"), "utf-8", "gb18030"]))
    for name in names:
        try:
            for _text in _decoded(stream, start, name):
                pass
        except UnicodeDecodeError:
            continue
        return start, name
    raise MessageError("the bytes are in none of UTF-8, UTF-16 and GB18030", code="encoding")


def _decoded(stream: BinaryIO, start: int, encoding: str) -> Iterator[str]:
    """Yield the text in pieces, from the first that is more than white space."""
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(start)
    begun = False
    while piece := stream.read(PIECE):
        text = decoder.decode(piece)
        begun = begun or bool(text.strip())
        if begun and text:
            yield text
    if rest := decoder.decode(b"", final=True):
        yield rest


def _check_prolog(text: str) -> None:
    """Refuse a document type before any parser sees it, and whatever hides where it could stand."""
    position = 0
    while found := _BETWEEN.match(text, position):
        position = found.end()
    rest = text[position:].lstrip()
    if rest[:9].upper() == "<!DOCTYPE":
        raise MessageError("a document type declaration is not allowed", code="doctype")
    if not rest or rest.startswith(("<!", "<?")):
        raise MessageError("not well-formed XML: no element where the root should be", code="malformed")
