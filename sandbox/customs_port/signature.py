"""Checks the enveloped signature of a message: RSA-SHA1 or SM2-SM3 over inclusive C14N, certificate inside.

Written from the W3C recommendation, without the platform's code or its libraries, so that a mistake made
there is found here.
"""

from __future__ import annotations

import base64
import binascii
import copy
import hashlib
import hmac
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from sandbox.customs_port import sm2
from sandbox.customs_port.reader import DSIG, elements, local

C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = DSIG + "enveloped-signature"
RSA_SHA1 = DSIG + "rsa-sha1"
SHA1 = DSIG + "sha1"
EPORT = "http://www.chinaport.gov.cn/2022/04/xmldsig#"
#: The rules' name, and the one that a widely used client writes.
SM2_SM3 = (EPORT + "sm2-sm3", DSIG + "sm2-sm3")
SM3 = (EPORT + "sm3", DSIG + "sm3")


class BadSignature(Exception):
    """The signature does not hold; ``altered`` when the message is not the one that was signed."""

    def __init__(self, reason: str, *, altered: bool = False) -> None:
        super().__init__(reason)
        self.altered = altered


def check(root: etree._Element) -> x509.Certificate:
    """Verify the message and return the signer's certificate."""
    found = [child for child in elements(root) if local(child) == "Signature"]
    if len(found) != 1 or etree.QName(found[0]).namespace != DSIG:
        raise BadSignature("缺少签名" if not found else "签名节点不符合要求")
    signature = found[0]
    info = _only(signature, "SignedInfo")
    _algorithms(info)
    reference = _only(info, "Reference")
    digest = _digest(root, signature, _algorithm(reference, "DigestMethod"))
    if not hmac.compare_digest(digest, _base64(_only(reference, "DigestValue"))):
        raise BadSignature("摘要与报文内容不一致", altered=True)
    certificate = _certificate(_only(signature, "KeyInfo"))
    signed = etree.tostring(info, method="c14n", exclusive=False, with_comments=False)
    sm2_wanted = _algorithm(info, "SignatureMethod") in SM2_SM3
    verify_value(certificate, _base64(_only(signature, "SignatureValue")), signed, sm2_wanted=sm2_wanted)
    return certificate


def verify_value(
    certificate: x509.Certificate, value: bytes, signed: bytes, *, sm2_wanted: bool | None = None
) -> None:
    """Check a bare signature value; ``sm2_wanted`` says which kind of key it has to be, None leaves it open."""
    point = sm2.point_of(certificate)
    if sm2_wanted is not None and sm2_wanted != (point is not None):
        raise BadSignature("签名算法与证书不符")
    if point is not None:
        if not sm2.holds(point, value, signed):
            raise BadSignature("签名值验证失败")
        return
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise BadSignature("证书既不是RSA也不是SM2证书")
    try:
        key.verify(value, signed, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - prescribed
    except InvalidSignature:
        raise BadSignature("签名值验证失败") from None


def _algorithm(parent: etree._Element, name: str) -> str:
    return _only(parent, name).get("Algorithm") or ""


def _only(parent: etree._Element, name: str) -> etree._Element:
    found = parent.findall(f"{{{DSIG}}}{name}")
    if len(found) != 1:
        raise BadSignature(f"签名应有且只有一个 {name}")
    return found[0]


def _algorithms(info: etree._Element) -> None:
    """Refuse everything but the prescribed algorithms and the one reference over the whole document."""
    reference = _only(info, "Reference")
    transforms = [one.get("Algorithm") for one in elements(_only(reference, "Transforms"))]
    facts = {
        "规范化算法": (_algorithm(info, "CanonicalizationMethod"), (C14N,)),
        "签名算法": (_algorithm(info, "SignatureMethod"), (RSA_SHA1, *SM2_SM3)),
        "摘要算法": (_algorithm(reference, "DigestMethod"), (SHA1, *SM3)),
        "引用URI": (reference.get("URI"), ("",)),
    }
    for label, (given, known) in facts.items():
        if given not in known:
            raise BadSignature(f"{label}不支持: {given}")
    if transforms not in ([ENVELOPED], [ENVELOPED, C14N]):
        raise BadSignature(f"转换算法不支持: {transforms}")


def _digest(root: etree._Element, signature: etree._Element, algorithm: str) -> bytes:
    """Hash the document without the signature; the whitespace around it stays."""
    place = list(root).index(signature)
    bare = copy.deepcopy(root)
    cut = bare[place]
    tail = cut.tail or ""
    if place:
        bare[place - 1].tail = (bare[place - 1].tail or "") + tail
    else:
        bare.text = (bare.text or "") + tail
    bare.remove(cut)
    octets = etree.tostring(bare, method="c14n", exclusive=False, with_comments=False)
    if algorithm in SM3:
        return sm2.sm3(octets)
    return hashlib.sha1(octets).digest()  # noqa: S324 - prescribed by the standard


def _base64(element: etree._Element) -> bytes:
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadSignature(f"{local(element)} 不是base64") from None


def _certificate(key_info: etree._Element) -> x509.Certificate:
    """Return the certificate; KeyName must be its serial number and it must be valid today."""
    name = (key_info.findtext(f"{{{DSIG}}}KeyName") or "").strip()
    element = key_info.find(f"{{{DSIG}}}X509Data/{{{DSIG}}}X509Certificate")
    if not name or element is None:
        raise BadSignature("KeyInfo 须含 KeyName 与 X509Certificate")
    try:
        certificate = x509.load_der_x509_certificate(_base64(element))
    except ValueError:
        raise BadSignature("证书无法解析") from None
    try:
        matches = int(name, 16) == certificate.serial_number
    except ValueError:
        matches = False
    if not matches:
        raise BadSignature("KeyName 与证书序列号不一致")
    now = datetime.now(UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise BadSignature("证书不在有效期内")
    return certificate


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate in lower-case hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()
