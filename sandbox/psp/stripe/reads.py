"""Intents, charges, disputes and the balance: mostly looked at."""

from __future__ import annotations

from typing import Any

from sandbox.psp.stripe import objects
from sandbox.psp.stripe.events import emit
from sandbox.psp.stripe.models import StripeCharge, StripeDispute, StripeIntent, StripeTransaction
from sandbox.psp.stripe.paying import end_dispute
from sandbox.psp.stripe.wire import ApiError, Params, inner, known, listed, missing, text

#: Disputes that are not decided.
OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")


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


#: Texts that stand for evidence, as in Stripe's test mode, and how the bank decides upon them.
EVIDENCE = {"winning_evidence": "won", "losing_evidence": "lost"}


def _open_dispute(ref: str) -> StripeDispute:
    row = _dispute(ref)
    if row.status not in OPEN:
        raise ApiError(400, "This dispute is already closed")
    return row


def update_dispute(params: Params, ref: str) -> dict[str, Any]:
    """POST /v1/disputes/{id}: evidence, decided upon at once; any other text leaves it with the bank."""
    known(params, "evidence", "submit")
    evidence = inner(params, "evidence")
    known(evidence, "uncategorized_text")
    said, row = text(evidence, "uncategorized_text"), _open_dispute(ref)
    inquiry = row.status.startswith("warning_")
    if inquiry or said not in EVIDENCE:
        row.status = "warning_under_review" if inquiry else "under_review"
        row.save(update_fields=["status"])
        emit("charge.dispute.updated", objects.dispute(row))
    else:
        end_dispute(row, EVIDENCE[said])
    return objects.dispute(row)


def close_dispute(params: Params, ref: str) -> dict[str, Any]:
    """POST /v1/disputes/{id}/close: gives it up; that cannot be undone."""
    known(params)
    row = _open_dispute(ref)
    end_dispute(row, "warning_closed" if row.status.startswith("warning_") else "lost")
    return objects.dispute(row)


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
