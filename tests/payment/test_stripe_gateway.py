"""The Stripe adapter through Stripe's own library, against a fake in memory."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from plugins.cross_border_payment import wire
from plugins.cross_border_payment.models import PaymentWireRecord
from plugins.cross_border_payment.port import (
    CustomsDeclarer,
    DisputeSource,
    DisputeState,
    Gateway,
    GatewayRefused,
    GatewayUnavailable,
    PaymentState,
    Redirect,
    RefundRequest,
    RefundState,
    StartFailed,
    StartRequest,
    StatementKind,
    Surroundings,
    WireEntry,
    WireKind,
)
from plugins.cross_border_payment.stripe_pay import kept, mapper
from plugins.cross_border_payment.stripe_pay.client import Credentials, StripeClient
from plugins.cross_border_payment.stripe_pay.gateway import StripeGateway, capabilities
from plugins.cross_border_payment.stripe_pay.mapper import Merchant
from saleor_ext.core import clock
from saleor_ext.core.money import Money

from . import fake_stripe
from .fake_stripe import FakeStripe

NUMBER = "PTABCDEFGHIJKLMNOPQRSTUVWXYZ"
EXPIRES = datetime(2030, 1, 1, 12, tzinfo=UTC)
MERCHANT = Merchant(fake_stripe.ACCOUNT)


def nothing_kept(operation: str, reference: str) -> str:
    return ""


def make(
    fake: FakeStripe, record: Any = lambda entry: None, known: Any = nothing_kept, **merchant: Any
) -> StripeGateway:
    merchant_ = Merchant(fake_stripe.ACCOUNT, **merchant)
    client = StripeClient(
        fake_stripe.BASE,
        Credentials(fake_stripe.API_KEY, fake_stripe.SECRET),
        record=record,
        transport=fake.transport,
    )
    return StripeGateway(
        "main", merchant_, client, capabilities(merchant_, ["HKD", "CNY"]), known=known, clock=fake.clock
    )


@pytest.fixture
def fake() -> FakeStripe:
    return FakeStripe(clock.now)


@pytest.fixture
def gateway(fake: FakeStripe) -> StripeGateway:
    return make(fake)


def start_request(**changes: Any) -> StartRequest:
    values: dict[str, Any] = {
        "out_trade_no": NUMBER,
        "amount": Money("194.00", "HKD"),
        "description": "杏仁饼",
        "notify_url": "http://testserver/plugins/payment/notify/stripe/main",
        "return_url": "http://testserver/pay/1?a=b",
        "client_ip": "203.0.113.9",
        "surroundings": Surroundings.DESKTOP,
        "expires_at": EXPIRES,
        **changes,
    }
    return StartRequest(**values)


def refund_request(number: str = "PR1", amount: str = "10.00", ref: str = "pi_1") -> RefundRequest:
    return RefundRequest(
        number, ref, Money(amount, "HKD"), Money("194.00", "HKD"), reason="张三 changed his mind"
    )


def paid(gateway: StripeGateway, fake: FakeStripe) -> str:
    gateway.start(start_request())
    fake.pay(NUMBER)
    return gateway.query(NUMBER).gateway_ref


def test_it_is_a_gateway_that_declares_nothing(gateway: StripeGateway) -> None:
    assert isinstance(gateway, Gateway)
    assert not isinstance(gateway, CustomsDeclarer)
    assert isinstance(gateway, DisputeSource)
    assert gateway.capabilities.can_declare_customs is False
    assert (gateway.capabilities.targets, gateway.capabilities.pay_code) == ((), "")


@pytest.mark.parametrize(
    ("methods", "days", "inside_wechat"),
    [
        (("card",), 365, True),
        (("card", "wechat_pay"), 180, True),
        (("wechat_pay",), 180, False),
        (("card", "alipay"), 90, True),
    ],
)
def test_the_shortest_refund_window_counts(methods: tuple[str, ...], days: int, inside_wechat: bool) -> None:
    able = capabilities(Merchant(fake_stripe.ACCOUNT, methods), ["HKD"])
    assert able.refund_window == timedelta(days=days)
    assert (Surroundings.WECHAT in able.surroundings) is inside_wechat


def test_a_hosted_page_is_opened(gateway: StripeGateway, fake: FakeStripe) -> None:
    assert gateway.start(start_request()) == Redirect(f"{fake_stripe.BASE}/c/pay/cs_test_1")
    assert fake.requests[0].headers["Idempotency-Key"] == NUMBER
    assert fake.sessions["cs_test_1"]["_params"] == {
        "mode": "payment",
        "client_reference_id": NUMBER,
        "allowed_payment_method_types[0]": "card",
        "allowed_payment_method_types[1]": "alipay",
        "allowed_payment_method_types[2]": "wechat_pay",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "hkd",
        "line_items[0][price_data][unit_amount]": "19400",
        "line_items[0][price_data][product_data][name]": "杏仁饼",
        "metadata[out_trade_no]": NUMBER,
        "payment_intent_data[metadata][out_trade_no]": NUMBER,
        "payment_method_options[wechat_pay][client]": "web",
        "adaptive_pricing[enabled]": "false",
        "expires_at": str(int((EXPIRES + timedelta(minutes=31)).timestamp())),
        "success_url": "http://testserver/pay/1?a=b",
        "cancel_url": "http://testserver/pay/1?a=b",
    }


def test_methods_are_configuration(fake: FakeStripe) -> None:
    make(fake, methods=("card",)).start(start_request())
    sent = fake.sessions["cs_test_1"]["_params"]
    assert [sent[name] for name in sent if name.startswith("allowed_payment")] == ["card"]
    assert not [name for name in sent if name.startswith("payment_method_options")]


def test_a_lost_answer_is_asked_for_again(gateway: StripeGateway, fake: FakeStripe) -> None:
    fake.lose_answers = 1
    with pytest.raises(GatewayUnavailable, match="ReadTimeout"):
        gateway.start(start_request())
    assert gateway.start(start_request()) == Redirect(f"{fake_stripe.BASE}/c/pay/cs_test_1")
    assert fake.calls == ["POST /v1/checkout/sessions"] * 2  # the library repeats nothing by itself
    assert len(fake.sessions) == 1


def test_a_used_number_is_a_failure_not_an_exception(gateway: StripeGateway, fake: FakeStripe) -> None:
    gateway.start(start_request())
    result = gateway.start(start_request(amount=Money("1.00", "HKD")))
    assert isinstance(result, StartFailed)
    assert result.code == "idempotency_error"


def test_without_a_way_back_nothing_is_opened(gateway: StripeGateway, fake: FakeStripe) -> None:
    result = gateway.start(start_request(return_url=""))
    assert isinstance(result, StartFailed)
    assert (result.code, fake.calls) == ("no_return_url", [])


def test_query_before_and_after_payment(gateway: StripeGateway, fake: FakeStripe) -> None:
    unknown = gateway.query("PTUNKNOWN")
    assert (unknown.state, unknown.detail) == (PaymentState.PENDING, "resource_missing")
    gateway.start(start_request())
    assert gateway.query(NUMBER).state is PaymentState.PENDING
    fake.pay(NUMBER)
    found = gateway.query(NUMBER)
    assert (found.out_trade_no, found.state, found.amount) == (
        NUMBER,
        PaymentState.PAID,
        Money("194.00", "HKD"),
    )
    assert (found.gateway_ref, found.merchant_account) == ("pi_1", fake_stripe.ACCOUNT)
    assert found.paid_at is not None and abs(found.paid_at - clock.now()) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("status", "changes", "state"),
    [
        ("requires_payment_method", {"last_payment_error": {"code": "card_declined"}}, PaymentState.PENDING),
        ("processing", {}, PaymentState.PENDING),
        ("requires_action", {}, PaymentState.PENDING),
        ("canceled", {"cancellation_reason": "abandoned"}, PaymentState.CLOSED),
    ],
)
def test_no_money_without_a_succeeded_intent(
    gateway: StripeGateway, fake: FakeStripe, status: str, changes: dict[str, Any], state: PaymentState
) -> None:
    gateway.start(start_request())
    fake.pay(NUMBER, status=status, **changes)
    found = gateway.query(NUMBER)
    assert (found.state, found.amount, found.gateway_ref) == (state, None, "")


@pytest.mark.parametrize(
    ("session", "intent"),
    [
        ({}, {"amount_received": -1}),
        ({}, {"amount_received": 194.5}),
        ({}, {"amount_received": True}),
        ({}, {"currency": "xau"}),
        ({}, {"currency": ""}),
        ({"status": "odd"}, {"status": "requires_action"}),
    ],
)
def test_an_answer_that_makes_no_sense_is_none(
    gateway: StripeGateway, fake: FakeStripe, session: dict[str, Any], intent: dict[str, Any]
) -> None:
    gateway.start(start_request())
    fake.pay(NUMBER, **{"status": "succeeded", **intent})
    fake.of(NUMBER).update(session)
    with pytest.raises(GatewayUnavailable):
        gateway.query(NUMBER)


def test_another_amount_or_currency_is_told_as_it_is(gateway: StripeGateway, fake: FakeStripe) -> None:
    """The sessions compare it with what was asked."""
    gateway.start(start_request())
    fake.pay(NUMBER, amount_received=19300, currency="usd")
    assert gateway.query(NUMBER).amount == Money("193.00", "USD")


def test_other_sessions_are_passed_over_on_the_way_to_ours(gateway: StripeGateway, fake: FakeStripe) -> None:
    """Three pages of newer ones stand before it in the list."""
    for number in (NUMBER, "PTB", "PTC", "PTD", "PTE"):
        gateway.start(start_request(out_trade_no=number))
    fake.pay(NUMBER)
    assert gateway.query(NUMBER).gateway_ref == "pi_1"
    assert fake.calls[-4:-1] == ["GET /v1/checkout/sessions"] * 3


@pytest.mark.django_db
def test_the_kept_answer_saves_the_search(fake: FakeStripe) -> None:
    gateway = make(fake, wire.recorder("stripe", "main"), kept.ids("main"))
    gateway.start(start_request())
    fake.calls.clear()
    assert gateway.query(NUMBER).state is PaymentState.PENDING
    assert fake.calls == ["GET /v1/checkout/sessions/cs_test_1"]
    fake.pay(NUMBER)
    gateway.refund(refund_request())
    fake.calls.clear()
    assert gateway.query_refund("PR1").refund_no == "PR1"
    assert fake.calls == ["GET /v1/refunds/re_1"]


@pytest.mark.django_db
def test_an_answer_of_a_proxy_is_no_kept_id() -> None:
    wire.keep("stripe", "main", WireEntry(WireKind.ANSWER, "start", NUMBER, b"<html>", status=200))
    assert kept.ids("main")("start", NUMBER) == ""


def test_close_is_repeatable(gateway: StripeGateway, fake: FakeStripe) -> None:
    gateway.start(start_request())
    gateway.close(NUMBER)
    gateway.close(NUMBER)
    gateway.close("PTUNKNOWN")
    assert gateway.query(NUMBER).state is PaymentState.CLOSED
    assert fake.calls.count("POST /v1/checkout/sessions/cs_test_1/expire") == 1


@pytest.mark.parametrize("status", ["succeeded", "processing"])
def test_what_was_completed_is_not_closed(gateway: StripeGateway, fake: FakeStripe, status: str) -> None:
    gateway.start(start_request())
    fake.pay(NUMBER, status=status)
    with pytest.raises(GatewayRefused) as caught:
        gateway.close(NUMBER)
    assert caught.value.code == "session_completed"


def test_a_payment_between_look_and_close_is_not_lost(gateway: StripeGateway, fake: FakeStripe) -> None:
    gateway.start(start_request())
    fake.before_expiry = lambda session_id: fake.pay(NUMBER) and None
    with pytest.raises(GatewayRefused):
        gateway.close(NUMBER)
    assert gateway.query(NUMBER).state is PaymentState.PAID


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("pending", RefundState.PROCESSING),
        ("requires_action", RefundState.PROCESSING),
        ("succeeded", RefundState.SUCCESS),
        ("failed", RefundState.FAILED),
        ("canceled", RefundState.CLOSED),
    ],
)
def test_refund_and_its_result(
    gateway: StripeGateway, fake: FakeStripe, word: str, state: RefundState
) -> None:
    ref = paid(gateway, fake)
    first = gateway.refund(refund_request(ref=ref))
    assert (first.state, first.gateway_ref, first.amount) == (
        RefundState.PROCESSING,
        "re_1",
        Money("10.00", "HKD"),
    )
    sent = next(r for r in fake.requests if r.url.path == "/v1/refunds" and r.method == "POST")
    assert sent.headers["Idempotency-Key"] == "PR1"
    # The reason is free text and may name a person: it does not leave.
    assert sent.content == b"payment_intent=pi_1&amount=1000&metadata[refund_no]=PR1"
    fake.refunds["re_1"] |= {"status": word, "failure_reason": "lost_or_stolen_card"}
    found = gateway.query_refund("PR1")
    assert (found.refund_no, found.state, found.detail) == ("PR1", state, "lost_or_stolen_card")
    assert gateway.query(NUMBER).state is PaymentState.REFUNDED


def test_one_refund_number_pays_once_also_after_the_key_is_forgotten(
    gateway: StripeGateway, fake: FakeStripe
) -> None:
    ref = paid(gateway, fake)
    gateway.refund(refund_request(ref=ref))
    fake.keys.clear()  # Stripe may forget keys after a day
    assert gateway.refund(refund_request(ref=ref)).gateway_ref == "re_1"
    assert len(fake.refunds) == 1
    # Without the look at earlier refunds the forgotten key pays again.
    gateway._listed_refund = lambda refund_no, within: None  # type: ignore[method-assign]  # shows the race
    assert gateway.refund(refund_request(ref=ref)).gateway_ref == "re_2"


def test_over_refund_is_refused(gateway: StripeGateway, fake: FakeStripe) -> None:
    ref = paid(gateway, fake)
    with pytest.raises(GatewayRefused) as caught:
        gateway.refund(refund_request(amount="194.01", ref=ref))
    assert caught.value.code == "charge_already_refunded"
    with pytest.raises(GatewayRefused) as unknown:
        gateway.query_refund("PR1")
    assert unknown.value.code == "resource_missing"


def test_a_refund_number_stands_for_one_amount(gateway: StripeGateway, fake: FakeStripe) -> None:
    ref = paid(gateway, fake)
    gateway.refund(refund_request(amount="100.00", ref=ref))
    with pytest.raises(GatewayRefused) as caught:
        gateway.refund(refund_request(amount="50.00", ref=ref))
    assert (caught.value.code, len(fake.refunds)) == ("refund_no_reused", 1)


def test_disputes_of_a_payment(gateway: StripeGateway, fake: FakeStripe) -> None:
    base = {"amount": 19400, "currency": "hkd", "reason": "fraudulent", "created": 1_700_000_000}
    fake.disputes = [
        {
            **base,
            "id": "du_1",
            "payment_intent": "pi_1",
            "status": "needs_response",
            "evidence_details": {"due_by": 1_700_600_000},
        },
        {**base, "id": "du_2", "payment_intent": "pi_2", "status": "lost"},
    ]
    (found,) = gateway.disputes("pi_1")
    assert (found.dispute_id, found.state, found.reason) == (
        "du_1",
        DisputeState.NEEDS_RESPONSE,
        "fraudulent",
    )
    assert found.amount == Money("194.00", "HKD")
    assert found.due_by == datetime.fromtimestamp(1_700_600_000, UTC)


def test_disputes_of_a_time_newest_first(gateway: StripeGateway, fake: FakeStripe) -> None:
    base = {"amount": 19400, "currency": "hkd", "reason": "fraudulent", "status": "won"}
    fake.disputes = [
        {**base, "id": f"du_{one}", "payment_intent": f"pi_{one}", "created": 1_700_000_000 + one}
        for one in range(5)
    ]
    found = gateway.disputes_since(datetime.fromtimestamp(1_700_000_002, UTC))
    assert [one.dispute_id for one in found] == ["du_4", "du_3", "du_2"]


@pytest.mark.parametrize(
    ("word", "state", "took_money"),
    [
        ("warning_needs_response", DisputeState.INQUIRY, False),
        ("warning_under_review", DisputeState.INQUIRY, False),
        ("warning_closed", DisputeState.CLOSED, False),
        ("prevented", DisputeState.CLOSED, False),
        ("needs_response", DisputeState.NEEDS_RESPONSE, True),
        ("under_review", DisputeState.UNDER_REVIEW, True),
        ("won", DisputeState.WON, True),
        ("lost", DisputeState.LOST, True),
        ("something_new", DisputeState.OTHER, False),
    ],
)
def test_which_words_of_a_dispute_move_money(word: str, state: DisputeState, took_money: bool) -> None:
    data = {"id": "du_1", "amount": 1, "currency": "hkd", "status": word, "payment_intent": "pi_1"}
    told = mapper.dispute(data)
    assert (told.state, told.word, told.state.took_money) == (state, word, took_money)


def test_the_statement_of_a_day(gateway: StripeGateway, fake: FakeStripe) -> None:
    start = int(datetime(2026, 11, 23, 16, tzinfo=UTC).timestamp())  # midnight in China
    charge = {
        "object": "charge",
        "id": "ch_1",
        "payment_intent": "pi_1",
        "metadata": {"out_trade_no": NUMBER},
    }
    back = {"object": "refund", "id": "re_1", "payment_intent": "pi_1", "metadata": {"refund_no": "PR1"}}
    fake.transactions = [
        {"id": id_, "source": source, "created": created, "reporting_category": kind, "currency": "hkd",
         "amount": amount, "fee": fee, "net": amount - fee, "exchange_rate": rate,
         "available_on": start + 7 * 86400}
        for id_, source, created, kind, amount, fee, rate in (
            ("txn_0", None, start - 1, "fee", -1, 0, None),
            ("txn_1", charge, start, "charge", 21049, 951, 1.085),
            ("txn_2", back, start + 5, "refund", -1085, 0, 1.085),
            ("txn_3", "po_1", start + 86399, "payout", -9, 0, None),
            ("txn_4", None, start + 86400, "fee", -1, 0, None),
        )
    ]  # fmt: skip
    payout, refund, payment = gateway.movements(date(2026, 11, 24))
    assert (payment.reference, payment.own_number, payment.kind) == ("pi_1", NUMBER, "charge")
    assert (payment.gross, payment.fee, payment.net) == (
        Money("210.49", "HKD"),
        Money("9.51", "HKD"),
        Money("200.98", "HKD"),
    )
    assert (payment.currency, payment.exchange_rate) == ("HKD", Decimal("1.085"))
    assert payment.available_on == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert (refund.reference, refund.own_number, refund.gross) == ("re_1", "PR1", Money("-10.85", "HKD"))
    assert (payout.reference, payout.kind, payout.net) == ("po_1", "payout", Money("-0.09", "HKD"))
    lines = gateway.statement(date(2026, 11, 24))
    (paid_out,) = [one for one in lines if one.kind is StatementKind.SETTLEMENT]
    assert (paid_out.reference, paid_out.amount) == ("po_1", Money("0.09", "HKD"))


@pytest.mark.parametrize(
    ("kind", "amount", "fee", "told", "counted"),
    [
        ("fee", -120, 0, StatementKind.OTHER, "1.20"),
        ("payout", -900, 0, StatementKind.SETTLEMENT, "0.00"),
        ("payout_reversal", 900, 0, StatementKind.RETURNED, "0.00"),
        ("dispute", -1000, 1500, StatementKind.OTHER, "15.00"),
    ],
)
def test_what_is_no_payment_is_a_payout_a_fee_or_something_else(
    kind: str, amount: int, fee: int, told: StatementKind, counted: str
) -> None:
    data = {"id": "txn_1", "source": "x_1", "created": 1, "available_on": 1, "reporting_category": kind,
            "currency": "hkd", "amount": amount, "fee": fee, "net": amount - fee}  # fmt: skip
    line = mapper.booked(mapper.movement(data))
    assert (line.kind, line.fee, line.amount) == (
        told, Money(counted, "HKD"), Money.from_minor(abs(amount), "HKD"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "kind", "code", "error"),
    [
        (402, "card_error", "card_declined", GatewayRefused),
        (400, "invalid_request_error", "amount_too_small", GatewayRefused),
        (400, "idempotency_error", "", GatewayRefused),
        (401, "invalid_request_error", "", GatewayRefused),
        (403, "invalid_request_error", "more_permissions_required", GatewayRefused),
        (409, "idempotency_error", "idempotency_key_in_use", GatewayUnavailable),
        (429, "invalid_request_error", "rate_limit", GatewayUnavailable),
        (400, "invalid_request_error", "rate_limit", GatewayUnavailable),
        (500, "api_error", "", GatewayUnavailable),
        (503, "api_error", "", GatewayUnavailable),
    ],
)
def test_errors_say_whether_to_try_again(
    gateway: StripeGateway, fake: FakeStripe, status: int, kind: str, code: str, error: type[Exception]
) -> None:
    fake.fail_with = (
        status,
        {"message": "refused by the test", "type": kind, **({"code": code} if code else {})},
    )
    with pytest.raises(error) as caught:
        gateway.query(NUMBER)
    # Where Stripe gives no code, its type stands in.
    assert caught.value.code == (code or kind)  # type: ignore[attr-defined]  # both classes carry a code


@pytest.mark.parametrize(("status", "body"), [(200, b"<html>"), (502, b"Bad Gateway"), (404, b"")])
def test_an_answer_that_is_not_stripes_is_none(
    gateway: StripeGateway, fake: FakeStripe, status: int, body: bytes
) -> None:
    fake.answer_with = httpx2.Response(status, content=body)
    with pytest.raises(GatewayUnavailable):
        gateway.query(NUMBER)


def test_every_exchange_is_handed_on_as_bytes(fake: FakeStripe) -> None:
    entries: list[WireEntry] = []
    make(fake, entries.append).start(start_request())
    request, answer = entries
    assert (request.kind, request.operation, request.reference) == (WireKind.REQUEST, "start", NUMBER)
    assert request.url == f"POST {fake_stripe.BASE}/v1/checkout/sessions"
    assert request.body == fake.requests[0].content
    assert (answer.kind, answer.status) == (WireKind.ANSWER, 200)
    assert b'"id": "cs_test_1"' in answer.body
    assert answer.headers["request-id"] == "req_1"


def test_a_request_without_answer_is_kept(fake: FakeStripe) -> None:
    entries: list[WireEntry] = []
    fake.lose_answers = 1
    with pytest.raises(GatewayUnavailable):
        make(fake, entries.append).start(start_request())
    assert [one.kind for one in entries] == [WireKind.REQUEST]


def test_nothing_about_this_machine_is_sent(
    gateway: StripeGateway, fake: FakeStripe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    gateway.start(start_request())
    gateway.query(NUMBER)
    for request in fake.requests:
        assert request.headers["User-Agent"] == "ponte/0.1"
        assert not [name for name in request.headers if name.startswith("x-stripe")]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_no_secret_is_in_any_log_line_or_kept_header(
    fake: FakeStripe, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = make(fake, wire.recorder("stripe", "main"), kept.ids("main"))
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, logger="stripe"):
        gateway.start(start_request())
        fake.fail_with = (401, {"type": "invalid_request_error", "message": "Invalid API Key provided"})
        with pytest.raises(GatewayRefused) as refused:
            gateway.query(NUMBER)
        fake.fail_with = None
        fake.lose_answers = 1
        with pytest.raises(GatewayUnavailable) as unavailable:
            gateway.query(NUMBER)
    rows = PaymentWireRecord.objects.filter(gateway="stripe")
    assert rows.count() >= 5
    said = [record.getMessage() for record in caplog.records]
    assert any("method=post" in line for line in said)  # the lines were caught
    said += [f"{row.headers} {row.url}" for row in rows]
    said += [repr(gateway.client.credentials), str(refused.value), str(unavailable.value)]
    for secret in (fake_stripe.API_KEY, fake_stripe.SECRET):
        assert not [line for line in said if secret in line]
    assert not [
        row for row in rows if fake_stripe.API_KEY in wire.reveal(row, actor="test", reason="test").decode()
    ]
