"""A key that is somewhere else: a crypto server, or the bridge program of a USB key, behind the same port.

No two of these speak alike, so the request is a JSON template and the place of the value in the answer a path. The
default is ``{"key", "algorithm", "data"}`` → ``{"signature"}``, data and signature in base64. Over HTTP the
request is POSTed; over WebSocket (``ws://``, how the E-port's USB-key control listens) it is one text frame, and the
answer is the first frame with a value at that path.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from saleor_ext.core.errors import TransientError

from . import files, websocket
from .checking import kind_of
from .port import SigningError
from .sm2 import raw_value
from .soft import key_name, signature_hash
from .suites import BY_KEY, DIGESTS, Algorithms, Kind, hash_of

DEFAULT_BODY = '{"key": "$key", "algorithm": "$algorithm", "data": "$data"}'
#: Below the outbox's lease. A USB key signs about four documents a second.
TIMEOUT, QUICK = 15.0, 0.7
_MOST = 1024 * 1024
_LATER = frozenset({408, 425, 429})

Send = Callable[[str, dict[str, Any], str, float], str]


@dataclass(frozen=True, slots=True)
class RemoteKey:
    """How one key is asked: address, its name, PIN, bearer token, request template, place of the value."""

    url: str
    key: str = ""
    pin: str = ""
    token: str = ""
    body: str = DEFAULT_BODY
    value_path: str = "signature"

    def __repr__(self) -> str:  # the PIN must not get into a traceback
        return f"RemoteKey({self.url!r}, {self.key!r})"


class RemoteSigner:
    """Signs by asking another program; the certificate is a file."""

    def __init__(
        self,
        key: RemoteKey,
        certificate_path: Path,
        algorithms: Algorithms = BY_KEY,
        timeout: float = TIMEOUT,
    ) -> None:
        self._certificate = files.certificate(files.read(certificate_path))
        self._path = certificate_path
        self._kind: Kind = "rsa" if kind_of(files.public_key_of(self._certificate)) == "RSA" else "sm2"
        self.algorithms = algorithms.filled(self._kind)
        self._hash = signature_hash(self.algorithms.signature, self._kind)
        self._key, self._timeout = key, timeout
        self._template = body_template(key.body)

    def quick(self) -> RemoteSigner:
        """Return the same signer with little patience, for health checks."""
        return RemoteSigner(self._key, self._path, self.algorithms, QUICK)

    @property
    def key_name(self) -> str:
        return key_name(self._certificate.serial_number)

    @property
    def certificate(self) -> bytes:
        return files.certificate_der(self._certificate)

    def digest(self, octets: bytes) -> bytes:
        return hash_of(DIGESTS.get(self.algorithms.digest, self._hash), octets)

    def sign(self, octets: bytes) -> bytes:
        """Ask for a signature.

        :raises TransientError: when there is no answer, or trying later may help
        :raises SigningError: when the answer holds no signature
        """
        send = _websocket if self._key.url.startswith(("ws://", "wss://")) else _http
        answer = send(self._key.url, self._request(octets), self._key.token, self._timeout)
        return self._value(answer)

    def _request(self, octets: bytes) -> dict[str, Any]:
        words = {
            "$data": base64.b64encode(octets).decode(),
            "$text": octets.decode("utf-8", "replace"),
            "$key": self._key.key,
            "$pin": self._key.pin,
            "$algorithm": f"{self._kind}-{self._hash}",
        }
        filled = _filled(self._template, words)
        assert isinstance(filled, dict)  # the template is one
        return filled

    def _value(self, answer: str) -> bytes:
        try:
            found: Any = json.loads(answer)
            for part in self._key.value_path.split("."):
                found = found[int(part)] if isinstance(found, list) else found[part]
            value = base64.b64decode("".join(str(found).split()), validate=True)
        except (ValueError, KeyError, IndexError, TypeError):
            raise SigningError(f"the signer's answer holds no signature at {self._key.value_path}") from None
        try:
            return raw_value(value) if self._kind == "sm2" else value
        except ValueError as error:
            raise SigningError(f"the signer's answer is no SM2 signature: {error}") from None


def body_template(text: str) -> dict[str, Any]:
    """Read a request template.

    :raises SigningError: when it is no JSON object or has no place for the bytes
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise SigningError(f"the signer's request is not JSON: {error}") from None
    if not isinstance(found, dict) or not any(word in text for word in ("$data", "$text")):
        raise SigningError("the signer's request is a JSON object that holds $data or $text")
    return found


def _filled(part: Any, words: dict[str, str]) -> Any:
    """Replace strings that are a word; a word inside other text is left alone."""
    if isinstance(part, dict):
        return {name: _filled(value, words) for name, value in part.items()}
    if isinstance(part, list):
        return [_filled(value, words) for value in part]
    return words.get(part, part) if isinstance(part, str) else part


def _http(url: str, body: dict[str, Any], token: str, timeout: float) -> str:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = httpx2.post(url, json=body, headers=headers, timeout=timeout)
    except httpx2.HTTPError as error:
        raise TransientError(f"the signer does not answer: {type(error).__name__}") from error
    if answer.status_code >= 500 or answer.status_code in _LATER:
        raise TransientError(f"the signer answered {answer.status_code}")
    if not answer.is_success:
        raise SigningError(f"the signer answered {answer.status_code}")
    return answer.text[:_MOST]


def _websocket(url: str, body: dict[str, Any], token: str, timeout: float) -> str:
    try:
        return websocket.ask(url, json.dumps(body, ensure_ascii=False), token=token, timeout=timeout)
    except (OSError, websocket.WebSocketError) as error:
        raise TransientError(f"the signer does not answer: {error}") from error
