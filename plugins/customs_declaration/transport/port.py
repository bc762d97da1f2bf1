"""What a transport must do. Every operation may be repeated after a crash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Incoming:
    """A receipt file that waits: ``name`` identifies it at the transport until it is taken or refused."""

    name: str
    body: bytes


class Transport(Protocol):
    """Carries message files to the port and receipt files back."""

    def send(self, name: str, body: bytes) -> None:
        """Hand a message over; the same name again is the same message again.

        ``name`` is made by :func:`file_name`.

        :raises TransientError: when trying later may help
        :raises PutOff: when the way is full
        """

    def receive(self, limit: int = 100) -> Iterator[Incoming]:
        """Yield waiting receipts, oldest first; each stays until it is taken or refused."""

    def take(self, name: str) -> None:
        """Put a receipt that is safely stored out of the way."""

    def refuse(self, name: str, reason: str) -> None:
        """Put a receipt that cannot be read aside, with the reason."""

    def problems(self) -> list[str]:
        """Return what stands in the way of working, in words; empty when all is well."""


def file_name(kind: str, guid: str) -> str:
    """Return the name under which a message is handed over, the same for every send."""
    return f"{kind}_{guid}.xml"


def parts_of(name: str) -> tuple[str, str]:
    """Return kind and guid of a name made by :func:`file_name`; any other name is its own guid."""
    kind, _, guid = name.removesuffix(".xml").rpartition("_")
    return kind, guid
