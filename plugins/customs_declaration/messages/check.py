"""Structural check of a message against the field tables: every deviation with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .codes import code_list
from .document import MessageData, read_stamp
from .fields import Field, Message, Node
from .tables import BASE_SUBSCRIBE, BASE_TRANSFER, EDITION, MESSAGES, nodes

_DECIMAL = re.compile(r"[+-]?(\d*)(?:\.(\d*))?$")


@dataclass(frozen=True, slots=True)
class StructureFinding:
    """A deviation: document number from 0 (None: the root), path, code, text; ``severity`` error or remark."""

    document: int | None
    path: str
    code: str
    message: str
    severity: str = "error"


def check(data: MessageData, edition: str = EDITION) -> list[StructureFinding]:
    """Return all deviations of a message from the tables, in document order."""
    message = MESSAGES[data.message]
    return [*_root(data, message), *_documents(data, message, edition), *_transfer(data, message)]


def _root(data: MessageData, message: Message) -> Iterator[StructureFinding]:
    if len(data.guid) != 36:
        yield StructureFinding(None, "@guid", "length", f"guid has {len(data.guid)} characters, not 36")
    if not 1 <= len(data.version) <= 10:
        yield StructureFinding(None, "@version", "length", "version must have 1 to 10 characters")
    if not data.documents:
        yield StructureFinding(None, message.document, "missing", f"no {message.document}")
    if message.most is not None and len(data.documents) > message.most:
        yield StructureFinding(
            None, message.document, "too_many", f"{len(data.documents)} documents, at most {message.most}"
        )


def _documents(data: MessageData, message: Message, edition: str) -> Iterator[StructureFinding]:
    head, lines = nodes(message, edition)
    for index, document in enumerate(data.documents):
        if not message.wrapper:
            yield from _node(index, head, document, head.name)
            continue
        yield from _node(index, head, document.get(head.name) or {}, head.name)
        if lines is not None:
            rows = document.get(lines.name) or []
            if not rows:
                yield StructureFinding(index, lines.name, "missing", f"no {lines.name}")
            if message.most_lines is not None and len(rows) > message.most_lines:
                yield StructureFinding(
                    index, lines.name, "too_many", f"{len(rows)} lines, at most {message.most_lines}"
                )
            for number, row in enumerate(rows, 1):
                yield from _node(index, lines, row, f"{lines.name}[{number}]")


def _transfer(data: MessageData, message: Message) -> Iterator[StructureFinding]:
    if not message.request:
        return
    if data.base_transfer is None:
        yield StructureFinding(None, "BaseTransfer", "missing", "BaseTransfer is missing")
    else:
        yield from _node(None, BASE_TRANSFER, data.base_transfer, "BaseTransfer")
    if len(data.base_subscribe) > 5:
        yield StructureFinding(None, "BaseSubscribe", "too_many", "at most 5 subscriptions")
    for number, one in enumerate(data.base_subscribe, 1):
        yield from _node(None, BASE_SUBSCRIBE, one, f"BaseSubscribe[{number}]")


def _node(index: int | None, node: Node, values: Mapping[str, str], path: str) -> Iterator[StructureFinding]:
    for one in node.fields:
        value = values.get(one.name)
        place = f"{path}/{one.name}"
        if value is None:
            if one.required:
                yield StructureFinding(index, place, "missing", f"{one.label} ({one.name}) is missing")
        elif problem := value_problem(one, value):
            code, text, severity = problem
            yield StructureFinding(index, place, code, f"{one.label} ({one.name}): {text}", severity)
    for name in values:
        if name not in node.by_name:
            yield StructureFinding(
                index, f"{path}/{name}", "unknown", f"{name} is not in the table", "remark"
            )


def value_problem(one: Field, value: str) -> tuple[str, str, str] | None:
    """Return code, text and severity of what is wrong with a value, or None."""
    problem = _text_problem(one, value) if one.kind == "C" else _number_problem(one, value)
    if problem:
        return (*problem, "error")
    if one.fixed and value != one.fixed:
        return "fixed", f"must be {one.fixed}", "error"
    if value and one.codes:
        return _code_problem(one.codes, value)
    return None


def _text_problem(one: Field, value: str) -> tuple[str, str] | None:
    low, high = one.length
    if len(value) < low or (high is not None and len(value) > high):
        wanted = str(low) if low == high else f"{low} to {high}"
        return "length", f"{len(value)} characters, must be {wanted}"
    return None


def _number_problem(one: Field, value: str) -> tuple[str, str] | None:
    if one.kind == "I":
        digits = value.strip().lstrip("+-")
        if not (digits.isascii() and digits.isdigit()) or len(digits) > (one.length[1] or 0):
            return "number", f"{value[:30]!r} is not a whole number of at most {one.length[1]} digits"
        return None
    found = _DECIMAL.match(value.strip())
    whole, places = (found[1], found[2] or "") if found else ("", "")
    if not (whole or places) or not value.isascii():
        return "number", f"{value[:30]!r} is not a decimal"
    places = places.rstrip("0")
    if len(places) > one.fraction or len(whole.lstrip("0")) + len(places) > (one.length[1] or 0):
        return "number", f"more than {one.length[1]} digits or {one.fraction} places"
    return None


def _code_problem(name: str, value: str) -> tuple[str, str, str] | None:
    if name == "time":
        return None if read_stamp(value) else ("time", f"{value!r} is no time", "error")
    if name == "digits":
        return (
            None if value.isascii() and value.isdigit() else ("digits", f"{value!r} is not digits", "error")
        )
    known = code_list(name)
    if known is None or value in known.values:
        return None
    if known.closed:
        return "code", f"{value!r} is none of {', '.join(known.values)}", "error"
    return "code", f"{value!r} is not in the list on file", "remark"
