"""Which key and which hash an algorithm URI stands for. Sources disagree for SM2/SM3, so several are known.

Sources: W3C XML Signature for RSA; the E-port's message rules of May 2022 for the ``2022/04`` names; the names below
``2000/09`` without a standard are what a widely used client writes, and ports have accepted.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Literal

from cryptography.hazmat.primitives import hashes

Kind = Literal["rsa", "sm2"]
HashName = Literal["sha1", "sha256", "sm3"]

DSIG = "http://www.w3.org/2000/09/xmldsig#"
EPORT = "http://www.chinaport.gov.cn/2022/04/xmldsig#"

#: SignatureMethod -> kind of key, hash that is signed.
SIGNATURES: dict[str, tuple[Kind, HashName]] = {
    f"{DSIG}rsa-sha1": ("rsa", "sha1"),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": ("rsa", "sha256"),
    f"{EPORT}sm2-sm3": ("sm2", "sm3"),
    f"{DSIG}sm2-sm3": ("sm2", "sm3"),
}
#: DigestMethod -> hash.
DIGESTS: dict[str, HashName] = {
    f"{DSIG}sha1": "sha1",
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    f"{EPORT}sm3": "sm3",
    f"{DSIG}sm3": "sm3",
}


@dataclass(frozen=True, slots=True)
class Algorithms:
    """The URIs written into a signature. An empty signature or digest is filled by the kind of key."""

    canonicalization: str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
    transform: str = f"{DSIG}enveloped-signature"
    signature: str = f"{DSIG}rsa-sha1"
    digest: str = f"{DSIG}sha1"

    def filled(self, kind: Kind) -> Algorithms:
        """Return the same with empty URIs replaced by what the rules prefer for a kind of key."""
        usual = SM2_SM3 if kind == "sm2" else Algorithms()
        return replace(self, signature=self.signature or usual.signature, digest=self.digest or usual.digest)


#: What certificates issued from July 2022 must use.
SM2_SM3 = Algorithms(signature=f"{EPORT}sm2-sm3", digest=f"{EPORT}sm3")
#: Leave the choice to the key.
BY_KEY = Algorithms(signature="", digest="")


def hash_of(name: HashName, octets: bytes) -> bytes:
    """Hash octets: 20 bytes for SHA-1, 32 for SHA-256 and SM3."""
    if name == "sm3":  # not every build of Python's hashlib has it
        digest = hashes.Hash(hashes.SM3())
        digest.update(octets)
        return digest.finalize()
    return hashlib.new(name, octets, usedforsecurity=False).digest()
