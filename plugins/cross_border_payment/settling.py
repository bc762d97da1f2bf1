"""Brings sessions to their end: asks the gateway, closes what expired, tells Saleor, heals what got lost."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from saleor_ext.core import audit, clock, outbox
from saleor_ext.core.models import OutboxMessage
from saleor_ext.plugin_api import document, platform

from . import gateways, refunds, sessions
from .models import PaymentSession
from .port import GatewayRefused, PaymentSnapshot, PaymentState
from .sessions import APP, PACKAGE

log = logging.getLogger(__name__)

COMPLETE = "payment.complete_checkout"
#: A paid session without an order is looked at again when this much time has passed.
HEAL_AFTER = timedelta(minutes=2)
#: Sessions taken up in one round of the poller.
BATCH = 50

State = PaymentSession.State


@outbox.handler(sessions.SETTLE)
def settle(payload: dict[str, Any]) -> None:
    """Ask the gateway about a session; close it there when its time is over or the buyer gave up."""
    session = PaymentSession.objects.get(pk=payload["session"])
    if session.state in (State.PAID, State.SUSPECT):
        return
    gateway = gateways.gateway(session.gateway, session.account)
    snapshot = gateway.query(session.out_trade_no)
    if snapshot.state is PaymentState.PENDING and _to_close(session):
        snapshot = _close(session, snapshot)
    sessions.take_snapshot(session, snapshot)


def _to_close(session: PaymentSession) -> bool:
    now = clock.now()
    close_after = gateways.gateway(session.gateway, session.account).capabilities.close_after
    over = session.expires_at <= now or session.cancel_requested_at is not None
    return over and session.state == State.WAITING and session.created_at + close_after <= now


def _close(session: PaymentSession, snapshot: PaymentSnapshot) -> PaymentSnapshot:
    """Close at the gateway; where it says "paid" instead, ask again and believe that."""
    gateway = gateways.gateway(session.gateway, session.account)
    try:
        gateway.close(session.out_trade_no)
    except GatewayRefused as refused:
        log.info("closing %s was refused: %s", session.out_trade_no, refused.code)
        return gateway.query(session.out_trade_no)
    return PaymentSnapshot(snapshot.out_trade_no, PaymentState.CLOSED, snapshot.merchant_account)


@outbox.handler(sessions.REPORT)
def report(payload: dict[str, Any]) -> None:
    """Tell Saleor what became of a transaction; repeating it is harmless (same reference and type)."""
    session = PaymentSession.objects.get(pk=payload["session"])
    variables = _EVENTS[payload["what"]](session)
    saleor = platform().saleor(session.api_url, APP)
    saleor.execute(
        document(PACKAGE, "graphql/event_report.graphql"),
        {"id": session.transaction_id, "time": clock.now().isoformat(timespec="microseconds"), **variables},
        idempotent=True,
    )
    if payload["what"] == "charged":
        PaymentSession.objects.filter(pk=session.pk).update(reported_at=clock.now())
        outbox.enqueue(COMPLETE, {"session": str(session.pk)}, key=str(session.pk))


def _charged(session: PaymentSession) -> dict[str, Any]:
    return {
        "pspReference": session.gateway_ref,
        "type": "CHARGE_SUCCESS",
        "amount": str(session.amount),
        "message": title(session),
        "actions": ["REFUND"],
        "details": {"other": {"name": title(session)}},
    }


def title(session: PaymentSession) -> str:
    """Return the name of the wallet, as Saleor's staff read it."""
    return gateways.title(session.gateway)


def _closed(session: PaymentSession) -> dict[str, Any]:
    """A session closed because the buyer asked is a cancelation; one that ran out is a failed charge."""
    kind = "CANCEL_SUCCESS" if session.cancel_requested_at else "CHARGE_FAILURE"
    return {
        "pspReference": session.out_trade_no,
        "type": kind,
        "amount": str(session.amount),
        "message": "cancelled before payment" if session.cancel_requested_at else "not paid in time",
        "actions": [],
    }


