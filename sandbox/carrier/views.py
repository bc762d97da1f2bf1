"""The carrier's one address, and its part of the control interface."""

from __future__ import annotations

import hmac
import json
import time
import uuid
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from sandbox.carrier import account
from sandbox.carrier.service import SERVICES, call
from sandbox.http import web_address
from sandbox.jobs.models import Knob
from sandbox.jobs.queue import knob

WINDOW_MS = 30 * 60 * 1000


def _answer(code: str, message: str = "", data: dict[str, Any] | None = None) -> JsonResponse:
    """Wrap a result; ``apiResultData`` is JSON inside a JSON string."""
    return JsonResponse(
        {
            "apiErrorMsg": message,
            "apiResponseID": uuid.uuid4().hex.upper(),
            "apiResultCode": code,
            "apiResultData": json.dumps(data, ensure_ascii=False) if data is not None else None,
        },
        json_dumps_params={"ensure_ascii": False},
    )


@csrf_exempt
@require_POST
def service(request: HttpRequest) -> JsonResponse:
    """POST /std/service: a form; HTTP 200 even for errors, which apiResultCode tells."""
    form = request.POST
    for name in ("partnerID", "requestID", "serviceCode", "timestamp", "msgData", "msgDigest"):
        if not form.get(name):
            return _answer("A1001", f"必传参数不可为空: {name}")
    timestamp = form["timestamp"]
    if (
        not timestamp.isascii()
        or not timestamp.isdigit()
        or abs(int(timestamp) - time.time() * 1000) > WINDOW_MS
    ):
        return _answer("A1002", "请求时效已过期")
    if form["partnerID"] != account.PARTNER_ID:
        return _answer("A1003", "IP无效或合作伙伴编码不存在")
    wanted = account.digest(form["msgData"], timestamp)
    if not hmac.compare_digest(wanted.encode(), form["msgDigest"].encode()):
        return _answer("A1006", "数字签名无效")
    if form["serviceCode"] not in SERVICES:
        return _answer("A1004", "无对应服务权限")
    return _answer("A1000", "", call(form["serviceCode"], form["msgData"]))


@csrf_exempt
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> JsonResponse:
    """/sandbox/carrier {pushUrl}: where routes of orders without an address of their own are pushed."""
    if request.method == "POST":
        try:
            url = str(json.loads(request.body)["pushUrl"])
        except (ValueError, KeyError, TypeError):
            return JsonResponse({"error": "a JSON object with pushUrl"}, status=400)
        if url and web_address(url) is None:
            return JsonResponse({"error": "pushUrl must be http or https"}, status=400)
        Knob.objects.update_or_create(pk="carrier_push_url", defaults={"value": url})
    return JsonResponse({"pushUrl": knob("carrier_push_url", ""), **account.config()})
