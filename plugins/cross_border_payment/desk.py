"""What an operator may do with a payment: ask the wallet, give money back, declare anew. Each with a reason."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from saleor_ext.core import audit
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Operator, platform

from . import declarations, gateways, refunds, sessions, settling
from .models import PaymentDeclaration, PaymentRefund, PaymentSession

#: Saleor's permission without which nothing is done with payments, and the one for refunds above the limit.
PAYMENTS, LARGE = "HANDLE_PAYMENTS", "MANAGE_APPS"
State = PaymentSession.State


class NotAllowed(PermanentError):
    """The operator's permissions do not reach so far."""

    code = "not_allowed"


def left(session: PaymentSession) -> Money:
    """Return what can still be given back."""
    if session.state != State.PAID:
        return Money.zero(session.currency)
    return max(session.money - refunds.gone(session), Money.zero(session.currency))


def refund(
    session: PaymentSession, amount: Money, token: str, *, operator: Operator, reason: str
) -> PaymentRefund:
    """Give money back by a person's wish; the same form (``token``) sent twice is one refund.

    :raises NotAllowed: without the permission on payments, or above the limit without the one on apps
    :raises RefundRefused: when the wallet or the amounts do not allow it
    """
    most = gateways.configuration().refund_limit
    if not operator.may(PAYMENTS):
        raise NotAllowed(_("Refunds need the permission on payments."))
    if amount.amount > most and not operator.may(LARGE):
        raise NotAllowed(
            _("Refunds above {amount} need the permission on apps.").format(
                amount=Money(most, amount.currency)
            )
        )
    with transaction.atomic():
        made = refunds.request(session, amount, f"console:{token}", reason)
        audit.record(
            "payment.refund_asked", sessions.OBJECT, session.pk,
            actor=operator.name, reason=reason, refund_no=made.refund_no, amount=str(amount),
        )  # fmt: skip
    return made


def ask(session: PaymentSession, *, actor: str, reason: str) -> None:
    """Ask the wallet what became of a payment, and tell Saleor again what it has not heard."""
    with transaction.atomic():
        audit.record("payment.asked", sessions.OBJECT, session.pk, actor=actor, reason=reason)
        if session.state == State.PAID:
            settling.promise_charged(session)
        else:
            sessions.settle_soon(session)


def can_ask(session: PaymentSession) -> bool:
    """Tell whether the wallet's word or Saleor's knowledge could still change."""
    if session.state == State.PAID:
        return session.reported_at is None
    return session.state != State.SUSPECT


def stopped(session: PaymentSession) -> PaymentDeclaration | None:
    """Return a record of a payment whose parcel's step is stopped, so that it can be declared anew."""
    for row in session.declarations.all():
        step = platform().parcel(row.parcel_id).steps.get(declarations.STEP)
        if step is not None and step.state == "failed":
            return row
    return None


def declare_again(session: PaymentSession, *, actor: str, reason: str) -> bool:
    """Start the stopped declaration of a payment again; False when it is not stopped any more."""
    row = stopped(session)
    if row is None:
        return False
    return platform().retry_step(row.parcel_id, declarations.STEP, actor=actor, reason=reason)
