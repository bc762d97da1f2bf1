"""``/sandbox/``: what arrived, what was sent, how fast time runs, which faults are on."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from sandbox.carrier import models as carrier
from sandbox.customs_port import models as port
from sandbox.customs_port.personas import PERSONAS as BUYERS
from sandbox.jobs.models import Job, Knob
from sandbox.jobs.queue import knob, speed
from sandbox.psp import models as psp
from sandbox.psp.payments import PERSONAS as PAYERS

#: Faults by name and the values they take.
FAULTS = {
    "psp_notify": ("double", "late", "never"),
    "psp_statement": ("early", "short", "off"),
    "carrier_push": ("double", "late", "never"),
    "carrier_waybill": ("late", "never"),
}
SHOWN = 20


def _time(value: Any) -> str:
    return value.isoformat(timespec="seconds") if value else ""


def _masked(name: str) -> str:
    return name[:1] + "*" * max(len(name) - 1, 0)


def snapshot() -> dict[str, Any]:
    """Gather the state of all stand-ins; people's names are masked, numbers left out."""
    jobs = {row["state"]: row["n"] for row in Job.objects.values("state").annotate(n=Count("id"))}
    return {
        "sandbox": True,
        "speed": speed(),
        "public_url": settings.SANDBOX_PUBLIC_URL,
        "faults": knob("faults", {}) or {},
        "jobs": jobs,
        "failed": [
            {"kind": job.kind, "error": job.error, "attempts": job.attempts}
            for job in Job.objects.filter(state=Job.State.FAILED).order_by("-id")[:SHOWN]
        ],
        "payments": [
            {
                "out_trade_no": row.out_trade_no,
                "total": row.total,
                "state": row.state,
                "persona": row.persona,
                "page": f"/pay/{row.token}/",
                "at": _time(row.created_at),
            }
            for row in psp.Payment.objects.order_by("-id")[:SHOWN]
        ],
        "declarations": [
            {
                "out_trade_no": row.payment.out_trade_no,
                "customs": row.customs,
                "state": row.state,
                "check": row.check_result,
            }
            for row in psp.Declaration.objects.select_related("payment").order_by("-id")[:SHOWN]
        ],
        "checkouts": [
            {
                "client_reference_id": row.client_reference_id,
                "amount": row.amount,
                "currency": row.currency,
                "status": row.status,
                "page": f"/stripe/pay/{row.token}/",
                "at": _time(row.created),
            }
            for row in psp.stripe.StripeSession.objects.order_by("-id")[:SHOWN]
        ],
        "events": [
            {
                "type": row.event.type,
                "url": row.url,
                "attempts": row.attempts,
                "last": row.last_status,
                "delivered": _time(row.delivered_at),
            }
            for row in psp.stripe.StripeDelivery.objects.select_related("event").order_by("-id")[:SHOWN]
        ],
        "notifications": [
            {
                "event": row.event_type,
                "reference": row.reference,
                "url": row.url,
                "attempts": row.attempts,
                "last": row.last_status,
                "delivered": _time(row.delivered_at),
            }
            for row in psp.Notification.objects.order_by("-created_at")[:SHOWN]
        ],
        "messages": [
            {
                "type": row.message_type,
                "via": row.via,
                "name": row.name,
                "documents": row.documents,
                "error": row.error,
                "at": _time(row.created_at),
            }
            for row in port.Message.objects.defer("body").order_by("-id")[:SHOWN]
        ],
        "documents": [
            {
                "kind": row.kind,
                "order_no": row.order_no,
                "buyer": _masked(row.head.get("buyerName", "")),
                "status": row.status,
                "invt_no": row.invt_no,
            }
            for row in port.Document.objects.order_by("-id")[:SHOWN]
        ],
        "receipts": [
            {
                "type": row.message_type,
                "status": row.status,
                "info": row.info,
                "delivery": row.delivery,
                "at": _time(row.created_at),
            }
            for row in port.Receipt.objects.defer("xml").order_by("-id")[:SHOWN]
        ],
        "parcels": [
            {
                "order_id": row.order_id,
                "waybill_no": row.waybill_no,
                "state": row.state,
                "routes": [route.op_code for route in row.routes.order_by("id")],
                "acknowledged": row.routes.filter(acknowledged_at__isnull=False).count(),
            }
            for row in carrier.Order.objects.prefetch_related("routes").order_by("-id")[:SHOWN]
        ],
    }


@require_GET
def status(request: HttpRequest) -> HttpResponse:
    """GET /sandbox/ as a page, or as JSON with ``Accept: application/json`` or ``?format=json``."""
    data = snapshot()
    wants_json = "application/json" in request.headers.get("Accept", "")
    if wants_json or request.GET.get("format") == "json":
        return JsonResponse(data, json_dumps_params={"ensure_ascii": False})
    tables = [
        (name, rows, list(rows[0]) if rows else []) for name, rows in data.items() if isinstance(rows, list)
    ]
    context = {"data": data, "tables": tables, "buyers": BUYERS, "payers": PAYERS, "faults": FAULTS}
    return render(request, "sandbox/control.html", context)


def _wanted(request: HttpRequest) -> dict[str, Any]:
    """Return the fields of a form or of a JSON object."""
    if request.content_type == "application/json":
        try:
            data = json.loads(request.body)
        except ValueError:
            return {}
        return data if isinstance(data, dict) else {}
    return {key: value for key, value in request.POST.items() if value != ""}


def _done(request: HttpRequest, data: dict[str, Any]) -> HttpResponse:
    if request.content_type == "application/json":
        return JsonResponse(data)
    return HttpResponseRedirect("/sandbox/")


@csrf_exempt
@require_POST
def set_speed(request: HttpRequest) -> HttpResponse:
    """POST /sandbox/speed {speed}: applies to everything scheduled from now on."""
    try:
        value = float(_wanted(request).get("speed", ""))
    except (TypeError, ValueError):
        value = 0
    if not 0 < value <= 100_000:
        return JsonResponse({"error": "speed is a number greater than 0, at most 100000"}, status=400)
    Knob.objects.update_or_create(pk="speed", defaults={"value": value})
    return _done(request, {"speed": value})


@csrf_exempt
@require_POST
def set_faults(request: HttpRequest) -> HttpResponse:
    """POST /sandbox/faults {name: value}: replaces the faults of payment company and carrier."""
    data = _wanted(request)
    for name, value in data.items():
        if value not in FAULTS.get(name, ()):
            return JsonResponse({"error": f"unknown fault {name}={value}", "known": FAULTS}, status=400)
    kept = (knob("faults", {}) or {}).get("customs")
    value = {**data, **({"customs": kept} if kept is not None else {})}
    Knob.objects.update_or_create(pk="faults", defaults={"value": value})
    return _done(request, {"faults": value})
