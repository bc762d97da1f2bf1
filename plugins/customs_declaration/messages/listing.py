"""The field tables as people read them: rows for a console or a command, and the page docs/customs-fields.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .codes import code_list
from .fields import Field, Node
from .tables import BASE_SUBSCRIBE, BASE_TRANSFER, EDITION, EDITIONS, EXTEND_MESSAGE, MESSAGES, nodes

_LONG_LIST = 12


def overview() -> list[dict[str, Any]]:
    """Return every message: name, label, nodes, bounds."""
    return [
        {
            "message": message.name,
            "label": message.label,
            "wrapper": message.wrapper or None,
            "nodes": [node.name for node in (message.head, message.lines) if node is not None],
            "documents": message.most,
            "lines": message.most_lines if message.lines else None,
            "signed": message.signed,
        }
        for message in MESSAGES.values()
    ]


def node_named(name: str, edition: str = EDITION) -> Node | None:
    """Return a node as an edition has it; None when there is none of this name."""
    return {node.name: node for node in _all(edition)}.get(name)


def rows(node: Node) -> list[dict[str, Any]]:
    """Return a node's elements in order, one object each."""
    return [
        {
            "element": one.name,
            "label": one.label,
            "type": one.type,
            "required": one.required,
            "fixed": one.fixed or None,
            "codes": one.codes or None,
            "note": one.note or None,
        }
        for one in node.fields
    ]


def markdown() -> str:
    """Return the documentation page of all nodes."""
    parts = [
        "# Elements of the customs messages",
        "",
        "Made by `ponte customs fields --markdown` from `plugins/customs_declaration/messages/tables.py`, edition",
        f"{EDITION}; do not edit. `C36` exactly 36 characters, `C1..60` one to sixty, `C..60` up to sixty,",
        "`N19,5` a decimal of at most 19 digits with at most 5 places, `I9` a whole number of at most 9 digits.",
        "",
        *_editions(),
        "",
        "| message | | document | documents | lines | signed |",
        "|---|---|---|---|---|---|",
    ]
    for message in MESSAGES.values():
        inside = ", ".join(node.name for node in (message.head, message.lines) if node is not None)
        document = f"{message.wrapper}{{{inside}}}" if message.wrapper else inside
        lines = (message.most_lines or "any") if message.lines else ""
        signed = "yes" if message.signed else ""
        parts.append(
            f"| {message.name} | {message.label} | {document} | {message.most or 'any'} | {lines} | {signed} |"
        )
    for node in _all(EDITION):
        parts += [
            "",
            f"## {node.name} {node.label}",
            "",
            "| element | | type | must | values |",
            "|---|---|---|---|---|",
        ]
        parts += [
            f"| {one.name} | {one.label} | `{one.type}` | {'yes' if one.required else ''} | {_values(one)} |"
            for one in node.fields
        ]
    return "\n".join(parts) + "\n"


def _editions() -> Iterator[str]:
    for name, changes in EDITIONS.items():
        if changes:
            told = ", ".join(f"{node}/{element} `{type}`" for (node, element), type in changes.items())
            yield f"Edition {name} differs in: {told}."


def _values(one: Field) -> str:
    parts = [f"`{one.fixed}`"] if one.fixed else []
    known = code_list(one.codes) if one.codes else None
    if known is not None and len(known.values) <= _LONG_LIST:
        parts.append(", ".join(f"`{code}` {name}" for code, name in known.values.items()))
    elif one.codes:
        parts.append(one.codes)
    return "; ".join([*parts, *([one.note] if one.note else [])])


def _all(edition: str) -> list[Node]:
    found: dict[str, Node] = {}
    for message in MESSAGES.values():
        for node in nodes(message, edition):
            if node is not None:
                found[node.name] = node
    for node in (BASE_TRANSFER, BASE_SUBSCRIBE, EXTEND_MESSAGE):
        found[node.name] = node
    return list(found.values())
