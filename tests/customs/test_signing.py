"""Signatures: an independent library accepts ours and refuses altered ones; so does our own check."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree
from signxml import DigestAlgorithm, InvalidSignature, SignatureConfiguration, SignatureMethod, XMLVerifier

from plugins.customs_declaration.messages import build, root_of, to_bytes
from plugins.customs_declaration.signing import (
    Algorithms,
    SigningError,
    SoftRsaSigner,
    certificate_facts,
    certificates,
    make_demo_key,
    sign,
    verify,
)

from .examples import example
from .official import CUSTOMS, import_schema, needs_schemas

DS = "{http://www.w3.org/2000/09/xmldsig#}"


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> tuple[Path, Path]:
    return make_demo_key(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def signer(pair) -> SoftRsaSigner:
    return SoftRsaSigner.from_files(*pair)


def signed(signer: SoftRsaSigner, name: str = "CEB621Message") -> bytes:
    return to_bytes(sign(build(example(name)), signer))


def independent(body: bytes, certificate: Path) -> None:
    XMLVerifier().verify(
        etree.fromstring(body),
        x509_cert=certificate.read_bytes(),
        expect_config=SignatureConfiguration(
            signature_methods=frozenset({SignatureMethod.RSA_SHA1}),
            digest_algorithms=frozenset({DigestAlgorithm.SHA1}),
            expect_references=1,
        ),
    )


@pytest.mark.parametrize("name", ["CEB311Message", "CEB621Message", "CEB623Message", "CEB625Message"])
def test_an_independent_library_accepts_our_signature(signer, pair, name: str) -> None:
    body = signed(signer, name)
    independent(body, pair[1])
    assert verify(root_of(body)).serial_number == int(signer.key_name, 16)


def test_it_also_holds_when_the_root_carries_other_namespaces(signer, pair) -> None:
    text = to_bytes(build(example("CEB621Message"))).decode()
    text = text.replace(" guid=", ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" guid=', 1)
    body = to_bytes(sign(etree.fromstring(text.encode()), signer))
    independent(body, pair[1])
    verify(root_of(body))


def test_altered_messages_are_refused_by_both(signer, pair) -> None:
    body = signed(signer)
    for old, new in (
        (b">12.34<", b">12.35<"),
        (b"<ceb:appType>1", b"<ceb:appType>2"),
        (b"rsa-sha1", b"rsa-sha9"),
    ):
        altered = body.replace(old, new, 1)
        assert altered != body
        with pytest.raises((InvalidSignature, ValueError)):
            independent(altered, pair[1])
        with pytest.raises(SigningError):
            verify(root_of(altered))


def test_whitespace_around_the_signature_is_covered(signer) -> None:
    body = signed(signer)
    with pytest.raises(SigningError, match="altered"):
        verify(root_of(body.replace(b"<ds:Signature ", b" <ds:Signature ", 1)))
    with pytest.raises(SigningError, match="altered"):
        verify(root_of(body.replace(b"</ds:Signature>", b"</ds:Signature>\n", 1)))


def test_a_signature_value_of_another_key_is_refused(signer, tmp_path) -> None:
    other = SoftRsaSigner.from_files(*make_demo_key(tmp_path))
    body = signed(signer)
    with pytest.raises(SigningError, match="does not match"):
        verify(root_of(body), x509.load_der_x509_certificate(other.certificate))


def test_a_second_signature_and_none_are_refused(signer) -> None:
    root = sign(build(example("CEB621Message")), signer)
    with pytest.raises(SigningError, match="already"):
        sign(root, signer)
    with pytest.raises(SigningError, match="0 signatures"):
        verify(build(example("CEB621Message")))
    root.append(etree.fromstring(etree.tostring(root.find(f"{DS}Signature"))))
    with pytest.raises(SigningError, match="2 signatures"):
        verify(root)


@needs_schemas
@pytest.mark.parametrize("name", ["CEB311Message", "CEB621Message"])
def test_signed_messages_are_valid_by_the_official_schema(signer, name: str) -> None:
    import_schema().assertValid(etree.fromstring(signed(signer, name)))


@needs_schemas
def test_an_official_sample_can_be_signed_as_it_stands(signer, pair) -> None:
    root = root_of((CUSTOMS / "samples" / "202205" / "CEB311Message.xml").read_bytes())
    root.remove(root.find(f"{DS}Signature"))
    independent(to_bytes(sign(root, signer)), pair[1])


def test_key_info_names_the_certificate(signer) -> None:
    root = sign(build(example("CEB311Message")), signer)
    assert root.findtext(f"{DS}Signature/{DS}KeyInfo/{DS}KeyName") == signer.key_name
    assert len(signer.key_name) == 16


def test_the_algorithm_uris_are_configuration(pair) -> None:
    uses = Algorithms(signature="urn:x:sig", digest="urn:x:dig")
    root = sign(build(example("CEB311Message")), SoftRsaSigner.from_files(*pair, algorithms=uses))
    assert root.find(f".//{DS}SignatureMethod").get("Algorithm") == "urn:x:sig"
    assert root.find(f".//{DS}DigestMethod").get("Algorithm") == "urn:x:dig"


def test_wrong_pairs_and_unreadable_files_are_named(pair, tmp_path) -> None:
    other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = x509.load_pem_x509_certificate(pair[1].read_bytes())
    with pytest.raises(SigningError, match="does not belong"):
        SoftRsaSigner(other_key, certificate)
    with pytest.raises(SigningError, match=r"missing\.pem"):
        SoftRsaSigner.from_files(tmp_path / "missing.pem", pair[1])
    (tmp_path / "bad.pem").write_text("no key")
    with pytest.raises(SigningError, match="cannot be read"):
        SoftRsaSigner.from_files(tmp_path / "bad.pem", pair[1])


def test_the_demo_pair_is_kept_private_and_dated(pair, signer) -> None:
    assert pair[0].stat().st_mode & 0o077 == 0
    before = pair[0].read_bytes()
    assert make_demo_key(pair[0].parent) == pair and pair[0].read_bytes() == before
    facts = certificate_facts(signer.certificate)
    now = datetime.now(UTC)
    assert 1090 < facts.days_left(now) < 1096
    assert facts.days_left(facts.not_after + timedelta(days=2)) == -2


def make_by_two(folder: Path, monkeypatch: pytest.MonkeyPatch) -> SoftRsaSigner:
    """Two make the pair at once; the first stops between its files until the second has written both, if it may."""
    second_has_written, write = threading.Event(), certificates._write
    seen: list[str] = []

    def slow(path: Path, body: bytes, mode: int) -> None:
        write(path, body, mode)
        seen.append(threading.current_thread().name)
        if seen == ["first"]:
            second.start()
            second_has_written.wait(1)
        elif seen.count("second") == 2:
            second_has_written.set()

    monkeypatch.setattr(certificates, "_write", slow)
    first = threading.Thread(target=make_demo_key, args=(folder,), name="first")
    second = threading.Thread(target=make_demo_key, args=(folder,), name="second")
    first.start()
    first.join()
    second.join()
    return SoftRsaSigner.from_files(folder / certificates.KEY_FILE, folder / certificates.CERTIFICATE_FILE)


def test_two_that_make_the_demo_pair_at_once_get_one_pair(tmp_path, monkeypatch) -> None:
    with monkeypatch.context() as unguarded:
        unguarded.setattr(certificates, "_alone_in", lambda folder: nullcontext())
        with pytest.raises(SigningError, match="does not belong"):
            make_by_two(tmp_path / "unguarded", unguarded)
    assert make_by_two(tmp_path / "guarded", monkeypatch).key_name
