"""The Stripe adapter against the sandbox's processes, notifications included."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from typing import Any

import httpx2
import pytest

from plugins.cross_border_payment import wire
from plugins.cross_border_payment.port import (
    DisputeState,
    GatewayRefused,
    NotifyKind,
    NotifyRefused,
    PaymentState,
    Redirect,
    RefundRequest,
    RefundState,
    StartRequest,
    Surroundings,
)
from plugins.cross_border_payment.stripe_pay import kept
from plugins.cross_border_payment.stripe_pay.client import Credentials, StripeClient
from plugins.cross_border_payment.stripe_pay.facts import StripeNotify
from plugins.cross_border_payment.stripe_pay.gateway import StripeGateway, capabilities
from plugins.cross_border_payment.stripe_pay.mapper import Merchant
from saleor_ext.core import clock
from saleor_ext.core.money import Money
from tests.sandbox_process import running_sandbox
from tests.waiting import until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    pytest.mark.skipif(
        find_spec("sandbox.psp") is None, reason="the sandbox is not part of this installation"
    ),
]
AMOUNT = Money("194.00", "CNY")
GOOD, DISPUTED = "4242424242424242", "4000000000000259"


@dataclass
class Inbox:
    """A merchant's endpoint: keeps what arrives as it arrived."""

    url: str = ""
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@dataclass(frozen=True)
class Sandbox:
    url: str
    account: Mapping[str, Any]
    inbox: Inbox

    def pay(self, out_trade_no: str, **how: str) -> dict[str, Any]:
        data = {"client_reference_id": out_trade_no, "method": "card", "number": GOOD, **how}
        answer = httpx2.post(f"{self.url}/sandbox/psp/stripe/pay", json=data)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]  # an object, as the next lines find


