"""The RSA key of the stand-in: user tokens, detached webhook signatures (RFC 7797) and the key set document."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.saleor import conf


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@functools.lru_cache(maxsize=1)
def private_key() -> rsa.RSAPrivateKey:
    """Load the key, or make it at first start."""
    path = conf.directory() / "jwt-key.pem"
    if not path.exists():
        pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write_once(path, pem)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{path} holds no RSA key")
    return key


def _write_once(path: Path, pem: bytes) -> None:
    """Write under another name and link: of two processes starting together, the first one's key stays."""
    mine = path.with_suffix(f".{os.getpid()}")
    mine.touch(mode=0o600)
    mine.write_bytes(pem)
    try:
        path.hardlink_to(mine)
    except FileExistsError:
        pass
    finally:
        mine.unlink()


@functools.lru_cache(maxsize=1)
def public_numbers() -> dict[str, str]:
    numbers = private_key().public_key().public_numbers()
    size = (numbers.n.bit_length() + 7) // 8
    return {"e": _b64(numbers.e.to_bytes(3, "big")), "kty": "RSA", "n": _b64(numbers.n.to_bytes(size, "big"))}


@functools.lru_cache(maxsize=1)
def key_id() -> str:
    """RFC 7638 thumbprint."""
    canonical = json.dumps(public_numbers(), sort_keys=True, separators=(",", ":"))
    return _b64(hashlib.sha256(canonical.encode()).digest())


def jwks() -> dict[str, Any]:
    """Document of `/.well-known/jwks.json`."""
    key = {**public_numbers(), "use": "sig", "kid": key_id(), "alg": "RS256", "key_ops": ["verify"]}
    return {"keys": [key]}


def encode(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, private_key(), algorithm="RS256", headers={"kid": key_id()})


def decode(token: str, *, verify_exp: bool = True) -> dict[str, Any]:
    """Verify our own token; the audience is the receiving app's business."""
    options: Any = {"verify_aud": False, "verify_exp": verify_exp}
    claims: dict[str, Any] = jwt.decode(
        token, private_key().public_key(), algorithms=["RS256"], options=options
    )
    return claims


def sign_body(body: bytes) -> str:
    """Sign a webhook body: JWS with detached, unencoded payload."""
    return jwt.api_jws.encode(
        body,
        private_key(),
        algorithm="RS256",
        is_payload_detached=True,
        headers={"kid": key_id(), "crit": ["b64"]},
    )
