"""RSA signatures as the wallets' interfaces use them: SHA-256, PKCS#1 v1.5, base64."""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey


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
    """Load a gateway's key; raise ValueError with a readable text for anything else."""
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, TypeError) as error:
        raise ValueError("not a PEM public key") from error
    if not isinstance(key, RSAPublicKey):
        raise ValueError("must be an RSA key")
    return key


def sign(covered: bytes, key: RSAPrivateKey) -> str:
    return base64.b64encode(key.sign(covered, padding.PKCS1v15(), hashes.SHA256())).decode()


def verify(covered: bytes, signature: str, key: RSAPublicKey) -> bool:
    try:
        key.verify(base64.b64decode(signature, validate=True), covered, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
