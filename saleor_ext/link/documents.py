"""Operation documents: one operation a file, fragments beside them, joined by name when read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

OPERATIONS = Path(__file__).parent / "operations"
SUBSCRIPTIONS = Path(__file__).parent / "graphql"
_SPREAD = re.compile(r"\.\.\.\s*([A-Z]\w*)")
_FRAGMENT = re.compile(r"^fragment\s+(\w+)\s+on\b", re.MULTILINE)


@cache
def operation_text(name: str) -> str:
    """Return a document with the fragments it uses, e.g. ``operation_text("storefront/checkout_create")``."""
    return with_fragments((OPERATIONS / f"{name}.graphql").read_text(encoding="utf-8"))


def with_fragments(text: str) -> str:
    """Append every fragment that a document spreads but does not define itself."""
    known = set(_FRAGMENT.findall(text))
    parts = [text.strip()]
    waiting = [name for name in _SPREAD.findall(text) if name not in known]
    while waiting:
        name = waiting.pop()
        if name in known or name not in fragments():
            continue
        known.add(name)
        parts.append(fragments()[name])
        waiting.extend(_SPREAD.findall(fragments()[name]))
    return "\n\n".join(parts) + "\n"


@cache
def fragments() -> dict[str, str]:
    """Return the shared fragments by name."""
    found: dict[str, str] = {}
    for path in sorted((OPERATIONS / "fragments").glob("*.graphql")):
        for text in re.split(r"(?m)^(?=fragment\s)", path.read_text(encoding="utf-8")):
            if match := _FRAGMENT.match(text):
                found[match.group(1)] = text.strip()
    return found


def all_operations() -> Iterator[tuple[str, str]]:
    """Yield the name and text of every operation of the link."""
    for path in sorted(OPERATIONS.rglob("*.graphql")):
        if path.parent.name != "fragments":
            name = str(path.relative_to(OPERATIONS).with_suffix(""))
            yield name, operation_text(name)
