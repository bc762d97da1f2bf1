"""Disputes: a card holder's bank takes a payment back, and sometimes brings the money again.

What moves money is told to the ledger and to Saleor once each: as ``CHARGE_BACK`` when it goes and, when the dispute is
won, as ``CHARGE_SUCCESS`` under the dispute's own number. Saleor has no event for a charge-back that is reversed:
``REFUND_REVERSE`` would lower what was refunded. Evidence is handed in at the payment company.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from saleor_ext.core import audit, clock, outbox
from saleor_ext.core.errors import PonteError
from saleor_ext.plugin_api import MoneyEvent, document, money_events, platform

from . import gateways, refunds, states
from .models import PaymentDispute, PaymentSession
from .port import DisputeSnapshot, DisputeSource, DisputeState, Gateway
from .sessions import APP, PACKAGE

log = logging.getLogger(__name__)

LOOK = "payment.dispute"
REPORT = "payment.report_dispute"
RESUME = "payment.dispute_over"
OBJECT = "payment_dispute"
TAKEN, RETURNED = "taken", "returned"
#: Saleor's event for each, and the ledger's.
EVENTS = {TAKEN: "CHARGE_BACK", RETURNED: "CHARGE_SUCCESS"}
_MOVEMENTS = {TAKEN: "charged_back", RETURNED: "charge_back_reversed"}
#: A dispute whose notification was lost is found while it is not older than this.
LOOK_BACK = timedelta(days=30)
#: An open dispute is asked for again after this long, so many in a round.
CHECK_AGAIN = timedelta(minutes=50)
BATCH = 50


def look_soon(session: PaymentSession, *, key: str) -> None:
    """Promise to ask the company for the disputes of a payment."""
    outbox.enqueue(LOOK, {"session": str(session.pk)}, key=key)


@outbox.handler(LOOK)
def look(payload: dict[str, Any]) -> None:
    """Ask the company for the disputes of a payment: a notification by itself is not believed."""
    session = PaymentSession.objects.get(pk=payload["session"])
    gateway = gateways.gateway(session.gateway, session.account)
    if isinstance(gateway, DisputeSource):
        for told in gateway.disputes(session.gateway_ref):
            take_snapshot(session, told)


def look_around() -> int:
    """Find disputes nobody told us of, and ask again for open ones; return how many new ones there were."""
    sources = [one for one in gateways.ready() if isinstance(one, DisputeSource)]
    return sum(_look_at(one) for one in sources)


def _look_at(gateway: Gateway) -> int:
    assert isinstance(gateway, DisputeSource)
    mine = PaymentDispute.objects.filter(gateway=gateway.identifier, account=gateway.account)
    before = mine.count()
    try:
        recent = gateway.disputes_since(clock.now() - LOOK_BACK)
        for told in recent:
            if session := session_of(gateway.identifier, gateway.account, told.gateway_ref):
                take_snapshot(session, told)
        due = mine.filter(closed_at__isnull=True, checked_at__lte=clock.now() - CHECK_AGAIN)
        for row in due.order_by("checked_at")[:BATCH]:
            look({"session": str(row.session_id)})
    except PonteError as error:
        log.warning("%s/%s: disputes: %s", gateway.identifier, gateway.account, error.message)
    return mine.count() - before


def session_of(gateway: str, account: str, gateway_ref: str) -> PaymentSession | None:
    """Return the payment that a dispute is of; others in the account are not ours."""
    if not gateway_ref:
        return None
    return PaymentSession.objects.filter(gateway=gateway, account=account, gateway_ref=gateway_ref).first()


def take_snapshot(session: PaymentSession, told: DisputeSnapshot) -> PaymentDispute | None:
    """Apply what the company says of a dispute, under the payment's lock; None where it is not of this payment."""
    with transaction.atomic():
        session = PaymentSession.objects.select_for_update().get(pk=session.pk)
        if told.gateway_ref != session.gateway_ref:
            audit.record("payment.dispute_mismatch", OBJECT, told.dispute_id, of=told.gateway_ref)
            return None
        row = _row(session, told)
        if states.allowed(states.DISPUTE, row.state, told.state):
            row.state = told.state
        if row.state == told.state and row.word != told.word:
            _note(row, told)
        row.due_by, row.checked_at = told.due_by, clock.now()
        _move_money(row)
        row.save()
    return row


def _row(session: PaymentSession, told: DisputeSnapshot) -> PaymentDispute:
    now = clock.now()
    return PaymentDispute.objects.get_or_create(
        gateway=session.gateway,
        account=session.account,
        dispute_id=told.dispute_id,
        defaults={
            "session": session,
            "state": DisputeState.OTHER,
            "reason": told.reason[:60],
            "amount": told.amount.amount,
            "currency": told.amount.currency,
            "opened_at": told.opened_at or now,
            "checked_at": now,
        },
    )[0]


