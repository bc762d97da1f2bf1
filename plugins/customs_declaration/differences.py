"""What changed between two versions of a message, field by field, persons masked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .masking import HIDDEN, PERSONAL, shown
from .messages import MESSAGES, parse
from .messages.fields import Node
from .models import CustomsDocument

#: Fields that every version has anew.
ALWAYS_NEW = frozenset({"guid", "appTime", "declTime"})


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs. ``line`` is 0 for the head, else the line's ``gnum``."""

    node: str
    line: int
    element: str
    label: str
    kind: Literal["changed", "added", "removed"]
    before: str
    after: str

    @property
    def expected(self) -> bool:
        """Tell whether the field differs in every version."""
        return self.element in ALWAYS_NEW

    @property
    def hidden(self) -> bool:
        """Tell whether the values may look alike because they are masked."""
        return self.element in PERSONAL and HIDDEN in f"{self.before}{self.after}"


def between(before: CustomsDocument, after: CustomsDocument) -> list[Change]:
    """Return the changes from one version to another of the same kind, head first, lines by number.

    :raises MessageError: a stored message cannot be read
    """
    message = MESSAGES[after.kind]
    (old,), (new,) = (parse(one.body.encode()).documents for one in (before, after))
    found = list(_of_node(message.head, 0, old[message.head.name], new[message.head.name]))
    if message.lines is None:
        return found
    old_lines = _by_number(old.get(message.lines.name, []))
    new_lines = _by_number(new.get(message.lines.name, []))
    for number in sorted(old_lines.keys() | new_lines.keys()):
        found += _of_node(message.lines, number, old_lines.get(number, {}), new_lines.get(number, {}))
    return found


def _by_number(lines: list[Mapping[str, Any]]) -> dict[int, Mapping[str, Any]]:
    """Return lines by ``gnum``, by their place where it is none."""
    return {
        int(line["gnum"]) if str(line.get("gnum", "")).isdigit() else place: line
        for place, line in enumerate(lines, start=1)
    }


def _of_node(node: Node, line: int, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    known = [field.name for field in node.fields]
    others = sorted((old.keys() | new.keys()) - set(known))
    for name in (*known, *others):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        field = node.by_name.get(name)
        yield Change(
            node.name,
            line,
            name,
            field.label if field else name,
            "added" if before is None else "removed" if after is None else "changed",
            shown(name, before or ""),
            shown(name, after or ""),
        )
