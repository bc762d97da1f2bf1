"""Order, wallet and customs side by side, day by day: nothing is rounded away and nothing is guessed.

A payment is compared with the line of its number, a refund likewise; a paid order with what its parcel says; a customs
record with what was paid. What does not agree stands in a queue until it does, or until a person takes it off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from saleor_ext.core import audit, clock
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import ParcelView, platform

from . import lanes, refunds, statements
from .models import (
    PaymentDeclaration,
    PaymentRefund,
    PaymentSession,
    PaymentStatement,
    PaymentStatementLine,
    ReconciliationItem,
)
from .port import DeclarationState, Gateway, RefundState, StatementKind

Kind = ReconciliationItem.Kind
OBJECT = "payment_reconciliation"
#: What is booked in a day's last minutes may stand on the next day's statement.
MIDNIGHT = timedelta(minutes=10)
#: An order follows its payment within seconds, a declaration within minutes; after this long they are missed.
PATIENCE = timedelta(hours=2)
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Found:
    """A thing that does not agree."""

    kind: str
    subject: str
    detail: str
    amount: Money | None = None


def compare(gateway: Gateway, day: date) -> dict[str, Any]:
    """Compare a day of an account anew, bring the queue up to date and return what was found as JSON-able values."""
    statement = statements.known(gateway, day)
    if statement is None:
        late = statements.ready_at(gateway, day) + statements.GRACE <= clock.now()
        found = [Found(Kind.MISSING_DAY, day.isoformat(), f"no statement of {day}")] if late else []
    else:
        found = [*_lines(statement), *_payments(statement), *_refunds(statement)]
    _note(gateway, day, found)
    if statement is not None:
        PaymentStatement.objects.filter(pk=statement.pk).update(compared_at=clock.now())
    return _report(gateway, day, statement, found)


def _report(
    gateway: Gateway, day: date, statement: PaymentStatement | None, found: Iterable[Found]
) -> dict[str, Any]:
    kinds = Counter(statement.lines.values_list("kind", flat=True)) if statement else Counter()
    return {
        "gateway": gateway.identifier,
        "account": gateway.account,
        "day": day.isoformat(),
        "statement": "imported" if statement else "missing",
        "payments": kinds[StatementKind.PAYMENT],
        "refunds": kinds[StatementKind.REFUND],
        "settlements": kinds[StatementKind.SETTLEMENT] + kinds[StatementKind.RETURNED],
        "other": kinds[StatementKind.OTHER],
        "differences": [
            {
                "kind": one.kind,
                "subject": one.subject,
                "detail": one.detail,
                "amount": f"{one.amount.amount:.2f}" if one.amount else None,
                "currency": one.amount.currency if one.amount else None,
            }
            for one in found
        ],
    }


# -- the statement against us ------------------------------------------------------------------------------------


def _lines(statement: PaymentStatement) -> Iterator[Found]:
    """Every line has to be a payment or refund of ours, of that amount and number, once."""
    seen: set[tuple[str, str]] = set()
    for chunk in _chunks(statement.lines.filter(kind__in=(StatementKind.PAYMENT, StatementKind.REFUND))):
        payments = {
            one.out_trade_no: one
            for one in PaymentSession.objects.filter(
                gateway=statement.gateway,
                account=statement.account,
                out_trade_no__in=[line.out_trade_no for line in chunk],
            )
        }
        back = {
            one.refund_no: one
            for one in PaymentRefund.objects.filter(
                refund_no__in=[line.refund_no for line in chunk if line.refund_no]
            )
        }
        for line in chunk:
            mark = (line.kind, line.reference)
            if mark in seen:
                yield _of_line(Kind.TWICE, line, f"line {line.number}")
            seen.add(mark)
            if line.kind == StatementKind.PAYMENT:
                yield from _payment_line(line, payments.get(line.out_trade_no))
            else:
                yield from _refund_line(line, back.get(line.refund_no))


def _payment_line(line: PaymentStatementLine, ours: PaymentSession | None) -> Iterator[Found]:
    if ours is None or ours.state != PaymentSession.State.PAID:
        state = "no such payment" if ours is None else f"the payment is {ours.state}"
        yield _of_line(Kind.UNKNOWN, line, state)
        return
    if (line.amount, line.currency) != (ours.amount, ours.currency):
        yield _of_line(Kind.AMOUNT, line, f"ours {ours.money}")
    if line.reference != ours.gateway_ref:
        yield _of_line(Kind.REFERENCE, line, f"ours {ours.gateway_ref}, theirs {line.reference}")


def _refund_line(line: PaymentStatementLine, ours: PaymentRefund | None) -> Iterator[Found]:
    if ours is None or ours.state not in (RefundState.SUCCESS, RefundState.PROCESSING):
        state = "no such refund" if ours is None else f"the refund is {ours.state}"
        yield _of_line(Kind.UNKNOWN, line, state)
    elif line.amount != ours.amount:
        yield _of_line(Kind.AMOUNT, line, f"ours {ours.amount}")


def _of_line(kind: str, line: PaymentStatementLine, detail: str) -> Found:
    subject = line.refund_no if line.kind == StatementKind.REFUND else line.out_trade_no
    return Found(
        kind,
        subject or line.reference,
        f"{line.kind} {line.reference}: {detail}",
        Money(line.amount, line.currency),
    )


def _chunks(rows: Any) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for row in rows.iterator(chunk_size=CHUNK):
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


# -- us against the statement, the orders and customs -----------------------------------------------------------


def _payments(statement: PaymentStatement) -> Iterator[Found]:
    """Every payment has to be on a statement, to have an order of its amount, and to be declared with it."""
    begin, end = statements.bounds(statement.day)
    mine = PaymentSession.objects.filter(
        gateway=statement.gateway,
        account=statement.account,
        state=PaymentSession.State.PAID,
        paid_at__gte=begin - MIDNIGHT,
        paid_at__lt=end - MIDNIGHT,
    )
    for chunk in _chunks(mine.order_by("paid_at")):
        parcels = platform().parcels_of([one.transaction_id for one in chunk])
        listed = _listed(StatementKind.PAYMENT, "out_trade_no", [one.out_trade_no for one in chunk])
        declared: dict[Any, list[PaymentDeclaration]] = {}
        for row in PaymentDeclaration.objects.filter(session__in=chunk):
            declared.setdefault(row.session_id, []).append(row)
        for payment in chunk:
            if payment.out_trade_no not in listed:
                yield Found(
                    Kind.NOT_LISTED, payment.out_trade_no, f"payment {payment.gateway_ref}", payment.money
                )
            yield from _order(payment, parcels.get(payment.transaction_id))
            yield from _declared(payment, declared.get(payment.pk, []))


def _refunds(statement: PaymentStatement) -> Iterator[Found]:
    begin, end = statements.bounds(statement.day)
    mine = PaymentRefund.objects.filter(
        session__gateway=statement.gateway,
        session__account=statement.account,
        state=RefundState.SUCCESS,
        finished_at__gte=begin - MIDNIGHT,
        finished_at__lt=end - MIDNIGHT,
    ).select_related("session")
    for chunk in _chunks(mine.order_by("finished_at")):
        listed = _listed(StatementKind.REFUND, "refund_no", [one.refund_no for one in chunk])
        for refund in chunk:
            if refund.refund_no not in listed:
                detail = f"refund {refund.gateway_ref} of {refund.session.out_trade_no}"
                yield Found(Kind.NOT_LISTED, refund.refund_no, detail, refund.money)


def _listed(kind: StatementKind, column: str, numbers: list[str]) -> set[str]:
    found = PaymentStatementLine.objects.filter(kind=kind, **{f"{column}__in": numbers})
    return set(found.values_list(column, flat=True))


def _order(payment: PaymentSession, parcel: ParcelView | None) -> Iterator[Found]:
    if parcel is not None:
        if parcel.actual_paid != payment.money:
            detail = f"paid {payment.money}, parcel {parcel.number} {parcel.actual_paid}"
            yield Found(Kind.ORDER_AMOUNT, payment.out_trade_no, detail, payment.money)
    elif _is_old(payment) and refunds.gone(payment) < payment.money:
        yield Found(Kind.NO_ORDER, payment.out_trade_no, f"payment {payment.gateway_ref}", payment.money)


def _declared(payment: PaymentSession, rows: list[PaymentDeclaration]) -> Iterator[Found]:
    """What customs were told is what was paid; where the lane needs a record, there has to be one."""
    for row in rows:
        if row.amount != payment.amount:
            detail = f"declared to {row.customs}: {row.amount}"
            yield Found(Kind.DECLARED, payment.out_trade_no, detail, payment.money)
    if any(row.state == DeclarationState.SUCCESS for row in rows) or not _is_old(payment):
        return
    if lanes.needs_declaration(payment.lane) and not refunds.gone(payment).amount:
        yield Found(Kind.DECLARED, payment.out_trade_no, "customs have no record of it", payment.money)


def _is_old(payment: PaymentSession) -> bool:
    return payment.paid_at is not None and payment.paid_at + PATIENCE < clock.now()


# -- the queue ---------------------------------------------------------------------------------------------------


def _note(gateway: Gateway, day: date, found: list[Found]) -> None:
    """Write what is new, and close what of this day agrees now; what a person took off stays off."""
    now = clock.now()
    mine = ReconciliationItem.objects.filter(gateway=gateway.identifier, account=gateway.account)
    with transaction.atomic():
        subjects = [one.subject for one in found]
        rows = {(row.kind, row.subject): row for row in mine.select_for_update().filter(subject__in=subjects)}
        for one in found:
            row = rows.get((one.kind, one.subject))
            if row is None:
                row = _open(gateway, day, one)
                rows[one.kind, one.subject] = row
            elif row.settled_at is not None and not row.settled_by:
                mine.filter(pk=row.pk).update(settled_at=None, found_at=now, detail=one.detail[:300], day=day)
        keep = [rows[one.kind, one.subject].pk for one in found]
        mine.filter(day=day, settled_at__isnull=True).exclude(pk__in=keep).update(settled_at=now)


def _open(gateway: Gateway, day: date, one: Found) -> ReconciliationItem:
    row = ReconciliationItem.objects.create(
        gateway=gateway.identifier,
        account=gateway.account,
        day=day,
        kind=one.kind,
        subject=one.subject[:64],
        detail=one.detail[:300],
        amount=one.amount.amount if one.amount else None,
        currency=one.amount.currency if one.amount else "",
        found_at=clock.now(),
    )
    audit.record(
        "payment.unreconciled", OBJECT, row.pk, kind=row.kind, subject=row.subject, detail=row.detail
    )
    return row


def take_off(item: ReconciliationItem, *, actor: str, reason: str) -> bool:
    """Take an item off the queue by a person's decision; False when it was settled already."""
    with transaction.atomic():
        taken = ReconciliationItem.objects.filter(pk=item.pk, settled_at__isnull=True).update(
            settled_at=clock.now(), settled_by=actor[:120], reason=reason[:300]
        )
        if taken:
            audit.record(
                "payment.taken_off", OBJECT, item.pk, actor=actor, reason=reason, subject=item.subject
            )
    return bool(taken)


def suggestions(item: ReconciliationItem) -> list[str]:
    """Return numbers of the other side with the same amount within a day of it: what it may belong to."""
    if item.amount is None or item.kind not in (Kind.UNKNOWN, Kind.NOT_LISTED, Kind.NO_ORDER):
        return []
    other = Kind.NOT_LISTED if item.kind == Kind.UNKNOWN else Kind.UNKNOWN
    near = ReconciliationItem.objects.filter(
        gateway=item.gateway,
        account=item.account,
        kind=other,
        amount=Decimal(item.amount),
        currency=item.currency,
        settled_at__isnull=True,
        day__range=(item.day - timedelta(days=1), item.day + timedelta(days=1)),
    )
    return list(near.order_by("day", "subject").values_list("subject", flat=True)[:5])
