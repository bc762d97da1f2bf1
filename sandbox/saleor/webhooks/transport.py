"""Sending: headers, signature, timeouts, and the fate of asynchronous deliveries."""

from __future__ import annotations

import datetime
import functools
import json
import time
from dataclasses import dataclass
from typing import Any

import httpx2
from django.utils import timezone

from sandbox.jobs import schedule
from sandbox.saleor import SCHEMA_VERSION, conf, keys
from sandbox.saleor.models import EventDelivery, EventDeliveryAttempt, Webhook

RETRIES = 5  # after 10, 20, 40, 80 and 160 seconds
FIRST_WAIT = 10.0
USER_AGENT = f"Saleor/{SCHEMA_VERSION}"


@functools.lru_cache(maxsize=1)
def client() -> httpx2.Client:
    """One pooled client: 2 s to connect, 18 s to answer, no redirects, no proxy."""
    return httpx2.Client(timeout=httpx2.Timeout(18.0, connect=2.0), follow_redirects=False, trust_env=False)


@dataclass
class Answer:
    """What came back; `status` is None when nothing did."""

    status: int | None
    text: str
    seconds: float

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def retry(self) -> bool:
        return self.status is None or self.status >= 500


def send(webhook: Webhook, event: str, body: str) -> Answer:
    """POST one body; connection errors and timeouts are answers without status."""
    raw = body.encode()
    start = time.monotonic()
    try:
        response = client().post(webhook.target_url, content=raw, headers=headers(webhook, event, raw))
    except httpx2.HTTPError as error:
        return Answer(None, f"{type(error).__name__}: {error}", time.monotonic() - start)
    return Answer(response.status_code, response.text[:20_000], time.monotonic() - start)


def headers(webhook: Webhook, event: str, raw: bytes) -> dict[str, str]:
    """Both families of headers, and the app's own."""
    signed = {"Event": event.lower(), "Domain": conf.domain(), "Signature": keys.sign_body(raw)}
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "Saleor-Api-Url": conf.api_url(),
        **{f"Saleor-{key}": value for key, value in signed.items()},
        **{f"X-Saleor-{key}": value for key, value in signed.items()},
        **webhook.custom_headers,
    }


def record_attempt(delivery: EventDelivery, answer: Answer) -> None:
    EventDeliveryAttempt.objects.create(
        delivery=delivery,
        status="SUCCESS" if answer.ok else "FAILED",
        duration=answer.seconds,
        response=answer.text,
        response_status_code=answer.status,
    )


def deliver(delivery: EventDelivery) -> None:
    """Send an asynchronous delivery once, and decide what comes next. Runs in the worker."""
    webhook = delivery.webhook
    if delivery.payload is None:
        from sandbox.saleor.webhooks import payload
        from sandbox.saleor.webhooks.events import revive

        event = revive(delivery.event_type, webhook.app, delivery.event)
        delivery.payload = payload.render(webhook, event)
    answer = send(webhook, delivery.event_type, delivery.payload)
    record_attempt(delivery, answer)
    delivery.attempts_made += 1
    delivery.status = "SUCCESS" if answer.ok else "FAILED"
    if not answer.ok and answer.retry and delivery.attempts_made <= RETRIES:
        delivery.status = "PENDING"
        wait = FIRST_WAIT * 2 ** (delivery.attempts_made - 1)
        schedule("saleor.deliver", {"delivery": delivery.pk}, wait)
    delivery.save(update_fields=["payload", "attempts_made", "status"])


def note_failed_call(webhook: Webhook, event: str, body: str, answer: Answer) -> None:
    """Keep a failed synchronous call where staff looks for it; it is never sent again."""
    delivery = EventDelivery.objects.create(
        webhook=webhook, event_type=event, payload=body, status="FAILED", attempts_made=1
    )
    record_attempt(delivery, answer)


def tidy(older_than_hours: float = 1) -> int:
    """Forget successful deliveries; Saleor drops them at once, we keep them a while for the demo page."""
    limit = timezone.now() - datetime.timedelta(hours=older_than_hours)
    count, _ = EventDelivery.objects.filter(status="SUCCESS", created_at__lt=limit).delete()
    return int(count)


def as_json(answer: Answer) -> Any:
    """Read the JSON of an answer, or None."""
    try:
        return json.loads(answer.text)
    except ValueError:
        return None