def _failed(session: PaymentSession) -> dict[str, Any]:
    return {
        "pspReference": session.out_trade_no,
        "type": "CHARGE_FAILURE",
        "amount": str(session.amount),
        "message": session.failure_message[:500] or session.failure_code,
        "actions": [],
    }


_EVENTS = {"charged": _charged, "closed": _closed, "failed": _failed}


@outbox.handler(COMPLETE)
def complete_checkout(payload: dict[str, Any]) -> None:
    """Let Saleor make the order, so that a buyer who never comes back still gets the goods."""
    session = PaymentSession.objects.get(pk=payload["session"])
    if session.completed_at:
        return
    if session.checkout_id and not _paid_twice(session):
        platform().complete_checkout(session.api_url, session.checkout_id)
    with transaction.atomic():
        # Two payments of one checkout may both get here: Saleor gives both the same order, so they are told
        # apart here, one after the other.
        if session.checkout_id:
            list(_payments(session).select_for_update().order_by("pk"))
        if _paid_twice(session):
            refunds.request(session, session.money, "paid-twice", "paid twice")
        PaymentSession.objects.filter(pk=session.pk).update(completed_at=clock.now())


def _paid_twice(session: PaymentSession) -> bool:
    """Whether another payment for the same checkout came first, by an older code that was still open."""
    first = _payments(session).filter(completed_at__isnull=False).exclude(pk=session.pk)
    return bool(session.checkout_id) and first.exists()


def _payments(session: PaymentSession) -> QuerySet[PaymentSession]:
    """Everything that was paid for the session's checkout."""
    return PaymentSession.objects.filter(
        api_url=session.api_url, checkout_id=session.checkout_id, state=State.PAID
    )


def poll() -> int:
    """Promise to ask about every waiting session that is due; return how many."""
    now = clock.now()
    due = PaymentSession.objects.filter(state=State.WAITING).filter(
        Q(next_poll_at__lte=now) | Q(expires_at__lte=now)
    )
    count = 0
    for session in due.order_by(F("next_poll_at").asc(nulls_first=True))[:BATCH]:
        if session.next_poll_at is not None and session.next_poll_at > now:
            continue
        # One promise a poll: the key changes with the count, so a slow worker is not asked twice.
        sessions.settle_soon(session, key=f"{session.pk}:poll:{session.polls}")
        sessions.schedule_poll(session, now)
        count += 1
    return count + heal()


def heal() -> int:
    """Take up paid sessions that Saleor has not heard of or has made no order of; return how many."""
    limit = clock.now() - HEAL_AFTER
    lost = PaymentSession.objects.filter(state=State.PAID, paid_at__lte=limit).filter(
        Q(reported_at__isnull=True) | Q(completed_at__isnull=True)
    )
    count = 0
    for session in lost.order_by("paid_at")[:BATCH]:
        if session.reported_at:
            made = promise(COMPLETE, {"session": str(session.pk)}, str(session.pk))
        else:
            made = promise_charged(session)
        if made:
            audit.record(
                "payment.healed", sessions.OBJECT, session.pk, reported=session.reported_at is not None
            )
            count += 1
    return count


def promise_charged(session: PaymentSession) -> bool:
    """Promise again to tell Saleor that the money came; return whether that was needed."""
    return promise(sessions.REPORT, {"session": str(session.pk), "what": "charged"}, f"{session.pk}:charged")


def promise(topic: str, payload: dict[str, Any], key: str) -> bool:
    """Make a promise that got lost; return whether it was needed.

    One that is pending is at work, a dead one waits for an operator. One that is done without having
    left its mark is made again, at most once an hour.
    """
    known = OutboxMessage.objects.filter(topic=topic, key=key).first()
    if known is not None and known.state != OutboxMessage.State.DONE:
        return False
    again = key if known is None else f"{key}:{clock.now():%Y%m%d%H}"
    if OutboxMessage.objects.filter(topic=topic, key=again).exists():
        return False
    outbox.enqueue(topic, payload, key=again)
    return True
