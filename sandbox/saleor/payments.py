"""Transactions: writing events, keeping amounts and the statuses of checkouts and orders in step with them."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from sandbox.saleor import arithmetic
from sandbox.saleor.arithmetic import ZERO, Happening
from sandbox.saleor.errors import Invalid
from sandbox.saleor.models import (
    App,
    Checkout,
    Order,
    OrderEvent,
    TransactionEvent,
    TransactionItem,
)
from sandbox.saleor.webhooks.events import emit

NEVER_DEDUPED = ("AUTHORIZATION_ACTION_REQUIRED", "CHARGE_ACTION_REQUIRED", "INFO")
COUNTED = ("AUTHORIZATION_REQUEST", "AUTHORIZATION_SUCCESS", "CHARGE_REQUEST", "CHARGE_SUCCESS")
# Where a failure or reversal without amount takes it from.
DEDUCIBLE = {
    "CHARGE_FAILURE": "CHARGE_SUCCESS CHARGE_REQUEST AUTHORIZATION_SUCCESS AUTHORIZATION_REQUEST "
    "AUTHORIZATION_FAILURE",
    "REFUND_FAILURE": "REFUND_SUCCESS REFUND_REQUEST CHARGE_SUCCESS CHARGE_REQUEST CHARGE_FAILURE",
    "CANCEL_FAILURE": "CANCEL_SUCCESS CANCEL_REQUEST AUTHORIZATION_SUCCESS AUTHORIZATION_REQUEST "
    "AUTHORIZATION_FAILURE",
    "AUTHORIZATION_FAILURE": "AUTHORIZATION_SUCCESS AUTHORIZATION_REQUEST",
    "REFUND_REVERSE": "REFUND_SUCCESS",
    "CHARGE_BACK": "CHARGE_SUCCESS",
}
AMOUNT_NAMES = [
    "authorized",
    "charged",
    "refunded",
    "canceled",
    "authorize_pending",
    "charge_pending",
    "refund_pending",
    "cancel_pending",
]


def recalculate(item: TransactionItem) -> None:
    """Set the eight amounts from the counted events (unsaved)."""
    events = [
        Happening(e.type, e.amount_value, e.psp_reference or "", e.created_at)
        for e in item.events.filter(include_in_calculations=True).order_by("created_at", "id")
    ]
    for name, value in arithmetic.amounts(events).items():
        setattr(item, f"{name}_value", value)


def refresh_checkout_status(checkout: Checkout, has_lines: bool) -> None:
    """Set the payment statuses of a checkout (unsaved). Pending money counts here, unlike on an order."""
    items = list(checkout.transactions.all())
    authorized = sum((i.authorized_value + i.authorize_pending_value for i in items), ZERO)
    charged = sum((i.charged_value + i.charge_pending_value for i in items), ZERO)
    checkout.charge_status = arithmetic.charge_status(charged, checkout.total_gross, has_lines)
    checkout.authorize_status = arithmetic.authorize_status(
        authorized, charged, checkout.total_gross, has_lines
    )


def refresh_order(order: Order) -> None:
    """Set the payment amounts and statuses of an order (unsaved). A granted refund lowers what is due."""
    items = list(order.transactions.all())
    order.total_authorized = sum((i.authorized_value for i in items), ZERO)
    order.total_charged = sum((i.charged_value for i in items), ZERO)
    granted = sum((g.amount_value for g in order.granted_refunds.all()), ZERO)
    due = max(order.total_gross - granted, ZERO)
    order.charge_status = arithmetic.charge_status(order.total_charged, due)
    order.authorize_status = arithmetic.authorize_status(order.total_authorized, order.total_charged, due)


def deduce_amount(kind: str, psp_reference: str) -> Decimal:
    """Find the amount of an event that may come without one."""
    if kind == "INFO":
        return ZERO
    if kind not in DEDUCIBLE:
        raise Invalid("amount", "REQUIRED", f"The `amount` field is required for {kind} event.")
    found = (
        TransactionEvent.objects.filter(psp_reference=psp_reference, type__in=DEDUCIBLE[kind].split())
        .order_by("-created_at")
        .first()
    )
    if found is None:
        raise Invalid("amount", "REQUIRED", f"Unable to deduce the amount for {kind} event.")
    return found.amount_value


def fail(request: TransactionEvent, cause: str) -> TransactionEvent:
    """Write that something could not be done; such events never count."""
    family = request.type.partition("_")[0]
    return TransactionEvent.objects.create(
        transaction_id=request.transaction_id,
        type=f"{'CHARGE' if request.type == 'CHARGE_BACK' else family}_FAILURE",
        amount_value=request.amount_value,
        currency=request.currency,
        message=cause[:512],
        psp_reference=request.psp_reference,
        include_in_calculations=False,
        created_at=timezone.now(),
        related_granted_refund_id=request.related_granted_refund_id,
    )


def existing(event: TransactionEvent) -> TransactionEvent | None:
    """Find the event this one repeats: same transaction, pspReference and type."""
    if event.type in NEVER_DEDUPED:
        return None
    return TransactionEvent.objects.filter(
        transaction_id=event.transaction_id, psp_reference=event.psp_reference, type=event.type
    ).first()


def record(event: TransactionEvent) -> tuple[TransactionEvent, str | None, bool]:
    """Store an event once, under the transaction's row lock: (event, refusal code, was already there)."""
    with transaction.atomic():
        TransactionItem.objects.select_for_update().get(pk=event.transaction_id)
        before = existing(event)
        if before and before.amount_value != event.amount_value:
            return event, "INCORRECT_DETAILS", False
        if before:
            return before, None, True
        if event.type == "AUTHORIZATION_SUCCESS" and _authorized_before(event):
            return event, "ALREADY_EXISTS", False
        event.save()
        return event, None, False


