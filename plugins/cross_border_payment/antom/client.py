"""HTTP with Antom: signs what goes out, believes nothing unsigned that comes in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2

from .. import rsa
from ..port import GatewayRefused, GatewayUnavailable, WireEntry, WireKind, WireRecorder
from ..reading import kept
from . import signing
from .signing import Stamp

#: Saleor waits 18 s for a session answer; two calls must fit into that.
TIMEOUT = httpx2.Timeout(8.0, connect=3.0)
#: The window within which Antom's time must lie, either way.
REPLAY_WINDOW = timedelta(minutes=5)
BASE_PATH = "/ams/api/v1/"
#: Headers kept with the bytes as proof of origin.
KEPT_HEADERS = ("client-id", "request-time", "response-time", "signature", "content-type", "traceid")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What names us, signs our requests and verifies Antom's words."""

    client_id: str
    private_key_pem: str = field(repr=False)
    antom_public_key_pem: str = field(repr=False)
    key_version: str = "1"


class AntomClient:
    """Signed calls on behalf of one client id."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        clock: Callable[[], datetime],
        record: WireRecorder,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.credentials = credentials
        self._clock, self._record = clock, record
        self._key = rsa.load_private_key(credentials.private_key_pem)
        self._antom_key = rsa.load_public_key(credentials.antom_public_key_pem)
        self._http = httpx2.Client(timeout=TIMEOUT, transport=transport, follow_redirects=False)

    def close(self) -> None:
        """Close the pooled connections."""
        self._http.close()

    def call(
        self,
        name: str,
        body: Mapping[str, Any],
        *,
        operation: str,
        reference: str,
        under_way: frozenset[str] = frozenset(),
    ) -> dict[str, Any]:
        """Send one request and return its verified JSON.

        ``resultStatus`` U says that Antom does not know yet: where its code is one of ``under_way`` that is
        a good answer, else the call may be made again. Only F is a refusal.

        :raises GatewayRefused: Antom said no, with its resultCode
        :raises GatewayUnavailable: no answer that can be believed, or an unknown result
        """
        path = BASE_PATH + name
        answer = self._send(path, body, operation=operation, reference=reference)
        if answer.status_code != 200:
            raise GatewayUnavailable(f"Antom: HTTP {answer.status_code}", code=f"HTTP_{answer.status_code}")
        stamp = Stamp.read(answer.headers, answer=True)
        if stamp is None:
            raise GatewayUnavailable("the answer carries no signature")
        if not self.holds(stamp, path, answer.content):
            raise GatewayUnavailable("the answer's signature does not hold")
        if not self.fresh(stamp, self._clock()):
            raise GatewayUnavailable("the answer's signature is not of this moment; check the clock")
        return _result(answer.content, under_way)

    def holds(self, stamp: Stamp, path: str, body: bytes) -> bool:
        """Whether Antom signed this body for this address and our account."""
        covered = signing.message(path, stamp.client_id, stamp.time, body)
        return stamp.client_id == self.credentials.client_id and rsa.verify(
            covered, stamp.signature, self._antom_key
        )

    @staticmethod
    def fresh(stamp: Stamp, now: datetime) -> bool:
        moment = stamp.moment
        return moment is not None and abs(now - moment) <= REPLAY_WINDOW

    def _send(self, path: str, body: Mapping[str, Any], *, operation: str, reference: str) -> httpx2.Response:
        raw, time = encode(body), signing.milliseconds(self._clock())
        signature = rsa.sign(signing.message(path, self.credentials.client_id, time, raw), self._key)
        url = f"{self.base_url}{path}"
        self._record(WireEntry(WireKind.REQUEST, operation, reference, masked(body), url=f"POST {url}"))
        try:
            answer = self._http.post(
                url,
                content=raw,
                headers={
                    "Client-Id": self.credentials.client_id,
                    "Request-Time": time,
                    "Signature": signing.header(signature, self.credentials.key_version),
                    "Content-Type": "application/json; charset=UTF-8",
                    "User-Agent": "ponte/0.1",
                },
            )
        except httpx2.HTTPError as error:
            raise GatewayUnavailable(f"Antom cannot be reached: {type(error).__name__}") from error
        self._record(
            WireEntry(
                WireKind.ANSWER,
                operation,
                reference,
                answer.content,
                url=f"POST {url}",
                status=answer.status_code,
                headers=kept(answer.headers, KEPT_HEADERS),
            )
        )
        return answer


def encode(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def masked(body: Mapping[str, Any]) -> bytes:
    """Return the body for the wire record: as sent, but the buyer's certificate travels in clear and is left out."""
    if "buyerCertificate" not in body:
        return encode(body)
    return encode({**body, "buyerCertificate": "***"})


def _result(raw: bytes, under_way: frozenset[str]) -> dict[str, Any]:
    try:
        data = json.loads(raw)
        result = data["result"]
        status, code = str(result["resultStatus"]), str(result["resultCode"])
    except (ValueError, KeyError, TypeError) as error:
        raise GatewayUnavailable("the answer is not of the known shape") from error
    text = f"Antom: {code} {str(result.get('resultMessage') or '')[:200]}".strip()
    if status == "F":
        raise GatewayRefused(text, code=code)
    if status == "S" or (status == "U" and code in under_way):
        return dict(data)
    raise GatewayUnavailable(text, code=code)
