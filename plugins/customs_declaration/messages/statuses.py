"""What receipts say: the state a code means, whether more is to come, the codes within a text.

States come from the code table. A code that it does not have is UNKNOWN: it is recorded and shown, and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import code_table
from .fields import Message

UNKNOWN = "unknown"


def _states(which: str) -> dict[str, str]:
    return {one.code: one.state for one in code_table.codes() if one.set == which and one.state}


#: Return status -> state of the document, and status of a tax bill (CEB816, CEB818) -> state of the bill. What a
#: status means does not change with the day: the texts do.
STATES: Mapping[str, str] = _states("status")
TAX_STATES: Mapping[str, str] = _states("bill")

_SUPPORT = frozenset({"accepted", "reviewed", "rejected"})
_APPLICATION = frozenset({"reviewed", "rejected", "released", "closed"})
_BILL = frozenset({"aggregated", "void"})
#: Receipt -> states after which nothing is awaited that matters.
FINAL: Mapping[str, frozenset[str]] = {
    "CEB312Message": _SUPPORT,
    "CEB412Message": _SUPPORT,
    "CEB512Message": _SUPPORT,
    "CEB514Message": _SUPPORT,
    "CEB622Message": frozenset({"released", "closed", "returned", "rejected"}),
    "CEB624Message": _APPLICATION,
    "CEB626Message": _APPLICATION,
    "CEB712Message": _APPLICATION,
    "CEB816Message": _BILL,
    "CEB818Message": _BILL,
    "CEB900Message": frozenset(),
}

_CODE = re.compile(r"\[?Code:\s*(-?\d+)\s*;\s*Desc:\s*([^\]]*)", re.IGNORECASE)
#: A resident ID number, which some rejections quote.
_ID_NUMBER = re.compile(r"(?<!\d)(\d)\d{16}([\dXx])(?!\d)")


def state_word(status: str, message: str = "") -> str:
    """Return the state a status means in a receipt; negative codes are errors, others off the table UNKNOWN."""
    code = status.strip()
    if message in ("CEB816Message", "CEB818Message"):
        return TAX_STATES.get(code, UNKNOWN)
    if code.startswith("-") and code[1:].isascii() and code[1:].isdigit():
        return "error"
    return STATES.get(code, UNKNOWN)


def codes_of(text: str) -> list[tuple[str, str]]:
    """Return the ``[Code:…;Desc:…]`` pairs of a receipt's text."""
    return [(code, description.strip().rstrip(";")) for code, description in _CODE.findall(text)]


def masked(text: str) -> str:
    """Return text with resident ID numbers masked."""
    return _ID_NUMBER.sub(lambda found: f"{found[1]}{'*' * 16}{found[2]}", text)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one document of a receipt says; ``time`` as it stands there, ``text`` without ID numbers."""

    message: str
    document: int
    key: dict[str, str]
    status: str
    state: str
    final: bool
    time: str
    codes: tuple[str, ...]
    text: str

    def as_json(self) -> dict[str, Any]:
        """Return the form that ``ponte customs receipts`` prints."""
        return {
            "message": self.message,
            "document": self.document,
            "key": self.key,
            "status": self.status,
            "state": self.state,
            "final": self.final,
            "time": self.time,
            "codes": list(self.codes),
            "text": self.text,
        }


def answer_of(message: Message, index: int, document: Mapping[str, Any]) -> Answer:
    """Read document ``index`` (from 0) of a receipt."""
    head: Mapping[str, str] = document.get(message.head.name) or {} if message.wrapper else document
    status = head.get("returnStatus", head.get("status", "")).strip()
    text = head.get("returnInfo", head.get("note", ""))
    state = state_word(status, message.name)
    return Answer(
        message=message.name,
        document=index,
        key={name: head[name] for name in message.keys if head.get(name)},
        status=status,
        state=state,
        final=state in FINAL.get(message.name, ()),
        time=head.get("returnTime", "").strip(),
        codes=tuple(code for code, _description in codes_of(text)),
        text=masked(text),
    )
