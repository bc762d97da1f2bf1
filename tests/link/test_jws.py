"""The signature: what holds, and every way in which it must not."""

from __future__ import annotations

import base64
import hmac
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from saleor_ext.link import jws

from .saleor import Signer, signer

BODY = '{"order": {"id": "T3JkZXI6MQ==", "name": "杏仁"}}'.encode()


def _encode(header: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()


def _code(signature: str, body: bytes = BODY, jwks: dict[str, object] | None = None) -> str:
    with pytest.raises(jws.BadSignature) as caught:
        jws.verify(signature, body, signer("saleor").jwks if jwks is None else jwks)
    return caught.value.code


def test_a_good_signature_holds() -> None:
    jws.verify(signer("saleor").sign(BODY), BODY, signer("saleor").jwks)


@settings(max_examples=25)
@given(st.binary(max_size=300))
def test_any_body_holds_as_it_was_signed(body: bytes) -> None:
    jws.verify(signer("saleor").sign(body), body, signer("saleor").jwks)


@settings(max_examples=40)
@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_any_altered_byte_is_noticed(position: int, difference: int) -> None:
    altered = bytearray(BODY)
    altered[position] ^= difference
    assert _code(signer("saleor").sign(BODY), bytes(altered)) == "mismatch"


@pytest.mark.parametrize("body", [BODY + b"\n", BODY[:-1], b"", b" " + BODY])
def test_bytes_added_or_cut_are_noticed(body: bytes) -> None:
    assert _code(signer("saleor").sign(BODY), body) == "mismatch"


def test_another_instances_key_is_not_accepted() -> None:
    assert _code(signer("other").sign(BODY)) == "unknown_key"


def test_a_forged_kid_does_not_help() -> None:
    kid = signer("saleor").jwk["kid"]
    assert _code(signer("other").sign(BODY, kid=kid)) == "mismatch"


@pytest.mark.parametrize(
    ("signature", "code"),
    [
        ("", "missing"),
        ("abc", "malformed"),
        ("..", "malformed"),
        ("a.b.c", "malformed"),
        ("=..=", "malformed"),
        ("签..名", "malformed"),
        (f"{_encode({'alg': 'none'})}..", "malformed"),
        (f"{_encode({'alg': 'none'})}..QUJD", "algorithm"),
        (f"{_encode({'alg': 'HS256', 'b64': False, 'crit': ['b64']})}..QUJD", "algorithm"),
        (f"{_encode({'alg': 'RS256'})}..QUJD", "malformed"),
        (f"{_encode({'alg': 'RS256', 'b64': False, 'crit': ['b64', 'x']})}..QUJD", "malformed"),
        (f"{_encode({'alg': 'RS256', 'b64': False, 'crit': ['b64']})}..QUJD", "unknown_key"),
        (f"{base64.urlsafe_b64encode(b'[1]').decode()}..QUJD", "malformed"),
        (f"{base64.urlsafe_b64encode(b'[' * 6000).decode()}..QUJD", "malformed"),  # deeper than Python can go
        ("6d1f" * 16, "malformed"),  # the HMAC of webhooks with a secret key
    ],
)
def test_what_is_no_signature_is_refused(signature: str, code: str) -> None:
    assert _code(signature) == code


def test_hmac_with_the_public_key_is_refused() -> None:
    header = _encode({"alg": "HS256", "b64": False, "crit": ["b64"], "kid": signer("saleor").jwk["kid"]})
    secret = json.dumps(signer("saleor").jwk).encode()
    digest = hmac.digest(secret, header.encode() + b"." + BODY, "sha256")
    assert _code(f"{header}..{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}") == "algorithm"


@pytest.mark.parametrize("jwks", [{}, {"keys": []}, {"keys": ["x"]}, {"keys": [{"kty": "oct", "k": "eA"}]}])
def test_a_key_set_without_the_key_is_an_unknown_key(jwks: dict[str, object]) -> None:
    assert _code(signer("saleor").sign(BODY), BODY, jwks) == "unknown_key"


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # a short key is what is tested
def test_a_short_key_is_not_trusted() -> None:
    short = Signer(rsa.generate_private_key(65537, 1024))
    assert _code(short.sign(BODY), BODY, short.jwks) == "unknown_key"


def test_a_key_for_encryption_is_not_trusted() -> None:
    key = {**signer("saleor").jwk, "use": "enc"}
    assert _code(signer("saleor").sign(BODY), BODY, {"keys": [key]}) == "unknown_key"


@pytest.mark.parametrize("purpose", [{"alg": "RS512"}, {"kty": "EC"}])
def test_a_key_meant_for_something_else_is_not_used(purpose: dict[str, str]) -> None:
    jwks: dict[str, object] = {"keys": [{**signer("saleor").jwk, **purpose}]}
    assert _code(signer("saleor").sign(BODY), jwks=jwks) == "unknown_key"


def test_a_key_that_cannot_be_read_is_named() -> None:
    kid = signer("saleor").jwk["kid"]
    with pytest.raises(jws.BadSignature) as caught:
        jws.verify(
            signer("saleor").sign(BODY), BODY, {"keys": [None, 5, {**signer("saleor").jwk, "n": "!!"}]}
        )
    assert caught.value.message == f"key {kid} cannot be read: its modulus is not base64url"
