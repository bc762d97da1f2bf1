"""Declaring a payment to customs: one record a target, until customs have it and the payer is the buyer.

The gate is strict, because what follows at customs rests on it: every target SUCCESS, identity SAME, the
clearing number there, and the declared amount the one that the order was paid with. A different payer is
never replaced: the buyer mends the name or is refunded.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from saleor_ext.core import audit, clock, outbox
from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import ParcelView, Wait, platform

from . import gateways, refunds, states
from .models import PaymentDeclaration, PaymentSession
from .port import (
    Buyer,
    Capabilities,
    CustomsTarget,
    DeclarationRequest,
    DeclarationSnapshot,
    DeclarationState,
    DeclaringGateway,
    GatewayRefused,
    Identity,
    VerifyDepartment,
)

log = logging.getLogger(__name__)

STEP = "declare_payment"
WORK = "payment.declare"
OBJECT = "payment_declaration"
FIRST_POLL = timedelta(seconds=2)
LONGEST_POLL = timedelta(minutes=15)
#: Pushed again this often when customs' interface fails, then an operator looks.
MOST_ATTEMPTS = 6
#: Without a result by then an operator looks.
PATIENCE = timedelta(days=2)

D = DeclarationState


class Stop(Exception):
    """Why the step cannot go on by itself."""

    def __init__(self, code: str, message: str, buyer_message: object = "") -> None:
        super().__init__(message)
        self.code, self.message, self.buyer_message = code, message, buyer_message


def run(parcel: ParcelView) -> Wait:
    """Start (or start again) the declaration of a parcel's payment; the work goes through the outbox.

    :raises PermanentError: when there is no payment of ours that may be declared
    """
    session = session_of(parcel)
    gateway = gateways.gateway(session.gateway, session.account)
    _check(parcel, session, gateway.capabilities)
    with transaction.atomic():
        for target in gateway.capabilities.targets:
            _prepare(parcel, session, target)
        outbox.enqueue(WORK, {"parcel": parcel.id, "session": str(session.pk)})
    return Wait({"orderNo": session.out_trade_no, "payCode": gateway.capabilities.pay_code})


def session_of(parcel: ParcelView) -> PaymentSession:
    """Return the paid session of a parcel's transaction."""
    session = PaymentSession.objects.filter(
        api_url=parcel.api_url, transaction_id=parcel.transaction_id
    ).first()
    if session is None or session.state != PaymentSession.State.PAID:
        raise PermanentError(
            "the order was not paid through a gateway that can declare to customs",
            code="no_declarable_payment",
        )
    return session


def _check(parcel: ParcelView, session: PaymentSession, capabilities: Capabilities) -> None:
    """Nothing is declared that is not true: amount, refunds and age must be right."""
    if not capabilities.can_declare_customs:
        raise PermanentError("no customs target is configured", code="no_customs_target")
    if session.money != parcel.actual_paid:
        raise PermanentError(
            f"paid {session.money} but the order says {parcel.actual_paid}", code="amount_differs"
        )
    if refunds.gone(session):
        raise PermanentError("part of the payment was refunded", code="refunded")
    if session.paid_at is None or clock.now() - session.paid_at > capabilities.declare_window:
        raise PermanentError("the payment is too old to be declared", code="too_old")
    if parcel.buyer is None:
        raise PermanentError("the buyer's identity is missing", code="no_identity")


def _prepare(parcel: ParcelView, session: PaymentSession, target: CustomsTarget) -> None:
    """Make the record of a target, or put one that was stopped back to work."""
    row, made = PaymentDeclaration.objects.select_for_update().get_or_create(
        session=session,
        customs=target.customs,
        defaults={
            "parcel_id": parcel.id,
            "merchant_customs_no": target.merchant_customs_no,
            "amount": session.amount,
            "created_at": clock.now(),
        },
    )
    if made:
        return
    if row.identity == Identity.DIFFERENT:
        # The buyer has mended the name since: let the gateway compare again.
        row.identity = Identity.UNCHECKED
    if row.state == D.FAIL:
        # A person has seen to the cause and asked for another try: declare anew.
        row.state = D.UNDECLARED
    if row.state in (D.UNDECLARED, D.EXCEPT):
        row.attempts = 0
    row.polls = 0
    row.created_at = clock.now()
    row.save()


@outbox.handler(WORK)
def work(payload: dict[str, Any]) -> None:
    """Take every record of a parcel one step on; come back until all are good or one cannot be."""
    parcel = platform().parcel(payload["parcel"])
    step = parcel.steps.get(STEP)
    if step is None or step.state not in ("waiting", "running"):
        return
    session = PaymentSession.objects.get(pk=payload["session"])
    gateway = gateways.declarer(session.gateway, session.account)
    rows = list(session.declarations.all())
    try:
        rows = [_advance(parcel, session, row, gateway) for row in rows]
        for row in rows:
            _gate(row)
    except Stop as stop:
        platform().fail_step(parcel.id, STEP, stop.code, stop.message, buyer_message=stop.buyer_message)
        return
    if rows and all(finished(row) for row in rows):
        _complete(parcel, session, rows, gateway.capabilities)
        return
    polls = min((row.polls for row in rows), default=0)
    wait = min(FIRST_POLL * 2 ** min(polls, 10), LONGEST_POLL)
    outbox.enqueue(WORK, payload, delay=wait)


def finished(row: PaymentDeclaration) -> bool:
    """Whether a record is all that the following customs message needs."""
    return (
        row.state == D.SUCCESS
        and row.identity == Identity.SAME
        and bool(row.verify_number)
        and bool(row.verify_department)
    )


