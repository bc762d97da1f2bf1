"""A message in memory: what building starts from and parsing ends in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from saleor_ext.core.clock import CHINA
from saleor_ext.core.errors import PermanentError

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
    def from_json(cls, data: dict[str, Any]) -> MessageData:
        """Read what ``as_json`` made; a missing or misshapen part is a ``MessageError``."""
        try:
            return cls(
                message=str(data["message"]),
                guid=str(data.get("guid") or ""),
                version=str(data.get("version") or "1.0"),
                documents=[dict(one) for one in data["documents"]],
                base_transfer=dict(data["BaseTransfer"]) if data.get("BaseTransfer") else None,
                base_subscribe=[dict(one) for one in data.get("BaseSubscribe") or []],
                extend_message=dict(data["ExtendMessage"]) if data.get("ExtendMessage") else None,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MessageError(f"not a message: {error!r}", code="json") from None


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
    month, day, hour, minute, second = (int(digits[at : at + 2] or 0) for at in (4, 6, 8, 10, 12))
    micro = int(digits[14:] or 0) * 1000
    try:
        return datetime(int(digits[:4]), month, day, hour, minute, second, micro, tzinfo=CHINA)
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