def _authorized_before(event: TransactionEvent) -> bool:
    others = TransactionEvent.objects.filter(
        transaction_id=event.transaction_id, type="AUTHORIZATION_SUCCESS"
    )
    return others.exists()


def save_amounts(item: TransactionItem) -> None:
    """Recalculate and store under the row lock, so that two reports at once both count."""
    with transaction.atomic():
        TransactionItem.objects.select_for_update().get(pk=item.pk)
        recalculate(item)
        item.save()


def after_change(item: TransactionItem, before: dict[str, Decimal], context: Any = None) -> None:
    """Let the checkout or the order of a transaction follow its amounts, and tell the world."""
    item.refresh_from_db(fields=["checkout", "order"])
    if item.order_id:
        with transaction.atomic():
            order = Order.objects.select_for_update().get(transactions=item)
            order_paid_changes(order, item, before, context)
    elif item.checkout_id:
        _checkout_changes(item)


def snapshot(item: TransactionItem) -> dict[str, Decimal]:
    return {name: getattr(item, f"{name}_value") for name in AMOUNT_NAMES}


def _checkout_changes(item: TransactionItem) -> None:
    with transaction.atomic():
        checkout = Checkout.objects.select_for_update().get(transactions=item)
        before = (checkout.charge_status, checkout.authorize_status)
        refresh_checkout_status(checkout, checkout.lines.exists())
        checkout.last_transaction_modified_at = timezone.now()
        checkout.save(
            update_fields=["charge_status", "authorize_status", "last_transaction_modified_at", "updated_at"]
        )
        full = ("FULL", "OVERCHARGED")
        if checkout.charge_status in full and before[0] not in full:
            emit("CHECKOUT_FULLY_PAID", checkout=checkout)
        if checkout.authorize_status == "FULL" and before[1] != "FULL":
            emit("CHECKOUT_FULLY_AUTHORIZED", checkout=checkout)
            from sandbox.saleor.completion import schedule_automatic

            schedule_automatic(checkout)


