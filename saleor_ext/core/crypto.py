"""Sealing of single values: AES-256-GCM bound to the row, and HMAC blind indexes for look-up.

A sealed token is ``p1.<key name>.<base64url(nonce + ciphertext + tag)>``; ``p2`` says that a long text was deflated
before, since nothing can make it smaller afterwards. The associated data is
``table:column:primary key``, so a token copied to another row or column does not open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import PermanentError
from .keys import KeyRing, current_ring

PLAIN, DEFLATED = "p1", "p2"
#: Bytes from which a text is deflated: messages of several kilobytes become a quarter, names and numbers stay.
DEFLATE_FROM = 1024
NONCE_BYTES = 12
#: A blind index is the first 16 bytes of an HMAC-SHA256, in hex.
INDEX_HEX_DIGITS = 32


class CannotOpen(PermanentError):
    """A sealed value does not open: wrong row, altered, or its key is gone."""

    code = "cannot_open"


def seal(text: str, associated: str, ring: KeyRing | None = None) -> str:
    """Encrypt ``text`` under the active key, bound to ``associated``."""
    ring = ring or current_ring()
    nonce, version, raw = secrets.token_bytes(NONCE_BYTES), PLAIN, text.encode()
    if len(raw) >= DEFLATE_FROM:
        version, raw = DEFLATED, zlib.compress(raw, 1)
    body = AESGCM(ring.keys[ring.active]).encrypt(nonce, raw, associated.encode())
    return f"{version}.{ring.active}.{base64.urlsafe_b64encode(nonce + body).decode()}"


def open_sealed(token: str, associated: str, ring: KeyRing | None = None) -> str:
    """Decrypt a token made by ``seal`` with the same associated data.

    :raises CannotOpen: when the token was altered, moved, or sealed by an unknown key
    """
    ring = ring or current_ring()
    try:
        version, name, encoded = token.split(".", 2)
        raw = base64.urlsafe_b64decode(encoded)
    except ValueError:
        raise CannotOpen("not a sealed value") from None
    if version not in (PLAIN, DEFLATED) or name not in ring.keys:
        raise CannotOpen(f"sealed by a key that is not in the key file ({name})")
    try:
        opened = AESGCM(ring.keys[name]).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], associated.encode())
        return (zlib.decompress(opened) if version == DEFLATED else opened).decode()
    except (InvalidTag, ValueError, zlib.error):  # a stump has not even a nonce
        raise CannotOpen("sealed value was altered or belongs to another row") from None


def key_name(token: str) -> str:
    """Name of the key that sealed a token."""
    return token.split(".", 2)[1]


def blind_index(value: str, purpose: str, ring: KeyRing | None = None) -> str:
    """Return the look-up index of an already normalised value, 32 hex digits.

    ``purpose`` separates the indexes of different columns, so that equal values cannot be joined across them.
    """
    ring = ring or current_ring()
    digest = hmac.new(ring.index, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()
    return digest[:INDEX_HEX_DIGITS]
