"""SM2 keys and self-signed certificates as files, written byte by byte: no library here writes them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

from plugins.customs_declaration.signing import Sm2PrivateKey

EC = bytes.fromhex("06072a8648ce3d0201")
CURVE = bytes.fromhex("06082a811ccf5501822d")
SM2_SM3 = bytes.fromhex("06082a811ccf55018375")
COMMON_NAME = bytes.fromhex("0603550403")


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def sequence(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def integer(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def pem(label: str, der: bytes) -> bytes:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n".encode()


def sec1(key: Sm2PrivateKey) -> bytes:
    return sequence(integer(1), tlv(0x04, key.private_bytes()), tlv(0xA0, CURVE))


def pkcs8(key: Sm2PrivateKey) -> bytes:
    inner = sequence(integer(1), tlv(0x04, key.private_bytes()))
    return sequence(integer(0), sequence(EC, CURVE), tlv(0x04, inner))


def spki(key: Sm2PrivateKey) -> bytes:
    return sequence(sequence(EC, CURVE), tlv(0x03, b"\0", key.public_key().point))


def certificate(key: Sm2PrivateKey, serial: int = 0x03000000000CDE6F, days: int = 365) -> bytes:
    """A self-signed certificate, DER."""
    now = datetime.now(UTC)
    name = sequence(tlv(0x31, sequence(COMMON_NAME, tlv(0x0C, "演示企业".encode()))))
    dates = [tlv(0x17, f"{moment:%y%m%d%H%M%SZ}".encode()) for moment in (now, now + timedelta(days=days))]
    body = sequence(
        tlv(0xA0, integer(2)), integer(serial), sequence(SM2_SM3), name, sequence(*dates), name, spki(key)
    )
    value = key.sign(body)
    r, s = (int.from_bytes(part, "big") for part in (value[:32], value[32:]))
    return sequence(body, sequence(SM2_SM3), tlv(0x03, b"\0", sequence(integer(r), integer(s))))


def write_pair(folder: Path, key: Sm2PrivateKey | None = None) -> tuple[Path, Path]:
    """Write a key (PKCS#8) and its certificate, both PEM."""
    key = key or Sm2PrivateKey.generate()
    paths = folder / "sm2.key.pem", folder / "sm2.cert.pem"
    paths[0].write_bytes(pem("PRIVATE KEY", pkcs8(key)))
    paths[1].write_bytes(pem("CERTIFICATE", certificate(key)))
    return paths
