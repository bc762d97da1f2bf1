"""Addresses of the real-time payment data: the upload, and the control that makes customs ask."""

from __future__ import annotations

import json

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from sandbox.customs_port import realtime
from sandbox.customs_port.models import RealtimeCall
from sandbox.http import web_address

SHOWN = 20


@csrf_exempt
@require_POST
def upload(request: HttpRequest) -> JsonResponse:
    """POST /ceb2grab/grab/realTimeDataUpload, form field ``payExInfoStr``."""
    text = request.POST.get("payExInfoStr", "")
    code, message = realtime.take(text) if text else ("20000", "payExInfoStr不为空")
    moment = int(timezone.now().timestamp() * 1000)
    said = {"code": code, "message": message, "total": 0, "serviceTime": moment}
    return JsonResponse(said, json_dumps_params={"ensure_ascii": False})


@csrf_exempt
@require_http_methods(["GET", "POST"])
def calls(request: HttpRequest) -> JsonResponse:
    """POST /sandbox/customs/realtime {orderNo, url, failures?} asks the platform at ``url``; GET lists the latest."""
    if request.method == "POST":
        try:
            data = json.loads(request.body or b"{}")
            order_no, url, failures = str(data["orderNo"]), str(data["url"]), int(data.get("failures") or 0)
        except (ValueError, KeyError, TypeError, AttributeError):
            return JsonResponse({"error": "orderNo and url are needed"}, status=400)
        if web_address(url) is None or not 0 < len(order_no) <= 60 or not 0 <= failures <= 100:
            return JsonResponse(
                {"error": "an order number, an http address, failures from 0 to 100"}, status=400
            )
        made = realtime.call(order_no, url, failures)
        return JsonResponse({"sessionID": made.session_id}, status=202)
    rows = RealtimeCall.objects.order_by("-pk")[:SHOWN]
    found = [
        {
            "sessionID": row.session_id,
            "orderNo": row.order_no,
            "code": row.code,
            "uploads": row.uploads,
            "verdict": row.verdict,
            "seconds": (row.uploaded_at - row.called_at).total_seconds()
            if row.uploaded_at and row.called_at
            else None,
        }
        for row in rows
    ]
    return JsonResponse({"calls": found})
