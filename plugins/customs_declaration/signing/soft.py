"""Keys in files: RSA, as certificates issued before July 2022 use, and SM2 with SM3 as later ones must."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from . import files
from .port import Signer, SigningError
from .sm2 import DEFAULT_ID, Sm2PrivateKey
from .suites import BY_KEY, DIGESTS, SIGNATURES, Algorithms, HashName, Kind, hash_of

RSA_HASHES: dict[HashName, type[hashes.HashAlgorithm]] = {"sha1": hashes.SHA1, "sha256": hashes.SHA256}


def signature_hash(uri: str, kind: Kind) -> HashName:
    """Return the hash of a signature URI; an unknown URI means the usual one of the kind of key.

    :raises SigningError: when the URI belongs to the other kind of key
    """
    usual: HashName = "sm3" if kind == "sm2" else "sha1"
    meant, hash_name = SIGNATURES.get(uri, (kind, usual))
    if meant != kind:
        raise SigningError(f"the signature algorithm {uri} does not fit a key of kind {kind.upper()}")
    return hash_name


class _Soft:
    """What both kinds share: the certificate, its name, the digest."""

    kind: Kind

    def __init__(self, certificate: x509.Certificate, algorithms: Algorithms) -> None:
        self.algorithms = algorithms.filled(self.kind)
        self._hash = signature_hash(self.algorithms.signature, self.kind)
        self._serial = certificate.serial_number
        self._der = files.certificate_der(certificate)

    @property
    def key_name(self) -> str:
        return key_name(self._serial)

    @property
    def certificate(self) -> bytes:
        return self._der

    def digest(self, octets: bytes) -> bytes:
        return hash_of(DIGESTS.get(self.algorithms.digest, self._hash), octets)


class SoftRsaSigner(_Soft):
    """Signs with an RSA private key held in memory (PKCS#1 v1.5)."""

    kind: Kind = "rsa"

    def __init__(
        self, key: rsa.RSAPrivateKey, certificate: x509.Certificate, algorithms: Algorithms | None = None
    ) -> None:
        if files.public_key_of(certificate) != key.public_key():
            raise SigningError("the certificate does not belong to the private key")
        super().__init__(certificate, algorithms or Algorithms())
        self._key = key

    @classmethod
    def from_files(
        cls, key_path: Path, certificate_path: Path, password: str = "", algorithms: Algorithms | None = None
    ) -> SoftRsaSigner:
        """Read an RSA key and a certificate, each PEM or DER."""
        key = files.private_key(files.read(key_path), password)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise SigningError("the private key is not an RSA key")
        return cls(key, files.certificate(files.read(certificate_path)), algorithms)

    def sign(self, octets: bytes) -> bytes:
        return self._key.sign(octets, padding.PKCS1v15(), RSA_HASHES[self._hash]())


class SoftSm2Signer(_Soft):
    """Signs with an SM2 private key held in memory; values are r‖s, 64 bytes."""

    kind: Kind = "sm2"

    def __init__(
        self,
        key: Sm2PrivateKey,
        certificate: x509.Certificate,
        algorithms: Algorithms | None = None,
        identity: bytes = DEFAULT_ID,
    ) -> None:
        if files.public_key_of(certificate) != key.public_key():
            raise SigningError("the certificate does not belong to the private key")
        super().__init__(certificate, algorithms or BY_KEY)
        self._key = key
        self._identity = identity

    def sign(self, octets: bytes) -> bytes:
        return self._key.sign(octets, self._identity)


def soft_signer(
    key_path: Path,
    certificate_path: Path,
    password: str = "",
    algorithms: Algorithms = BY_KEY,
    identity: bytes = DEFAULT_ID,
) -> Signer:
    """Return the signer of a key file, whichever kind of key it holds.

    :raises SigningError: when a file cannot be read, the two do not belong together, or a URI does not fit
    """
    key = files.private_key(files.read(key_path), password)
    certificate = files.certificate(files.read(certificate_path))
    if isinstance(key, Sm2PrivateKey):
        return SoftSm2Signer(key, certificate, algorithms, identity)
    return SoftRsaSigner(key, certificate, algorithms)


def bare_signature(key: files.PrivateKey, octets: bytes, identity: bytes = DEFAULT_ID) -> bytes:
    """Sign octets as the kind of key is used at customs: RSA with SHA-1, SM2 with SM3 (r‖s)."""
    if isinstance(key, Sm2PrivateKey):
        return key.sign(octets, identity)
    return key.sign(octets, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303  # prescribed for RSA certificates


def key_name(serial: int) -> str:
    """Write a certificate's serial number as KeyName holds it: at least 16 hexadecimal digits."""
    return f"{serial:016x}"
