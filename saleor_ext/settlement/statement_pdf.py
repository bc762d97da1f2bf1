"""A statement as PDF (A4 landscape), drawn line by line on a canvas.

Latin texts are in Helvetica, Chinese ones in the standard CID font ``MSung-Light``: neither is in the file, the reader
has them or takes its own. Pages are kept until the end, because each says how many there are.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from .statement_texts import COLUMNS, texts
from .statements import FIGURES, Statement

LATIN, CHINESE, ENCODING = "Helvetica", "MSung-Light", "UniCNS-UCS2-H"
SIZE, HEAD_SIZE = 7, 10
#: Points: the page, its margins, the distance of lines.
WIDTH, HEIGHT = landscape(A4)
MARGIN, LEADING = 30.0, 10.0
TOP, BOTTOM = HEIGHT - 62, 40.0
#: Where each column begins, or ends when it is an amount, in points from the left.
FIELDS = ("day", "order", "kind", *FIGURES, "journal", "reference")
PLACES = dict(zip(FIELDS, (30, 74, 162, 292, 347, 397, 457, 519, 529, 672), strict=True))
#: The most that a text column holds, in points; what is longer ends with a full stop thrice.
ROOM = {"order": 84, "kind": 84, "reference": 140}
#: What ends a string in a PDF, or has a meaning there.
_ESCAPED = str.maketrans({"\\": "\\\\", "(": "\\(", ")": "\\)", "\r": "\\r", "\n": "\\n"})


def write(statement: Statement, language: str, path: Path) -> None:
    """Write a statement.

    :raises ValueError: no such language
    """
    _Pages(statement, language, path).write()


def _is_latin(letter: str) -> bool:
    """Tell whether Helvetica has a letter, in the encoding that files use for it."""
    return letter.isascii() or letter.encode("cp1252", "ignore") != b""


def runs(text: str) -> Iterator[tuple[str, str]]:
    """Yield (font, part) of a text: neighbours of the same font together."""
    if text.isascii():
        if text:
            yield LATIN, text
        return
    if not any(map(_is_latin, text)):
        yield CHINESE, text
        return
    begun = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or _is_latin(text[place]) != _is_latin(text[begun]):
            yield (LATIN if _is_latin(text[begun]) else CHINESE), text[begun:place]
            begun = place


@functools.lru_cache(maxsize=10_000)
def width(text: str, size: float) -> float:
    """Return how wide a text is, in points."""
    return float(sum(pdfmetrics.stringWidth(part, font, size) for font, part in runs(text)))


def fitted(text: str, room: float) -> str:
    """Return a text that fits into some points, shortened if it must be."""
    # No letter is wider than its size.
    if len(text) * SIZE <= room or width(text, SIZE) <= room:
        return text
    while text and width(f"{text}...", SIZE) > room:
        text = text[:-1]
    return f"{text}..."


class _Pages:
    """The pages of one statement."""

    def __init__(self, statement: Statement, language: str, path: Path) -> None:
        self.text = texts(language)
        self.statement = statement
        pdfmetrics.registerFont(_Traditional())
        self.canvas = _Numbered(str(path), self.text["page"])
        self.canvas.setTitle(f"{self.text['statement']} {statement.merchant} {statement.currency}")
        self.y = 0.0
        self.drawn = self.canvas.beginText()
        self.font: tuple[str, float] | None = None

    def write(self) -> None:
        statement, text = self.statement, self.text
        self._begin()
        self._balance(text["opening"], f"{statement.opening:,.2f}")
        for line in statement.lines():
            self._row()
            self._left("day", line.day.isoformat())
            self._left("order", line.order)
            self._left("kind", text.get(line.kind, line.kind))
            for name in FIGURES:
                self._right(name, f"{getattr(line, name):,.2f}")
            self._left("journal", str(line.journal))
            self._left("reference", line.reference)
        for kind, total in sorted(statement.sums.items()):
            self._row()
            self._left("day", text["sum"])
            self._left("kind", text.get(kind, kind))
            self._right("net", f"{total:,.2f}")
        self._balance(text["closing"], f"{statement.closing:,.2f}")
        self._end()
        self.canvas.save()

    def _end(self) -> None:
        self.canvas.drawText(self.drawn)
        self.canvas.showPage()

    def _begin(self) -> None:
        """Begin a page: whose it is, the period, the table's head."""
        statement, text = self.statement, self.text
        # One text object a page, and the font told only when it changes: long statements take a third of the time.
        self.drawn, self.font = self.canvas.beginText(), None
        about = f"{text['statement']} {statement.merchant} {statement.currency}"
        self._put(MARGIN, HEIGHT - 34, about, HEAD_SIZE)
        self._put(MARGIN, HEIGHT - 46, f"{text['period']} {statement.start} - {statement.end}")
        for field, word in zip(FIELDS, COLUMNS, strict=True):
            (self._right if field in FIGURES else self._left)(field, text[word], TOP)
        self.canvas.line(MARGIN, TOP - 3, WIDTH - MARGIN, TOP - 3)
        self.y = TOP - 3

    def _row(self) -> None:
        """Go on to the next line, on the next page when this one is full."""
        if self.y - LEADING < BOTTOM:
            self._end()
            self._begin()
        self.y -= LEADING

    def _balance(self, word: str, figure: str) -> None:
        self._row()
        self._put(MARGIN, self.y, word)
        self._right("balance", figure)

    def _left(self, column: str, text: str, y: float = 0.0) -> None:
        self._put(PLACES[column], y or self.y, fitted(text, ROOM[column]) if column in ROOM else text)

    def _right(self, column: str, text: str, y: float = 0.0) -> None:
        self._put(PLACES[column] - width(text, SIZE), y or self.y, text)

    def _put(self, x: float, y: float, text: str, size: float = SIZE) -> None:
        for font, part in runs(text):
            if self.font != (font, size):
                self.font = font, size
                self.drawn.setFont(font, size)
            if part.isascii():
                # What the library would write, but for its checks of every letter: half of the time.
                self.drawn._code.append(f"1 0 0 1 {x:.2f} {y:.2f} Tm ({part.translate(_ESCAPED)}) Tj")
            else:
                self.drawn.setTextOrigin(x, y)
                self.drawn.textOut(part)
            x += 0 if part is text else pdfmetrics.stringWidth(part, font, size)


class _Traditional(UnicodeCIDFont):  # type: ignore[misc]  # the library has no types
    """The font with the encoding of its own collection, Adobe-CNS1: the library gives it that of simplified Chinese."""

    def __init__(self) -> None:
        super().__init__(CHINESE)
        self.encodingName = ENCODING


class _Numbered(Canvas):  # type: ignore[misc]  # the library has no types
    """A canvas whose pages say "n / N" at their foot, written when all are known."""

    def __init__(self, path: str, word: str) -> None:
        super().__init__(path, pagesize=(WIDTH, HEIGHT), pageCompression=1)
        self._word = word
        self._kept: list[dict[str, object]] = []

    def showPage(self) -> None:  # the library's name
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._kept, start=1):
            self.__dict__.update(page)
            label = f"{self._word} {number} / {len(self._kept)}"
            for font, part, x in _placed(label, WIDTH - MARGIN):
                self.setFont(font, SIZE)
                self.drawString(x, 24, part)
            super().showPage()
        super().save()


def _placed(text: str, end: float) -> Iterator[tuple[str, str, float]]:
    """Yield (font, part, place) of a text that ends at a place."""
    x = end - width(text, SIZE)
    for font, part in runs(text):
        yield font, part, x
        x += pdfmetrics.stringWidth(part, font, SIZE)
