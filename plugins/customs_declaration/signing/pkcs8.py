"""Opening encrypted PKCS#8 keys of SM2: PBES2 with PBKDF2 (RFC 8018), with AES or with SM4.

OpenSSL writes AES-CBC under HMAC-SHA-256, GmSSL SM4-CBC under HMAC-SM3. Keys of other kinds are opened by
``cryptography`` itself, which does not know SM2's curve.
"""

from __future__ import annotations

from typing import TypeVar

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from .der import OCTETS, OID, SEQUENCE, DerError, Element, single

T = TypeVar("T")

_PBES2, _PBKDF2 = "1.2.840.113549.1.5.13", "1.2.840.113549.1.5.12"
_HMAC_SHA1 = "1.2.840.113549.2.7"
_PRFS: dict[str, type[hashes.HashAlgorithm]] = {
    _HMAC_SHA1: hashes.SHA1,
    "1.2.840.113549.2.9": hashes.SHA256,
    "1.2.840.113549.2.11": hashes.SHA512,
    "1.2.156.10197.1.401.2": hashes.SM3,
}
#: OID -> cipher and its key length in bytes.
_CIPHERS: dict[str, tuple[type[algorithms.AES] | type[algorithms.SM4], int]] = {
    "2.16.840.1.101.3.4.1.2": (algorithms.AES, 16),
    "2.16.840.1.101.3.4.1.22": (algorithms.AES, 24),
    "2.16.840.1.101.3.4.1.42": (algorithms.AES, 32),
    "1.2.156.10197.1.104.2": (algorithms.SM4, 16),
}
#: More would only be there to keep the machine busy.
_MOST_ROUNDS = 10_000_000


def opened(octets: bytes, password: bytes) -> bytes:
    """Return the open PKCS#8 structure of an encrypted one.

    :raises ValueError: when the password is wrong or the encryption is another one
    """
    algorithm, sealed = _fields(single(octets), 2)
    name, parameters = _fields(algorithm, 2)
    if name.oid() != _PBES2:
        raise DerError("the key is encrypted in another way than PBES2")
    derivation, scheme = _fields(parameters, 2)
    cipher_name, vector = _fields(scheme, 2)
    cipher, length = _known(_CIPHERS, cipher_name.oid(), "cipher")
    key = _derived(derivation, password, length)
    return _decrypted(cipher(key), vector.must(OCTETS), sealed.must(OCTETS))


def _derived(derivation: Element, password: bytes, length: int) -> bytes:
    name, parameters = _fields(derivation, 2)
    if name.oid() != _PBKDF2:
        raise DerError("the key is derived in another way than PBKDF2")
    salt, rounds, *rest = _fields(parameters, 2)
    # An optional key length may stand before the optional algorithm.
    prf = next((one.children()[0].oid() for one in rest if one.tag == SEQUENCE), _HMAC_SHA1)
    if not 1 <= rounds.integer() <= _MOST_ROUNDS:
        raise DerError("an impossible number of rounds")
    algorithm = _known(_PRFS, prf, "hash")()
    return PBKDF2HMAC(algorithm, length, salt.must(OCTETS), rounds.integer()).derive(password)


def _decrypted(cipher: CipherAlgorithm, vector: bytes, sealed: bytes) -> bytes:
    decryptor = Cipher(cipher, modes.CBC(vector)).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    try:
        padded = decryptor.update(sealed) + decryptor.finalize()
        found = unpadder.update(padded) + unpadder.finalize()
        single(found).must(SEQUENCE)  # one wrong password in 256 leaves an end that looks like padding
    except ValueError:
        raise ValueError("the password does not open the key") from None
    return found


def _fields(element: Element, least: int) -> list[Element]:
    element.must(SEQUENCE)
    found = element.children()
    if len(found) < least:
        raise DerError("a structure that is too short")
    return found


def _known(table: dict[str, T], name: str, what: str) -> T:
    if name not in table:
        raise DerError(f"the {what} {name} is not known")
    return table[name]


def is_encrypted(octets: bytes) -> bool:
    """Tell an encrypted PKCS#8 structure from an open one, which begins with a version."""
    fields = _fields(single(octets), 2)
    return fields[0].tag == SEQUENCE and bool(fields[0].children()) and fields[0].children()[0].tag == OID
