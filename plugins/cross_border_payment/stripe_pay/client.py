"""HTTP with Stripe: its own library writes and reads the messages, every exchange is kept as bytes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import httpx2
import stripe

from ..port import GatewayRefused, GatewayUnavailable, WireEntry, WireKind, WireRecorder
from ..reading import kept

#: Saleor waits 18 s for a session answer; two calls must fit into that.
TIMEOUT = httpx2.Timeout(8.0, connect=3.0)
#: What leaves of the library's headers: nothing about this machine, its user or earlier calls.
_SENT_HEADERS = frozenset({"authorization", "idempotency-key", "content-type", "stripe-version"})
#: Headers kept with the bytes; Authorization is left out on purpose.
KEPT_HEADERS = (
    "request-id",
    "idempotency-key",
    "idempotent-replayed",
    "original-request",
    "stripe-version",
    "stripe-signature",
    "content-type",
)

# The library would write an identification file into the home folder and send timings along.
stripe.enable_telemetry = False
# And would log whole answers, in which buyers' names stand.
logging.getLogger("stripe").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens the account and what signs its notifications."""

    api_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)

    @property
    def live(self) -> bool:
        """Tell whether the key moves real money: secret and restricted keys say so (``sk_live_``, ``rk_live_``)."""
        return "_live_" in self.api_key[:8]


@dataclass(frozen=True, slots=True)
class _Purpose:
    operation: str
    reference: str


_purpose: ContextVar[_Purpose] = ContextVar("stripe_purpose")


class RecordingHttp(stripe.HTTPClient):
    """The library's way out: one pooled client with our time limits that hands every exchange to the recorder."""

    name = "httpx2"

    def __init__(self, record: WireRecorder, transport: httpx2.BaseTransport | None) -> None:
        super().__init__()
        self._record = record
        self._http = httpx2.Client(timeout=TIMEOUT, transport=transport, follow_redirects=False)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: str | None = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Send one request; the library reads the answer.

        :raises stripe.APIConnectionError: no answer came
        """
        sent = {name: value for name, value in (headers or {}).items() if name.lower() in _SENT_HEADERS}
        raw, place = (post_data or "").encode(), f"{method.upper()} {url}"
        self._keep(WireKind.REQUEST, raw, place, headers=sent)
        try:
            answer = self._http.request(
                method, url, content=raw or None, headers={**sent, "User-Agent": "ponte/0.1"}
            )
        except httpx2.HTTPError as error:
            raise _unreachable(type(error).__name__) from error
        self._keep(WireKind.ANSWER, answer.content, place, answer.status_code, answer.headers)
        return answer.text, answer.status_code, answer.headers

    def close(self) -> None:
        """Close the pooled connections."""
        self._http.close()

    def _keep(
        self,
        kind: WireKind,
        body: bytes,
        place: str,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        purpose = _purpose.get()
        self._record(
            WireEntry(
                kind,
                purpose.operation,
                purpose.reference,
                body,
                place,
                status,
                kept(headers or {}, KEPT_HEADERS),
            )
        )


class StripeClient:
    """Calls on behalf of one account; repeats are ours, never the library's."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        record: WireRecorder,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self.credentials = credentials
        self._http = RecordingHttp(record, transport)
        self._stripe = stripe.StripeClient(
            credentials.api_key,
            base_addresses={"api": base_url.rstrip("/")},
            http_client=self._http,
            max_network_retries=0,
        )

    def close(self) -> None:
        """Close the pooled connections."""
        self._http.close()

    @contextmanager
    def call(self, operation: str, reference: str) -> Iterator[stripe.StripeClient]:
        """Lend the library for one purpose; its errors leave as the port's.

        :raises GatewayRefused: Stripe understood and said no; ``code`` is its own
        :raises GatewayUnavailable: no usable answer
        """
        token = _purpose.set(_Purpose(operation, reference))
        try:
            yield self._stripe
        except stripe.StripeError as error:
            raise _translated(error) from error
        finally:
            _purpose.reset(token)


def _unreachable(why: str) -> stripe.APIConnectionError:
    return stripe.APIConnectionError(f"cannot be reached: {why}")  # type: ignore[no-untyped-call]  # untyped there


def _translated(error: stripe.StripeError) -> GatewayRefused | GatewayUnavailable:
    """Say whether trying again can help."""
    # Some of the library's errors drop the code that the answer carries.
    said = error.error
    code = error.code or (said and (said.code or said.type)) or f"HTTP_{error.http_status or 0}"
    message = f"Stripe: {code} {str(error.user_message or '')[:200]}".strip()
    if _may_pass(error):
        return GatewayUnavailable(message, code=code)
    return GatewayRefused(message, code=code)


def _may_pass(error: stripe.StripeError) -> bool:
    if isinstance(error, stripe.APIConnectionError | stripe.RateLimitError):
        return True
    # 409 is a lock or a key in use by a call that still runs; an answer that is not Stripe's JSON is none.
    status = error.http_status or 0
    return status >= 500 or status == 409 or (type(error) is stripe.APIError and error.error is None)
