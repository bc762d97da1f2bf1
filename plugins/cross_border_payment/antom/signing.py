"""Signatures of Antom's AMS interface, as pure functions.

Both sides sign ``POST <path>\\n<client id>.<time>.<body>`` with RSA and SHA-256 (PKCS#1 v1.5). A request and a
notification carry their time as ``Request-Time``, an answer as ``Response-Time``.
Source: docs.antom.com, "Sign a request and verify the signature"; read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote

ALGORITHM = "RSA256"
_MILLISECONDS = re.compile(r"[0-9]{12,14}")


@dataclass(frozen=True, slots=True)
class Stamp:
    """The headers that prove who sent a message and when."""

    client_id: str
    time: str
    signature: str

    @classmethod
    def read(cls, headers: Mapping[str, str], *, answer: bool = False) -> Stamp | None:
        """Return the stamp, or None if a part is missing or the algorithm is another one."""
        lower = {name.lower(): value for name, value in headers.items()}
        fields = dict(
            part.strip().partition("=")[::2] for part in lower.get("signature", "").split(",") if "=" in part
        )
        if fields.get("algorithm") != ALGORITHM:
            return None
        time = lower.get("response-time" if answer else "request-time", "")
        values = lower.get("client-id", ""), time, unquote(fields.get("signature", ""))
        return cls(*values) if all(values) else None

    @property
    def moment(self) -> datetime | None:
        """Return the instant: Antom writes milliseconds or ISO 8601 with an offset."""
        try:
            if _MILLISECONDS.fullmatch(self.time):
                return datetime.fromtimestamp(int(self.time) / 1000, UTC)
            parsed = datetime.fromisoformat(self.time)
        except (OverflowError, ValueError, OSError):
            return None
        return parsed if parsed.tzinfo else None


def message(path: str, client_id: str, time: str, body: bytes) -> bytes:
    """Build what a signature covers; ``path`` without host, ``time`` as in the header."""
    return f"POST {path}\n{client_id}.{time}.".encode() + body


def milliseconds(instant: datetime) -> str:
    return str(int(instant.timestamp() * 1000))


def header(signature: str, key_version: str) -> str:
    """Write the ``Signature`` header."""
    return f"algorithm={ALGORITHM},keyVersion={key_version},signature={quote(signature, safe='')}"
