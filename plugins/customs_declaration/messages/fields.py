"""The vocabulary of the field tables: one ``Field`` an element, one ``Node`` a group, one ``Message`` a root.

A type is written as the standard's tables do: ``C36`` exactly 36 characters, ``C1..60`` one to sixty,
``C..60`` up to sixty, ``N19,5`` a decimal of at most 19 digits with at most 5 after the point,
``I9`` a whole number of at most 9 digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

_TEXT = re.compile(r"C(?:(?P<exact>\d+)|(?P<low>\d*)\.\.(?P<high>\d*))$")
_NUMBER = re.compile(r"N(?P<digits>\d+),(?P<fraction>\d+)$")
_WHOLE = re.compile(r"I(?P<digits>\d+)$")


@dataclass(frozen=True)
class Field:
    """An element: name, Chinese label, type, whether it must be there, and the values it may take.

    ``codes`` names a code list (see ``codes.py``); ``fixed`` is the only value allowed.
    """

    name: str
    label: str
    type: str
    required: bool = True
    codes: str = ""
    fixed: str = ""
    note: str = ""

    @property
    def kind(self) -> str:
        """Return C for text, N for a decimal, I for a whole number."""
        return self.type[0]

    @cached_property
    def length(self) -> tuple[int, int | None]:
        """Return least and greatest length in characters (text), or 0 and the most digits (numbers)."""
        if text := _TEXT.match(self.type):
            if text["exact"]:
                return int(text["exact"]), int(text["exact"])
            return int(text["low"] or 0), int(text["high"]) if text["high"] else None
        number = _NUMBER.match(self.type) or _WHOLE.match(self.type)
        if number is None:
            raise ValueError(f"{self.name}: unknown type {self.type!r}")
        return 0, int(number["digits"])

    @cached_property
    def fraction(self) -> int:
        """Return the most digits after the point."""
        number = _NUMBER.match(self.type)
        return int(number["fraction"]) if number else 0

    @cached_property
    def usual(self) -> Callable[[str], object]:
        """Return a quick look at a value: what it finds good is; of the rest only a whole check can tell."""
        if self.codes or self.fixed:
            return lambda value: None
        low, high = self.length
        if self.kind == "C":
            pattern = f".{{{low},{'' if high is None else high}}}"
        elif self.kind == "I":
            pattern = f"[0-9]{{1,{high}}}"
        else:
            pattern = f"[0-9]{{1,{(high or 0) - self.fraction}}}(?:\\.[0-9]{{1,{self.fraction}}})?"
        return re.compile(pattern, re.DOTALL).fullmatch

    @property
    def omit_when_empty(self) -> bool:
        """Tell whether an empty element would itself be an error (exact length, at least one, numbers)."""
        return self.kind != "C" or self.length[0] > 0


@dataclass(frozen=True)
class Node:
    """A group of elements in the order of the schema."""

    name: str
    label: str
    fields: tuple[Field, ...]

    @cached_property
    def by_name(self) -> dict[str, Field]:
        return {one.name: one for one in self.fields}


@dataclass(frozen=True)
class Message:
    """A root element: its documents (``wrapper`` around ``head`` and lines, or ``head`` alone) and bounds.

    Without a wrapper the head element itself is the document. ``most`` None means unbounded.
    """

    name: str
    label: str
    head: Node
    wrapper: str = ""
    lines: Node | None = None
    most: int | None = 100
    most_lines: int | None = 99
    request: bool = False
    signed: bool = False
    keys: tuple[str, ...] = field(default=())

    @property
    def document(self) -> str:
        """Return the element name of one document."""
        return self.wrapper or self.head.name
