"""What the buyer does on the hosted page, and what it does to the account's balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from sandbox.jobs import job, schedule
from sandbox.psp.stripe import account, objects
from sandbox.psp.stripe.events import emit
from sandbox.psp.stripe.models import (
    StripeCharge,
    StripeDispute,
    StripeIntent,
    StripeSession,
    StripeTransaction,
    new_ref,
)

#: Time to answer a dispute.
EVIDENCE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a payment: refused with Stripe's code, or something afterwards."""

    label: str
    failure: str = ""
    afterwards: str = ""


#: Stripe's public test numbers; anything else is refused, so that nobody enters a real card.
CARDS = {
    "4242424242424242": Outcome("good · 正常"),
    "4000000000000002": Outcome("declined · 银行拒绝", failure="card_declined"),
    "4000000000000259": Outcome("disputed a minute later · 一分钟后拒付", afterwards="disputed"),
    "4000000000001976": Outcome("asked about a minute later · 一分钟后银行查询", afterwards="inquired"),
    "4000000000005126": Outcome("its refund fails later · 退款随后失败", afterwards="refund_fails"),
}
WALLETS = {
    "good": Outcome("pays · 付款"),
    "declined": Outcome("declines · 拒绝", failure="payment_method_provider_decline"),
    "refund_fails": Outcome("pays; its refund fails · 付款，退款失败", afterwards="refund_fails"),
}


class CannotPay(Exception):
    """The page shows an error; nothing was tried."""


def chosen(method: str, number: str, persona: str) -> tuple[Outcome, str]:
    """Return what will happen, and the last four digits; the number itself goes no further than here."""
    if method != "card":
        if persona not in WALLETS:
            raise CannotPay(f"unknown persona; known: {', '.join(WALLETS)}")
        return WALLETS[persona], ""
    digits = "".join(one for one in number if one.isdigit())
    if digits not in CARDS:
        raise CannotPay("只接受演示卡号，请勿输入真实卡号 · demo cards only: never enter a real one")
    return CARDS[digits], digits[-4:]


@transaction.atomic
def pay(session: StripeSession, method: str, *, number: str = "", persona: str = "good") -> StripeSession:
    """Try one payment; a second one of a paid session does nothing."""
    session = StripeSession.objects.select_for_update(of=("self",)).get(pk=session.pk)
    if session.status == "complete":
        return session
    if session.status != "open" or session.expires_at <= timezone.now():
        raise CannotPay("付款页已过期 · this page has expired")
    if method not in session.methods:
        raise CannotPay(f"此付款方式不可用 · not offered: {method[:20]}")
    outcome, last4 = chosen(method, number, persona)
    intent = _intent(session, method)
    charge = StripeCharge.objects.create(
        ref=new_ref("ch_"),
        intent=intent,
        status="failed" if outcome.failure else "succeeded",
        amount=session.amount,
        currency=session.currency,
        method=method,
        last4=last4,
        failure_code=outcome.failure,
        persona=outcome.afterwards,
    )
    if outcome.failure:
        _declined(intent, outcome)
        return session
    _succeeded(session, intent, charge)
    return session


def _intent(session: StripeSession, method: str) -> StripeIntent:
    intent = session.intent
    if intent is None:
        intent = StripeIntent.objects.create(
            ref=new_ref("pi_"),
            amount=session.amount,
            currency=session.currency,
            metadata=session.intent_metadata,
        )
        session.intent = intent
        session.save(update_fields=["intent"])
    intent.method = method
    return intent


def _declined(intent: StripeIntent, outcome: Outcome) -> None:
    """The session stays open: the buyer may try again."""
    kind = "card_error" if intent.method == "card" else "invalid_request_error"
    message = "The payment was declined."
    intent.last_error = {"type": kind, "code": outcome.failure, "message": message}
    intent.status = "requires_payment_method"
    intent.save()
    emit("payment_intent.payment_failed", objects.intent(intent))


def _succeeded(session: StripeSession, intent: StripeIntent, charge: StripeCharge) -> None:
    intent.status, intent.last_error = "succeeded", None
    intent.save()
    session.status, session.payment_status = "complete", "paid"
    session.save(update_fields=["status", "payment_status"])
    gross = account.settled(charge.amount, charge.currency)
    book(charge.ref, "charge", gross, account.fee(gross, charge.method), charge.currency)
    emit("charge.succeeded", objects.charge(charge))
    emit("payment_intent.succeeded", objects.intent(intent))
    emit("checkout.session.completed", objects.session(session))
    if charge.persona in ("disputed", "inquired"):
        schedule("psp.stripe.dispute", {"charge": charge.pk}, delay_seconds=60)


def book(source: str, kind: str, amount: int, fee: int, currency: str, *, category: str = "") -> None:
    """Write a movement of the balance; a foreign currency's comes with its rate."""
    rate: Decimal | None = None if currency == account.SETTLES else account.RATES[currency]
    StripeTransaction.objects.create(
        ref=new_ref("txn_"),
        source=source,
        type=kind,
        category=category or kind,
        amount=amount,
        fee=fee,
        rate=rate,
        available_on=timezone.now() + account.AVAILABLE_AFTER,
    )


@job("psp.stripe.dispute")
def open_dispute(payload: dict[str, Any]) -> None:
    """The card holder's bank takes the money back at once, and Stripe a fee; or it asks first and takes nothing."""
    charge = StripeCharge.objects.select_for_update(of=("self",)).get(pk=payload["charge"])
    if StripeDispute.objects.filter(charge=charge).exists():
        return
    inquiry = charge.persona == "inquired"
    row = StripeDispute.objects.create(
        ref=new_ref("du_"),
        charge=charge,
        status="warning_needs_response" if inquiry else "needs_response",
        due_by=timezone.now() + EVIDENCE,
    )
    if not inquiry:
        amount = account.settled(charge.amount, charge.currency)
        book(row.ref, "adjustment", -amount, account.DISPUTE_FEE, charge.currency, category="dispute")
    emit("charge.dispute.created", objects.dispute(row))
    if not inquiry:
        emit("charge.dispute.funds_withdrawn", objects.dispute(row))


def end_dispute(row: StripeDispute, status: str) -> None:
    """End a dispute; a won one brings the money back, the fee stays gone."""
    row.status = status
    row.save(update_fields=["status"])
    if status == "won":
        amount = account.settled(row.charge.amount, row.charge.currency)
        book(row.ref, "adjustment", amount, 0, row.charge.currency, category="dispute_reversal")
        emit("charge.dispute.funds_reinstated", objects.dispute(row))
    emit("charge.dispute.closed", objects.dispute(row))
