"""Refunds: one row a request, however often Saleor sends it; the gateway's word decides how it ends."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from saleor_ext.core import audit, clock, outbox
from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import MoneyEvent, document, money_events, platform

from . import gateways, states
from .models import PaymentDispute, PaymentRefund, PaymentSession
from .port import GatewayRefused, RefundRequest, RefundSnapshot, RefundState
from .sessions import APP, PACKAGE

SEND = "payment.refund"
REPORT = "payment.report_refund"
OBJECT = "payment_refund"
FIRST_POLL = timedelta(seconds=3)
LONGEST_POLL = timedelta(minutes=30)
_LIVE = (RefundState.PROCESSING, RefundState.SUCCESS)


class RefundRefused(PermanentError):
    """The refund cannot be made; the message goes to the person who asked for it."""

    code = "refund_refused"


def dedupe_key(payload: Mapping[str, Any]) -> str:
    """Return what tells a re-sent refund request from a second, equal one.

    Saleor builds the payload once and re-sends it unchanged; inside it stands the request event it
    made for this very request, the newest one of that amount without a reference. Without such an event
    the payload itself is the key.
    """
    wanted = Decimal(str(payload["action"]["amount"]))
    events = [
        event
        for event in (payload.get("transaction") or {}).get("events") or []
        if event.get("type") == "REFUND_REQUEST"
        and not event.get("pspReference")
        and Decimal(str((event.get("amount") or {}).get("amount", 0))) == wanted
    ]
    if events:
        newest = max(events, key=lambda event: str(event.get("createdAt")))
        return f"event:{newest.get('idempotencyKey') or newest['id']}"
    canonical = json.dumps(payload, sort_keys=True, default=str).encode()
    return f"body:{hashlib.sha256(canonical).hexdigest()}"


def refund_no(out_trade_no: str, key: str) -> str:
    """Return our number of a refund: 28 characters, the same for the same request."""
    digest = hashlib.sha256(f"{out_trade_no}\0{key}".encode()).digest()
    return "PR" + base64.b32encode(digest).decode().rstrip("=")[:26]


def request(session: PaymentSession, amount: Money, key: str, reason: str = "") -> PaymentRefund:
    """Take a refund on, once per ``key``, and promise to send it.

    :raises RefundRefused: when nothing was paid, too much is asked or it is too late
    """
    with transaction.atomic():
        session = PaymentSession.objects.select_for_update().get(pk=session.pk)
        known = session.refunds.filter(dedupe_key=key).first()
        if known is not None:
            return known
        _check(session, amount)
        refund = PaymentRefund.objects.create(
            session=session,
            dedupe_key=key,
            refund_no=refund_no(session.out_trade_no, key),
            amount=amount.amount,
            reason=reason[:200],
            created_at=clock.now(),
        )
        audit.record(
            "payment.refund", OBJECT, refund.pk, refund_no=refund.refund_no, amount=str(amount), reason=reason
        )
        outbox.enqueue(SEND, {"refund": str(refund.pk)}, key=f"{refund.pk}:send")
    return refund


def request_rest(session: PaymentSession, key: str, reason: str = "") -> PaymentRefund | None:
    """Take on the refund of all that was not given back yet, once per ``key``; None when nothing is left.

    :raises RefundRefused: when nothing was paid or it is too late
    """
    with transaction.atomic():
        session = PaymentSession.objects.select_for_update().get(pk=session.pk)
        known = session.refunds.filter(dedupe_key=key).first()
        rest = session.money - gone(session)
        if known is not None or rest.amount <= 0:
            return known
        return request(session, rest, key, reason)


def _check(session: PaymentSession, amount: Money) -> None:
    if session.state != PaymentSession.State.PAID or session.paid_at is None:
        raise RefundRefused(_("Nothing was paid, so nothing can be refunded."))
    if amount.currency != session.currency or amount.amount <= 0 or amount != amount.quantize():
        raise RefundRefused(_("The amount to refund is not valid."))
    if taken_back(session).amount and gone(session) + amount > session.money:
        raise RefundRefused(_("The card holder's bank has taken this money back already."))
    if gone(session) + amount > session.money:
        raise RefundRefused(_("More would be refunded than was paid."))
    window = gateways.gateway(session.gateway, session.account).capabilities.refund_window
    if clock.now() - session.paid_at > window:
        raise RefundRefused(_("The time to refund through the wallet is over."))


def refunded(session: PaymentSession) -> Money:
    """Money given back or on its way back."""
    total = session.refunds.filter(state__in=_LIVE).aggregate(total=Sum("amount"))["total"] or Decimal(0)
    return Money(total, session.currency)


def taken_back(session: PaymentSession) -> Money:
    """Money that card holders' banks took and did not bring again."""
    out = PaymentDispute.objects.filter(session=session, taken_at__isnull=False, returned_at__isnull=True)
    total = out.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    return Money(total, session.currency)


