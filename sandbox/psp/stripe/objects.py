"""How each object is written; related ones as ids until they are expanded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Sum

from sandbox.psp.stripe import account
from sandbox.psp.stripe.models import (
    StripeCharge,
    StripeDispute,
    StripeEndpoint,
    StripeEvent,
    StripeIntent,
    StripeRefund,
    StripeSession,
    StripeTransaction,
)


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _head(row: Any, kind: str) -> dict[str, Any]:
    return {"id": row.ref, "object": kind, "created": seconds(row.created), "livemode": False}


def session(row: StripeSession) -> dict[str, Any]:
    return _head(row, "checkout.session") | {
        "amount_subtotal": row.amount,
        "amount_total": row.amount,
        "currency": row.currency,
        "client_reference_id": row.client_reference_id or None,
        "metadata": row.metadata,
        "mode": "payment",
        "payment_intent": row.intent.ref if row.intent else None,
        "payment_method_types": row.methods,
        "payment_status": row.payment_status,
        "status": row.status,
        "success_url": row.success_url,
        "cancel_url": row.cancel_url or None,
        "expires_at": seconds(row.expires_at),
        "url": page(row) if row.status == "open" else None,
    }


def page(row: StripeSession) -> str:
    return f"{settings.SANDBOX_PUBLIC_URL}/stripe/pay/{row.token}/"


def intent(row: StripeIntent) -> dict[str, Any]:
    latest = row.charges.order_by("-pk").first()
    paid = row.status == "succeeded"
    return _head(row, "payment_intent") | {
        "amount": row.amount,
        "amount_received": row.amount if paid else 0,
        "currency": row.currency,
        "status": row.status,
        "metadata": row.metadata,
        "latest_charge": latest.ref if latest else None,
        "last_payment_error": row.last_error,
        "payment_method_types": [row.method] if row.method else [],
    }


def charge(row: StripeCharge) -> dict[str, Any]:
    back = refunded(row)
    line = StripeTransaction.objects.filter(source=row.ref, type="charge").first()
    detail = {"brand": "visa", "last4": row.last4} if row.method == "card" else {}
    return _head(row, "charge") | {
        "amount": row.amount,
        "amount_refunded": back,
        "refunded": back == row.amount,
        "currency": row.currency,
        "status": row.status,
        "paid": row.status == "succeeded",
        "disputed": StripeDispute.objects.filter(charge=row).exists(),
        "failure_code": row.failure_code or None,
        "balance_transaction": line.ref if line else None,
        "payment_intent": row.intent.ref,
        "metadata": row.intent.metadata,
        "payment_method_details": {"type": row.method, row.method: detail},
    }


def refunded(row: StripeCharge) -> int:
    """Minor units given back or on their way; what failed or was cancelled is not."""
    alive = row.refunds.exclude(status__in=["failed", "canceled"])
    return alive.aggregate(sum=Sum("amount"))["sum"] or 0


def refund(row: StripeRefund) -> dict[str, Any]:
    line = StripeTransaction.objects.filter(source=row.ref, type="refund").first()
    return _head(row, "refund") | {
        "amount": row.amount,
        "currency": row.charge.currency,
        "charge": row.charge.ref,
        "payment_intent": row.charge.intent.ref,
        "status": row.status,
        "reason": row.reason or None,
        "metadata": row.metadata,
        "balance_transaction": line.ref if line else None,
        **({"failure_reason": row.failure_reason} if row.failure_reason else {}),
    }


def dispute(row: StripeDispute) -> dict[str, Any]:
    lines = StripeTransaction.objects.filter(source=row.ref).order_by("pk")
    return _head(row, "dispute") | {
        "amount": row.charge.amount,
        "currency": row.charge.currency,
        "charge": row.charge.ref,
        "payment_intent": row.charge.intent.ref,
        "status": row.status,
        "reason": row.reason,
        "metadata": {},
        "balance_transactions": [transaction(line) for line in lines],
        "evidence_details": {"due_by": seconds(row.due_by), "has_evidence": False, "past_due": False},
    }


def transaction(row: StripeTransaction) -> dict[str, Any]:
    return _head(row, "balance_transaction") | {
        "amount": row.amount,
        "fee": row.fee,
        "net": row.amount - row.fee,
        "currency": account.SETTLES,
        "exchange_rate": None if row.rate is None else float(row.rate),
        "type": row.type,
        "reporting_category": row.category,
        "source": row.source,
        "status": "pending",
        "available_on": seconds(row.available_on),
    }


def event(row: StripeEvent) -> dict[str, Any]:
    return _head(row, "event") | {
        "api_version": account.VERSION,
        "type": row.type,
        "data": {"object": row.data},
    }


def endpoint(row: StripeEndpoint) -> dict[str, Any]:
    return _head(row, "webhook_endpoint") | {
        "url": row.url,
        "enabled_events": row.enabled_events,
        "status": "enabled",
    }


_BY_PREFIX: dict[str, tuple[Any, Any]] = {
    "pi_": (StripeIntent, intent),
    "ch_": (StripeCharge, charge),
    "re_": (StripeRefund, refund),
    "du_": (StripeDispute, dispute),
    "txn": (StripeTransaction, transaction),
}


def by_ref(ref: str) -> dict[str, Any] | None:
    """Write the object of an id, if it is one that can be expanded."""
    model, describe = _BY_PREFIX.get(ref[:3], (None, None))
    row = model.objects.filter(ref=ref).first() if model else None
    return describe(row) if row else None
