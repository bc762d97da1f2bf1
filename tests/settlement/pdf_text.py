"""The texts of a PDF that our own writer made: each page's strings with font, place and size, read from its streams."""

from __future__ import annotations

import base64
import re
import zlib
from pathlib import Path
from typing import NamedTuple

_STREAM = re.compile(rb"/Length \d+[^>]*>>\s*stream\r?\n(.*?)endstream", re.DOTALL)
_PART = re.compile(
    rb"/(F\d+) [\d.]+ Tf|1 0 0 1 ([-\d.]+) ([-\d.]+) Tm|\((?P<text>(?:\\.|[^\\)])*)\) Tj", re.DOTALL
)
_FONT = re.compile(rb"/BaseFont /([A-Za-z-]+).*?/Name /(F\d+)", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ENDS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


class Text(NamedTuple):
    """One string: the left end and the baseline, in points from the page's lower left."""

    x: float
    y: float
    font: str
    text: str


def pages(path: Path) -> list[list[Text]]:
    """Return the strings of each page, in the order in which they are drawn."""
    content = path.read_bytes()
    fonts = {name.decode(): base.decode() for base, name in _FONT.findall(content)}
    found = []
    for stream in _STREAM.findall(content):
        drawn = zlib.decompress(base64.a85decode(b"<~" + stream.strip(), adobe=True))
        found.append(_texts(drawn, fonts))
    return found


def _texts(drawn: bytes, fonts: dict[str, str]) -> list[Text]:
    found, font, x, y = [], "", 0.0, 0.0
    for part in _PART.finditer(drawn):
        if part.group(1):
            font = fonts[part.group(1).decode()]
        elif part.group(2):
            x, y = float(part.group(2)), float(part.group(3))
        else:
            raw = _ESCAPE.sub(_unescaped, part["text"])
            found.append(Text(x, y, font, raw.decode("utf-16-be" if font.startswith("MSung") else "cp1252")))
    return found


def _unescaped(found: re.Match[bytes]) -> bytes:
    what = found.group(1)
    return bytes([int(what, 8)]) if len(what) == 3 else _ENDS.get(what, what)
