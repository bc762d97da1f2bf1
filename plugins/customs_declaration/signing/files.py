"""Keys and certificates from files: PEM or DER, RSA or SM2, with or without a password."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from . import pkcs8, sm2
from .der import DerError
from .port import SigningError
from .sm2 import Sm2PrivateKey, Sm2PublicKey

PrivateKey = rsa.RSAPrivateKey | Sm2PrivateKey
PublicKey = rsa.RSAPublicKey | Sm2PublicKey

#: Keys and certificates are some kilobytes; more is not one.
_MOST = 256 * 1024
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----(.*?)-----END \1-----", re.DOTALL)
_HEX = re.compile(rb"[0-9A-Fa-f]{64}")


def read(path: Path) -> bytes:
    """Read a small file.

    :raises SigningError: when it cannot be read
    """
    try:
        with path.open("rb") as stream:
            found = stream.read(_MOST + 1)
    except OSError as error:
        raise SigningError(f"{error.filename}: {error.strerror}") from None
    if len(found) > _MOST:
        raise SigningError(f"{path}: too large for a key or certificate")
    return found


def private_key(raw: bytes, password: str = "") -> PrivateKey:
    """Read a private key: PEM (PKCS#8, PKCS#1, SEC 1), DER PKCS#8, or an SM2 key as 64 hexadecimal digits.

    :raises SigningError: when it is none, is of another kind, or the password does not fit
    """
    try:
        found = _sm2_private(raw, password.encode())
        return found if found is not None else _other_private(raw, password.encode() or None)
    except (ValueError, TypeError, UnsupportedAlgorithm, IndexError) as error:
        raise SigningError(f"key or certificate cannot be read: {error}") from None


def _other_private(raw: bytes, password: bytes | None) -> rsa.RSAPrivateKey:
    load = serialization.load_pem_private_key if _PEM.search(raw) else serialization.load_der_private_key
    found = load(raw, password)
    if not isinstance(found, rsa.RSAPrivateKey):
        raise SigningError("the private key is neither an RSA nor an SM2 key")
    return found


def _sm2_private(raw: bytes, password: bytes) -> Sm2PrivateKey | None:
    """Read an SM2 key; None when the file holds something else."""
    if _HEX.fullmatch(raw.strip()):
        return Sm2PrivateKey(int(raw, 16))
    blocks = _blocks(raw)
    if (block := blocks.get("EC PRIVATE KEY")) is not None:
        return sm2.sec1_key_from(block)
    if (block := blocks.get("ENCRYPTED PRIVATE KEY")) is not None:
        return _sealed_sm2(block, password)
    if (block := blocks.get("PRIVATE KEY")) is not None:
        return sm2.private_key_from(block)
    if blocks or not raw.startswith(b"\x30"):
        return None
    return _sealed_sm2(raw, password) if pkcs8.is_encrypted(raw) else sm2.private_key_from(raw)


def _sealed_sm2(octets: bytes, password: bytes) -> Sm2PrivateKey | None:
    if not password:
        raise ValueError("the key is encrypted and no password was given")
    try:
        return sm2.private_key_from(pkcs8.opened(octets, password))
    except DerError:
        return None  # encrypted in a way that is not used for SM2: left to the library for other keys


def certificate(raw: bytes) -> x509.Certificate:
    """Read a certificate, PEM or DER.

    :raises SigningError: when it is none
    """
    try:
        pem = _PEM.search(raw) is not None
        return x509.load_pem_x509_certificate(raw) if pem else x509.load_der_x509_certificate(raw)
    except ValueError as error:
        raise SigningError(f"key or certificate cannot be read: {error}") from None


def public_key_of(found: x509.Certificate) -> PublicKey:
    """Return the RSA or SM2 key that a certificate certifies.

    :raises SigningError: when it is of another kind
    """
    try:
        ours = sm2.public_key_of(found)
        key = ours if ours is not None else found.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SigningError(f"the certificate's key cannot be read: {error}") from None
    if not isinstance(key, rsa.RSAPublicKey | Sm2PublicKey):
        raise SigningError("the certificate holds neither an RSA nor an SM2 key")
    return key


def public_key_in(raw: bytes) -> PublicKey:
    """Return the key of a certificate file or of a file that holds the bare public key.

    :raises SigningError: when it is neither
    """
    block = _blocks(raw).get("PUBLIC KEY")
    if block is None:
        return public_key_of(certificate(raw))
    try:
        ours = sm2.public_key_from_spki(block)
        key = ours if ours is not None else serialization.load_der_public_key(block)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SigningError(f"the public key cannot be read: {error}") from None
    if not isinstance(key, rsa.RSAPublicKey | Sm2PublicKey):
        raise SigningError("the public key is neither RSA nor SM2")
    return key


def _blocks(raw: bytes) -> dict[str, bytes]:
    """Return the first PEM block of each label that has no headers of its own, decoded."""
    found: dict[str, bytes] = {}
    for label, body in _PEM.findall(raw):
        if b":" not in body:  # "Proc-Type": the old encryption, which is RSA's here
            found.setdefault(label.decode(), base64.b64decode(b"".join(body.split()), validate=True))
    return found


def certificate_der(found: x509.Certificate) -> bytes:
    """Return a certificate as X509Certificate holds it, DER."""
    return found.public_bytes(serialization.Encoding.DER)
