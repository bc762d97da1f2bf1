"""Sessions: opening a payment at the gateway, and what a gateway's word does to it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from saleor_ext.core import audit, clock, outbox
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import MoneyEvent, money_events

from . import gateways, states
from .models import PaymentSession
from .port import (
    Gateway,
    Invoke,
    PaymentSnapshot,
    PaymentState,
    Redirect,
    ShowQr,
    StartFailed,
    StartRequest,
    Surroundings,
)

APP = "ponte.payment"
PACKAGE = "plugins.cross_border_payment"
OBJECT = "payment_session"
#: First poll after this long; each later one waits twice as long, up to LONGEST_POLL.
FIRST_POLL = timedelta(seconds=5)
LONGEST_POLL = timedelta(minutes=5)
#: While the buyer looks at the page, the gateway is asked this often at least.
WATCHED_POLL = timedelta(seconds=10)
REPORT = "payment.report"
SETTLE = "payment.settle"

State = PaymentSession.State


class SessionRefused(PermanentError):
    """The payment cannot start as asked; the message may be shown to the buyer."""

    code = "session_refused"


@dataclass(frozen=True, slots=True)
class Opening:
    """What Saleor asks for when a buyer wants to pay."""

    api_url: str
    transaction_id: str
    amount: Money
    checkout_id: str = ""
    order_id: str = ""
    lane: str = ""
    surroundings: Surroundings = Surroundings.DESKTOP
    client_ip: str = ""
    return_url: str = ""
    payer: str = ""
    description: str = "Ponte"


def trade_no(api_url: str, transaction_id: str) -> str:
    """Return the merchant order number of a transaction: 28 characters, the same every time.

    Customs will know the payment, and so the order, by it.
    """
    digest = hashlib.sha256(f"{api_url}\0{transaction_id}".encode()).digest()
    return "PT" + base64.b32encode(digest).decode().rstrip("=")[:26]


def is_open(opening: Opening) -> bool:
    """Tell whether a transaction was opened before, so that its buyer may be paying or has paid already."""
    known = PaymentSession.objects.filter(api_url=opening.api_url, transaction_id=opening.transaction_id)
    return known.exclude(state__in=(State.NEW, State.FAILED)).exists()


def open_session(opening: Opening, gateway: Gateway) -> PaymentSession:
    """Find or make the session of a transaction and open it at the gateway.

    The same transaction may be opened again (Saleor repeats a call with the same idempotency key): it
    keeps its number, so the gateway sees one order however often it is asked.

    :raises SessionRefused: when the amount, currency or state does not allow it
    """
    session = _find_or_create(opening, gateway)
    if session.state not in (State.NEW, State.FAILED):
        return session
    if session.expires_at <= clock.now():
        raise SessionRefused(_("The time to pay is over. Please start again."))
    return _start(session, opening, gateway)


def _find_or_create(opening: Opening, gateway: Gateway) -> PaymentSession:
    if opening.amount.currency not in gateway.capabilities.currencies:
        raise SessionRefused(
            _("This wallet cannot charge %(currency)s.") % {"currency": opening.amount.currency}
        )
    if opening.amount.amount <= 0 or opening.amount != opening.amount.quantize():
        raise SessionRefused(_("The amount cannot be charged."))
    now = clock.now()
    session, created = PaymentSession.objects.get_or_create(
        api_url=opening.api_url,
        transaction_id=opening.transaction_id,
        defaults={
            "checkout_id": opening.checkout_id,
            "order_id": opening.order_id,
            "lane": opening.lane,
            "gateway": gateway.identifier,
            "account": gateway.account,
            "out_trade_no": trade_no(opening.api_url, opening.transaction_id),
            "amount": opening.amount.amount,
            "currency": opening.amount.currency,
            "surroundings": opening.surroundings,
            "expires_at": now + gateways.configuration().session_time,
            "created_at": now,
        },
    )
    if not created and session.money != opening.amount:
        raise SessionRefused(_("This payment was started with another amount."))
    if not created and (session.gateway, session.account) != (gateway.identifier, gateway.account):
        raise SessionRefused(_("This payment was started with another wallet."))
    return session


def _start(session: PaymentSession, opening: Opening, gateway: Gateway) -> PaymentSession:
    # Everything sent is fixed when the session is made: an order repeated after a lost answer must
    # be the same order, or the gateway refuses its number.
    result = gateway.start(
        StartRequest(
            out_trade_no=session.out_trade_no,
            amount=session.money,
            description=opening.description,
            notify_url=gateways.notify_url(gateway),
            return_url=opening.return_url,
            client_ip=opening.client_ip,
            surroundings=Surroundings(session.surroundings),
            expires_at=session.expires_at,
            payer=opening.payer,
        )
    )
    with transaction.atomic():
        session = PaymentSession.objects.select_for_update().get(pk=session.pk)
        if isinstance(result, StartFailed):
            session.failure_code, session.failure_message = result.code[:64], result.message[:300]
            _move(session, State.FAILED)
            # "Number used" and the like may mean that an earlier try went through after all.
            settle_soon(session)
        elif session.state in (State.NEW, State.FAILED):
            session.code_url = result.code_url if isinstance(result, ShowQr) else ""
            session.invoke = dict(result.values) if isinstance(result, Invoke) else {}
            session.redirect_url = result.url if isinstance(result, Redirect) else ""
            session.failure_code = session.failure_message = ""
            session.next_poll_at = clock.now() + FIRST_POLL
            _move(session, State.WAITING)
        session.save()
    return session


def take_snapshot(session: PaymentSession, snapshot: PaymentSnapshot) -> PaymentSession:
    """Apply what the gateway says, under the row's lock; money counts only if all about it is right."""
    with transaction.atomic():
        session = PaymentSession.objects.select_for_update().get(pk=session.pk)
        if snapshot.state in (PaymentState.PAID, PaymentState.REFUNDED):
            _take_money(session, snapshot)
        elif snapshot.state is PaymentState.CLOSED:
            if _move(session, State.CLOSED):
                report(session, "closed")
        elif snapshot.state is PaymentState.FAILED:
            session.failure_code, session.failure_message = "PAYERROR", snapshot.detail[:300]
            if _move(session, State.FAILED):
                report(session, "failed")
        session.save()
    return session


