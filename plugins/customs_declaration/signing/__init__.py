"""Signing of messages: a port, soft RSA and SM2 keys, a remote signer, enveloped XML signatures, certificates."""

from .certificates import CertificateFacts, certificate_facts, make_demo_key
from .checking import probe
from .port import Signer, SigningError
from .sm2 import DEFAULT_ID, Sm2PrivateKey, Sm2PublicKey
from .soft import SoftRsaSigner, SoftSm2Signer, bare_signature, soft_signer
from .suites import BY_KEY, SM2_SM3, Algorithms
from .xmldsig import sign, verify

__all__ = [
    "BY_KEY",
    "DEFAULT_ID",
    "SM2_SM3",
    "Algorithms",
    "CertificateFacts",
    "Signer",
    "SigningError",
    "Sm2PrivateKey",
    "Sm2PublicKey",
    "SoftRsaSigner",
    "SoftSm2Signer",
    "bare_signature",
    "certificate_facts",
    "make_demo_key",
    "probe",
    "sign",
    "soft_signer",
    "verify",
]
