"""What a signer must do; a soft key, a crypto server and a USB key all fit behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from saleor_ext.core.errors import PermanentError


class SigningError(PermanentError):
    """A message cannot be signed: no key, wrong pair, an algorithm the signer does not know."""

    code = "signing"


@dataclass(frozen=True, slots=True)
class Algorithms:
    """The URIs written into a signature. Sources disagree for SM2/SM3, so all are configuration."""

    canonicalization: str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
    transform: str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
    signature: str = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
    digest: str = "http://www.w3.org/2000/09/xmldsig#sha1"


class Signer(Protocol):
    """Signs bytes with one enterprise certificate."""

    algorithms: Algorithms

    @property
    def key_name(self) -> str:
        """Serial number of the certificate, as KeyName must hold it."""

    @property
    def certificate(self) -> bytes:
        """The certificate, DER."""

    def digest(self, octets: bytes) -> bytes:
        """Hash octets with the digest algorithm."""

    def sign(self, octets: bytes) -> bytes:
        """Sign octets (hashing them first) and return the raw signature value."""
