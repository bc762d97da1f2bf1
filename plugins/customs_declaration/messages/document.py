"""A message in memory: what building starts from and parsing ends in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from saleor_ext.core.clock import CHINA
from saleor_ext.core.errors import PermanentError

__all__ = ["CHINA", "Document", "MessageData", "MessageError", "make_guid", "number", "read_stamp", "stamp"]

#: One document: node name -> fields (head) or list of fields (lines); or the fields themselves (no wrapper).
Document = dict[str, Any]

_GUID_SPACE = UUID("6f0d3f0a-5c53-5b8e-9c3a-7f2f4b6a9e10")


class MessageError(PermanentError):
    """A message that cannot be read or built. ``code`` tells the kind, the text what is wrong."""

    code = "message"


@dataclass
class MessageData:
    """A message: root attributes, documents in order, and the transfer nodes behind them.

    Values are strings as they stand (or will stand) in the XML. An empty string is an empty
    element, an absent key is an absent element.
    """

    message: str
    guid: str = ""
    version: str = "1.0"
    documents: list[Document] = field(default_factory=list)
    base_transfer: dict[str, str] | None = None
    base_subscribe: list[dict[str, str]] = field(default_factory=list)
    extend_message: dict[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the form that ``ponte customs parse`` prints."""
        return {
            "message": self.message,
            "guid": self.guid,
            "version": self.version,
            "documents": self.documents,
            "BaseTransfer": self.base_transfer,
            "BaseSubscribe": self.base_subscribe,
            "ExtendMessage": self.extend_message,
        }

    @classmethod
    def from_json(cls, data: object) -> MessageData:
        """Read what ``as_json`` made; a missing or misshapen part is a ``MessageError`` that names it.

        A value may be text, or null, which is an absent element; a number is refused, for nobody could tell how
        many places it should be written with.
        """
        top = _object(data, "the file")
        if not isinstance(top.get("message"), str):
            raise MessageError("the file names no message", code="json")
        return cls(
            message=top["message"],
            guid=_text(top.get("guid", ""), "guid"),
            version=_text(top.get("version", "1.0"), "version"),
            documents=[
                _document(one, f"documents[{index}]")
                for index, one in enumerate(_array(top.get("documents"), "documents"))
            ],
            base_transfer=_leaves(top["BaseTransfer"], "BaseTransfer") if top.get("BaseTransfer") else None,
            base_subscribe=[
                _leaves(one, f"BaseSubscribe[{index}]")
                for index, one in enumerate(_array(top.get("BaseSubscribe") or [], "BaseSubscribe"))
            ],
            extend_message=_leaves(top["ExtendMessage"], "ExtendMessage")
            if top.get("ExtendMessage")
            else None,
        )


def _object(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MessageError(f"{place} is no object", code="json")
    return value


def _array(value: object, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise MessageError(f"{place} is no list", code="json")
    return value


def _text(value: object, place: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MessageError(f"{place} must be text, not {type(value).__name__}", code="json")
    return value


def _leaves(value: object, place: str) -> dict[str, str]:
    return {
        name: _text(one, f"{place}/{name}") for name, one in _object(value, place).items() if one is not None
    }


def _document(value: object, place: str) -> Document:
    """Read a document: fields (text), nodes (objects) and lists of nodes."""
    found: Document = {}
    for name, one in _object(value, place).items():
        if isinstance(one, dict):
            found[name] = _leaves(one, f"{place}/{name}")
        elif isinstance(one, list):
            found[name] = [_leaves(row, f"{place}/{name}[{number}]") for number, row in enumerate(one, 1)]
        elif one is not None:
            found[name] = _text(one, f"{place}/{name}")
    return found


def make_guid(*parts: object) -> str:
    """Return the 36-character upper-case identifier that the same parts always give.

    A resend after a crash thereby carries the guid of the first try.
    """
    return str(uuid5(_GUID_SPACE, "\x1f".join(str(part) for part in parts))).upper()


def stamp(moment: datetime, length: int = 14) -> str:
    """Write an instant in China Standard Time as ``YYYYMMDDhhmmss`` (14), its day (8) or with milliseconds (17)."""
    local = moment.astimezone(CHINA)
    if length == 17:
        return local.strftime("%Y%m%d%H%M%S") + f"{local.microsecond // 1000:03d}"
    return local.strftime("%Y%m%d" if length == 8 else "%Y%m%d%H%M%S")


def read_stamp(text: str) -> datetime | None:
    """Read a time of 8, 14 or 17 digits; None when it is no time."""
    digits = text.strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) not in {8, 14, 17}:
        return None
    clock, milliseconds = digits[8:14] or "000000", digits[14:] or "000"
    if clock[:2] == "24":  # ISO 8601 has it as the next day
        return None
    try:
        return datetime.fromisoformat(f"{digits[:8]}T{clock}.{milliseconds}").replace(tzinfo=CHINA)
    except ValueError:
        return None


def number(value: Decimal | int) -> str:
    """Write a number plainly: no exponent, at most 5 places, at least the fen of an amount kept."""
    if isinstance(value, int):
        return str(value)
    text = f"{value:f}"
    if "." not in text:
        return text
    whole, places = text.split(".")
    if len(places) > 5 and places[5:].strip("0"):
        raise MessageError(f"{value} has more than 5 places", code="number")
    places = places[:5].rstrip("0")
    return f"{whole}.{places.ljust(2, '0')}" if places else whole
