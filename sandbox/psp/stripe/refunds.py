"""Refunds: several partial ones, never more than was paid, within the wallet's window."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from sandbox.jobs import job, schedule
from sandbox.psp.stripe import account, objects
from sandbox.psp.stripe.events import emit
from sandbox.psp.stripe.models import StripeCharge, StripeDispute, StripeRefund, new_ref
from sandbox.psp.stripe.paying import book
from sandbox.psp.stripe.wire import ApiError, Params, known, listed, metadata, missing, text, whole

REASONS = {"duplicate", "fraudulent", "requested_by_customer"}


def create(params: Params) -> dict[str, Any]:
    """POST /v1/refunds {payment_intent | charge, amount, reason, metadata}"""
    known(params, "payment_intent", "charge", "amount", "reason", "metadata")
    charge = _charge(params)
    left = charge.amount - objects.refunded(charge)
    amount = whole(params, "amount") if "amount" in params else left
    _check(charge, amount, left)
    reason = text(params, "reason", 40, required=False)
    if reason and reason not in REASONS:
        raise ApiError(400, f"Invalid reason: must be one of {', '.join(sorted(REASONS))}", param="reason")
    row = StripeRefund.objects.create(
        ref=new_ref("re_"),
        charge=charge,
        amount=amount,
        status="succeeded" if charge.method == "card" else "pending",
        reason=reason,
        metadata=metadata(params),
    )
    book(row.ref, "refund", -account.settled(amount, charge.currency), 0, charge.currency)
    described = objects.refund(row)
    emit("refund.created", described)
    emit("charge.refunded", objects.charge(charge))
    schedule("psp.stripe.refund", {"id": row.pk}, delay_seconds=account.REFUND_SECONDS)
    return described


def _charge(params: Params) -> StripeCharge:
    """Return the paid charge, locked: two refunds at once must see each other's amounts."""
    name = "payment_intent" if "payment_intent" in params else "charge"
    ref = text(params, name, 60)
    by = {"intent__ref": ref} if name == "payment_intent" else {"ref": ref}
    rows = StripeCharge.objects.select_for_update(of=("self",)).select_related("intent")
    charge = rows.filter(status="succeeded", **by).first()
    if charge is None:
        raise missing(name, ref, name)
    return charge


def _check(charge: StripeCharge, amount: int, left: int) -> None:
    if StripeDispute.objects.filter(
        charge=charge, status__in=("needs_response", "under_review", "lost")
    ).exists():
        raise ApiError(400, f"Charge {charge.ref} has been charged back.", code="charge_disputed")
    if left == 0:
        raise ApiError(400, f"Charge {charge.ref} has already been refunded.", code="charge_already_refunded")
    if amount > left:
        raise ApiError(
            400,
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    window = account.REFUND_WINDOW.get(charge.method)
    if window is not None and timezone.now() - charge.created > window:
        raise ApiError(400, f"This {charge.method} payment is too old: refunds end after {window.days} days.")


def retrieve(_params: Params, ref: str) -> dict[str, Any]:
    """GET /v1/refunds/{id}"""
    row = StripeRefund.objects.select_related("charge__intent").filter(ref=ref).first()
    if row is None:
        raise missing("refund", ref)
    return objects.refund(row)


def list_refunds(params: Params) -> dict[str, Any]:
    """GET /v1/refunds?payment_intent=&charge="""
    known(params, "payment_intent", "charge", "created", "limit", "starting_after")
    rows = StripeRefund.objects.select_related("charge__intent")
    if "payment_intent" in params:
        rows = rows.filter(charge__intent__ref=text(params, "payment_intent", 60))
    if "charge" in params:
        rows = rows.filter(charge__ref=text(params, "charge", 60))
    return listed(rows, params, "/v1/refunds", objects.refund)


@job("psp.stripe.refund")
def finish(payload: dict[str, Any]) -> None:
    """Let the money arrive, or come back: then it lies on the account again and the payment may be refunded anew."""
    rows = StripeRefund.objects.select_for_update(of=("self",)).select_related("charge__intent")
    row = rows.get(pk=payload["id"])
    fails = row.charge.persona == "refund_fails"
    if row.status == "failed" or (row.status == "succeeded" and not fails):
        return
    row.status = "failed" if fails else "succeeded"
    if fails:
        row.failure_reason = "lost_or_stolen_card" if row.charge.method == "card" else "unknown"
        amount = account.settled(row.amount, row.charge.currency)
        book(row.ref, "refund_failure", amount, 0, row.charge.currency)
    row.save(update_fields=["status", "failure_reason"])
    described = objects.refund(row)
    emit("refund.updated", described)
    emit("charge.refund.updated", described)
    if fails:
        emit("refund.failed", described)
