"""Checks SM2 signatures from the standard's formulas (GB/T 32918.2), with nobody's library but SM3's.

Slow and plain on purpose: it is there to disagree when the platform is wrong.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
IDENTITY = b"1234567812345678"
#: An AlgorithmIdentifier of an EC key on SM2's curve, then a BIT STRING of 66 bytes with an uncompressed point.
_KEY = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d03420004")

Point = tuple[int, int] | None


def sm3(octets: bytes) -> bytes:
    digest = hashes.Hash(hashes.SM3())
    digest.update(octets)
    return digest.finalize()


def point_of(certificate: x509.Certificate) -> tuple[int, int] | None:
    """Return the SM2 point that a certificate certifies; None when its key is of another kind."""
    body = certificate.tbs_certificate_bytes
    start = body.find(_KEY)
    if start < 0:
        return None
    raw = body[start + len(_KEY) : start + len(_KEY) + 64]
    return int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")


def holds(point: tuple[int, int], value: bytes, octets: bytes) -> bool:
    """Tell whether r‖s is the signature of octets under the usual identity."""
    x, y = point
    if len(value) != 64 or (y * y - (x * x * x + A * x + B)) % P:
        return False
    r, s = int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big")
    t = (r + s) % N
    if not (0 < r < N and 0 < s < N and t):
        return False
    numbers = (A, B, *G, x, y)
    start = (8 * len(IDENTITY)).to_bytes(2, "big") + IDENTITY
    z = sm3(start + b"".join(number.to_bytes(32, "big") for number in numbers))
    e = int.from_bytes(sm3(z + octets), "big")
    found = _add(_times(s, G), _times(t, point))
    return found is not None and (e + found[0]) % N == r


def _times(k: int, point: Point) -> Point:
    result: Point = None
    while k:
        if k & 1:
            result = _add(result, point)
        point = _add(point, point)
        k >>= 1
    return result


def _add(one: Point, other: Point) -> Point:
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2:
        if (y1 + y2) % P == 0:
            return None
        slope = (3 * x1 * x1 + A) * pow(2 * y1, -1, P)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, P)
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P
