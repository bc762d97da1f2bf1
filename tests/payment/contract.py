"""What any payment company has to do, tried over its real wire against the sandbox.

A company joins by a harness in ``test_contract``; the checks know nothing but the port.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2

from plugins.cross_border_payment.port import DeclaringGateway, Gateway, StartRequest, Surroundings
from saleor_ext.core import clock
from saleor_ext.core.money import Money
from tests.waiting import until

PRICE = Money("194.00", "CNY")


@dataclass
class Mailbox:
    """Takes notifications as a shop would, and keeps them; ``answer`` is what the gateway says to them."""

    url: str
    answer: Callable[[], dict[str, Any]]
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def about(
        self, number: str, find: Callable[[dict[str, str], bytes], str]
    ) -> tuple[dict[str, str], bytes]:
        """Return the first notification whose subject, told by ``find``, is ``number``."""
        return until(lambda: next((one for one in self.taken if find(*one) == number), None))


@contextmanager
def mailbox(path: str, answer: Callable[[], dict[str, Any]]) -> Iterator[Mailbox]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            box.taken.append((dict(self.headers.items()), body))
            said = json.dumps(box.answer()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    box = Mailbox(f"http://127.0.0.1:{server.server_port}{path}", answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Harness:
    """A company's gateway at the sandbox, and the buyer's phone."""

    gateway: Gateway
    sandbox: str
    box: Mailbox
    #: The same account with somebody else's key.
    stranger: Gateway
    #: Who pays where the refund is to fail later; beside it, the refund's reason says so.
    refund_fails = "same"

    @property
    def declarer(self) -> DeclaringGateway:
        assert isinstance(self.gateway, DeclaringGateway)
        return self.gateway

    def number(self) -> str:
        return "PT" + secrets.token_hex(13).upper()

    def request(
        self, number: str, amount: Money = PRICE, on: Surroundings = Surroundings.DESKTOP
    ) -> StartRequest:
        # The time is part of the order: the same number again has to be the same order.
        return StartRequest(
            out_trade_no=number,
            amount=amount,
            description="杏仁饼 礼盒",
            notify_url=self.box.url,
            return_url=f"{self.sandbox}/back" if self.gateway.capabilities.needs_return else "",
            client_ip="127.0.0.1",
            surroundings=on,
            expires_at=self.expires,
        )

    def __post_init__(self) -> None:
        self.expires = (clock.now() + timedelta(minutes=30)).replace(microsecond=0)

    def pay(self, number: str, persona: str = "same", **who: str) -> httpx2.Response:
        return httpx2.post(
            f"{self.sandbox}/sandbox/psp/pay", json={"out_trade_no": number, "persona": persona, **who}
        )

    def paid(self, persona: str = "same", **who: str) -> str:
        """Return the number of a payment that was made."""
        number = self.number()
        self.gateway.start(self.request(number))
        assert self.pay(number, persona, **who).status_code == 200
        return number


#: How Stripe's hosted page is paid as each persona.
_STRIPE = {
    "same": {"method": "card", "number": "4242424242424242"},
    "declined": {"method": "card", "number": "4000000000000002"},
    "disputed": {"method": "card", "number": "4000000000000259"},
    "refund_fails": {"method": "alipay", "persona": "refund_fails"},
}


class StripeHarness(Harness):
    refund_fails = "refund_fails"

    def pay(self, number: str, persona: str = "same", **who: str) -> httpx2.Response:
        how = {"client_reference_id": number, **_STRIPE[persona]}
        return httpx2.post(f"{self.sandbox}/sandbox/psp/stripe/pay", json=how)


@contextmanager
def stripe_endpoint(sandbox: str, api_key: str, url: str) -> Iterator[None]:
    """Register an address for notifications, as in Stripe's dashboard: no call of a payment names one."""
    place, head = f"{sandbox}/v1/webhook_endpoints", {"Authorization": f"Bearer {api_key}"}
    made = httpx2.post(place, data={"url": url, "enabled_events[0]": "*"}, headers=head)
    assert made.status_code == 200, made.text
    yield
    httpx2.delete(f"{place}/{made.json()['id']}", headers=head)
