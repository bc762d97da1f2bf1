"""An HTTP gateway in front of the port: messages are posted, receipts are read on from a cursor.

The calls below the base address:

* ``POST messages`` with the XML as body and the file name in ``X-Cop-Msg-Id``; any 2xx means taken
* ``GET receipts?since=<id>&limit=<n>`` answers ``{"receipts": [{"id": …, "xml": "…"}], "next": <id>}``,
  in the order in which they came out

A gateway that is busy may answer 429 or 503 with ``Retry-After`` in seconds: that is no failure, and costs no try.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import httpx2

from saleor_ext.core.errors import PermanentError, PutOff, TransientError

from .port import Incoming

#: Well below the outbox's lease, so that a slow gateway cannot make two workers send at once.
TIMEOUT = httpx2.Timeout(15.0, connect=3.0)
#: Answers that may change by waiting: time-out, too early, too many.
_LATER = frozenset({408, 425, 429})
#: Answers with which a gateway may say how long it wants to be left alone, and the longest it is believed.
_BUSY, LONGEST_REST = frozenset({429, 503}), 600.0


class Position(Protocol):
    """Remembers how far the receipts were read."""

    def get(self) -> int:
        """Return the id of the last receipt that is stored, 0 at the beginning."""

    def advance(self, to: int) -> None:
        """Move on to an id; going back is ignored."""


class HttpGateway:
    """Speaks to a gateway at a base address, with a bearer token when one is given."""

    def __init__(
        self,
        base_url: str,
        *,
        position: Position,
        token: str = "",
        client: httpx2.Client | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.base_url = base_url.rstrip("/")
        self._position = position
        self._client = client or httpx2.Client(timeout=TIMEOUT, headers=headers)

    def send(self, name: str, body: bytes) -> None:
        headers = {"Content-Type": "application/xml; charset=utf-8", "X-Cop-Msg-Id": name}
        self._call("POST", "messages", content=body, headers=headers)

    def receive(self, limit: int = 100) -> Iterator[Incoming]:
        answer = self._call("GET", "receipts", params={"since": self._position.get(), "limit": limit})
        try:
            waiting = [(int(one["id"]), str(one["xml"]).encode()) for one in answer.json()["receipts"]]
        except (ValueError, KeyError, TypeError) as error:
            raise TransientError(f"the gateway's list of receipts cannot be read: {error!r}") from None
        for number, body in waiting:
            yield Incoming(str(number), body)

    def take(self, name: str) -> None:
        self._position.advance(int(name))

    def refuse(self, name: str, reason: str) -> None:  # the platform's quarantine keeps the reason
        self._position.advance(int(name))

    def problems(self) -> list[str]:
        try:
            answer = self._client.get(f"{self.base_url}/receipts", params={"limit": 1}, timeout=1.5)
        except httpx2.HTTPError as error:
            return [f"{self.base_url} does not answer: {type(error).__name__}"]
        # A wrong address or token answers too.
        return [] if answer.is_success else [f"{self.base_url} answers {answer.status_code}"]

    def _call(
        self,
        method: str,
        path: str,
        *,
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
        if answer.is_success:
            return answer
        text = f"the gateway answered {answer.status_code} to {method} {path}"
        if answer.status_code in _BUSY and (seconds := _retry_after(answer)):
            raise PutOff(text, seconds)
        if answer.status_code >= 500 or answer.status_code in _LATER:
            raise TransientError(text)
        raise PermanentError(text)


def _retry_after(answer: httpx2.Response) -> float:
    """Return the seconds that the gateway asks for, 0 when it names none; dates are not understood."""
    text = answer.headers.get("Retry-After", "").strip()
    return min(float(text), LONGEST_REST) if text.isascii() and text.isdigit() else 0.0
