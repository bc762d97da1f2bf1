"""Signatures and sealed data of WeChat Pay API v3, as pure functions.

Requests are signed with the merchant's RSA key, answers and notifications with the key of one of
WeChat's platform certificates (SHA256 with RSA, PKCS#1 v1.5). Notification content and the platform
certificates themselves are sealed with AES-256-GCM under the 32-byte APIv3 key.
Source: pay.weixin.qq.com/wiki/doc/api_external (wechatpay3_1, wechatpay5_1, chapter4_3_2), read 2026-11.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SCHEME = "WECHATPAY2-SHA256-RSA2048"
SEAL = "AEAD_AES_256_GCM"
_AUTHORIZATION_FIELD = re.compile(r'(\w+)="([^"]*)"')


class BadSeal(ValueError):
    """Sealed data that was not sealed with our APIv3 key, or was altered."""


@dataclass(frozen=True, slots=True)
class PlatformCertificate:
    """A certificate WeChat signs with; ``serial`` is upper-case hex as in ``Wechatpay-Serial``."""

    serial: str
    pem: bytes
    not_before: datetime
    not_after: datetime

    @property
    def public_key(self) -> RSAPublicKey:
        key = x509.load_pem_x509_certificate(self.pem).public_key()
        if not isinstance(key, RSAPublicKey):
            raise TypeError("the platform certificate does not hold an RSA key")
        return key

    def valid_at(self, moment: datetime) -> bool:
        return self.not_before <= moment <= self.not_after


@dataclass(frozen=True, slots=True)
class Stamp:
    """The four ``Wechatpay-*`` headers of an answer or notification."""

    serial: str
    timestamp: str
    nonce: str
    signature: str

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> Stamp | None:
        """Return the stamp, or None if any of its headers is missing (names in any case)."""
        lower = {name.lower(): value for name, value in headers.items()}
        values = [
            lower.get(f"wechatpay-{part}", "") for part in ("serial", "timestamp", "nonce", "signature")
        ]
        return cls(*values) if all(values) else None

    @property
    def moment(self) -> datetime | None:
        """Return the instant of the timestamp, or None if it is no number of seconds."""
        if not re.fullmatch(r"\d{1,12}", self.timestamp):
            return None
        try:
            return datetime.fromtimestamp(int(self.timestamp), UTC)
        except (OverflowError, ValueError, OSError):
            return None


def request_message(method: str, target: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """Build what a request's signature covers; ``target`` is path and query as sent."""
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"


def stamp_message(timestamp: str, nonce: str, body: bytes) -> bytes:
    """Build what the signature of an answer or notification covers."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"


def authorization(*, mchid: str, serial: str, timestamp: str, nonce: str, signature: str) -> str:
    """Write the ``Authorization`` header of a request."""
    return (
        f'{SCHEME} mchid="{mchid}",nonce_str="{nonce}",timestamp="{timestamp}",'
        f'serial_no="{serial}",signature="{signature}"'
    )


def read_authorization(header: str) -> dict[str, str]:
    """Take an ``Authorization`` header apart; empty if it is of another scheme."""
    scheme, _, rest = header.partition(" ")
    return dict(_AUTHORIZATION_FIELD.findall(rest)) if scheme == SCHEME else {}


def unseal(apiv3_key: str, resource: Mapping[str, object]) -> bytes:
    """Open an AES-256-GCM ``resource`` or ``encrypt_certificate`` object."""
    if resource.get("algorithm") != SEAL:
        raise BadSeal(f"unknown algorithm {resource.get('algorithm')!r}")
    nonce, ciphertext = resource.get("nonce"), resource.get("ciphertext")
    associated = resource.get("associated_data") or ""
    if not (isinstance(nonce, str) and isinstance(ciphertext, str) and isinstance(associated, str)):
        raise BadSeal("nonce, ciphertext and associated_data must be text")
    try:
        return AESGCM(apiv3_key.encode()).decrypt(
            nonce.encode(), base64.b64decode(ciphertext, validate=True), associated.encode()
        )
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise BadSeal("the sealed data does not open with this key") from error


def seal(apiv3_key: str, plain: bytes, *, nonce: str, associated_data: str) -> dict[str, str]:
    """Seal data the way WeChat does; the counterpart of ``unseal`` for proofs and fixtures."""
    sealed = AESGCM(apiv3_key.encode()).encrypt(nonce.encode(), plain, associated_data.encode())
    return {
        "algorithm": SEAL,
        "nonce": nonce,
        "associated_data": associated_data,
        "ciphertext": base64.b64encode(sealed).decode(),
    }


def encrypt_field(text: str, certificate: PlatformCertificate) -> str:
    """Encrypt a sensitive field (RSAES-PKCS1-v1_5, as the customs interface demands)."""
    return base64.b64encode(certificate.public_key.encrypt(text.encode(), padding.PKCS1v15())).decode()


def read_certificate(pem: bytes) -> PlatformCertificate:
    """Read a platform certificate with its serial number and validity."""
    certificate = x509.load_pem_x509_certificate(pem)
    return PlatformCertificate(
        serial=f"{certificate.serial_number:X}",
        pem=pem,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )
