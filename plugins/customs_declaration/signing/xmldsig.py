"""Enveloped XML signatures as the E-port checks them: inclusive C14N 1.0 over the whole message.

Written out by hand because the order, the prefixes and the algorithm URIs are prescribed, and some of
the URIs are in no library.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from .port import Algorithms, Signer, SigningError

DSIG = "http://www.w3.org/2000/09/xmldsig#"


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


def verify(root: etree._Element, certificate: x509.Certificate | None = None) -> x509.Certificate:
    """Check an RSA-SHA1 signature and return the certificate it was made with.

    Without ``certificate`` the embedded one is used: that proves the message whole, not who sent it.

    :raises SigningError: when there is no signature, or it does not hold
    """
    signatures = root.findall(_tag("Signature"))
    if len(signatures) != 1:
        raise SigningError(f"the message has {len(signatures)} signatures, not one")
    (signature,) = signatures
    info = signature.find(_tag("SignedInfo"))
    if info is None:
        raise SigningError("the signature has no SignedInfo")
    _check_algorithms(info)
    _check_digest(root, info)
    used = certificate or _embedded(signature)
    key = used.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise SigningError("the certificate does not hold an RSA key")
    try:
        key.verify(_bytes(signature, "SignatureValue"), canonical(info), padding.PKCS1v15(), hashes.SHA1())  # noqa: S303  # prescribed
    except (InvalidSignature, UnsupportedAlgorithm):
        raise SigningError("the signature value does not match") from None
    return used


def _check_algorithms(info: etree._Element) -> None:
    """Refuse anything but the one reference over the whole document with the known algorithms."""
    known = Algorithms()
    references = info.findall(_tag("Reference"))
    transforms = [one.get("Algorithm") for one in info.iter(_tag("Transform"))]
    found = (
        [one.get("URI") for one in references],
        transforms,
        [one.get("Algorithm") for one in info.iter(_tag("DigestMethod"))],
        [one.get("Algorithm") for one in info.iter(_tag("SignatureMethod"))],
        [one.get("Algorithm") for one in info.iter(_tag("CanonicalizationMethod"))],
    )
    wanted = ([""], [known.transform], [known.digest], [known.signature], [known.canonicalization])
    if found != wanted:
        raise SigningError(
            "the signature uses other algorithms or references than RSA-SHA1 over the whole message"
        )


def _check_digest(root: etree._Element, info: etree._Element) -> None:
    stated = _bytes(info, "Reference", "DigestValue")
    plain = copy.deepcopy(root)
    signature = plain.find(_tag("Signature"))
    assert signature is not None  # the caller found it
    _cut(signature)
    computed = hashlib.sha1(canonical(plain)).digest()  # noqa: S324  # prescribed
    if not hmac.compare_digest(computed, stated):
        raise SigningError("the message was altered after signing: the digest differs")


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
