"""A key in a file: RSA with SHA-1, as certificates issued before July 2022 must use."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .port import Algorithms, SigningError


class SoftRsaSigner:
    """Signs with an RSA private key held in memory."""

    def __init__(
        self, key: rsa.RSAPrivateKey, certificate: x509.Certificate, algorithms: Algorithms | None = None
    ) -> None:
        if certificate.public_key() != key.public_key():
            raise SigningError("the certificate does not belong to the private key")
        self._key = key
        self._certificate = certificate
        self._der = certificate.public_bytes(serialization.Encoding.DER)
        self.algorithms = algorithms or Algorithms()

    @classmethod
    def from_files(
        cls, key_path: Path, certificate_path: Path, password: str = "", algorithms: Algorithms | None = None
    ) -> SoftRsaSigner:
        """Read a PEM key and a PEM or DER certificate."""
        try:
            key = serialization.load_pem_private_key(key_path.read_bytes(), password.encode() or None)
            raw = certificate_path.read_bytes()
            pem = raw.lstrip().startswith(b"-----")
            certificate = x509.load_pem_x509_certificate(raw) if pem else x509.load_der_x509_certificate(raw)
        except OSError as error:
            raise SigningError(f"{error.filename}: {error.strerror}") from None
        except (ValueError, TypeError) as error:
            raise SigningError(f"key or certificate cannot be read: {error}") from None
        if not isinstance(key, rsa.RSAPrivateKey):
            raise SigningError("the private key is not an RSA key")
        return cls(key, certificate, algorithms)

    @property
    def key_name(self) -> str:
        return f"{self._certificate.serial_number:016x}"

    @property
    def certificate(self) -> bytes:
        return self._der

    def digest(self, octets: bytes) -> bytes:
        return hashlib.sha1(octets).digest()  # noqa: S324  # the standard prescribes SHA-1 for RSA certificates

    def sign(self, octets: bytes) -> bytes:
        return self._key.sign(octets, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303  # as above