def _note(row: PaymentDispute, told: DisputeSnapshot) -> None:
    row.word = told.word[:40]
    row.closed_at = (row.closed_at or clock.now()) if told.state.is_over else None
    if row.closed_at and row.state != DisputeState.LOST:
        outbox.enqueue(RESUME, {"session": str(row.session_id)}, key=f"{row.pk}:{row.word}")
    audit.record(
        "payment.dispute", OBJECT, row.pk,
        dispute=row.dispute_id, state=row.word, cause=row.reason, amount=str(row.money),
    )  # fmt: skip


def objections(api_url: str, transaction_id: str) -> list[str]:
    """Say why goods must not be sent for a payment: a bank asks for it, or has taken it for good."""
    rows = PaymentDispute.objects.filter(
        session__api_url=api_url, session__transaction_id=transaction_id
    ).filter(Q(closed_at=None) | Q(state=DisputeState.LOST))
    return [f"the payment is disputed ({row.dispute_id}, {row.word})" for row in rows.order_by("opened_at")]


@outbox.handler(RESUME)
def resume(payload: dict[str, Any]) -> None:
    """Let a parcel go on that waited for the end of a dispute."""
    session = PaymentSession.objects.get(pk=payload["session"])
    if parcel := platform().parcels_of([session.transaction_id]).get(session.transaction_id):
        platform().resume_departure(parcel.id)


def _move_money(row: PaymentDispute) -> None:
    """Tell the ledger and Saleor what went and what came back; of a won dispute first heard of now, both.

    What is not in the payment's currency cannot be told of it: a person looks at the company.
    """
    if row.currency != row.session.currency or not row.amount:
        return
    if DisputeState(row.state).took_money and row.taken_at is None:
        row.taken_at = clock.now()
        _tell(row, TAKEN)
    if row.state == DisputeState.WON and row.returned_at is None:
        row.returned_at = clock.now()
        _tell(row, RETURNED)


def _tell(row: PaymentDispute, what: str) -> None:
    money_events.tell(_movement(row, what))
    # Saleor hears of the way back only after the way out, whose report promises it then.
    if what == TAKEN or row.taken_reported_at:
        _promise(row, what)


def _promise(row: PaymentDispute, what: str) -> None:
    outbox.enqueue(REPORT, _payload(row, what), key=_key(row, what))


def _payload(row: PaymentDispute, what: str) -> dict[str, Any]:
    return {"dispute": str(row.pk), "what": what}


def _key(row: PaymentDispute, what: str) -> str:
    return f"{row.pk}:{what}"


def _movement(row: PaymentDispute, what: str) -> MoneyEvent:
    at = row.opened_at if what == TAKEN else row.returned_at
    assert at is not None  # set before it is told
    return MoneyEvent(
        kind=_MOVEMENTS[what],  # type: ignore[arg-type]  # the two kinds above
        key=f"{row.gateway}:{row.account}:{row.dispute_id}",
        gateway=row.gateway,
        account=row.account,
        api_url=row.session.api_url,
        transaction_id=row.session.transaction_id,
        amount=row.money,
        at=at,
        reference=row.dispute_id,
    )


@outbox.handler(REPORT)
def report(payload: dict[str, Any]) -> None:
    """Tell Saleor that the money went or came back; repeating it is harmless (same reference and type)."""
    row = PaymentDispute.objects.select_related("session").get(pk=payload["dispute"])
    what, session = payload["what"], row.session
    platform().saleor(session.api_url, APP).execute(
        document(PACKAGE, "graphql/event_report.graphql"),
        {
            "id": session.transaction_id,
            "pspReference": row.dispute_id,
            "type": EVENTS[what],
            "amount": str(row.amount),
            "time": clock.now().isoformat(timespec="microseconds"),
            "message": f"dispute {row.word}: {row.reason}"[:500],
            "actions": ["REFUND"] if refunds.gone(session) < session.money else [],
        },
        idempotent=True,
    )
    with transaction.atomic():
        # The lock of ``take_snapshot``: it must not write back what it read before.
        PaymentSession.objects.select_for_update().get(pk=session.pk)
        PaymentDispute.objects.filter(pk=row.pk).update(**{f"{what}_reported_at": clock.now()})
        row.refresh_from_db()
        if what == TAKEN and row.returned_at:
            _promise(row, RETURNED)


def reported(row: PaymentDispute) -> Iterator[tuple[str, datetime, dict[str, Any], str]]:
    """Yield what Saleor was told of a dispute and when, with the payload and key of its promise."""
    for what, at in ((TAKEN, row.taken_reported_at), (RETURNED, row.returned_reported_at)):
        if at is not None:
            yield what, at, _payload(row, what), _key(row, what)
