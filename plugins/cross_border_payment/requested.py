"""Requests of Saleor that no webhook brought: found among a transaction's events, taken as the webhook would have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from saleor_ext.core import audit, clock, outbox
from saleor_ext.core.models import OutboxMessage
from saleor_ext.plugin_api import SaleorClient, WebhookContext, document, platform

from . import refunds, sessions, webhooks
from .models import PaymentSession
from .sessions import APP, PACKAGE
from .transactions import OBJECT, Event, Transaction

ANSWER = "payment.answer"
#: A webhook is answered within 2 s to connect and 18 s to read; a request that is older was not delivered.
#: Should Saleor deliver it after all, it finds the same refund.
GRACE = timedelta(minutes=1)
#: A charge is not among them: the plugin has no such webhook, and every session begins with a charge request.
_HANDLERS = {"REFUND": webhooks.refund, "CANCEL": webhooks.cancel}


def take(
    client: SaleorClient, api_url: str, told: Transaction, session: PaymentSession | None
) -> tuple[int, datetime | None]:
    """Take up what nobody answered; return how many, and the time of the oldest request that is still too young."""
    taken, young = 0, None
    for event in unanswered(told):
        reference = reference_of(api_url, told, event)
        if told.has_reference(reference) or _known(session, event, reference):
            continue
        if clock.now() - event.at < GRACE:
            young = min(young, event.at) if young else event.at
            continue
        _take(client, api_url, told, event, reference)
        taken += 1
    return taken, young


def unanswered(told: Transaction) -> Iterator[Event]:
    """Yield requests that bear no reference and after which nothing was said that could be their answer."""
    for event in told.events:
        if event.family in _HANDLERS and event.is_request and not event.reference and not _ends(told, event):
            yield event


def _ends(told: Transaction, request: Event) -> bool:
    """Whether something after a request may be its answer.

    Saleor writes the failure of a delivery without reference, so it is known by amount and time alone: of two
    equal requests of which one failed none is taken, because staff were told of a failure and may ask again.
    A cancelation has one answer, whoever asked.
    """
    return any(
        event.is_end
        and event.at >= request.at
        and event.family == request.family
        and (event.family == "CANCEL" or (not event.reference and event.amount == request.amount))
        for event in told.events
    )


def reference_of(api_url: str, told: Transaction, event: Event) -> str:
    """Return the reference under which a request is answered: for a refund its number at the gateway."""
    return refunds.refund_no(sessions.trade_no(api_url, told.id), refunds.dedupe_key(_payload(told, event)))


def _known(session: PaymentSession | None, event: Event, reference: str) -> bool:
    """Whether the plugin has seen a request, by webhook or here; its end comes as a report."""
    if OutboxMessage.objects.filter(topic=ANSWER, key=reference).exists():
        return True
    if session is None or event.family != "REFUND":
        return False
    return session.refunds.filter(refund_no=reference).exists()


def _take(client: SaleorClient, api_url: str, told: Transaction, event: Event, reference: str) -> None:
    """Let the webhook's own function take a request, and promise to tell Saleor what it would have answered."""
    context = WebhookContext(api_url, APP, event.type.lower(), client)
    with transaction.atomic():
        answer = _HANDLERS[event.family](context, _payload(told, event))
        audit.record(
            "payment.request_taken",
            OBJECT,
            told.id,
            event=event.id,
            type=event.type,
            amount=str(event.amount),
            result=answer.get("result", ""),
        )
        outbox.enqueue(ANSWER, _report(api_url, told, event, reference, answer), key=reference)


def _payload(told: Transaction, event: Event) -> dict[str, Any]:
    """Return what the webhook of a request would have carried."""
    amount = {"amount": str(event.amount.amount), "currency": event.amount.currency}
    return {
        "action": {**amount, "actionType": event.family},
        "grantedRefund": {"reason": event.message},
        "transaction": {
            "id": told.id,
            "events": [
                {
                    "id": event.id,
                    "type": event.type,
                    "createdAt": event.at.isoformat(),
                    "pspReference": event.reference,
                    "idempotencyKey": event.key,
                    "amount": amount,
                }
            ],
        },
    }


def _report(
    api_url: str, told: Transaction, event: Event, reference: str, answer: dict[str, Any]
) -> dict[str, Any]:
    """Turn a webhook's answer into a report; one without result says that the end comes later."""
    return {
        "api_url": api_url,
        "id": told.id,
        "pspReference": answer.get("pspReference") or reference,
        "type": answer.get("result") or event.type,
        "amount": answer.get("amount") or str(event.amount.amount),
        "message": answer.get("message", "")[:500],
    }


@outbox.handler(ANSWER)
def answer(payload: dict[str, Any]) -> None:
    """Tell Saleor what became of a request; repeating it is harmless (same reference and type)."""
    api_url, variables = payload["api_url"], {k: v for k, v in payload.items() if k != "api_url"}
    platform().saleor(api_url, APP).execute(
        document(PACKAGE, "graphql/event_report.graphql"),
        {"time": clock.now().isoformat(timespec="microseconds"), **variables},
        idempotent=True,
    )
