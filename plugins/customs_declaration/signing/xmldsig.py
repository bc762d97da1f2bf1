"""Enveloped XML signatures as the E-port checks them: inclusive C14N 1.0 over the whole message.

Written out by hand because the order, the prefixes and the algorithm URIs are prescribed, and some of
the URIs are in no library.
"""

from __future__ import annotations

import base64
import copy
import hmac

from cryptography import x509
from lxml import etree

from .checking import holds, kind_of
from .files import PublicKey, public_key_of
from .port import Signer, SigningError
from .sm2 import DEFAULT_ID
from .suites import DIGESTS, DSIG, SIGNATURES, Algorithms, HashName, Kind, hash_of


def _tag(name: str) -> str:
    return f"{{{DSIG}}}{name}"


def canonical(element: etree._Element) -> bytes:
    """Canonicalise an element with the namespaces in scope on it (C14N 1.0, inclusive, no comments)."""
    return etree.tostring(element, method="c14n", exclusive=False, with_comments=False)


def sign(root: etree._Element, signer: Signer) -> etree._Element:
    """Append the signature to a message and return the root.

    The digest covers the message as it stands: nothing may be reformatted afterwards.
    """
    if root.find(_tag("Signature")) is not None:
        raise SigningError("the message is signed already")
    digest = base64.b64encode(signer.digest(canonical(root))).decode()
    signature = etree.SubElement(root, _tag("Signature"), nsmap={"ds": DSIG})
    info = _signed_info(signature, signer.algorithms, digest)
    value = signer.sign(canonical(info))
    etree.SubElement(signature, _tag("SignatureValue")).text = base64.b64encode(value).decode()
    key_info = etree.SubElement(signature, _tag("KeyInfo"))
    etree.SubElement(key_info, _tag("KeyName")).text = signer.key_name
    x509_data = etree.SubElement(key_info, _tag("X509Data"))
    etree.SubElement(x509_data, _tag("X509Certificate")).text = base64.b64encode(signer.certificate).decode()
    return root


def _signed_info(signature: etree._Element, uses: Algorithms, digest: str) -> etree._Element:
    info = etree.SubElement(signature, _tag("SignedInfo"))
    etree.SubElement(info, _tag("CanonicalizationMethod"), Algorithm=uses.canonicalization)
    etree.SubElement(info, _tag("SignatureMethod"), Algorithm=uses.signature)
    reference = etree.SubElement(info, _tag("Reference"), URI="")
    transforms = etree.SubElement(reference, _tag("Transforms"))
    etree.SubElement(transforms, _tag("Transform"), Algorithm=uses.transform)
    etree.SubElement(reference, _tag("DigestMethod"), Algorithm=uses.digest)
    etree.SubElement(reference, _tag("DigestValue")).text = digest
    return info


def verify(
    root: etree._Element,
    certificate: x509.Certificate | None = None,
    *,
    key: PublicKey | None = None,
    identity: bytes = DEFAULT_ID,
) -> x509.Certificate | None:
    """Check a signature (RSA or SM2) and return the certificate it was made with; None when only ``key`` is known.

    Without ``certificate`` and ``key`` the embedded certificate is used: that proves the message whole, not who sent
    it.

    :raises SigningError: when there is no signature, or it does not hold
    """
    signatures = root.findall(_tag("Signature"))
    if len(signatures) != 1:
        raise SigningError(f"the message has {len(signatures)} signatures, not one")
    (signature,) = signatures
    info = signature.find(_tag("SignedInfo"))
    if info is None:
        raise SigningError("the signature has no SignedInfo")
    kind, signed_hash, digest_hash = _algorithms_of(info)
    _check_digest(root, info, digest_hash)
    used = certificate
    if key is None:
        used = certificate or _embedded(signature)
        known = public_key_of(used)
    else:
        known = key
    if kind_of(known).lower() != kind:
        raise SigningError(f"the signature is of kind {kind.upper()}, the key is {kind_of(known)}")
    if not holds(known, signed_hash, _bytes(signature, "SignatureValue"), canonical(info), identity):
        raise SigningError("the signature value does not match")
    return used


