"""Events: written once, delivered to every endpoint, signed anew for each attempt, repeated for three days."""

from __future__ import annotations

import logging
from fnmatch import fnmatchcase
from typing import Any

import httpx2
from django.utils import timezone

from sandbox.http import client, web_address
from sandbox.jobs import RetryLater, job, schedule
from sandbox.jobs.queue import knob
from sandbox.psp.stripe import account, objects
from sandbox.psp.stripe.models import StripeDelivery, StripeEndpoint, StripeEvent, new_ref
from sandbox.psp.stripe.wire import ApiError, Params, body_of, known, listed, missing, sign, text

log = logging.getLogger("sandbox.psp")
#: Seconds between attempts; three days in all, ever more slowly (the real schedule is not published).
RETRIES = (60, 300, 1800, 7200, 18000, 36000, *(43200,) * 4)


def emit(kind: str, data: dict[str, Any]) -> StripeEvent:
    """Write an event in the caller's transaction and promise its delivery; a fault doubles, delays or drops it."""
    row = StripeEvent.objects.create(ref=new_ref("evt_"), type=kind, data=data)
    fault = (knob("faults", {}) or {}).get("psp_notify", "")
    for endpoint in StripeEndpoint.objects.all():
        if not any(fnmatchcase(kind, pattern) for pattern in endpoint.enabled_events):
            continue
        delivery = StripeDelivery.objects.create(event=row, url=endpoint.url)
        if fault == "never":
            continue
        delay = 120 if fault == "late" else 1
        schedule("psp.stripe.event", {"id": delivery.pk}, delay_seconds=delay)
        if fault == "double":
            schedule("psp.stripe.event", {"id": delivery.pk, "again": True}, delay_seconds=delay + 5)
    return row


@job("psp.stripe.event", atomic=False, max_attempts=len(RETRIES) + 1)
def deliver(payload: dict[str, Any]) -> None:
    """Send one event; anything but 2xx within ten seconds is tried again."""
    row = StripeDelivery.objects.select_related("event").get(pk=payload["id"])
    if row.delivered_at and not payload.get("again"):
        return
    body = body_of(objects.event(row.event))
    row.attempts += 1
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": sign(body, timezone.now()),
    }
    try:
        response = client().post(row.url, content=body, headers=headers, timeout=10.0)
        row.last_status, good = str(response.status_code), 200 <= response.status_code < 300
    except httpx2.HTTPError as error:
        row.last_status, good = type(error).__name__, False
    if good:
        row.delivered_at = timezone.now()
    row.save(update_fields=["attempts", "last_status", "delivered_at"])
    log.info("%s %s -> %s (%s)", row.event.type, row.event.ref, row.url, row.last_status)
    if not good:
        raise RetryLater(RETRIES[min(row.attempts - 1, len(RETRIES) - 1)], row.last_status)


def add_endpoint(params: Params) -> dict[str, Any]:
    """POST /v1/webhook_endpoints: every endpoint has the account's one secret, told once as the real one is."""
    known(params, "url", "enabled_events", "description", "api_version")
    url, wanted = text(params, "url"), params.get("enabled_events")
    if web_address(url) is None:
        raise ApiError(
            400, "Invalid URL: must begin with http:// or https://", code="url_invalid", param="url"
        )
    if not isinstance(wanted, list) or not wanted or not all(isinstance(one, str) for one in wanted):
        raise ApiError(
            400, "Missing required param: enabled_events.", code="parameter_missing", param="enabled_events"
        )
    row = StripeEndpoint.objects.create(ref=new_ref("we_"), url=url, enabled_events=wanted)
    return {**objects.endpoint(row), "secret": account.WEBHOOK_SECRET}


def list_endpoints(params: Params) -> dict[str, Any]:
    """GET /v1/webhook_endpoints"""
    return listed(StripeEndpoint.objects.all(), params, "/v1/webhook_endpoints", objects.endpoint)


def remove_endpoint(_params: Params, ref: str) -> dict[str, Any]:
    """DELETE /v1/webhook_endpoints/{id}"""
    if not StripeEndpoint.objects.filter(ref=ref).delete()[0]:
        raise missing("webhook endpoint", ref)
    return {"id": ref, "object": "webhook_endpoint", "deleted": True}


def list_events(params: Params) -> dict[str, Any]:
    """GET /v1/events"""
    rows = StripeEvent.objects.all()
    if "type" in params:
        rows = rows.filter(type=text(params, "type"))
    return listed(rows, params, "/v1/events", objects.event)


def retrieve_event(_params: Params, ref: str) -> dict[str, Any]:
    """GET /v1/events/{id}"""
    row = StripeEvent.objects.filter(ref=ref).first()
    if row is None:
        raise missing("event", ref)
    return objects.event(row)
