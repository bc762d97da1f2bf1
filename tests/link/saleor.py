"""A Saleor for tests: its signing key, its signatures, and an HTTP server that answers as told."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


def _number(value: int) -> str:
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True)
class Signer:
    """A key pair that signs as Saleor does."""

    key: rsa.RSAPrivateKey

    @property
    def jwk(self) -> dict[str, str]:
        numbers = self.key.public_key().public_numbers()
        public = {"e": _number(numbers.e), "kty": "RSA", "n": _number(numbers.n)}
        thumbprint = hashlib.sha256(json.dumps(public, separators=(",", ":")).encode()).digest()
        kid = base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()
        return {**public, "kid": kid, "use": "sig", "alg": "RS256"}

    @property
    def jwks(self) -> dict[str, Any]:
        return {"keys": [self.jwk]}

    def sign(self, body: bytes, **header: Any) -> str:
        """Return the detached JWS of a body, as in ``Saleor-Signature``."""
        headers = {"kid": self.jwk["kid"], "crit": ["b64"], **header}
        return jwt.api_jws.encode(
            body, self.key, algorithm="RS256", headers=headers, is_payload_detached=True
        )

    def token(self, **claims: Any) -> str:
        """Return a user token."""
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.jwk["kid"]})


@cache
def signer(name: str) -> Signer:  # the name only tells keys apart
    """A key pair per name, made once a process because making one is slow."""
    return Signer(rsa.generate_private_key(65537, 2048))


@dataclass
class Wire:
    """What a test server got, and what it answers: a function of path and JSON body → (status, body)."""

    answer: Callable[[str, Any], tuple[int, Any]]
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    url: str = ""

    @property
    def api_url(self) -> str:
        return f"{self.url}/graphql/"


@contextmanager
def serve(answer: Callable[[str, Any], tuple[int, Any]]) -> Iterator[Wire]:
    """Run an HTTP server on loopback that answers by a function."""
    wire = Wire(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            is_json = self.headers.get("Content-Type", "").startswith("application/json")
            given = json.loads(raw) if raw and is_json else raw
            wire.requests.append((self.path, dict(self.headers), given))
            status, body = wire.answer(self.path, given)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _handle

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    wire.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
