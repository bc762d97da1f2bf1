"""SM2 with SM3: a second implementation, and OpenSSL where it is there, accept ours; ours reads theirs."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from gmssl.sm2 import CryptSM2
from lxml import etree

from plugins.customs_declaration.messages import build, root_of, to_bytes
from plugins.customs_declaration.signing import (
    BY_KEY,
    SM2_SM3,
    Algorithms,
    SigningError,
    Sm2PrivateKey,
    SoftRsaSigner,
    SoftSm2Signer,
    certificate_facts,
    files,
    make_demo_key,
    pkcs8,
    probe,
    sign,
    sm2,
    soft_signer,
    verify,
)
from plugins.customs_declaration.signing.xmldsig import canonical

from . import sm2_files
from .examples import example

DS = "{http://www.w3.org/2000/09/xmldsig#}"
OPENSSL = shutil.which("openssl")
#: GM/T 0003.5's example on the recommended curve: key, message, identity and the value for its fixed k.
VECTOR_KEY = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8
VECTOR_POINT = (
    "04"
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
VECTOR_VALUE = (
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)


@pytest.fixture(scope="module")
def key() -> Sm2PrivateKey:
    return Sm2PrivateKey.generate()


@pytest.fixture(scope="module")
def pair(tmp_path_factory, key) -> tuple[Path, Path]:
    return sm2_files.write_pair(tmp_path_factory.mktemp("sm2"), key)


@pytest.fixture(scope="module")
def signer(pair) -> SoftSm2Signer:
    made = soft_signer(*pair)
    assert isinstance(made, SoftSm2Signer)
    return made


def independent(point: bytes, value: bytes, octets: bytes) -> bool:
    checker = CryptSM2(private_key="", public_key=point[1:].hex())
    return checker.verify_with_sm3(value.hex(), octets)


def parts(root: etree._Element) -> tuple[bytes, bytes]:
    """What was signed, and the value."""
    info = root.find(f"{DS}Signature/{DS}SignedInfo")
    return canonical(info), base64.b64decode(root.findtext(f"{DS}Signature/{DS}SignatureValue"))


def test_the_standards_example_holds() -> None:
    key = Sm2PrivateKey(VECTOR_KEY)
    assert key.public_key().point.hex() == VECTOR_POINT
    value = bytes.fromhex(VECTOR_VALUE)
    assert key.public_key().verify(value, b"message digest")
    assert not key.public_key().verify(value, b"message digest", b"ALICE123@YAHOO.COM")
    assert not key.public_key().verify(value, b"message digesT")


@pytest.mark.parametrize("name", ["CEB311Message", "CEB621Message"])
def test_a_second_implementation_accepts_our_signature(signer, key, name: str) -> None:
    root = root_of(to_bytes(sign(build(example(name)), signer)))
    octets, value = parts(root)
    assert len(value) == 64
    assert independent(key.public_key().point, value, octets)
    assert not independent(key.public_key().point, value, octets + b" ")
    assert verify(root).serial_number == int(signer.key_name, 16)


def test_the_digest_is_sm3_under_the_rules_uris(signer) -> None:
    root = build(example("CEB621Message"))
    digest = hashes.Hash(hashes.SM3())
    digest.update(canonical(root))
    sign(root, signer)
    assert root.findtext(f".//{DS}DigestValue") == base64.b64encode(digest.finalize()).decode()
    assert root.find(f".//{DS}SignatureMethod").get("Algorithm") == SM2_SM3.signature
    assert root.find(f".//{DS}DigestMethod").get("Algorithm") == SM2_SM3.digest
    assert root.findtext(f".//{DS}KeyName") == "03000000000cde6f"


def test_the_practice_of_an_sm2_signature_over_a_sha1_digest_is_configuration(pair) -> None:
    uses = Algorithms(signature=f"{DS[1:-1]}sm2-sm3", digest=f"{DS[1:-1]}sha1")
    root = build(example("CEB621Message"))
    digest = hashlib.sha1(canonical(root)).digest()
    sign(root, soft_signer(*pair, algorithms=uses))
    assert base64.b64decode(root.findtext(f".//{DS}DigestValue")) == digest
    verify(root)


def test_altered_messages_and_values_are_refused(signer) -> None:
    body = to_bytes(sign(build(example("CEB621Message")), signer))
    for old, new in ((b">12.34<", b">12.35<"), (b"#sm2-sm3", b"#sm2-sm9"), (b'URI=""', b'URI="#x"')):
        assert old in body
        with pytest.raises(SigningError):
            verify(root_of(body.replace(old, new, 1)))
    root = root_of(body)
    root.find(f".//{DS}SignatureValue").text = base64.b64encode(b"\1" * 64).decode()
    with pytest.raises(SigningError, match="does not match"):
        verify(root)


def test_another_key_and_another_kind_of_key_are_refused(signer, tmp_path) -> None:
    root = sign(build(example("CEB311Message")), signer)
    with pytest.raises(SigningError, match="does not match"):
        verify(root, key=Sm2PrivateKey.generate().public_key())
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    with pytest.raises(SigningError, match="SM2, the key is RSA"):
        verify(root, key=rsa_key)
    with pytest.raises(SigningError, match="does not belong"):
        soft_signer(sm2_files.write_pair(tmp_path)[0], make_demo_key(tmp_path / "rsa")[1])


def test_uris_of_the_other_kind_of_key_are_refused(pair, tmp_path) -> None:
    with pytest.raises(SigningError, match="does not fit a key of kind SM2"):
        soft_signer(*pair, algorithms=Algorithms())
    with pytest.raises(SigningError, match="does not fit a key of kind RSA"):
        soft_signer(*make_demo_key(tmp_path), algorithms=SM2_SM3)
    assert soft_signer(*make_demo_key(tmp_path), algorithms=BY_KEY).algorithms == Algorithms()


@pytest.mark.parametrize("form", ["pkcs8", "sec1", "der", "hex"])
def test_keys_are_read_in_every_usual_form(key, form: str) -> None:
    raw = {
        "pkcs8": sm2_files.pem("PRIVATE KEY", sm2_files.pkcs8(key)),
        "sec1": sm2_files.pem("EC PARAMETERS", sm2_files.CURVE)
        + sm2_files.pem("EC PRIVATE KEY", sm2_files.sec1(key)),
        "der": sm2_files.pkcs8(key),
        "hex": key.private_bytes().hex().encode() + b"\n",
    }[form]
    read = files.private_key(raw)
    assert isinstance(read, Sm2PrivateKey) and read.public_key() == key.public_key()


def test_damaged_files_are_errors_of_signing_and_nothing_else(key) -> None:
    whole = sm2_files.pkcs8(key)
    certificate = sm2_files.certificate(key)
    for cut in range(len(whole)):
        with pytest.raises(SigningError):
            files.private_key(whole[:cut])
    for at in range(len(whole) - 40):
        damaged = whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
        with suppress(SigningError):  # some bytes, such as the version, say nothing
            files.private_key(damaged)
    for cut in (0, 10, 100, len(certificate) - 1):
        with pytest.raises(SigningError):
            files.certificate(certificate[:cut])
    with pytest.raises(SigningError, match="cannot be read"):
        files.private_key(b"0" * 64)


def test_a_point_off_the_curve_is_no_key(key) -> None:
    point = bytearray(key.public_key().point)
    point[-1] ^= 1
    with pytest.raises(ValueError, match="no point"):
        sm2.Sm2PublicKey(bytes(point))


def test_values_in_der_become_raw(key) -> None:
    value = key.sign(b"x")
    r, s = (int.from_bytes(part, "big") for part in (value[:32], value[32:]))
    assert sm2.raw_value(sm2_files.sequence(sm2_files.integer(r), sm2_files.integer(s))) == value
    for wrong in (b"", b"x" * 63, sm2_files.sequence(sm2_files.integer(r)), b"\x30\x80"):
        with pytest.raises(ValueError, match=r"."):
            sm2.raw_value(wrong)


def test_a_short_number_is_padded(monkeypatch) -> None:
    monkeypatch.setattr(sm2.SM2, "sign", lambda self, octets: (b"\1", b"\2\3"))
    assert Sm2PrivateKey(VECTOR_KEY).sign(b"x") == b"\1".rjust(32, b"\0") + b"\2\3".rjust(32, b"\0")


def test_certificate_facts_and_health_of_the_key(signer, pair, tmp_path) -> None:
    assert certificate_facts(signer.certificate).serial == "03000000000cde6f"
    probe(signer)
    probe(SoftRsaSigner.from_files(*make_demo_key(tmp_path)))
    stranger = SoftSm2Signer(
        Sm2PrivateKey(VECTOR_KEY),
        x509.load_der_x509_certificate(sm2_files.certificate(Sm2PrivateKey(VECTOR_KEY))),
    )
    stranger._key = Sm2PrivateKey.generate()
    with pytest.raises(SigningError, match="do not belong together"):
        probe(stranger)


# -- OpenSSL ---------------------------------------------------------------------------------------------------


def openssl(folder: Path, *words: str) -> bytes:
    done = subprocess.run([OPENSSL, *words], cwd=folder, capture_output=True, check=True, timeout=60)
    return done.stdout


@pytest.fixture(scope="module")
def made_by_openssl(tmp_path_factory) -> Path:
    """A folder with a key, the same encrypted, and a certificate; skipped where OpenSSL has no SM2."""
    folder = tmp_path_factory.mktemp("openssl")
    if OPENSSL is None:
        pytest.skip("no openssl here")
    try:
        openssl(folder, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", "key.pem")
        openssl(folder, "pkcs8", "-topk8", "-in", "key.pem", "-out", "sealed.pem", "-passout", "pass:secret")
        openssl(
            folder, "req", "-new", "-x509", "-key", "key.pem", "-sm3", "-sigopt", "distid:1234567812345678",
            "-subj", "/CN=openssl", "-days", "30", "-out", "cert.pem",
        )  # fmt: skip
    except subprocess.CalledProcessError:
        pytest.skip("this openssl has no SM2")
    return folder


def test_openssl_accepts_our_signature_made_with_its_key(made_by_openssl) -> None:
    folder = made_by_openssl
    signer = soft_signer(folder / "sealed.pem", folder / "cert.pem", "secret")
    octets, value = parts(sign(build(example("CEB621Message")), signer))
    (folder / "octets").write_bytes(octets)
    numbers = [sm2_files.integer(int.from_bytes(part, "big")) for part in (value[:32], value[32:])]
    (folder / "value").write_bytes(sm2_files.sequence(*numbers))
    said = openssl(
        folder, "pkeyutl", "-verify", "-rawin", "-digest", "sm3", "-in", "octets", "-sigfile", "value",
        "-certin", "-inkey", "cert.pem", "-pkeyopt", "distid:1234567812345678",
    )  # fmt: skip
    assert b"Signature Verified Successfully" in said


def test_we_accept_a_signature_of_openssl(made_by_openssl) -> None:
    folder = made_by_openssl
    (folder / "text").write_bytes(b"some octets")
    openssl(
        folder, "pkeyutl", "-sign", "-rawin", "-digest", "sm3", "-in", "text", "-out", "theirs",
        "-inkey", "key.pem", "-pkeyopt", "distid:1234567812345678",
    )  # fmt: skip
    public = files.public_key_in((folder / "cert.pem").read_bytes())
    assert public.verify(sm2.raw_value((folder / "theirs").read_bytes()), b"some octets")


@pytest.mark.parametrize("password", ["", "wrong"])
def test_a_sealed_key_needs_its_password(made_by_openssl, password: str) -> None:
    with pytest.raises(SigningError, match="password"):
        files.private_key((made_by_openssl / "sealed.pem").read_bytes(), password)


def test_a_wrong_password_is_told_also_where_its_end_looks_like_padding() -> None:
    key, vector = bytes(16), bytes(16)
    encryptor = Cipher(algorithms.SM4(key), modes.CBC(vector)).encryptor()
    sealed = encryptor.update(b"no structure...\x01") + encryptor.finalize()
    with pytest.raises(ValueError, match="the password does not open the key"):
        pkcs8._decrypted(algorithms.SM4(key), vector, sealed)
