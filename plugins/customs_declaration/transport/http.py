"""An HTTP gateway in front of the port: messages are posted, receipts are fetched and acknowledged.

The calls below the base address:

* ``POST messages`` with the XML as body and its file name in ``X-Message-Name``; any 2xx means taken
* ``GET receipts?limit=n`` answers ``{"receipts": [{"name": …, "body": <base64>}]}``, oldest first
* ``DELETE receipts/<name>`` when the receipt is stored, or put aside here
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from urllib.parse import quote

import httpx2

from saleor_ext.core.errors import PermanentError, TransientError

from .port import Incoming

#: Well below the outbox's lease, so that a slow gateway cannot make two workers send at once.
TIMEOUT = httpx2.Timeout(15.0, connect=3.0)
#: Answers that may change by waiting: too early, too many, time-out.
_LATER = frozenset({408, 425, 429})


class HttpGateway:
    """Speaks to a gateway at a base address, with a token when one is given."""

    def __init__(
        self, base_url: str, *, token: str = "", max_bytes: int, client: httpx2.Client | None = None
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.base_url = base_url.rstrip("/")
        self.max_bytes = max_bytes
        self._client = client or httpx2.Client(timeout=TIMEOUT, headers=headers)

    def send(self, name: str, body: bytes) -> None:
        headers = {"Content-Type": "application/xml; charset=utf-8", "X-Message-Name": name}
        self._call("POST", "messages", content=body, headers=headers)

    def receive(self, limit: int = 100) -> Iterator[Incoming]:
        answer = self._call("GET", "receipts", params={"limit": limit})
        try:
            waiting = [(str(one["name"]), str(one["body"])) for one in answer.json()["receipts"]]
        except (ValueError, KeyError, TypeError) as error:
            raise TransientError(f"the gateway's list of receipts cannot be read: {error!r}") from None
        for name, body in waiting:
            if len(body) * 3 // 4 > self.max_bytes:
                self.refuse(name, "too large")
                continue
            yield Incoming(name, _decoded(name, body))

    def take(self, name: str) -> None:
        self._call("DELETE", f"receipts/{quote(name, safe='')}", allow=frozenset({404, 410}))

    def refuse(self, name: str, reason: str) -> None:  # noqa: ARG002  # the platform's quarantine keeps the reason
        self.take(name)

    def problems(self) -> list[str]:
        try:
            self._client.get(f"{self.base_url}/receipts", params={"limit": 0}, timeout=1.5)
        except httpx2.HTTPError as error:
            return [f"{self.base_url} does not answer: {type(error).__name__}"]
        return []

    def _call(
        self,
        method: str,
        path: str,
        *,
        allow: frozenset[int] = frozenset(),
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        params: dict[str, int] | None = None,
    ) -> httpx2.Response:
        try:
            answer = self._client.request(
                method, f"{self.base_url}/{path}", content=content, headers=headers, params=params
            )
        except httpx2.HTTPError as error:
            raise TransientError(f"the gateway does not answer: {type(error).__name__}") from error
        if answer.is_success or answer.status_code in allow:
            return answer
        text = f"the gateway answered {answer.status_code} to {method} {path.split('/', maxsplit=1)[0]}"
        if answer.status_code >= 500 or answer.status_code in _LATER:
            raise TransientError(text)
        raise PermanentError(text)


def _decoded(name: str, body: str) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise TransientError(f"receipt {name} is not base64") from None
