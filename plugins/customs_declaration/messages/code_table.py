"""The code table: what each status, error and rejection code means, who can mend it, in four languages.

``data/codes.csv`` has a row for each code and the days it is in force, ``data/code_texts.csv`` the texts of each
meaning. A code is known only in its set: ``status`` (returnStatus), ``bill`` (status of a tax bill), ``port``
(negative, of the E-port), ``customs`` (in brackets within a text), ``exchange`` (of the exchange platform).
Codes that are in no set are unknown: recorded and shown, never guessed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path

_DATA = Path(__file__).parent.parent / "data"
#: Languages of the texts, as Django names them, with the columns' names.
LANGUAGES = {"zh-hans": "zh_hans", "zh-hant": "zh_hant", "pt": "pt", "en": "en"}
DEFAULT_LANGUAGE = "zh-hans"


class Kind(StrEnum):
    """Who can do something about a code, the gravest first: of several the first of these counts."""

    FINAL = "final"  #: nothing helps: the order is given up and refunded
    ASK_BUYER = "ask_buyer"  #: only the buyer can
    MEND_DATA = "mend_data"  #: a value of ours is wrong
    OPERATOR = "operator"  #: a person has to look
    RETRY = "retry"  #: the same again may work
    NONE = ""  #: no fault


@dataclass(frozen=True, slots=True)
class Code:
    """A code in force. ``standing``: read in the specification, recalled, or conflicting."""

    set: str
    code: str
    state: str
    kind: Kind
    meaning: str
    standing: str
    since: date
    until: date | None
    source: str
    #: Elements in which the fault may lie and that can be mended here; empty where nobody says or nothing can.
    mends: tuple[str, ...] = ()

    def text(self, language: str) -> str:
        """Return what an operator is told."""
        return _text(self.meaning, language, "")

    def buyer_text(self, language: str) -> str:
        """Return what the buyer is told to do, empty where it is not for the buyer."""
        return _text(self.meaning, language, "buyer_")

    def in_force(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@cache
def codes() -> tuple[Code, ...]:
    """Return every row of the table."""
    with (_DATA / "codes.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Code(
                set=row["set"],
                code=row["code"],
                state=row["state"],
                kind=Kind(row["class"]),
                meaning=row["meaning"],
                standing=row["standing"],
                since=date.fromisoformat(row["from"]),
                until=date.fromisoformat(row["to"]) if row["to"] else None,
                source=row["source"],
                mends=tuple(row["mends"].split()),
            )
            for row in csv.DictReader(file)
        )


@cache
def _by_code() -> Mapping[tuple[str, str], tuple[Code, ...]]:
    found: dict[tuple[str, str], tuple[Code, ...]] = {}
    for one in codes():
        found[one.set, one.code] = (*found.get((one.set, one.code), ()), one)
    return found


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """Return the texts of each meaning by column."""
    with (_DATA / "code_texts.csv").open(encoding="utf-8", newline="") as file:
        return {row["meaning"]: row for row in csv.DictReader(file)}


def _text(meaning: str, language: str, prefix: str) -> str:
    column = LANGUAGES.get(language, LANGUAGES[DEFAULT_LANGUAGE])
    return texts()[meaning][prefix + column]


def find(which: str, code: str, day: date) -> Code | None:
    """Return a code of a set as it is in force on a day; None when it is unknown."""
    return next((one for one in _by_code().get((which, code), ()) if one.in_force(day)), None)


def meanings(status: str, bracketed: Iterable[str], day: date) -> Iterator[tuple[str, Code | None]]:
    """Yield the codes of a receipt with what is known of them: those in its text, else its status.

    A status that is an end by itself counts beside them.
    """
    inside = list(bracketed)
    for code in inside:
        yield code, find("customs", code, day) or find("port", code, day)
    own = find("port", status, day) or find("status", status, day)
    if not inside or (own is not None and own.kind is Kind.FINAL):
        yield status, own


@dataclass(frozen=True, slots=True)
class Verdict:
    """The code that a refusal is judged by; ``known`` None leaves it to a person."""

    code: str
    known: Code | None

    @property
    def kind(self) -> Kind:
        return self.known.kind if self.known and self.known.kind else Kind.OPERATOR


def verdict(status: str, bracketed: Iterable[str], day: date) -> Verdict:
    """Judge a refusal by its gravest code. An unknown one goes before a mere retry: a person has to look."""
    found = [Verdict(code, known) for code, known in meanings(status, bracketed, day)]
    order = list(Kind)
    return min(found, key=lambda one: (order.index(one.kind), one.known is None))
