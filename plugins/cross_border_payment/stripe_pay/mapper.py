"""Maps between the port's words and Stripe's objects; pure.

Names follow docs.stripe.com/api of version 2026-10-28 (checkout/sessions, payment_intents, refunds, disputes,
balance_transactions, events), read 2026-11. Objects come as plain mappings, from the library or a notification.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from saleor_ext.core.clock import CHINA
from saleor_ext.core.money import Money

from ..port import (
    DisputeSnapshot,
    DisputeState,
    GatewayUnavailable,
    NotifyKind,
    PaymentSnapshot,
    PaymentState,
    RefundRequest,
    RefundSnapshot,
    RefundState,
    StartRequest,
    StatementKind,
    StatementLine,
)
from ..reading import clip, text
from .facts import Movement

if TYPE_CHECKING:
    from stripe.params import RefundCreateParams
    from stripe.params.checkout import SessionCreateParams

#: Names under which our numbers travel in metadata; never anything about a person.
TRADE_NO, REFUND_NO = "out_trade_no", "refund_no"
#: Stripe takes sessions that live half an hour to a day. Ours end earlier: the platform closes them at
#: ``expires_at``; Stripe's own limit is the backstop, fixed by the request so that a repetition is the same.
BACKSTOP = timedelta(minutes=31)
#: How far back a session or refund with a lost answer can lie: the longest life of a session, twice.
LOOK_BACK = timedelta(hours=48)
#: Days in which money can go back the way it came (docs.stripe.com/payments/alipay and wechat-pay, read 2026-11).
#: Cards have no stated limit; a year is the port's longest.
REFUND_DAYS = {"card": 365, "alipay": 90, "wechat_pay": 180}

_REFUND = {
    "pending": RefundState.PROCESSING,
    "requires_action": RefundState.PROCESSING,
    "succeeded": RefundState.SUCCESS,
    "failed": RefundState.FAILED,
    "canceled": RefundState.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Merchant:
    """The account, and how buyers may pay. No answer names the account: the key opens no other.

    ``mchid`` and ``appid`` are called as the sessions compare them; Stripe knows no app.
    """

    mchid: str
    methods: tuple[str, ...] = ("card", "alipay", "wechat_pay")
    appid: str = ""


def session(request: StartRequest, merchant: Merchant) -> SessionCreateParams:
    """Parameters of a Checkout Session: the same for the same request, as its idempotency key demands."""
    params: SessionCreateParams = {
        "mode": "payment",
        "client_reference_id": request.out_trade_no,
        # The older payment_method_types is refused since version 2026-09-30; this one narrows what the
        # account has switched on to what also suits the currency.
        "allowed_payment_method_types": [*merchant.methods],
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": request.amount.currency.lower(),
                    "unit_amount": request.amount.minor,
                    "product_data": {"name": clip(request.description, 250)},
                },
            }
        ],
        "metadata": {TRADE_NO: request.out_trade_no},
        # From the intent Stripe copies it to the charge, so that a statement's line names our order.
        "payment_intent_data": {"metadata": {TRADE_NO: request.out_trade_no}},
        # The buyer pays what the order says; Stripe would otherwise offer it in the currency of the buyer's country.
        "adaptive_pricing": {"enabled": False},
        "expires_at": int((request.expires_at + BACKSTOP).timestamp()),
        "success_url": request.return_url,
        "cancel_url": request.return_url,
    }
    if "wechat_pay" in merchant.methods:
        params["payment_method_options"] = {"wechat_pay": {"client": "web"}}
    return params


def payment(data: Mapping[str, Any], merchant: Merchant) -> PaymentSnapshot:
    """Read a session with ``payment_intent.latest_charge`` expanded; an unexpanded intent tells no money."""
    intent = inner(data, "payment_intent")
    state, detail = _state(data, intent)
    paid = state in (PaymentState.PAID, PaymentState.REFUNDED)
    return PaymentSnapshot(
        out_trade_no=text(data, "client_reference_id"),
        state=state,
        merchant_account=merchant.mchid,
        gateway_ref=text(intent, "id") if paid else "",
        amount=money(intent, "amount_received") if paid else None,
        paid_at=moment(inner(intent, "latest_charge").get("created")) if paid else None,
        detail=detail,
    )


def _state(data: Mapping[str, Any], intent: Mapping[str, Any]) -> tuple[PaymentState, str]:
    """Money in the intent counts whatever the session says; a declined card may be tried again while it is open."""
    word = text(intent, "status")
    if word == "succeeded":
        back = inner(intent, "latest_charge").get("amount_refunded") or 0
        return (PaymentState.REFUNDED if back else PaymentState.PAID), ""
    if word == "canceled":
        return PaymentState.CLOSED, text(intent, "cancellation_reason")
    if text(data, "status") == "expired" and word != "processing":
        return PaymentState.CLOSED, "expired"
    if text(data, "status") not in {"open", "complete", "expired"}:
        raise GatewayUnavailable(f"unknown session status {text(data, 'status')!r}")
    return PaymentState.PENDING, text(inner(intent, "last_payment_error"), "code")


def refund(request: RefundRequest) -> RefundCreateParams:
    """Parameters of a refund. Our reason is free text that may speak of a person: it stays here."""
    return {
        "payment_intent": request.gateway_ref,
        "amount": request.amount.minor,
        "metadata": {REFUND_NO: request.refund_no},
    }


def refund_snapshot(data: Mapping[str, Any]) -> RefundSnapshot:
    state = _REFUND.get(text(data, "status"))
    if state is None:
        raise GatewayUnavailable(f"unknown refund status {text(data, 'status')!r}")
    return RefundSnapshot(
        refund_no=text(inner(data, "metadata"), REFUND_NO),
        state=state,
        gateway_ref=text(data, "id"),
        amount=money(data, "amount"),
        # Stripe keeps no time at which a refund ended.
        detail=text(data, "failure_reason"),
    )


#: An inquiry (``warning_…``) moves no money until it becomes a dispute; one that was ``prevented`` never did.
_DISPUTE = {
    "warning_needs_response": DisputeState.INQUIRY,
    "warning_under_review": DisputeState.INQUIRY,
    "warning_closed": DisputeState.CLOSED,
    "prevented": DisputeState.CLOSED,
    "needs_response": DisputeState.NEEDS_RESPONSE,
    "under_review": DisputeState.UNDER_REVIEW,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
}


def dispute(data: Mapping[str, Any]) -> DisputeSnapshot:
    amount, word = money(data, "amount"), text(data, "status")
    if amount is None:
        raise GatewayUnavailable("a dispute without amount")
    return DisputeSnapshot(
        dispute_id=text(data, "id"),
        gateway_ref=reference(data.get("payment_intent")),
        state=_DISPUTE.get(word, DisputeState.OTHER),
        word=word,
        reason=text(data, "reason"),
        amount=amount,
        opened_at=moment(data.get("created")),
        due_by=moment(inner(data, "evidence_details").get("due_by")),
    )


def movement(data: Mapping[str, Any]) -> Movement:
    """Read a balance transaction with ``source`` expanded."""
    source, currency = inner(data, "source"), text(data, "currency").upper()
    metadata, rate = inner(source, "metadata"), data.get("exchange_rate")
    is_payment = text(source, "object") == "charge"
    booked, available = moment(data.get("created")), moment(data.get("available_on"))
    if booked is None or available is None:
        raise GatewayUnavailable("a balance transaction without its times")
    return Movement(
        line_id=text(data, "id"),
        reference=(is_payment and reference(source.get("payment_intent"))) or reference(data.get("source")),
        own_number=text(metadata, TRADE_NO) or text(metadata, REFUND_NO),
        kind=text(data, "reporting_category"),
        gross=_minor(data, "amount", currency),
        fee=_minor(data, "fee", currency),
        net=_minor(data, "net", currency),
        exchange_rate=None if rate is None else Decimal(str(rate)),
        booked_at=booked,
        available_on=available,
        charged=money(source, "amount") if text(source, "object") in ("charge", "refund") else None,
    )


_BOOKED = {"charge": StatementKind.PAYMENT, "refund": StatementKind.REFUND}
#: Categories of Stripe's reports: money that went to our bank, that came back, and a fee that stands by itself.
_PAYOUT, _REVERSAL, _FEE = "payout", "payout_reversal", "fee"


def booked(one: Movement) -> StatementLine:
    """Tell a movement in the port's words; what is no payment, refund or payout is something else."""
    kind = _BOOKED.get(one.kind, StatementKind.OTHER) if one.charged is not None else StatementKind.OTHER
    if one.kind == _PAYOUT and one.gross.amount < 0:
        kind = StatementKind.SETTLEMENT
    elif one.kind == _REVERSAL and one.gross.amount > 0:
        kind = StatementKind.RETURNED
    settled = Money(abs(one.gross.amount), one.currency)
    return StatementLine(
        kind=kind,
        reference=one.reference or one.line_id,
        at=one.booked_at,
        amount=settled if one.charged is None else one.charged,
        out_trade_no=one.own_number if kind is StatementKind.PAYMENT else "",
        refund_no=one.own_number if kind is StatementKind.REFUND else "",
        fee=one.fee - one.gross if one.kind == _FEE else one.fee,
        settled=settled,
        rate=one.exchange_rate,
    )


