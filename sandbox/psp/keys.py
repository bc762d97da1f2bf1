"""Keys of the merchant and of the platform: made once, kept in ``SANDBOX_DIR/psp``, public on purpose.

The demo reads ``config.json`` and the merchant's key from there to set up the payment plugin.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.conf import settings

from sandbox.psp.stripe import account as stripe

MCHID = "1900000109"
APPID = "wxponte0sandbox001"
#: 32 characters, as the real one; fixed so that the demo can be documented.
APIV3_KEY = "PonteSandboxApiV3Key0123456789ab"
MERCHANT_NAME = "Ponte 沙盒商户"
CATEGORY_CODE = "5311"
PAY_CODE = "4403169D3W"
PAY_NAME = "财付通支付科技有限公司"
CUSTOMS = [{"customs": "GUANGZHOU_ZS", "merchant_customs_no": "4401W6PONT"}]
CLIENT_ID = "SANDBOX_5PONTE0000000001"
ALIPAY_CODE = "31222699S7"
ALIPAY_NAME = "支付宝（中国）网络技术有限公司"
#: Antom has no office of Guangzhou: its records go to the national one.
ANTOM_CUSTOMS = [{"customs": "ZONGSHU", "merchant_customs_no": "4401W6PONT"}]


@dataclass(frozen=True, slots=True)
class Keys:
    mchid: str
    appid: str
    apiv3_key: str = field(repr=False)
    merchant_serial: str
    merchant_public_key: rsa.RSAPublicKey
    platform_serial: str
    platform_key: rsa.RSAPrivateKey = field(repr=False)
    platform_certificate_pem: str
    platform_not_before: datetime
    platform_not_after: datetime


def folder() -> Path:
    return Path(settings.SANDBOX_DIR) / "psp"


def _write(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever reads half of it."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.chmod(0o600)
    os.replace(part, path)  # noqa: PTH105 - Path.replace is the same call; kept beside chmod for atomicity


def _pair(common_name: str) -> tuple[bytes, bytes, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Ponte SANDBOX"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    return (
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        certificate.public_bytes(serialization.Encoding.PEM),
        certificate,
    )


def serial_of(certificate: x509.Certificate) -> str:
    """Write a serial number as WeChat Pay does: upper-case hexadecimal."""
    return f"{certificate.serial_number:X}"


def make() -> None:
    """Make the keys unless they are there, and write ``config.json`` anew: addresses may have changed."""
    home = folder()
    home.mkdir(parents=True, exist_ok=True)
    for name in ("merchant", "platform", "antom_merchant", "antom_platform"):
        if not (home / f"{name}_cert.pem").exists():
            key, pem, _certificate = _pair(f"{name} (SANDBOX)")
            _write(home / f"{name}_key.pem", key)
            _write(home / f"{name}_cert.pem", pem)
    _write(home / "config.json", json.dumps(config(), ensure_ascii=False, indent=2).encode() + b"\n")


def config() -> dict[str, Any]:
    """Return what a merchant would be told when the account was opened."""
    home = folder()
    return {
        "what": "Ponte SANDBOX merchant account: no real money moves",
        "base_url": settings.SANDBOX_PUBLIC_URL,
        "mchid": MCHID,
        "appid": APPID,
        "merchant_name": MERCHANT_NAME,
        "merchant_category_code": CATEGORY_CODE,
        "apiv3_key": APIV3_KEY,
        "merchant_serial": serial_of(_certificate("merchant")),
        "platform_serial": serial_of(_certificate("platform")),
        "merchant_key_file": str(home / "merchant_key.pem"),
        "merchant_cert_file": str(home / "merchant_cert.pem"),
        "platform_cert_file": str(home / "platform_cert.pem"),
        "pay_code": PAY_CODE,
        "pay_name": PAY_NAME,
        "customs": CUSTOMS,
        "antom": {
            "base_url": settings.SANDBOX_PUBLIC_URL,
            "client_id": CLIENT_ID,
            "merchant_key_file": str(home / "antom_merchant_key.pem"),
            "antom_public_key": _public_pem("antom_platform"),
            "customs": ANTOM_CUSTOMS,
            "customs_name": MERCHANT_NAME,
            "pay_code": ALIPAY_CODE,
            "pay_name": ALIPAY_NAME,
        },
        "stripe": stripe.config(),
    }


def _public_pem(name: str) -> str:
    key = _certificate(name).public_key()
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def _certificate(name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder() / f"{name}_cert.pem").read_bytes())


@dataclass(frozen=True, slots=True)
class AntomKeys:
    """The merchant's public key, and the one that Antom's stand-in signs with."""

    merchant: rsa.RSAPublicKey
    own: rsa.RSAPrivateKey = field(repr=False)


@lru_cache(maxsize=4)
def _load_antom(home: Path) -> AntomKeys:
    merchant = _certificate("antom_merchant").public_key()
    own = serialization.load_pem_private_key((home / "antom_platform_key.pem").read_bytes(), password=None)
    if not isinstance(merchant, rsa.RSAPublicKey) or not isinstance(own, rsa.RSAPrivateKey):
        raise TypeError("the keys in SANDBOX_DIR/psp must be RSA keys")
    return AntomKeys(merchant, own)


def load_antom() -> AntomKeys:
    """Return Antom's keys, making them at the very first use."""
    home = folder()
    if not (home / "antom_platform_key.pem").exists():
        make()
    return _load_antom(home)


@lru_cache(maxsize=4)
def _load(home: Path) -> Keys:
    merchant, platform = _certificate("merchant"), _certificate("platform")
    merchant_public = merchant.public_key()
    key = serialization.load_pem_private_key((home / "platform_key.pem").read_bytes(), password=None)
    if not isinstance(merchant_public, rsa.RSAPublicKey) or not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the keys in SANDBOX_DIR/psp must be RSA keys")
    return Keys(
        mchid=MCHID,
        appid=APPID,
        apiv3_key=APIV3_KEY,
        merchant_serial=serial_of(merchant),
        merchant_public_key=merchant_public,
        platform_serial=serial_of(platform),
        platform_key=key,
        platform_certificate_pem=platform.public_bytes(serialization.Encoding.PEM).decode(),
        platform_not_before=platform.not_valid_before_utc,
        platform_not_after=platform.not_valid_after_utc,
    )


def load() -> Keys:
    """Return the keys, making them at the very first use."""
    home = folder()
    if not (home / "config.json").exists():
        make()
    return _load(home)
