"""What Saleor and the wallet say differently of a payment: written down once, shown, never changed by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction

from saleor_ext.core import audit, clock

from .models import PaymentDisagreement, PaymentRefund, PaymentSession
from .port import RefundState
from .transactions import OBJECT, Transaction

Kind = PaymentDisagreement.Kind
#: An open disagreement is looked at again after this long.
CHECK_AGAIN = timedelta(minutes=10)


def of(told: Transaction, session: PaymentSession | None) -> dict[str, str]:
    """Compare Saleor's amounts with ours; return kind → what differs.

    Read Saleor before the session: Saleor learns of money only after it stands here, so a payment that moves
    in between makes no difference. What Saleor does not know *yet* is no disagreement; it is reported again.
    """
    if session is None:
        return {Kind.CHARGED: f"Saleor {told.came}, no payment here"} if told.came.amount else {}
    found: dict[str, str] = {}
    if session.state != PaymentSession.State.PAID:
        if told.came.amount:
            found[Kind.CHARGED] = f"Saleor {told.came}, payment {session.out_trade_no} is {session.state}"
        return found
    told_of = told.came.amount or told.has("CHARGE_SUCCESS", session.gateway_ref)
    if told_of and told.came != session.money:
        found[Kind.AMOUNT] = f"Saleor {told.came}, payment {session.out_trade_no} {session.money}"
    elif strange := _strange_disputes(told, session):
        found[Kind.AMOUNT] = f"Saleor knows charge-backs unknown here: {', '.join(strange)}"
    if refunded := _refunded(told, session):
        found[Kind.REFUNDED] = refunded
    return found


def _strange_disputes(told: Transaction, session: PaymentSession) -> list[str]:
    """Return charge-backs that somebody else told Saleor of: they count as money taken back there."""
    known = set(session.disputes.values_list("dispute_id", flat=True))
    return [
        event.reference
        for event in told.events
        if event.type == "CHARGE_BACK" and event.reference not in known
    ]


def _refunded(told: Transaction, session: PaymentSession) -> str:
    """Compare what was given back, as far as Saleor was told of it, and what Saleor waits for."""
    rows = {refund.refund_no: refund for refund in PaymentRefund.objects.filter(session=session)}
    known = sum(
        row.amount
        for number, row in rows.items()
        if row.state == RefundState.SUCCESS and told.has("REFUND_SUCCESS", number)
    )
    if told.refunded.amount != known:
        return f"Saleor {told.refunded}, payment {session.out_trade_no} {known} {session.currency} given back"
    strange = [event.reference for event in told.pending_refunds if event.reference not in rows]
    return f"Saleor waits for a refund unknown here: {', '.join(strange)}" if strange else ""


def due(api_url: str, limit: int) -> list[str]:
    """Return transactions whose disagreement is to be looked at again, and count them as looked at.

    One that Saleor does not show any more is so asked for once in a while only.
    """
    now = clock.now()
    rows = PaymentDisagreement.objects.filter(api_url=api_url, settled_at__isnull=True)
    chosen = list(rows.filter(checked_at__lte=now - CHECK_AGAIN).order_by("checked_at")[:limit])
    if chosen:
        rows.filter(pk__in=[row.pk for row in chosen]).update(checked_at=now)
    return [row.transaction_id for row in chosen]


def note(api_url: str, transaction_id: str, found: Mapping[str, str]) -> int:
    """Keep what was found and close what is no more; return how many are new. Each is audited once."""
    now = clock.now()
    rows = PaymentDisagreement.objects.filter(api_url=api_url, transaction_id=transaction_id)
    if not found and not rows.filter(settled_at__isnull=True).exists():
        return 0
    new = 0
    with transaction.atomic():
        known = {row.kind: row for row in rows.select_for_update()}
        for kind, detail in found.items():
            row = known.pop(kind, None)
            if row is None or row.settled_at is not None:
                new += 1
                _open(row, api_url, transaction_id, kind, detail)
            else:
                rows.filter(pk=row.pk).update(checked_at=now, detail=detail[:300])
        for row in known.values():
            if row.settled_at is None:
                rows.filter(pk=row.pk).update(checked_at=now, settled_at=now)
                audit.record("payment.agreement", OBJECT, transaction_id, kind=row.kind, api_url=api_url)
    return new


def _open(row: PaymentDisagreement | None, api_url: str, transaction_id: str, kind: str, detail: str) -> None:
    row = row or PaymentDisagreement(api_url=api_url, transaction_id=transaction_id, kind=kind)
    row.detail, row.settled_at = detail[:300], None
    row.found_at = row.checked_at = clock.now()
    row.save()
    audit.record(
        "payment.disagreement", OBJECT, transaction_id, kind=kind, detail=detail[:300], api_url=api_url
    )
