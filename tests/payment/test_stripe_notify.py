"""Notifications of Stripe: which are refused and by which check, and what good ones say."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from plugins.cross_border_payment.port import NotifyKind, NotifyRefused, RefundState
from plugins.cross_border_payment.reading import kept
from plugins.cross_border_payment.stripe_pay import signing
from plugins.cross_border_payment.stripe_pay.client import KEPT_HEADERS, Credentials, StripeClient
from plugins.cross_border_payment.stripe_pay.gateway import StripeGateway, capabilities
from plugins.cross_border_payment.stripe_pay.mapper import Merchant
from saleor_ext.core import clock
from saleor_ext.core.money import Money

from . import fake_stripe
from .fake_stripe import FakeStripe

NUMBER = "PTABCDEFGHIJKLMNOPQRSTUVWXYZ"
SESSION = {"object": "checkout.session", "id": "cs_test_1", "client_reference_id": NUMBER}
Spoilt = tuple[bytes, dict[str, str]]


@pytest.fixture
def fake() -> FakeStripe:
    return FakeStripe(clock.now)


def gateway(secret: str = fake_stripe.SECRET, api_key: str = fake_stripe.API_KEY) -> StripeGateway:
    merchant = Merchant(fake_stripe.ACCOUNT)
    client = StripeClient(fake_stripe.BASE, Credentials(api_key, secret), record=lambda entry: None)
    return StripeGateway(
        "main",
        merchant,
        client,
        capabilities(merchant, ["HKD"]),
        known=lambda operation, reference: "",
        clock=clock.now,
    )


def forged(fake: FakeStripe, body: bytes) -> Spoilt:
    return body, fake.stamp(body, secret="whsec_a_stranger")


def altered_body(fake: FakeStripe, body: bytes) -> Spoilt:
    return body + b" ", fake.stamp(body)


def altered_time(fake: FakeStripe, body: bytes) -> Spoilt:
    header = fake.stamp(body)["Stripe-Signature"]
    seconds = int(header[2:].partition(",")[0])
    return body, {"Stripe-Signature": header.replace(str(seconds), str(seconds + 1), 1)}


def unsigned(fake: FakeStripe, body: bytes) -> Spoilt:
    return body, {}


def no_time(fake: FakeStripe, body: bytes) -> Spoilt:
    return body, {"Stripe-Signature": fake.stamp(body)["Stripe-Signature"].partition(",")[2]}


def two_times(fake: FakeStripe, body: bytes) -> Spoilt:
    return body, {"Stripe-Signature": f"{fake.stamp(body)['Stripe-Signature']},t=1"}


def other_scheme(fake: FakeStripe, body: bytes) -> Spoilt:
    return body, {"Stripe-Signature": fake.stamp(body)["Stripe-Signature"].replace("v1=", "v2=")}


def not_ascii(fake: FakeStripe, body: bytes) -> Spoilt:
    return body, {"Stripe-Signature": "t=1２３,v1=é"}


def thousand_signatures(fake: FakeStripe, body: bytes) -> Spoilt:
    header = fake.stamp(body)["Stripe-Signature"]
    return body, {"Stripe-Signature": header + (",v1=" + "0" * 64) * 1000}


def replayed_late(fake: FakeStripe, body: bytes) -> Spoilt:
    return body, fake.stamp(body, at=clock.now() - timedelta(seconds=302))


def from_the_future(fake: FakeStripe, body: bytes) -> Spoilt:
    return body, fake.stamp(body, at=clock.now() + timedelta(seconds=302))


def beyond_the_calendar(fake: FakeStripe, body: bytes) -> Spoilt:
    mac = signing.sign(fake_stripe.SECRET, "9" * 12, body)
    return body, {"Stripe-Signature": f"t={'9' * 12},v1={mac}"}


def _resigned(fake: FakeStripe, body: bytes) -> Spoilt:
    return body, fake.stamp(body)


def not_json(fake: FakeStripe, body: bytes) -> Spoilt:
    return _resigned(fake, b"\xff\xfehello")


def a_list(fake: FakeStripe, body: bytes) -> Spoilt:
    return _resigned(fake, b"[]")


def no_object(fake: FakeStripe, body: bytes) -> Spoilt:
    return _resigned(fake, b'{"id": "evt_1", "type": "refund.updated", "data": {}}')


def no_id(fake: FakeStripe, body: bytes) -> Spoilt:
    return _resigned(fake, json.dumps({**json.loads(body), "id": ""}).encode())


def live_mode(fake: FakeStripe, body: bytes) -> Spoilt:
    return _resigned(fake, json.dumps({**json.loads(body), "livemode": True}).encode())


def other_account(fake: FakeStripe, body: bytes) -> Spoilt:
    return _resigned(fake, json.dumps({**json.loads(body), "account": "acct_1Other"}).encode())


def fractional_refund(fake: FakeStripe, body: bytes) -> Spoilt:
    refund = {
        "id": "re_1",
        "amount": 10.5,
        "currency": "hkd",
        "status": "pending",
        "metadata": {"refund_no": "PR1"},
    }
    return _resigned(fake, fake.event("refund.updated", refund))


def unknown_refund_state(fake: FakeStripe, body: bytes) -> Spoilt:
    refund = {
        "id": "re_1",
        "amount": 10,
        "currency": "hkd",
        "status": "odd",
        "metadata": {"refund_no": "PR1"},
    }
    return _resigned(fake, fake.event("refund.updated", refund))


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (forged, "bad_signature"),
        (altered_body, "bad_signature"),
        (altered_time, "bad_signature"),
        (unsigned, "unsigned"),
        (no_time, "bad_signature"),
        (two_times, "bad_signature"),
        (other_scheme, "bad_signature"),
        (not_ascii, "bad_signature"),
        (thousand_signatures, "bad_signature"),
        (replayed_late, "stale"),
        (from_the_future, "stale"),
        (beyond_the_calendar, "stale"),
        (not_json, "malformed"),
        (a_list, "malformed"),
        (no_object, "malformed"),
        (no_id, "malformed"),
        (live_mode, "other_account"),
        (other_account, "other_account"),
        (fractional_refund, "malformed"),
        (unknown_refund_state, "malformed"),
    ],
)
def test_what_must_not_be_believed_is_refused(
    fake: FakeStripe, spoil: Callable[[FakeStripe, bytes], Spoilt], code: str
) -> None:
    body, headers = spoil(fake, fake.event("checkout.session.completed", SESSION))
    with pytest.raises(NotifyRefused) as caught:
        gateway().parse_notify(headers, body, clock.now())
    assert caught.value.code == code
    assert fake_stripe.SECRET not in str(caught.value)


def test_without_a_secret_nothing_is_believed(fake: FakeStripe) -> None:
    body = fake.event("checkout.session.completed", SESSION)
    with pytest.raises(NotifyRefused) as caught:
        gateway(secret="").parse_notify(fake.stamp(body, secret=""), body, clock.now())
    assert caught.value.code == "bad_signature"


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_the_window_is_three_hundred_seconds_either_way(fake: FakeStripe, seconds: int) -> None:
    body, now = fake.event("checkout.session.completed", SESSION), clock.now().replace(microsecond=0)
    headers = fake.stamp(body, at=now + timedelta(seconds=seconds))
    assert gateway().parse_notify(headers, body, now).out_trade_no == NUMBER


def test_a_rolled_secret_signs_twice(fake: FakeStripe) -> None:
    body = fake.event("checkout.session.completed", SESSION)
    now = clock.now()
    seconds = str(int(now.timestamp()))
    macs = [signing.sign(secret, seconds, body) for secret in ("whsec_old", fake_stripe.SECRET)]
    header = f"t={seconds},v1={macs[0]},v1={macs[1]}"
    assert gateway().parse_notify({"stripe-signature": header}, body, now).out_trade_no == NUMBER


def test_our_check_agrees_with_the_librarys_signature(fake: FakeStripe) -> None:
    import stripe

    body, now = fake.event("checkout.session.completed", SESSION), clock.now()
    header = stripe.WebhookSignature.generate_signature_header(  # type: ignore[no-untyped-call]  # untyped there
        body.decode(), fake_stripe.SECRET, int(now.timestamp())
    )
    assert gateway().parse_notify({"Stripe-Signature": header}, body, now).kind is NotifyKind.PAYMENT


def parsed(fake: FakeStripe, kind: str, data: dict[str, Any], now: datetime | None = None) -> Any:
    body = fake.event(kind, data)
    return gateway().parse_notify(fake.stamp(body), body, now or clock.now())


@pytest.mark.parametrize(
    "kind",
    ["checkout.session.completed", "checkout.session.async_payment_failed", "checkout.session.expired"],
)
def test_a_sessions_event_names_our_order(fake: FakeStripe, kind: str) -> None:
    notice = parsed(fake, kind, SESSION)
    assert (notice.kind, notice.out_trade_no, notice.event_type) == (NotifyKind.PAYMENT, NUMBER, kind)
    assert notice.notify_id.startswith("evt_")
    assert notice.payment is None  # the gateway is asked, the event is not believed


def test_an_intents_event_names_our_order_by_metadata(fake: FakeStripe) -> None:
    intent = {"object": "payment_intent", "id": "pi_1", "metadata": {"out_trade_no": NUMBER}}
    notice = parsed(fake, "payment_intent.payment_failed", intent)
    assert (notice.kind, notice.out_trade_no) == (NotifyKind.PAYMENT, NUMBER)


@pytest.mark.parametrize(
    "kind", ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"]
)
def test_a_refunds_event_names_our_refund(fake: FakeStripe, kind: str) -> None:
    refund = {
        "id": "re_1",
        "amount": 1000,
        "currency": "hkd",
        "status": "failed",
        "metadata": {"refund_no": "PR1"},
    }
    notice = parsed(fake, kind, refund)
    assert (notice.kind, notice.refund_no) == (NotifyKind.REFUND, "PR1")
    assert (notice.refund.state, notice.refund.amount) == (RefundState.FAILED, Money("10.00", "HKD"))


@pytest.mark.parametrize("word", ["created", "updated", "closed", "funds_withdrawn", "funds_reinstated"])
def test_a_disputes_event_names_the_payment_and_nothing_of_it_is_believed(
    fake: FakeStripe, word: str
) -> None:
    dispute = {"id": "du_1", "amount": "odd", "status": "needs_response", "payment_intent": "pi_1"}
    notice = parsed(fake, f"charge.dispute.{word}", dispute)
    assert (notice.kind, notice.out_trade_no, notice.gateway_ref) == (NotifyKind.DISPUTE, "", "pi_1")


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("invoice.paid", {"object": "invoice", "id": "in_1"}),
        ("charge.refunded", {"object": "charge", "id": "ch_1", "metadata": {"out_trade_no": NUMBER}}),
        ("charge.dispute.created", {"object": "dispute", "id": "du_1", "payment_intent": None}),
        ("something.quite.new", {"client_reference_id": NUMBER}),
        # Made by others in the account: a payment link, a refund in the dashboard.
        (
            "checkout.session.completed",
            {"object": "checkout.session", "id": "cs_1", "client_reference_id": None},
        ),
        ("refund.created", {"id": "re_2", "amount": 1, "currency": "gbp", "status": "odd", "metadata": {}}),
    ],
)
def test_what_does_not_concern_us_is_other(fake: FakeStripe, kind: str, data: dict[str, Any]) -> None:
    notice = parsed(fake, kind, data)
    assert (notice.kind, notice.out_trade_no, notice.refund_no) == (NotifyKind.OTHER, "", "")
    assert (notice.refund, notice.gateway_ref) == (None, "")


@pytest.mark.parametrize(
    ("key", "live"),
    [("sk_live_1", True), ("rk_live_1", True), ("sk_test_1", False), ("rk_test_live_1", False)],
)
def test_the_key_tells_the_mode(key: str, live: bool) -> None:
    assert Credentials(key, "").live is live


def test_the_same_event_has_the_same_id_each_time(fake: FakeStripe) -> None:
    """Deliveries repeat; the inbox takes an id once."""
    first = parsed(fake, "checkout.session.completed", SESSION)
    later = parsed(fake, "checkout.session.completed", SESSION, clock.now() + timedelta(seconds=60))
    assert first.notify_id == later.notify_id


def test_proof_of_origin_is_kept_and_nothing_else(fake: FakeStripe) -> None:
    headers = {
        **fake.stamp(b"x"),
        "Authorization": "Bearer x",
        "Cookie": "y",
        "Content-Type": "application/json",
    }
    assert set(kept(headers, KEPT_HEADERS)) == {"stripe-signature", "content-type"}
