"""Signatures and seals, both ways, against values made by other means than the code under test."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plugins.cross_border_payment import rsa
from plugins.cross_border_payment.wechat import signing
from plugins.cross_border_payment.wechat.signing import BadSeal, Stamp

from .fake_wechat import APIV3_KEY, MERCHANT_KEY, certificate, private_pem, sealed

BODY = '{"amount":{"total":19400,"currency":"CNY"},"description":"杏仁饼"}'.encode()


def test_request_message_is_what_the_public_page_says() -> None:
    message = signing.request_message(
        "GET", "/v3/global/certificates?a=1", "1554208460", "593BEC0C930BF1AF", b""
    )
    assert message == b"GET\n/v3/global/certificates?a=1\n1554208460\n593BEC0C930BF1AF\n\n"


def test_stamp_message_keeps_the_raw_bytes() -> None:
    assert signing.stamp_message("1", "n", BODY) == b"1\nn\n" + BODY + b"\n"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_our_signature_verifies_with_openssl(tmp_path: Path) -> None:
    message = signing.request_message("POST", "/v3/global/transactions/native", "1", "n", BODY)
    (tmp_path / "message").write_bytes(message)
    (tmp_path / "signature").write_bytes(base64.b64decode(rsa.sign(message, MERCHANT_KEY)))
    (tmp_path / "key.pem").write_text(private_pem(MERCHANT_KEY))
    ran = subprocess.run(
        ["openssl", "dgst", "-sha256", "-prverify", "key.pem", "-signature", "signature", "message"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert ran.stdout.strip() == b"Verified OK", ran.stderr


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_we_verify_a_signature_of_openssl(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(private_pem(MERCHANT_KEY))
    (tmp_path / "message").write_bytes(BODY)
    ran = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sign", "key.pem", "message"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert rsa.verify(BODY, base64.b64encode(ran.stdout).decode(), MERCHANT_KEY.public_key())


@pytest.mark.parametrize("spoilt", ["", "not base64!", base64.b64encode(b"short").decode()])
def test_bad_signatures_do_not_verify(spoilt: str) -> None:
    assert not rsa.verify(BODY, spoilt, MERCHANT_KEY.public_key())


def test_a_changed_byte_does_not_verify() -> None:
    signature = rsa.sign(BODY, MERCHANT_KEY)
    assert rsa.verify(BODY, signature, MERCHANT_KEY.public_key())
    assert not rsa.verify(BODY.replace(b"19400", b"19401"), signature, MERCHANT_KEY.public_key())


def test_authorization_reads_back() -> None:
    header = signing.authorization(mchid="1", serial="AB", timestamp="2", nonce="n", signature="c2ln=")
    assert header.startswith("WECHATPAY2-SHA256-RSA2048 mchid=")
    assert signing.read_authorization(header) == {
        "mchid": "1",
        "nonce_str": "n",
        "timestamp": "2",
        "serial_no": "AB",
        "signature": "c2ln=",
    }
    assert signing.read_authorization("Bearer x") == {}


def test_seal_opens() -> None:
    plain = json.dumps({"trade_state": "SUCCESS"}).encode()
    assert signing.unseal(APIV3_KEY, sealed(plain)) == plain
    ours = signing.seal(APIV3_KEY, plain, nonce="0123456789ab", associated_data="")
    assert signing.unseal(APIV3_KEY, ours) == plain


@pytest.mark.parametrize(
    "change",
    [
        {"algorithm": "AEAD_AES_128_GCM"},
        {"nonce": "000000000000"},
        {"associated_data": "certificate"},
        {"ciphertext": base64.b64encode(b"x" * 40).decode()},
        {"ciphertext": "%%%"},
        {"ciphertext": None},
        {"nonce": 12},
    ],
)
def test_an_altered_seal_does_not_open(change: dict[str, object]) -> None:
    with pytest.raises(BadSeal):
        signing.unseal(APIV3_KEY, {**sealed(b"{}"), **change})


def test_another_key_does_not_open() -> None:
    with pytest.raises(BadSeal):
        signing.unseal("f" * 32, sealed(b"{}"))


def test_identity_fields_open_with_the_platform_key_only() -> None:
    from cryptography.hazmat.primitives.asymmetric import padding

    serial, pem = certificate(MERCHANT_KEY, datetime(2026, 11, 1, tzinfo=UTC))
    known = signing.read_certificate(pem)
    assert known.serial == serial
    secret = signing.encrypt_field("11010519491231002X", known)
    assert "11010519491231002X" not in secret
    assert MERCHANT_KEY.decrypt(base64.b64decode(secret), padding.PKCS1v15()) == b"11010519491231002X"


def test_stamp_reads_headers_in_any_case_and_needs_all_four() -> None:
    headers = {
        "wechatpay-serial": "a",
        "WECHATPAY-TIMESTAMP": "1",
        "Wechatpay-Nonce": "n",
        "Wechatpay-Signature": "s",
    }
    assert Stamp.read(headers) == Stamp("a", "1", "n", "s")
    headers.pop("Wechatpay-Nonce")
    assert Stamp.read(headers) is None


@pytest.mark.parametrize("timestamp", ["", "abc", "-1", "1e9", "9" * 30])
def test_a_strange_timestamp_is_no_moment(timestamp: str) -> None:
    assert Stamp("a", timestamp, "n", "s").moment is None


@pytest.mark.parametrize("pem", ["", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"])
def test_a_bad_private_key_is_told_plainly(pem: str) -> None:
    with pytest.raises(ValueError, match="PEM"):
        rsa.load_private_key(pem)
