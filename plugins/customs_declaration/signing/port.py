"""What a signer must do; a soft key, a crypto server and a USB key all fit behind it."""

from __future__ import annotations

from typing import Protocol

from saleor_ext.core.errors import PermanentError

from .suites import Algorithms


class SigningError(PermanentError):
    """A message cannot be signed: no key, wrong pair, an algorithm the signer does not know."""

    code = "signing"


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
