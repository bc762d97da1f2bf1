"""Does a signature value hold? For messages from outside, and for trying a signer out."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from . import files
from .port import Signer, SigningError
from .sm2 import DEFAULT_ID
from .soft import RSA_HASHES, signature_hash
from .suites import HashName

_PROBE = b"ponte: is the key there and does it fit the certificate?"


def kind_of(key: files.PublicKey) -> str:
    return "RSA" if isinstance(key, rsa.RSAPublicKey) else "SM2"


def holds(
    key: files.PublicKey, hash_name: HashName, value: bytes, octets: bytes, identity: bytes = DEFAULT_ID
) -> bool:
    """Tell whether a value is the signature of octets by a key; an RSA key with SM3 never is."""
    if not isinstance(key, rsa.RSAPublicKey):
        return hash_name == "sm3" and key.verify(value, octets, identity)
    if hash_name not in RSA_HASHES:
        return False
    try:
        key.verify(value, octets, padding.PKCS1v15(), RSA_HASHES[hash_name]())
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def probe(signer: Signer, identity: bytes = DEFAULT_ID) -> None:
    """Have a few bytes signed and check the value with the certificate.

    :raises SigningError: when nothing is signed, or by another key than the certificate's
    """
    key = files.public_key_of(files.certificate(signer.certificate))
    hash_name = signature_hash(signer.algorithms.signature, "rsa" if kind_of(key) == "RSA" else "sm2")
    if not holds(key, hash_name, signer.sign(_PROBE), _PROBE, identity):
        raise SigningError("the key signs, but not as its certificate says: they do not belong together")
