"""Intents, charges, disputes and the balance: mostly looked at."""

from __future__ import annotations

from typing import Any

from sandbox.psp.stripe import objects
from sandbox.psp.stripe.events import emit
from sandbox.psp.stripe.models import StripeCharge, StripeDispute, StripeIntent, StripeTransaction
from sandbox.psp.stripe.wire import ApiError, Params, known, listed, missing, text


def intent(_params: Params, ref: str) -> dict[str, Any]:
    """GET /v1/payment_intents/{id}"""
    row = StripeIntent.objects.filter(ref=ref).first()
    if row is None:
        raise missing("payment_intent", ref, "intent")
    return objects.intent(row)


def charge(_params: Params, ref: str) -> dict[str, Any]:
    """GET /v1/charges/{id}"""
    row = StripeCharge.objects.select_related("intent").filter(ref=ref).first()
    if row is None:
        raise missing("charge", ref)
    return objects.charge(row)


def _dispute(ref: str) -> StripeDispute:
    row = StripeDispute.objects.select_related("charge__intent").filter(ref=ref).first()
    if row is None:
        raise missing("dispute", ref)
    return row


def dispute(_params: Params, ref: str) -> dict[str, Any]:
    """GET /v1/disputes/{id}"""
    return objects.dispute(_dispute(ref))


def close_dispute(params: Params, ref: str) -> dict[str, Any]:
    """POST /v1/disputes/{id}/close: gives it up; that cannot be undone."""
    known(params)
    row = _dispute(ref)
    if row.status != "needs_response":
        raise ApiError(400, "This dispute is already closed")
    row.status = "lost"
    row.save(update_fields=["status"])
    described = objects.dispute(row)
    emit("charge.dispute.closed", described)
    return described


def list_disputes(params: Params) -> dict[str, Any]:
    """GET /v1/disputes?payment_intent=&charge="""
    known(params, "payment_intent", "charge", "created", "limit", "starting_after")
    rows = StripeDispute.objects.select_related("charge__intent")
    if "payment_intent" in params:
        rows = rows.filter(charge__intent__ref=text(params, "payment_intent", 60))
    if "charge" in params:
        rows = rows.filter(charge__ref=text(params, "charge", 60))
    return listed(rows, params, "/v1/disputes", objects.dispute)


def transaction(_params: Params, ref: str) -> dict[str, Any]:
    """GET /v1/balance_transactions/{id}"""
    row = StripeTransaction.objects.filter(ref=ref).first()
    if row is None:
        raise missing("balance transaction", ref)
    return objects.transaction(row)


def list_transactions(params: Params) -> dict[str, Any]:
    """GET /v1/balance_transactions?created[gte]=&created[lt]=&type=&source="""
    known(params, "created", "limit", "starting_after", "type", "source")
    rows = StripeTransaction.objects.all()
    for name in ("type", "source"):
        if name in params:
            rows = rows.filter(**{name: text(params, name, 60)})
    return listed(rows, params, "/v1/balance_transactions", objects.transaction)
