"""Signing of messages: a port, a soft RSA key, enveloped XML signatures, certificate dates."""

from .certificates import CertificateFacts, certificate_facts, make_demo_key
from .port import Algorithms, Signer, SigningError
from .soft import SoftRsaSigner
from .xmldsig import sign, verify

__all__ = [
    "Algorithms",
    "CertificateFacts",
    "Signer",
    "SigningError",
    "SoftRsaSigner",
    "certificate_facts",
    "make_demo_key",
    "sign",
    "verify",
]
