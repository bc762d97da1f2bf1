"""The HTTP gateway of the port, and its part of the control interface."""

from __future__ import annotations

import json
import uuid
from typing import Any

from cryptography import x509
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from sandbox.customs_port.intake import take
from sandbox.customs_port.models import Message, Visible
from sandbox.customs_port.personas import PERSONAS
from sandbox.customs_port.reader import LONGEST
from sandbox.customs_port.receipts import call_back_url, faults
from sandbox.customs_port.signature import fingerprint
from sandbox.http import web_address
from sandbox.jobs.models import Knob
from sandbox.jobs.queue import knob


@csrf_exempt
@require_POST
def messages(request: HttpRequest) -> HttpResponse:
    """POST /customs/messages: raw XML or a DxpMsg; 202 says that it was taken, receipts say the rest."""
    if int(request.headers.get("Content-Length") or 0) > LONGEST:
        return JsonResponse({"error": "too large"}, status=413)
    if not request.body:
        return JsonResponse({"error": "empty"}, status=400)
    name = request.headers.get("X-Cop-Msg-Id") or uuid.uuid4().hex
    message = take(request.body, Message.Via.HTTP, name)
    return JsonResponse(
        {
            "copMsgId": message.cop_msg_id or message.name,
            "messageType": message.message_type,
            "documents": message.documents,
        },
        status=202,
    )


@require_GET
def receipts(request: HttpRequest) -> JsonResponse:
    """GET /customs/receipts?since=0&limit=100: receipts in the order in which they came out."""
    try:
        since, limit = int(request.GET.get("since", 0)), int(request.GET.get("limit", 100))
    except ValueError:
        return JsonResponse({"error": "since and limit are whole numbers"}, status=400)
    rows = (
        Visible.objects.filter(pk__gt=since)
        .select_related("receipt")
        .order_by("pk")[: min(max(limit, 1), 500)]
    )
    found = [
        {
            "id": row.pk,
            "messageType": row.receipt.message_type,
            "returnStatus": row.receipt.status,
            "xml": row.receipt.xml,
        }
        for row in rows
    ]
    return JsonResponse({"receipts": found, "next": found[-1]["id"] if found else since})


def _json(request: HttpRequest) -> dict[str, Any] | None:
    try:
        data = json.loads(request.body or b"{}")
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


@csrf_exempt
@require_http_methods(["GET", "POST"])
def fault_settings(request: HttpRequest) -> JsonResponse:
    """/sandbox/customs/faults {double: bool, late: factor, shuffle: bool}; {} takes them all back."""
    if request.method == "POST":
        data = _json(request)
        if data is None or not set(data) <= {"double", "late", "shuffle"}:
            return JsonResponse({"error": "a JSON object with double, late, shuffle"}, status=400)
        late = data.get("late", 1)
        if not isinstance(late, int | float) or not 0 < late <= 1000:
            return JsonResponse({"error": "late is a factor greater than 0, at most 1000"}, status=400)
        every = knob("faults", {}) or {}
        Knob.objects.update_or_create(pk="faults", defaults={"value": {**every, "customs": data}})
    return JsonResponse({"faults": faults(), "personas": [one.name for one in PERSONAS]})


@csrf_exempt
@require_http_methods(["GET", "POST"])
def callback(request: HttpRequest) -> JsonResponse:
    """/sandbox/customs/callback {url}: where receipts of the HTTP way are pushed; empty stops it."""
    if request.method == "POST":
        data = _json(request) or {}
        url = str(data.get("url") or "")
        if url and web_address(url) is None:
            return JsonResponse({"error": "url must be http or https"}, status=400)
        Knob.objects.update_or_create(pk="customs_callback", defaults={"value": url})
    return JsonResponse({"url": call_back_url()})


@csrf_exempt
@require_POST
def certificates(request: HttpRequest) -> JsonResponse:
    """POST /sandbox/customs/certificates {copCode, certificate (PEM)}: from then on only this one signs."""
    data = _json(request) or {}
    try:
        certificate = x509.load_pem_x509_certificate(str(data["certificate"]).encode())
        code = str(data["copCode"])
    except (KeyError, ValueError):
        return JsonResponse({"error": "copCode and a PEM certificate are needed"}, status=400)
    known = {**(knob("customs_certificates", {}) or {}), code: fingerprint(certificate)}
    Knob.objects.update_or_create(pk="customs_certificates", defaults={"value": known})
    numbers = {
        **(knob("customs_realtime_certificates", {}) or {}),
        f"{certificate.serial_number:x}": data["certificate"],
    }
    Knob.objects.update_or_create(pk="customs_realtime_certificates", defaults={"value": numbers})
    return JsonResponse({"copCode": code, "sha256": known[code]})
