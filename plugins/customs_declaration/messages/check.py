"""Structural check of a message against the field tables: every deviation with its place and who can mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from .codes import code_list
from .document import Document, MessageData, read_stamp
from .fields import Field, Message, Node
from .tables import BASE_SUBSCRIBE, BASE_TRANSFER, EDITION, EXTEND_MESSAGE, MESSAGES, nodes

_DECIMAL = re.compile(r"[+-]?(\d*)(?:\.(\d*))?$")


class Remedy(StrEnum):
    """What a finding asks for."""

    RETRY = "retry"  #: send the same again later
    MEND_DATA = "mend_data"  #: correct a value that is ours and send again
    ASK_BUYER = "ask_buyer"  #: only the buyer can supply or change it
    OPERATOR = "operator"  #: a person looks: configuration, transport, signature
    FINAL = "final"  #: nothing helps


@dataclass(frozen=True, slots=True)
class StructureFinding:
    """A deviation: document number from 0 (None: the root), path, code, text; ``severity`` error or remark."""

    document: int | None
    path: str
    code: str
    message: str
    severity: str = "error"
    remedy: Remedy = Remedy.MEND_DATA

    def as_json(self) -> dict[str, object]:
        """Return the form that ``ponte customs check`` prints."""
        return {
            "document": self.document,
            "path": self.path,
            "code": self.code,
            "message": self.message,
            "class": self.remedy.value,
        }


#: What only the buyer can supply.
_BUYERS = frozenset({"buyerName", "buyerIdNumber", "buyerTelephone", "payerName", "payerIdNumber"})


def check(data: MessageData, edition: str = EDITION) -> list[StructureFinding]:
    """Return all deviations of a message from the tables, in document order."""
    message = MESSAGES[data.message]
    return [
        *check_root(message, data.guid, data.version, len(data.documents)),
        *(
            finding
            for index, document in enumerate(data.documents)
            for finding in check_document(message, index, document, edition)
        ),
        *check_transfer(message, data),
    ]


def check_root(message: Message, guid: str, version: str, count: int) -> Iterator[StructureFinding]:
    """Check the root's attributes and how many documents there are."""
    if len(guid) != 36:
        yield StructureFinding(None, "@guid", "length", f"guid has {len(guid)} characters, not 36")
    if not 1 <= len(version) <= 10:
        yield StructureFinding(None, "@version", "length", "version must have 1 to 10 characters")
    if not count:
        yield StructureFinding(None, message.document, "missing", f"no {message.document}")
    if message.most is not None and count > message.most:
        yield StructureFinding(
            None, message.document, "too_many", f"{count} documents, at most {message.most}"
        )


def check_document(
    message: Message, index: int, document: Document, edition: str = EDITION
) -> Iterator[StructureFinding]:
    """Check one document against the tables of an edition."""
    head, lines = nodes(message, edition)
    if not message.wrapper:
        yield from _node(index, head, document, head.name)
        return
    if not isinstance(document.get(head.name), Mapping):
        yield StructureFinding(index, head.name, "missing", f"no {head.name}")
    else:
        yield from _node(index, head, document[head.name], head.name)
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
    known = {head.name, lines.name if lines else ""}
    yield from (_unknown(index, name, name) for name in document if name not in known)


def check_transfer(message: Message, data: MessageData) -> Iterator[StructureFinding]:
    """Check what stands behind the documents of a request."""
    if not message.request:
        return
    if data.base_transfer is None:
        yield _aside("BaseTransfer", "missing", "BaseTransfer is missing")
    else:
        yield from _operators(_node(None, BASE_TRANSFER, data.base_transfer, "BaseTransfer"))
    if len(data.base_subscribe) > 5:
        yield _aside("BaseSubscribe", "too_many", "at most 5 subscriptions")
    for number, one in enumerate(data.base_subscribe, 1):
        yield from _operators(_node(None, BASE_SUBSCRIBE, one, f"BaseSubscribe[{number}]"))
    if data.extend_message is not None:
        yield from _operators(_node(None, EXTEND_MESSAGE, data.extend_message, "ExtendMessage"))


def _aside(path: str, code: str, text: str) -> StructureFinding:
    """A finding outside the documents: transport is the operator's."""
    return StructureFinding(None, path, code, text, remedy=Remedy.OPERATOR)


def _operators(found: Iterator[StructureFinding]) -> Iterator[StructureFinding]:
    return (replace(one, remedy=Remedy.OPERATOR) for one in found)


def _unknown(index: int | None, path: str, name: str) -> StructureFinding:
    return StructureFinding(index, path, "unknown", f"{name} is not in the table", "remark")


def _node(index: int | None, node: Node, values: Mapping[str, str], path: str) -> Iterator[StructureFinding]:
    for one in node.fields:
        value = values.get(one.name)
        if value is None:
            if one.required:
                yield _finding(index, path, one, "missing", " is missing")
        elif not one.usual(value) and (problem := value_problem(one, value)):
            code, text, severity = problem
            yield _finding(index, path, one, code, f": {text}", severity)
    yield from (_unknown(index, f"{path}/{name}", name) for name in values if name not in node.by_name)


def _finding(
    index: int | None, path: str, one: Field, code: str, text: str, severity: str = "error"
) -> StructureFinding:
    remedy = Remedy.ASK_BUYER if one.name in _BUYERS else Remedy.MEND_DATA
    told = f"{one.label} ({one.name}){text}"
    return StructureFinding(index, f"{path}/{one.name}", code, told, severity, remedy)


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
        return None if read_stamp(value) else ("time", f"{value[:20]!r} is no time", "error")
    if name == "digits":
        return (
            None
            if value.isascii() and value.isdigit()
            else ("digits", f"{value[:20]!r} is not digits", "error")
        )
    known = code_list(name)
    if known is None or value in known.values:
        return None
    if known.closed or not known.plausible(value):
        some = (
            f"none of {', '.join(known.values)}" if len(known.values) <= 20 else f"no code of the list {name}"
        )
        return "code", f"{value[:20]!r} is {some}", "error"
    return "code", f"{value[:20]!r} is not in the list on file", "remark"
