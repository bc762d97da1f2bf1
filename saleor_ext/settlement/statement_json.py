"""A merchant's statement as JSON, written line by line: a long one is never whole in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .statements import FIGURES, Line, Statement


def write(statement: Statement, _language: str, path: Path) -> None:
    """Write a statement: an object that opens with the period, then ``lines``, ``sums`` and ``closing``.

    Its words are the same in every language.
    """
    with path.open("w", encoding="utf-8") as file:
        file.writelines(chunks(statement))


def chunks(statement: Statement) -> Iterator[str]:
    """Yield the text of a statement, a line of it at a time.

    :raises Changed: after the lines, when the closing balance is not the ledger's
    """
    opening = {
        "merchant": statement.merchant,
        "currency": statement.currency,
        "from": statement.start.isoformat(),
        "to": statement.end.isoformat(),
        "opening": f"{statement.opening:.2f}",
    }
    yield _text(opening)[:-1] + ', "lines": ['
    between = ""
    for line in statement.lines():
        yield between + _text(_line(line))
        between = ",\n"
    closing = {
        "sums": {kind: f"{total:.2f}" for kind, total in sorted(statement.sums.items())},
        "closing": f"{statement.closing:.2f}",
    }
    yield "], " + _text(closing)[1:] + "\n"


def _line(line: Line) -> dict[str, Any]:
    return {
        "day": line.day.isoformat(),
        "order": line.order,
        "kind": line.kind,
        **{name: f"{getattr(line, name):.2f}" for name in FIGURES},
        "journal": str(line.journal),
        "reference": line.reference,
    }


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