def day_bounds(day: date) -> tuple[int, int]:
    """Return the first second of a day in China Standard Time and the first after it."""
    start = datetime.combine(day, time(), CHINA)
    return int(start.timestamp()), int((start + timedelta(days=1)).timestamp())


#: What each event is about; all others are stored and make nobody ask.
_KINDS = {
    "checkout.session": NotifyKind.PAYMENT,
    "payment_intent": NotifyKind.PAYMENT,
    "refund": NotifyKind.REFUND,
    "charge.refund": NotifyKind.REFUND,
    "charge.dispute": NotifyKind.DISPUTE,
}


def notify_kind(event_type: str) -> NotifyKind:
    return _KINDS.get(event_type.rpartition(".")[0], NotifyKind.OTHER)


def trade_no(data: Mapping[str, Any]) -> str:
    """Return our order number of a session or an intent; empty where somebody else made it."""
    return text(data, "client_reference_id") or text(inner(data, "metadata"), TRADE_NO)


def reference(value: object) -> str:
    """Return the id of something that may be expanded or not."""
    return text(value, "id") if isinstance(value, Mapping) else (value if isinstance(value, str) else "")


def inner(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name)
    return value if isinstance(value, Mapping) else {}


def money(data: Mapping[str, Any], name: str) -> Money | None:
    """Read an amount beside its currency; minor units must be whole and not negative."""
    if data.get(name) is None:
        return None
    amount = _minor(data, name, text(data, "currency").upper())
    if amount.amount < 0:
        raise GatewayUnavailable(f"a negative amount: {name}")
    return amount


def _minor(data: Mapping[str, Any], name: str, currency: str) -> Money:
    minor = data.get(name)
    if isinstance(minor, bool) or not isinstance(minor, int):
        raise GatewayUnavailable(f"not an amount in minor units: {name}")
    try:
        return Money.from_minor(minor, currency)
    except ValueError as error:
        raise GatewayUnavailable(f"not a currency in use: {error}") from None


def moment(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None