def gone(session: PaymentSession) -> Money:
    """All that the buyer has again or will have: given back, or taken back by a bank."""
    return refunded(session) + taken_back(session)


def _dead(payload: dict[str, Any], error: str) -> None:
    """The gateway refused for good: the refund failed, and Saleor is told."""
    refund = PaymentRefund.objects.get(pk=payload["refund"])
    take_snapshot(refund, RefundSnapshot(refund.refund_no, RefundState.FAILED, detail=error))


@outbox.handler(SEND, on_dead=_dead)
def send(payload: dict[str, Any]) -> None:
    """Send a refund, or ask how it stands; comes back until it is final."""
    refund = PaymentRefund.objects.select_related("session").get(pk=payload["refund"])
    if refund.state != RefundState.PROCESSING:
        return
    session = refund.session
    gateway = gateways.gateway(session.gateway, session.account)
    if refund.sent_at is None:
        snapshot = gateway.refund(
            RefundRequest(
                refund_no=refund.refund_no,
                gateway_ref=session.gateway_ref,
                amount=refund.money,
                paid=session.money,
                reason=refund.reason,
                notify_url=gateways.notify_url(gateway),
            )
        )
        PaymentRefund.objects.filter(pk=refund.pk).update(sent_at=clock.now())
    else:
        snapshot = _query(refund)
    refund = take_snapshot(refund, snapshot)
    if refund.state == RefundState.PROCESSING:
        wait = min(FIRST_POLL * 2 ** min(refund.polls, 12), LONGEST_POLL)
        PaymentRefund.objects.filter(pk=refund.pk).update(polls=refund.polls + 1)
        outbox.enqueue(SEND, payload, key=f"{refund.pk}:poll:{refund.polls}", delay=wait)


def _query(refund: PaymentRefund) -> RefundSnapshot:
    """A refund that was sent but is not known there is not lost money: ask again later."""
    session = refund.session
    try:
        return gateways.gateway(session.gateway, session.account).query_refund(refund.refund_no)
    except GatewayRefused as refused:
        raise TransientError(refused.message, code=refused.code) from refused


def take_snapshot(refund: PaymentRefund, snapshot: RefundSnapshot) -> PaymentRefund:
    """Apply what the gateway says of a refund, under the row's lock."""
    with transaction.atomic():
        refund = PaymentRefund.objects.select_for_update().select_related("session").get(pk=refund.pk)
        if snapshot.refund_no != refund.refund_no or (
            snapshot.amount is not None and snapshot.amount != refund.money
        ):
            audit.record("payment.refund_mismatch", OBJECT, refund.pk, said=str(snapshot.amount))
            return refund
        refund.gateway_ref = snapshot.gateway_ref or refund.gateway_ref
        if states.allowed(states.REFUND, refund.state, snapshot.state):
            refund.state = snapshot.state
            refund.finished_at = snapshot.finished_at or clock.now()
            refund.failure = "" if snapshot.state is RefundState.SUCCESS else snapshot.detail[:300]
            outbox.enqueue(REPORT, {"refund": str(refund.pk)}, key=f"{refund.pk}:{snapshot.state}")
            if snapshot.state is RefundState.SUCCESS:
                money_events.tell(_returned(refund, refund.finished_at))
        refund.save()
    return refund


def _returned(refund: PaymentRefund, at: datetime) -> MoneyEvent:
    session = refund.session
    return MoneyEvent(
        kind="refunded",
        key=refund.refund_no,
        gateway=session.gateway,
        account=session.account,
        api_url=session.api_url,
        transaction_id=session.transaction_id,
        amount=refund.money,
        at=at,
        reference=refund.gateway_ref or refund.refund_no,
    )


@outbox.handler(REPORT)
def report(payload: dict[str, Any]) -> None:
    """Tell Saleor how a refund ended, under the reference it was answered with."""
    refund = PaymentRefund.objects.select_related("session").get(pk=payload["refund"])
    session = refund.session
    good = refund.state == RefundState.SUCCESS
    platform().saleor(session.api_url, APP).execute(
        document(PACKAGE, "graphql/event_report.graphql"),
        {
            "id": session.transaction_id,
            "pspReference": refund.refund_no,
            "type": "REFUND_SUCCESS" if good else "REFUND_FAILURE",
            "amount": str(refund.amount),
            "time": clock.now().isoformat(timespec="microseconds"),
            "message": "" if good else refund.failure[:500],
            "actions": ["REFUND"] if gone(session) < session.money else [],
        },
        idempotent=True,
    )
    PaymentRefund.objects.filter(pk=refund.pk).update(reported_at=clock.now())
