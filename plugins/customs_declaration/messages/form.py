"""Deviations of form that a message in memory no longer shows: namespace, order, doubles, the missing signature.

``Check`` reads a message part by part and yields every finding: of form, of structure (``check``), of substance
(``rules``). Parts are forgotten as they are done with, so the size of a message does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .check import Remedy, StructureFinding, check_document, check_root, check_transfer
from .document import MessageData
from .fields import Node
from .parse import document_of, take
from .reader import DSIG, Group, Part, Reader
from .rules import Doubles, check_rules
from .tables import EDITION, NAMESPACE, nodes

_BEHIND = ("BaseTransfer", "BaseSubscribe", "ExtendMessage", "Signature")


class Check:
    """The whole check of one message."""

    def __init__(self, reader: Reader, edition: str = EDITION, *, unsigned: bool = False) -> None:
        """``unsigned`` does not ask for the signature, for a message that is still to be signed."""
        self._reader = reader
        self._message = reader.message
        self._edition = edition
        self._unsigned = unsigned
        self._data = MessageData(reader.message.name, reader.guid, reader.version)
        self._count = 0
        self._rank = 0
        self._seen: dict[str, int] = {}
        self._doubles = Doubles(reader.message)
        head, lines = nodes(reader.message, edition)
        self._nodes = {node.name: node for node in (head, lines) if node is not None}

    def findings(self) -> Iterator[StructureFinding]:
        """Yield what is wrong, remarks included, in the order of the message.

        An element that is not in the tables is an error in a request, which customs check against their schema,
        and a remark in a receipt: theirs are known to carry more.
        """
        for finding in self._all():
            grave = finding.code == "unknown" and self._message.request
            yield replace(finding, severity="error") if grave else finding

    def _all(self) -> Iterator[StructureFinding]:
        if self._reader.namespace != NAMESPACE and self._message.request:
            yield _form(None, self._message.name, "namespace", f"the namespace must be {NAMESPACE}")
        for part in self._reader.parts():
            yield from self._place(part)
            if part.name == self._message.document:
                yield from self._document(part)
            elif part.name in _BEHIND:
                take(self._data, part)
            else:
                text = f"{part.name[:80]} does not belong here"
                yield StructureFinding(None, part.name[:120], "unknown", text, "remark", Remedy.OPERATOR)
        yield from check_root(self._message, self._data.guid, self._data.version, self._count)
        yield from check_transfer(self._message, self._data)
        yield from self._singles()

    def _document(self, part: Part) -> Iterator[StructureFinding]:
        index = self._count
        self._count += 1
        if self._message.request:
            yield from self._form_of(index, part)
        document = document_of(self._message, part, complete=False)
        structure = list(check_document(self._message, index, document, self._edition))
        yield from structure
        wrong = {finding.path for finding in structure if finding.severity == "error"}
        yield from (one for one in check_rules(self._message, index, document) if one.path not in wrong)
        yield from self._doubles.of(index, document)

    def _form_of(self, index: int, part: Part) -> Iterator[StructureFinding]:
        if part.namespaces - {NAMESPACE} and self._reader.namespace == NAMESPACE:
            yield _form(index, part.name, "namespace", f"all elements must be of {NAMESPACE}")
        if not self._message.wrapper:
            yield from _order(index, self._message.head, part.group, part.name)
            return
        counts: dict[str, int] = {}
        for group in part.groups:
            number = counts[group.name] = counts.get(group.name, 0) + 1
            node = self._nodes.get(group.name)
            if node is None:
                continue
            many = self._message.lines is not None and group.name == self._message.lines.name
            if not many and number > 1:
                yield _form(index, group.name, "repeated", f"{group.name} stands there more than once")
            if not many and len(counts) > 1:
                yield _form(index, group.name, "order", f"{group.name} must stand before the lines")
            yield from _order(index, node, group, f"{group.name}[{number}]" if many else group.name)

    def _place(self, part: Part) -> Iterator[StructureFinding]:
        """Check the order of the root's children: documents, transfer, subscriptions, extension, signature."""
        self._seen[part.name] = self._seen.get(part.name, 0) + 1
        rank = 0 if part.name == self._message.document else 1
        if part.name in _BEHIND:
            rank = 1 + _BEHIND.index(part.name)
        if part.name == "Signature" and part.namespace != DSIG:
            yield _form(None, "Signature", "namespace", f"the signature must be of {DSIG}")
        if rank < self._rank and self._message.request:
            yield _form(None, part.name, "order", f"{part.name[:80]} stands too late")
        self._rank = max(rank, self._rank)

    def _singles(self) -> Iterator[StructureFinding]:
        for name in ("BaseTransfer", "ExtendMessage", "Signature"):
            if self._seen.get(name, 0) > 1:
                yield _form(None, name, "repeated", f"{name} stands there more than once")
        if self._message.signed and "Signature" not in self._seen and not self._unsigned:
            yield _form(None, "Signature", "missing", f"{self._message.name} must be signed")


def _order(index: int, node: Node, group: Group, path: str) -> Iterator[StructureFinding]:
    """Find elements that stand twice, or behind one that must follow them."""
    for name in dict.fromkeys(group.repeated):
        yield _form(index, f"{path}/{name[:80]}", "repeated", f"{name[:80]} stands there more than once")
    ranks = {one.name: rank for rank, one in enumerate(node.fields)}
    highest, last = -1, ""
    for name in group.fields:
        rank = ranks.get(name)
        if rank is None:
            continue
        if rank < highest:
            yield _form(index, f"{path}/{name}", "order", f"{name} must stand before {last}")
        else:
            highest, last = rank, name


def _form(index: int | None, path: str, code: str, text: str) -> StructureFinding:
    """A fault of form: the program that wrote the message has it, so an operator is asked."""
    return StructureFinding(index, path[:120], code, text, remedy=Remedy.OPERATOR)
