"""Notifications: written once, signed anew for each attempt, repeated until the merchant takes them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
from django.utils import timezone

from sandbox.http import client
from sandbox.jobs import RetryLater, job, schedule
from sandbox.jobs.queue import knob
from sandbox.psp.common import rfc3339
from sandbox.psp.models import Notification
from sandbox.psp.wire import seal, stamp

log = logging.getLogger("sandbox.psp")
#: Seconds between attempts, as published (15s/15s/30s/3m/10m/20m/30m×3/60m/3h×3/6h×2).
RETRIES = (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a company signs a notification, by body and address, and whether an answer means that it was taken."""

    sign: Callable[[bytes, str], dict[str, str]]
    taken: Callable[[httpx2.Response], bool]


def _wechat_taken(response: httpx2.Response) -> bool:
    return 200 <= response.status_code < 300


MANNERS = {"wechat": Manner(lambda body, _url: stamp(body), _wechat_taken)}


def notify(
    url: str, event_type: str, summary: str, *, reference: str, plain: dict[str, Any], kind: str
) -> None:
    """Queue a notification of WeChat Pay, sealed."""
    row = Notification(url=url, event_type=event_type, reference=reference)
    raw = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    row.body = {
        "id": str(row.id),
        "create_time": rfc3339(timezone.now()),
        "resource_type": "encrypt-resource",
        "event_type": event_type,
        "summary": summary,
        "resource": {"original_type": kind, **seal(raw, kind)},
    }
    queue(row)


def queue(row: Notification) -> None:
    """Queue a notification in the caller's transaction: doubled, late or not at all if a fault says so."""
    if not row.url:
        return
    row.save(force_insert=True)
    fault = (knob("faults", {}) or {}).get("psp_notify", "")
    if fault == "never":
        return
    delay = 120 if fault == "late" else 1
    schedule("psp.notify", {"id": str(row.id)}, delay_seconds=delay)
    if fault == "double":
        schedule("psp.notify", {"id": str(row.id), "again": True}, delay_seconds=delay + 5)


@job("psp.notify", atomic=False, max_attempts=len(RETRIES) + 1)
def deliver(payload: dict[str, Any]) -> None:
    """Send one notification; what is not taken within five seconds is tried again."""
    row = Notification.objects.get(pk=payload["id"])
    if row.delivered_at and not payload.get("again"):
        return
    body = json.dumps(row.body, ensure_ascii=False, separators=(",", ":")).encode()
    row.attempts += 1
    manner = MANNERS[row.company]
    try:
        response = client().post(
            row.url,
            content=body,
            headers={"Content-Type": "application/json", "Accept": "*/*", **manner.sign(body, row.url)},
            timeout=5.0,
        )
        row.last_status = str(response.status_code)
        good = manner.taken(response)
    except httpx2.HTTPError as error:
        row.last_status, good = type(error).__name__, False
    if good:
        row.delivered_at = timezone.now()
    row.save(update_fields=["attempts", "last_status", "delivered_at"])
    log.info("%s %s -> %s (%s)", row.event_type, row.reference, row.url, row.last_status)
    if not good:
        raise RetryLater(RETRIES[min(row.attempts - 1, len(RETRIES) - 1)], row.last_status)