def order_paid_changes(
    order: Order, item: TransactionItem, before: dict[str, Decimal], context: Any = None
) -> None:
    """Write an order's new payment state and emit what follows from it."""
    was = order.charge_status
    refresh_order(order)
    order.save()
    if item.charged_value > before["charged"]:
        emit("ORDER_PAID", order=order)
        if order.charge_status in ("FULL", "OVERCHARGED") and was not in ("FULL", "OVERCHARGED"):
            emit("ORDER_FULLY_PAID", order=order)
            note(order, "ORDER_FULLY_PAID", context)
    if item.refunded_value > before["refunded"]:
        emit("ORDER_REFUNDED", order=order)
        if sum((i.refunded_value for i in order.transactions.all()), ZERO) >= order.total_gross:
            emit("ORDER_FULLY_REFUNDED", order=order)
    if snapshot(item) != before:
        emit("ORDER_UPDATED", order=order)


def note(order: Order, kind: str, context: Any = None, message: str | None = None) -> OrderEvent:
    """Add to an order's history."""
    return OrderEvent.objects.create(
        order=order,
        type=kind,
        message=message,
        user=context.user if context else None,
        app=context.app if context else None,
    )


def apply_session_answer(
    request: TransactionEvent, app: App, answer: Any, error: str | None
) -> TransactionEvent:
    """Turn the answer of an initialize or process session into events and amounts."""
    parsed, problem = parse_session(answer, request.amount_value) if answer is not None else (None, error)
    if parsed is None:
        return fail(request, problem or "Failed to delivery request.")
    item = request.transaction
    before = snapshot(item)
    if parsed["type"].endswith("_REQUEST"):
        event = _rewrite_request(request, parsed, app)
    else:
        event, refusal, _ = record(_event_of(item, parsed, app))
        if refusal:
            return fail(request, f"Event refused: {refusal}.")
        request.psp_reference = event.psp_reference
        request.save(update_fields=["psp_reference"])
    if parsed["payment_method"]:
        item.payment_method = parsed["payment_method"]
    if event.psp_reference:
        item.psp_reference = event.psp_reference
    if event.type in COUNTED:
        if parsed["actions"] is not None:
            item.available_actions = parsed["actions"]
        save_amounts(item)
        after_change(item, before)
    else:
        item.save()
    return event


def _event_of(
    item: TransactionItem, parsed: dict[str, Any], app: App | None, **extra: Any
) -> TransactionEvent:
    return TransactionEvent(
        transaction=item,
        type=parsed["type"],
        amount_value=parsed["amount"],
        currency=item.currency,
        psp_reference=parsed["psp_reference"],
        message=parsed["message"],
        external_url=parsed["external_url"],
        created_at=parsed["time"],
        app=app,
        **extra,
    )


def _rewrite_request(request: TransactionEvent, parsed: dict[str, Any], app: App) -> TransactionEvent:
    request.type = parsed["type"]
    request.amount_value = parsed["amount"]
    request.psp_reference = parsed["psp_reference"]
    request.message = parsed["message"]
    request.external_url = parsed["external_url"] or request.external_url
    request.created_at = parsed["time"]
    request.include_in_calculations = True
    request.app = app
    request.save()
    return request


def apply_action_answer(
    request: TransactionEvent, app: App, answer: Any, error: str | None
) -> TransactionEvent | None:
    """Turn the answer to a charge, refund or cancel request into events and amounts."""
    item = request.transaction
    parsed, problem = (None, error) if answer is None else parse_action(answer, request)
    if parsed is None:
        failed = fail(request, problem or "Failed to delivery request.")
        follow_granted_refund(request)
        return failed
    before = snapshot(item)
    if parsed["psp_reference"] is not None:
        request.psp_reference = parsed["psp_reference"]
        request.include_in_calculations = True
        request.save()
    event: TransactionEvent | None = None
    if parsed["type"]:
        event, refusal, _ = record(
            _event_of(item, parsed, app, related_granted_refund_id=request.related_granted_refund_id)
        )
        if refusal:
            return fail(request, f"Event refused: {refusal}.")
    if parsed["actions"] is not None:
        item.available_actions = parsed["actions"]
    save_amounts(item)
    after_change(item, before)
    follow_granted_refund(request)
    return event


