"""Saleor's webhook signature: a detached RS256 JWS over the raw body (RFC 7515, RFC 7797). Pure: no I/O, no ORM."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from saleor_ext.core.errors import PermanentError

SEPARATOR = ".."
ALGORITHM = "RS256"
#: Smaller keys are not trusted.
MIN_KEY_BITS = 2048


class BadSignature(PermanentError):
    """The signature does not hold.

    ``code`` says how: ``missing``, ``malformed``, ``algorithm``, ``unknown_key`` or ``mismatch``.
    """

    code = "mismatch"


def verify(signature: str, body: bytes, jwks: Mapping[str, Any]) -> None:
    """Check ``Saleor-Signature`` over the body's exact bytes.

    :raises BadSignature: with a code; ``unknown_key`` and ``mismatch`` may be mended by fresh keys
    """
    if not signature:
        raise BadSignature("the request carries no signature", code="missing")
    encoded_header, separator, encoded_signature = signature.partition(SEPARATOR)
    if not separator or not encoded_header or not encoded_signature:
        raise BadSignature("the signature is not a detached JWS", code="malformed")
    header = _header(encoded_header)
    raw = _decode(encoded_signature)
    key = _key(header.get("kid"), jwks)
    signed = encoded_header.encode("ascii") + b"." + body
    try:
        key.verify(raw, signed, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        raise BadSignature("the body does not match the signature", code="mismatch") from None


def _header(encoded: str) -> dict[str, Any]:
    try:
        header = json.loads(_decode(encoded))
    except (ValueError, RecursionError):  # brackets without end are no header either
        header = None
    if not isinstance(header, dict):
        raise BadSignature("the signature's header is not JSON", code="malformed")
    if header.get("alg") != ALGORITHM:
        # Never let the message choose the algorithm: "none" and HMAC with the public key are old tricks.
        raise BadSignature(f"algorithm {header.get('alg')!r} is not accepted", code="algorithm")
    if header.get("b64") is not False or header.get("crit") != ["b64"]:
        raise BadSignature("the signature does not cover the raw body", code="malformed")
    return header


def _decode(text: str, what: str = "the signature") -> bytes:
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise BadSignature(f"{what} is not base64url", code="malformed") from None


def _key(kid: object, jwks: Mapping[str, Any]) -> rsa.RSAPublicKey:
    for key in jwks.get("keys") or ():
        if isinstance(key, Mapping) and kid and key.get("kid") == kid and _signs(key):
            try:
                return public_key(str(key["n"]), str(key["e"]))
            except (KeyError, ValueError, BadSignature) as error:
                raise BadSignature(f"key {kid} cannot be read: {error}", code="unknown_key") from None
    raise BadSignature(f"key {kid!r} is not among the instance's keys", code="unknown_key", kid=repr(kid))


def _signs(key: Mapping[str, Any]) -> bool:
    """Tell whether a key is meant for our kind of signature, as far as it says what it is for."""
    return (
        key.get("kty") == "RSA" and key.get("use", "sig") == "sig" and key.get("alg", ALGORITHM) == ALGORITHM
    )


@lru_cache(maxsize=64)
def public_key(n: str, e: str) -> rsa.RSAPublicKey:
    """Build a public key from its JWK numbers; kept, because building costs more than verifying."""
    modulus = int.from_bytes(_decode(n, "its modulus"), "big")
    if modulus.bit_length() < MIN_KEY_BITS:
        raise ValueError(f"{modulus.bit_length()}-bit key")
    return rsa.RSAPublicNumbers(int.from_bytes(_decode(e, "its exponent"), "big"), modulus).public_key()
