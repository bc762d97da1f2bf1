"""Signatures of Antom's AMS interface, as pure functions.

Both sides sign ``POST <path>\\n<client id>.<time>.<body>`` with RSA and SHA-256 (PKCS#1 v1.5). A request and a
notification carry their time as ``Request-Time``, an answer as ``Response-Time``.
Source: docs.antom.com, "Sign a request and verify the signature"; read 2026-11.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

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


def load_private_key(pem: str) -> RSAPrivateKey:
    """Load the merchant's key; raise ValueError with a readable text for anything else."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ValueError("not an unencrypted PEM private key") from error
    if not isinstance(key, RSAPrivateKey) or key.key_size < 2048:
        raise ValueError("must be an RSA key of at least 2048 bits")
    return key


def load_public_key(pem: str) -> RSAPublicKey:
    """Load Antom's key; raise ValueError with a readable text for anything else."""
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, TypeError) as error:
        raise ValueError("not a PEM public key") from error
    if not isinstance(key, RSAPublicKey):
        raise ValueError("must be an RSA key")
    return key


def message(path: str, client_id: str, time: str, body: bytes) -> bytes:
    """Build what a signature covers; ``path`` without host, ``time`` as in the header."""
    return f"POST {path}\n{client_id}.{time}.".encode() + body


def milliseconds(instant: datetime) -> str:
    return str(int(instant.timestamp() * 1000))


def sign(covered: bytes, key: RSAPrivateKey) -> str:
    return base64.b64encode(key.sign(covered, padding.PKCS1v15(), hashes.SHA256())).decode()


def verify(covered: bytes, signature: str, key: RSAPublicKey) -> bool:
    try:
        key.verify(base64.b64decode(signature, validate=True), covered, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def header(signature: str, key_version: str) -> str:
    """Write the ``Signature`` header."""
    return f"algorithm={ALGORITHM},keyVersion={key_version},signature={quote(signature, safe='')}"