def follow_granted_refund(request: TransactionEvent) -> None:
    granted = request.related_granted_refund
    if granted is None:
        return
    last = (
        TransactionEvent.objects.filter(related_granted_refund=granted)
        .exclude(type__in=("INFO", "REFUND_REVERSE"))
        .order_by("-created_at", "-id")
        .first()
    )
    outcome = last.type.removeprefix("REFUND_") if last else "NONE"
    granted.status = {"SUCCESS": "SUCCESS", "FAILURE": "FAILURE", "REQUEST": "PENDING"}.get(outcome, "NONE")
    granted.save(update_fields=["status"])


SESSION_RESULTS = {
    f"{family}_{rest}"
    for family in ("AUTHORIZATION", "CHARGE")
    for rest in ("SUCCESS", "REQUEST", "ACTION_REQUIRED", "FAILURE")
} | {"CANCEL_SUCCESS"}


def parse_session(answer: Any, default_amount: Decimal) -> tuple[dict[str, Any] | None, str | None]:
    """Check an initialize or process answer: (parsed, None) or (None, what is wrong)."""
    if not isinstance(answer, dict) or answer.get("result") not in SESSION_RESULTS:
        return None, "Missing or invalid value for the `result` in the response."
    kind = answer["result"]
    optional = kind.endswith(("_ACTION_REQUIRED", "_FAILURE"))
    return _parse(answer, kind, default_amount, psp_required=not optional)


def parse_action(answer: Any, request: TransactionEvent) -> tuple[dict[str, Any] | None, str | None]:
    """Check an answer to a charge, refund or cancel request."""
    if not isinstance(answer, dict):
        return None, "The response is not a JSON object."
    kind = answer.get("result")
    family = request.type.partition("_")[0]
    if kind is not None and kind not in (f"{family}_SUCCESS", f"{family}_FAILURE"):
        return None, f"Missing or invalid value for the `result` in the response: {kind}."
    required = kind is None or kind.endswith("_SUCCESS")
    return _parse(answer, kind, request.amount_value, psp_required=required)


def _parse(
    answer: dict[str, Any], kind: str | None, default_amount: Decimal, *, psp_required: bool
) -> tuple[dict[str, Any] | None, str | None]:
    psp = answer.get("pspReference")
    if psp_required and not psp:
        return None, "Missing value for the `pspReference` in the response."
    try:
        amount = Decimal(str(answer.get("amount") or default_amount))
        time = parse_time(answer.get("time"))
    except (ArithmeticError, ValueError) as error:
        return None, f"Incorrect value in the response: {error}."
    actions = answer.get("actions")
    return {
        "type": kind,
        "psp_reference": str(psp) if psp else None,
        "amount": amount,
        "time": time,
        "message": str(answer.get("message") or "")[:512],
        "external_url": _url(answer.get("externalUrl")),
        "actions": None if actions is None else clean_actions(actions),
        "payment_method": payment_method(answer.get("paymentMethodDetails")),
    }, None


def _url(value: Any) -> str:
    return str(value) if str(value or "").startswith(("http://", "https://")) else ""


def parse_time(value: Any) -> datetime.datetime:
    """Read an ISO-8601 moment; nothing means now, and no zone means UTC."""
    if not value:
        return timezone.now()
    moment = parse_datetime(str(value))
    if moment is None:
        raise ValueError(f"invalid time {value!r}")
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def clean_actions(values: list[Any]) -> list[str]:
    """Keep the actions that exist, once each."""
    return [a for a in ("CHARGE", "REFUND", "CANCEL") if a in {str(v).upper() for v in values}]


def payment_method(details: Any) -> dict[str, Any] | None:
    """Take over payment method details of a webhook answer when they are well formed."""
    if not isinstance(details, dict) or not details.get("name"):
        return None
    kind = str(details.get("type", "OTHER")).upper()
    keys = ("brand", "firstDigits", "lastDigits", "expMonth", "expYear") if kind == "CARD" else ()
    return {"type": kind, "name": str(details["name"]), **{k: details.get(k) for k in keys}}
