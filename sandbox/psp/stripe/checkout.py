"""Checkout Sessions: opened, looked at, listed, expired."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from sandbox.http import web_address
from sandbox.jobs import job, schedule
from sandbox.jobs.queue import speed
from sandbox.psp.stripe import account, objects
from sandbox.psp.stripe.events import emit
from sandbox.psp.stripe.models import StripeSession, new_ref
from sandbox.psp.stripe.wire import ApiError, Params, inner, known, listed, metadata, missing, text, whole

SHORTEST, LONGEST = timedelta(minutes=30), timedelta(hours=24)
#: The least amount, in cents of HKD (docs.stripe.com/currencies, read 2026-11).
LEAST = 400
_KNOWN = (
    "mode", "client_reference_id", "allowed_payment_method_types", "line_items", "metadata", "payment_intent_data",
    "payment_method_options", "expires_at", "success_url", "cancel_url", "locale", "adaptive_pricing",
)  # fmt: skip


def create(params: Params) -> dict[str, Any]:
    """POST /v1/checkout/sessions, mode payment, one line item with its price."""
    known(params, *_KNOWN)
    if text(params, "mode") != "payment":
        raise ApiError(400, "The sandbox knows mode payment only", param="mode")
    item = _item(params)
    price = inner(item, "price_data")
    currency, amount = _currency(price), whole(price, "unit_amount") * whole(item, "quantity")
    if account.settled(amount, currency) < LEAST:
        raise ApiError(400, "The amount is too small: at least $4.00 HKD", code="amount_too_small")
    row = StripeSession.objects.create(
        ref=new_ref("cs_test_"),
        token=secrets.token_urlsafe(24),
        client_reference_id=text(params, "client_reference_id", 200, required=False),
        amount=amount,
        currency=currency,
        methods=_methods(params),
        description=text(inner(price, "product_data"), "name", 250),
        metadata=metadata(params),
        intent_metadata=metadata(inner(params, "payment_intent_data")),
        success_url=_address(params, "success_url", required=True),
        cancel_url=_address(params, "cancel_url", required=False),
        expires_at=_expiry(params),
    )
    # Sessions end by the clock, whatever the sandbox's speed.
    delay = (row.expires_at - timezone.now()).total_seconds() * speed()
    schedule("psp.stripe.expire", {"id": row.pk}, delay_seconds=delay)
    return objects.session(row)


def _item(params: Params) -> Params:
    items = params.get("line_items")
    if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0], dict):
        raise ApiError(400, "The sandbox takes exactly one line item", param="line_items")
    return items[0]


def _currency(price: Params) -> str:
    currency = text(price, "currency", 3)
    if currency not in account.RATES:
        raise ApiError(400, f"Invalid currency: {currency}", param="currency")
    return currency


def _methods(params: Params) -> list[str]:
    wanted = params.get("allowed_payment_method_types", list(account.METHODS))
    if not isinstance(wanted, list) or not wanted:
        raise ApiError(400, "Invalid array", param="allowed_payment_method_types")
    for method in wanted:
        if method not in account.METHODS:
            raise ApiError(
                400, f"Invalid payment method type: {method}", param="allowed_payment_method_types"
            )
    return wanted


def _address(params: Params, name: str, *, required: bool) -> str:
    url = text(params, name, 2000, required=required)
    if url and web_address(url) is None:
        raise ApiError(400, "Not a valid URL", code="url_invalid", param=name)
    return url


def _expiry(params: Params) -> datetime:
    now = timezone.now()
    if "expires_at" not in params:
        return now + LONGEST
    expires = datetime.fromtimestamp(min(whole(params, "expires_at"), 1 << 33), UTC)
    if not SHORTEST <= expires - now <= LONGEST:
        raise ApiError(
            400,
            "The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from creation.",
            param="expires_at",
        )
    return expires


def retrieve(_params: Params, ref: str) -> dict[str, Any]:
    """GET /v1/checkout/sessions/{id}"""
    return objects.session(_found(ref))


def _found(ref: str, *, lock: bool = False) -> StripeSession:
    rows = StripeSession.objects.select_for_update(of=("self",)) if lock else StripeSession.objects
    row = rows.filter(ref=ref).first()
    if row is None:
        raise missing("checkout.session", ref)
    return row


def list_sessions(params: Params) -> dict[str, Any]:
    """GET /v1/checkout/sessions"""
    known(params, "created", "limit", "starting_after", "ending_before", "status", "payment_intent")
    rows = StripeSession.objects.select_related("intent")
    if "status" in params:
        rows = rows.filter(status=text(params, "status"))
    if "payment_intent" in params:
        rows = rows.filter(intent__ref=text(params, "payment_intent"))
    return listed(rows, params, "/v1/checkout/sessions", objects.session)


def expire(params: Params, ref: str) -> dict[str, Any]:
    """POST /v1/checkout/sessions/{id}/expire: only what is open."""
    known(params)
    row = _found(ref, lock=True)
    if row.status != "open":
        raise ApiError(
            400,
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a '
            f"status of {row.status}.",
        )
    return _expire(row)


def _expire(row: StripeSession) -> dict[str, Any]:
    row.status = "expired"
    row.save(update_fields=["status"])
    if row.intent and row.intent.status != "succeeded":
        row.intent.status = "canceled"
        row.intent.save(update_fields=["status"])
    described = objects.session(row)
    emit("checkout.session.expired", described)
    return described


@job("psp.stripe.expire")
def run_out(payload: dict[str, Any]) -> None:
    with transaction.atomic():
        row = StripeSession.objects.select_for_update(of=("self",)).get(pk=payload["id"])
        if row.status == "open":
            _expire(row)
