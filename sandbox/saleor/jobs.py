"""Background work: deliveries, installations, payment requests, automatic completion."""

from __future__ import annotations

from typing import Any

from sandbox.jobs import GiveUp, job, periodic, schedule
from sandbox.saleor import completion, install, payments
from sandbox.saleor.models import AppInstallation, EventDelivery, TransactionEvent, Webhook
from sandbox.saleor.webhooks import transport


@job("saleor.deliver", atomic=False)
def deliver(data: dict[str, Any]) -> None:
    """Send one asynchronous delivery; it plans its own retries."""
    row = EventDelivery.objects.select_related("webhook__app").filter(pk=data["delivery"]).first()
    if row is not None and row.status == "PENDING":
        transport.deliver(row)


@job("saleor.install", atomic=False, max_attempts=1)
def run_installation(data: dict[str, Any]) -> None:
    """Install one app."""
    row = AppInstallation.objects.filter(pk=data["installation"], status="PENDING").first()
    if row is not None:
        install.install(row)


@job("saleor.transaction_request", atomic=False)
def transaction_request(data: dict[str, Any]) -> None:
    """Ask an app to charge, refund or cancel: 5xx is asked again with the same body, silence is a failure."""
    event = (
        TransactionEvent.objects.select_related("transaction__app", "related_granted_refund")
        .filter(pk=data["event"])
        .first()
    )
    webhook = Webhook.objects.select_related("app").filter(pk=data["webhook"]).first()
    if event is None or webhook is None:
        raise GiveUp("the request or its webhook is gone")
    answer = transport.send(webhook, data["name"], data["body"])
    if answer.status is not None and answer.status >= 500 and data["attempt"] < transport.RETRIES:
        wait = transport.FIRST_WAIT * 2 ** data["attempt"]
        schedule("saleor.transaction_request", {**data, "attempt": data["attempt"] + 1}, wait)
        return
    answered = None if answer.status is None or answer.status >= 500 else transport.as_json(answer)
    payments.apply_action_answer(event, webhook.app, answered, "Failed to delivery request.")


@job("saleor.complete", atomic=False)
def complete(data: dict[str, Any]) -> None:
    """Complete a paid checkout whose buyer did not come back."""
    completion.complete_automatically(data["checkout"])


@periodic("saleor.tidy", 600)
def tidy() -> None:
    """Forget old successful deliveries."""
    transport.tidy()