def _take_money(session: PaymentSession, snapshot: PaymentSnapshot) -> None:
    faults = mismatches(session, snapshot)
    if faults:
        session.failure_code = "MISMATCH"
        session.failure_message = "; ".join(faults)[:300]
        if _move(session, State.SUSPECT):
            audit.record(
                "payment.mismatch", OBJECT, session.pk, faults=faults, out_trade_no=session.out_trade_no
            )
        return
    late = session.state == State.CLOSED
    if states.allowed(states.SESSION, session.state, State.PAID):
        session.gateway_ref = snapshot.gateway_ref
        session.paid_at = snapshot.paid_at or clock.now()
        session.next_poll_at = None
        session.failure_code = session.failure_message = ""
        _move(session, State.PAID)
        audit.record("payment.paid", OBJECT, session.pk, out_trade_no=session.out_trade_no, late=late)
        report(session, "charged")
        money_events.tell(captured(session))


def captured(session: PaymentSession) -> MoneyEvent:
    """Return what the ledger is told of a payment's money."""
    assert session.paid_at is not None  # a paid session has its time
    return MoneyEvent(
        kind="captured",
        key=f"{session.gateway}:{session.account}:{session.out_trade_no}",
        gateway=session.gateway,
        account=session.account,
        api_url=session.api_url,
        transaction_id=session.transaction_id,
        amount=session.money,
        at=session.paid_at,
        reference=session.gateway_ref,
    )


def mismatches(session: PaymentSession, snapshot: PaymentSnapshot) -> list[str]:
    """Compare the gateway's word with what we asked for; empty when all of it agrees."""
    gateway = gateways.gateway(session.gateway, session.account)
    faults = []
    if snapshot.out_trade_no != session.out_trade_no:
        faults.append("other order number")
    if snapshot.merchant_account != gateway.merchant_account:
        faults.append("other merchant account")
    if snapshot.app_id and snapshot.app_id != gateway.app_id:
        faults.append("other app")
    if snapshot.amount is None or snapshot.amount != session.money:
        faults.append(f"paid {snapshot.amount}, asked {session.money}")
    if not snapshot.gateway_ref:
        faults.append("no transaction number")
    return faults


def _move(session: PaymentSession, state: str) -> bool:
    """Move a locked session if that is allowed; return whether it moved."""
    if session.state == state:
        return False
    if not states.allowed(states.SESSION, session.state, state):
        return False
    session.state = state
    if state != State.WAITING:
        session.next_poll_at = None
    return True


def report(session: PaymentSession, what: str) -> None:
    """Promise to tell Saleor: ``charged``, ``closed`` or ``failed``; once each."""
    outbox.enqueue(REPORT, {"session": str(session.pk), "what": what}, key=f"{session.pk}:{what}")


def schedule_poll(session: PaymentSession, now: datetime) -> None:
    """Set when to ask again; sooner at first, because most buyers pay within a minute."""
    wait = min(FIRST_POLL * 2 ** min(session.polls, 10), LONGEST_POLL)
    PaymentSession.objects.filter(pk=session.pk, state=State.WAITING).update(
        polls=session.polls + 1, next_poll_at=now + wait
    )


def watched(session: PaymentSession) -> None:
    """Somebody waits for the outcome: ask within ``WATCHED_POLL``, also when the gateway's word got lost."""
    soon = clock.now() + WATCHED_POLL
    if session.state == State.WAITING and session.next_poll_at is not None and session.next_poll_at > soon:
        PaymentSession.objects.filter(pk=session.pk, state=State.WAITING, next_poll_at__gt=soon).update(
            next_poll_at=soon
        )


def settle_soon(session: PaymentSession, *, key: str | None = None) -> None:
    """Promise to ask the gateway what became of a session."""
    outbox.enqueue(SETTLE, {"session": str(session.pk)}, key=key)