def algorithms_of(root: etree._Element) -> tuple[str, str]:
    """Return the signature and the digest URI that a message names; empty where it names none."""
    info = root.find(f"{_tag('Signature')}/{_tag('SignedInfo')}")
    if info is None:
        return "", ""
    method, digest = (
        info.find(_tag("SignatureMethod")),
        info.find(f"{_tag('Reference')}/{_tag('DigestMethod')}"),
    )
    return (
        method.get("Algorithm", "") if method is not None else "",
        digest.get("Algorithm", "") if digest is not None else "",
    )


def embedded_certificate(root: etree._Element) -> bytes:
    """Return the certificate that a message carries, DER.

    :raises SigningError: when it carries none
    """
    signature = root.find(_tag("Signature"))
    if signature is None:
        raise SigningError("the message is not signed")
    return _bytes(signature, "KeyInfo", "X509Data", "X509Certificate")


def _algorithms_of(info: etree._Element) -> tuple[Kind, HashName, HashName]:
    """Return the kind of key, the hash that is signed and the hash of the digest.

    Anything but the one reference over the whole document with known algorithms is refused.
    """
    usual = Algorithms()
    whole = [one.get("URI") for one in info.findall(_tag("Reference"))] == [""]
    transforms = [one.get("Algorithm") for one in info.iter(_tag("Transform"))]
    methods = [one.get("Algorithm", "") for one in info.iter(_tag("SignatureMethod"))]
    digests = [one.get("Algorithm", "") for one in info.iter(_tag("DigestMethod"))]
    canons = [one.get("Algorithm") for one in info.iter(_tag("CanonicalizationMethod"))]
    if (
        not whole
        # A second transform that says how the digest is canonicalised anyway changes nothing.
        or transforms not in ([usual.transform], [usual.transform, usual.canonicalization])
        or canons != [usual.canonicalization]
        or len(methods) != 1
        or methods[0] not in SIGNATURES
        or len(digests) != 1
        or digests[0] not in DIGESTS
    ):
        raise SigningError(
            "the signature uses other algorithms or references than the port's over the whole message"
        )
    kind, signed = SIGNATURES[methods[0]]
    return kind, signed, DIGESTS[digests[0]]


def _check_digest(root: etree._Element, info: etree._Element, hash_name: HashName) -> None:
    stated = _bytes(info, "Reference", "DigestValue")
    plain = copy.deepcopy(root)
    signature = plain.find(_tag("Signature"))
    assert signature is not None  # the caller found it
    _cut(signature)
    computed = hash_of(hash_name, canonical(plain))
    if not hmac.compare_digest(computed, stated):
        raise SigningError("the message was altered after signing: the digest differs")


def unsigned(root: etree._Element) -> bool:
    """Take every signature out of a message, for signing it anew; return whether there was one."""
    found = root.findall(_tag("Signature"))
    for one in found:
        _cut(one)
    return bool(found)


def _cut(element: etree._Element) -> None:
    """Remove an element but keep the whitespace behind it, which the digest covers."""
    parent = element.getparent()
    assert parent is not None  # a signature is a child of the root
    tail = element.tail or ""
    before = element.getprevious()
    if before is None:
        parent.text = (parent.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    parent.remove(element)


def _bytes(element: etree._Element, *path: str) -> bytes:
    found = element.find("/".join(_tag(name) for name in path))
    try:
        return base64.b64decode(
            "".join((found.text or "").split()) if found is not None else "", validate=True
        )
    except ValueError:
        raise SigningError(f"{path[-1]} is not base64") from None


def _embedded(signature: etree._Element) -> x509.Certificate:
    raw = _bytes(signature, "KeyInfo", "X509Data", "X509Certificate")
    try:
        return x509.load_der_x509_certificate(raw)
    except ValueError:
        raise SigningError("the signature carries no readable certificate") from None