def _gate(row: PaymentDeclaration) -> None:
    """Stop where waiting cannot help."""
    if row.identity == Identity.DIFFERENT:
        raise Stop(
            "identity_different",
            f"{row.customs}: the wallet's owner is not the buyer",
            _(
                "The name and ID number of the order are not those of the wallet that paid. Please correct "
                "them to the payer's own, or ask for a refund."
            ),
        )
    if row.state == D.FAIL:
        raise Stop(
            "declaration_failed", f"{row.customs}: {row.explanation or 'customs refused the payment record'}"
        )
    if row.state == D.EXCEPT and row.attempts >= MOST_ATTEMPTS:
        raise Stop(
            "customs_interface", f"{row.customs}: {row.explanation or 'the customs interface keeps failing'}"
        )
    if not finished(row) and clock.now() - row.created_at > PATIENCE:
        raise Stop("no_result", f"{row.customs}: no result within {PATIENCE.days} days")


def _advance(
    parcel: ParcelView, session: PaymentSession, row: PaymentDeclaration, gateway: DeclaringGateway
) -> PaymentDeclaration:
    """Do the one thing a record needs next, and store what the gateway says to it."""
    request = DeclarationRequest(
        session.out_trade_no, session.gateway_ref, CustomsTarget(row.customs, row.merchant_customs_no)
    )
    if finished(row):
        return row
    if row.state == D.UNDECLARED:
        row = _declare(row, request, gateway)
    elif row.state == D.EXCEPT and row.attempts < MOST_ATTEMPTS:
        row = store(row, gateway.redeclare(request), sent=True)
    elif row.identity != Identity.UNCHECKED:
        row = store(row, gateway.query_declaration(request))
    if row.identity == Identity.UNCHECKED and row.state in (D.SUBMITTED, D.PROCESSING, D.SUCCESS):
        row = store(row, gateway.verify_identity(request, buyer_of(parcel)), compared=True)
    return row


def _declare(
    row: PaymentDeclaration, request: DeclarationRequest, gateway: DeclaringGateway
) -> PaymentDeclaration:
    """Declare, after asking whether an earlier try whose answer got lost went through."""
    if row.attempts:
        known = gateway.query_declaration(request)
        if known.state is not D.UNDECLARED:
            return store(row, known)
    PaymentDeclaration.objects.filter(pk=row.pk).update(attempts=row.attempts + 1)
    row.attempts += 1
    try:
        return store(row, gateway.declare(request))
    except GatewayRefused as refused:
        raise Stop(
            refused.code.lower(),
            f"{row.customs}: {refused.message}",
            _(
                "The payment cannot be declared to customs: the wallet must be real-named "
                "with a Mainland ID card."
            ),
        ) from refused


def buyer_of(parcel: ParcelView) -> Buyer:
    """Return whom the payer is compared with; opening the identity is audited."""
    if parcel.buyer is None:
        raise Stop("no_identity", "the buyer's identity is missing")
    identity = platform().reveal_identity(parcel.buyer.reference, purpose="payment_declaration")
    return Buyer(identity.name, identity.id_number)


def store(
    row: PaymentDeclaration, said: DeclarationSnapshot, *, sent: bool = False, compared: bool = False
) -> PaymentDeclaration:
    """Apply what the gateway says under the row's lock; a state that may not follow is not taken.

    The identity is believed only from a comparison just made: other answers repeat the last one, which may
    be from before the buyer mended the name.
    """
    with transaction.atomic():
        row = PaymentDeclaration.objects.select_for_update().get(pk=row.pk)
        before = row.state
        if said.state != before and states.allowed(states.DECLARATION, before, said.state):
            row.state = said.state
            if before == D.UNDECLARED:
                row.declared_at = clock.now()
            audit.record(
                "payment.declaration", OBJECT, row.pk, customs=row.customs, before=before, after=said.state
            )
        if compared and said.identity is not None:
            row.identity = said.identity
        if said.verify_number:
            row.verify_number = said.verify_number
        if said.verify_department is not VerifyDepartment.NONE:
            row.verify_department = said.verify_department
        row.explanation = (said.explanation or row.explanation)[:300]
        row.attempts += sent
        row.polls += 1
        if finished(row) and row.finished_at is None:
            row.finished_at = clock.now()
        row.save()
    return row


def _complete(
    parcel: ParcelView,
    session: PaymentSession,
    rows: Sequence[PaymentDeclaration],
    capabilities: Capabilities,
) -> None:
    with transaction.atomic():
        if platform().complete_step(parcel.id, STEP, result(session, rows, capabilities)):
            platform().add_event(parcel.id, "payment_declared", key=STEP)


def result(
    session: PaymentSession, rows: Sequence[PaymentDeclaration], capabilities: Capabilities
) -> dict[str, Any]:
    """Return what the messages after it name of the payment.

    ``orderNo`` and ``payTransactionId`` are the pair under which the payment company declared the payment
    (its rule for unsplit orders: our order number and its transaction number), so the order message
    must spell them alike. ``clearing`` is the clearing house's own number, which the customs data interface
    (announcement 179) asks for under the same name: the two must not be mixed up.
    """
    first = rows[0]
    return {
        "orderNo": session.out_trade_no,
        "payCode": capabilities.pay_code,
        "payName": capabilities.pay_name,
        "payTransactionId": session.gateway_ref,
        "amount": str(session.amount),
        "currency": session.currency,
        # Every record has been compared: the strictest word counts.
        "identity": next((row.identity for row in rows if row.identity != Identity.SAME), Identity.SAME),
        "tradingTime": session.paid_at.isoformat() if session.paid_at else "",
        "clearing": {
            "verifyDepartment": first.verify_department,
            "verDept": VerifyDepartment(first.verify_department).ver_dept,
            "payTransactionId": first.verify_number,
        },
        "targets": [{"customs": row.customs, "state": row.state} for row in rows],
    }