@pytest.fixture(scope="module")
def inbox() -> Iterator[Inbox]:
    made = Inbox()

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.received.append((dict(self.headers.items()), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    made.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, inbox: Inbox) -> Iterator[Sandbox]:
    """The sandbox sixty times as fast, with our endpoint registered by Stripe's own call."""
    with running_sandbox("stripe", tmp_path_factory.mktemp("sandbox"), speed="60") as running:
        account = json.loads((running.folder / "psp" / "config.json").read_text())["stripe"]
        answer = httpx2.post(
            f"{running.url}/v1/webhook_endpoints",
            data={"url": inbox.url, "enabled_events[0]": "*"},
            headers={"Authorization": f"Bearer {account['api_key']}"},
        )
        assert answer.status_code == 200, answer.text
        yield Sandbox(running.url, account, inbox)


@pytest.fixture
def gateway(sandbox: Sandbox) -> Iterator[StripeGateway]:
    account = sandbox.account
    merchant = Merchant(account["account"], tuple(account["payment_method_types"]))
    client = StripeClient(
        account["base_url"],
        Credentials(account["api_key"], account["webhook_secret"]),
        record=wire.recorder("stripe", "main"),
    )
    yield StripeGateway(
        "main", merchant, client, capabilities(merchant, ["CNY"]), known=kept.ids("main"), clock=clock.now
    )
    client.close()


def number() -> str:
    return f"PT{time.time_ns()}"


def opened(gateway: StripeGateway) -> str:
    out_trade_no = number()
    request = StartRequest(
        out_trade_no=out_trade_no,
        amount=AMOUNT,
        description="杏仁饼",
        notify_url="",
        return_url="http://127.0.0.1:1/done",
        client_ip="",
        surroundings=Surroundings.DESKTOP,
        expires_at=clock.now() + timedelta(minutes=30),
    )
    first = gateway.start(request)
    assert isinstance(first, Redirect)
    assert gateway.start(request) == first
    assert "沙盒" in httpx2.get(first.url).text
    return out_trade_no


def notice(
    gateway: StripeGateway, inbox: Inbox, wanted: Callable[[StripeNotify], bool]
) -> tuple[StripeNotify, dict[str, str], bytes]:
    """Return the first notification that is wanted; every one that came must verify."""

    def look() -> tuple[StripeNotify, dict[str, str], bytes] | None:
        for headers, raw in list(inbox.received):
            parsed = gateway.parse_notify(headers, raw, clock.now())
            if wanted(parsed):
                return parsed, headers, raw
        return None

    return until(look)


def test_paid_and_told(gateway: StripeGateway, sandbox: Sandbox) -> None:
    ours = opened(gateway)
    assert gateway.query(ours).state is PaymentState.PENDING
    done = sandbox.pay(ours)
    told, headers, raw = notice(gateway, sandbox.inbox, lambda one: one.out_trade_no == ours)
    assert told.kind is NotifyKind.PAYMENT
    found = gateway.query(ours)
    assert (found.state, found.amount, found.gateway_ref) == (
        PaymentState.PAID,
        AMOUNT,
        done["payment_intent"],
    )
    assert found.merchant_account == sandbox.account["account"]
    with pytest.raises(GatewayRefused, match="complete"):
        gateway.close(ours)
    with pytest.raises(NotifyRefused) as altered:
        gateway.parse_notify(headers, raw.replace(b"19400", b"19401"), clock.now())
    assert altered.value.code == "bad_signature"
    with pytest.raises(NotifyRefused) as replayed:
        gateway.parse_notify(headers, raw, clock.now() + timedelta(minutes=6))
    assert replayed.value.code == "stale"


def test_found_without_any_kept_answer(gateway: StripeGateway, sandbox: Sandbox) -> None:
    ours = opened(gateway)
    gateway._known = lambda operation, reference: ""
    assert gateway.query(ours).detail == ""
    assert gateway.query(number()).detail == "resource_missing"
    gateway.close(ours)
    assert gateway.query(ours).state is PaymentState.CLOSED


@pytest.mark.parametrize(
    ("persona", "state"), [("good", RefundState.SUCCESS), ("refund_fails", RefundState.FAILED)]
)
def test_refunds_of_a_wallet(
    gateway: StripeGateway, sandbox: Sandbox, persona: str, state: RefundState
) -> None:
    ours = opened(gateway)
    ref = sandbox.pay(ours, method="alipay", persona=persona)["payment_intent"]
    request = RefundRequest(f"PR{ours}", ref, Money("94.00", "CNY"), AMOUNT)
    assert {gateway.refund(request).gateway_ref for _ in range(3)} == {
        gateway.query_refund(request.refund_no).gateway_ref
    }
    with pytest.raises(GatewayRefused):
        gateway.refund(RefundRequest(f"PX{ours}", ref, Money("100.01", "CNY"), AMOUNT))
    until(lambda: gateway.query_refund(request.refund_no).state is state)
    told, _, _ = notice(
        gateway,
        sandbox.inbox,
        lambda one: bool(one.refund and one.refund.state is state and one.refund_no == f"PR{ours}"),
    )
    assert told.kind is NotifyKind.REFUND


def test_a_dispute_and_the_days_statement(gateway: StripeGateway, sandbox: Sandbox) -> None:
    ours = opened(gateway)
    ref = sandbox.pay(ours, number=DISPUTED)["payment_intent"]
    told, _, _ = notice(gateway, sandbox.inbox, lambda one: one.gateway_ref == ref)
    assert told.kind is NotifyKind.DISPUTE
    (found,) = gateway.disputes(ref)
    assert (found.state, found.amount) == (DisputeState.NEEDS_RESPONSE, AMOUNT)
    paid_at = gateway.query(ours).paid_at
    assert paid_at is not None
    days = {paid_at.astimezone(clock.CHINA).date(), clock.china_today()}  # two around midnight
    lines = [line for day in days for line in gateway.movements(day)]
    (charge,) = [line for line in lines if line.own_number == ours]
    assert (charge.reference, charge.kind) == (ref, "charge")
    assert (charge.gross, charge.fee, charge.net) == (
        Money("210.49", "HKD"),
        Money("9.51", "HKD"),
        Money("200.98", "HKD"),
    )
    assert str(charge.exchange_rate) == "1.085"
    (taken,) = [line for line in lines if line.reference == found.dispute_id]
    assert (taken.kind, taken.gross, taken.fee) == ("dispute", Money("-210.49", "HKD"), Money("85.00", "HKD"))
    answer = httpx2.post(
        f"{sandbox.url}/v1/disputes/{found.dispute_id}",
        data={"evidence[uncategorized_text]": "winning_evidence"},
        headers={"Authorization": f"Bearer {sandbox.account['api_key']}"},
    )
    assert answer.status_code == 200, answer.text
    assert [one.state for one in gateway.disputes(ref)] == [DisputeState.WON]
    lines = [line for day in {*days, clock.china_today()} for line in gateway.movements(day)]
    assert [
        line.gross for line in lines if line.reference == found.dispute_id and line.kind != "dispute"
    ] == [Money("210.49", "HKD")]
