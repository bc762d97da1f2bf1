"""Facts of a certificate, and a self-signed one for demonstrations."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from .port import SigningError

KEY_FILE = "customs-demo.key.pem"
CERTIFICATE_FILE = "customs-demo.cert.pem"


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """Whose certificate, until when."""

    subject: str
    serial: str
    not_before: datetime
    not_after: datetime

    def days_left(self, now: datetime) -> int:
        """Whole days until it expires; negative when it has."""
        return (self.not_after - now).days


def certificate_facts(der: bytes) -> CertificateFacts:
    """Read the facts of a DER certificate."""
    try:
        found = x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise SigningError(f"certificate cannot be read: {error}") from None
    return CertificateFacts(
        subject=found.subject.rfc4514_string(),
        serial=f"{found.serial_number:016x}",
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
    )


def make_demo_key(folder: Path, *, name: str = "Ponte demo declarant") -> tuple[Path, Path]:
    """Make a self-signed RSA-2048 pair in a folder and return key and certificate path.

    An existing pair is kept, so that the seed may run again, also twice at a time. For demonstrations only: customs
    accept certificates of their own authority.
    """
    key_path, certificate_path = folder / KEY_FILE, folder / CERTIFICATE_FILE
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        if not (key_path.exists() and certificate_path.exists()):
            private, certificate = _new_pair(name)
            _write(key_path, private, 0o600)
            _write(certificate_path, certificate, 0o644)
    return key_path, certificate_path


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes out: a key of one and a certificate of another would not fit each other."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _new_pair(name: str) -> tuple[bytes, bytes]:
    """Return a private key and its certificate, both PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(os.urandom(7), "big") | 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3 * 365))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM)


def _write(path: Path, body: bytes, mode: int) -> None:
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(body)
    temporary.replace(path)
