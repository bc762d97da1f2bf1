"""SM2 signatures with SM3 (GB/T 32918.2, GM/T 0009): keys, values and files.

A signature value is r‖s, 64 bytes, as the port's messages carry it. The arithmetic is ``gmalg``'s (pure
Python, not in constant time): fit for a host that nobody else shares; a crypto server signs behind the same port.
"""

from __future__ import annotations

from cryptography import x509
from gmalg import SM2
from gmalg.errors import GMError

from . import der

EC_KEY, CURVE = "1.2.840.10045.2.1", "1.2.156.10197.1.301"
#: The identity that signatures are made under unless the parties agree on another one (GM/T 0009).
DEFAULT_ID = b"1234567812345678"
_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_SIZE = 32


class Sm2PublicKey:
    """A point of the curve, 65 bytes uncompressed."""

    def __init__(self, point: bytes) -> None:
        if len(point) != 1 + 2 * _SIZE or point[0] != 4:
            raise ValueError("an SM2 public key is 65 bytes that begin with 04")
        if not SM2().verify_pk(point):
            raise ValueError("the SM2 public key is no point of the curve")
        self.point = point

    def verify(self, value: bytes, octets: bytes, identity: bytes = DEFAULT_ID) -> bool:
        """Tell whether a value of 64 bytes (r‖s) is the signature of octets."""
        if len(value) != 2 * _SIZE:
            return False
        try:
            return bool(SM2(uid=identity, pk=self.point).verify(octets, value[:_SIZE], value[_SIZE:]))
        except (GMError, ValueError, TypeError):
            return False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sm2PublicKey) and other.point == self.point

    def __hash__(self) -> int:
        return hash(self.point)


class Sm2PrivateKey:
    """A number between 1 and the order of the curve less 2."""

    def __init__(self, secret: int) -> None:
        if not 1 <= secret <= _ORDER - 2:
            raise ValueError("the SM2 private key is out of range")
        self._secret = secret.to_bytes(_SIZE, "big")
        self._point = bytes(SM2().generate_pk(self._secret))

    @classmethod
    def generate(cls) -> Sm2PrivateKey:
        """Make a key from the operating system's random numbers."""
        return cls(int.from_bytes(SM2().generate_keypair()[0], "big"))

    def public_key(self) -> Sm2PublicKey:
        return Sm2PublicKey(self._point)

    def sign(self, octets: bytes, identity: bytes = DEFAULT_ID) -> bytes:
        """Sign octets and return r‖s, 64 bytes."""
        r, s = SM2(self._secret, identity, self._point).sign(octets)
        return bytes(r).rjust(_SIZE, b"\0") + bytes(s).rjust(_SIZE, b"\0")

    def private_bytes(self) -> bytes:
        """Return the secret, 32 bytes."""
        return self._secret


def raw_value(value: bytes) -> bytes:
    """Return r‖s of a value in either form: 64 bytes, or the DER of two INTEGERs.

    :raises ValueError: when it is neither
    """
    if len(value) == 2 * _SIZE:
        return value
    numbers = [one.integer() for one in _sequence(der.single(value))]
    if len(numbers) != 2 or any(not 0 < number < _ORDER for number in numbers):
        raise der.DerError("not the two numbers of an SM2 signature")
    return b"".join(number.to_bytes(_SIZE, "big") for number in numbers)


def public_key_of(certificate: x509.Certificate) -> Sm2PublicKey | None:
    """Return the SM2 key that a certificate certifies; None when its key is of another kind."""
    fields = _sequence(der.single(certificate.tbs_certificate_bytes))
    fields = [one for one in fields if one.tag != 0xA0]  # the explicit version
    if len(fields) < 6:
        raise der.DerError("a certificate without a public key")
    return public_key_from(fields[5])


def public_key_from(info: der.Element) -> Sm2PublicKey | None:
    """Read a SubjectPublicKeyInfo; None when it is not of SM2."""
    algorithm, key = _sequence(info)[:2]
    if not _is_sm2(algorithm):
        return None
    return Sm2PublicKey(key.bits())


def private_key_from(octets: bytes) -> Sm2PrivateKey | None:
    """Read an open PKCS#8 structure; None when it is not of SM2."""
    fields = _sequence(der.single(octets))
    if len(fields) < 3 or fields[0].tag != der.INTEGER or fields[1].tag != der.SEQUENCE:
        return None
    if not _is_sm2(fields[1]):
        return None
    return _secret_of(_sequence(der.single(fields[2].must(der.OCTETS))))


def sec1_key_from(octets: bytes) -> Sm2PrivateKey | None:
    """Read an ``EC PRIVATE KEY`` structure that names its curve; None when that is not SM2's."""
    fields = _sequence(der.single(octets))
    named = [one.children()[0].oid() for one in fields if one.tag == 0xA0]
    return _secret_of(fields) if named == [CURVE] else None


def _secret_of(fields: list[der.Element]) -> Sm2PrivateKey:
    if len(fields) < 2:
        raise der.DerError("a key without its number")
    return Sm2PrivateKey(int.from_bytes(fields[1].must(der.OCTETS), "big"))


def _is_sm2(algorithm: der.Element) -> bool:
    """Tell whether an AlgorithmIdentifier is SM2's; some issuers name the curve itself as the algorithm."""
    named = [one.oid() for one in _sequence(algorithm) if one.tag == der.OID]
    return named in ([EC_KEY, CURVE], [CURVE])


def _sequence(element: der.Element) -> list[der.Element]:
    element.must(der.SEQUENCE)
    return element.children()


def public_key_from_spki(octets: bytes) -> Sm2PublicKey | None:
    """Read the DER of a public key file."""
    return public_key_from(der.single(octets))
