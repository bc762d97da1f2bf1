"""The address that customs call for the data of a payment. It answers at once; the upload follows by the outbox."""

from __future__ import annotations

import logging

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from saleor_ext.core import clock

from . import requests
from .wire import FAILED, RECEIVED, PayloadError, answer, read_opening

log = logging.getLogger(__name__)

#: A demand is some hundred bytes.
LIMIT = 16 * 1024


@csrf_exempt
@require_POST
def plat_data_open(request: HttpRequest) -> JsonResponse:
    """Take a demand: code 10000 once it is stored, 20000 with the reason when it cannot be met.

    The form field ``openReq`` holds ``{"orderNo", "sessionID", "serviceTime"}``; the same demand again changes nothing.
    """
    if int(request.headers.get("Content-Length") or 0) > LIMIT:
        return _said(FAILED, "请求过大")
    try:
        opening = read_opening(request.POST.get("openReq", ""))
        requests.take(opening)
    except PayloadError as error:
        log.warning("demand for payment data cannot be read: %s", error)
        return _said(FAILED, f"openReq格式错误: {error}")
    except requests.Refused as error:
        log.warning("demand for payment data refused: %s", error)
        return _said(FAILED, str(error))
    return _said(RECEIVED, "")


def _said(code: str, message: str) -> JsonResponse:
    return JsonResponse(answer(code, message, clock.now()), json_dumps_params={"ensure_ascii": False})
