"""Takes SF's route pushes: verify the raw body, store each scan, acknowledge."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from saleor_ext.core import clock, inbox

from . import messages
from .carrier import wire
from .settings import config

log = logging.getLogger(__name__)

TIMESTAMP_HEADER = "timestamp"
DIGEST_HEADER = "msgDigest"
#: An older signature is a replay.
MAX_AGE = timedelta(minutes=10)


@csrf_exempt  # signed by the carrier, no browser session is involved
@require_POST
def sf(request: HttpRequest) -> HttpResponse:
    """Store a signed route push; a forged one is refused and leaves nothing behind."""
    if not _genuine(request):
        log.warning("route push refused: wrong signature or time")
        return _answer(401, "1001", "signature")
    try:
        body = json.loads(request.body)
        pairs = wire.read_push(body)
    except (ValueError, AttributeError) as error:
        return _answer(400, "1002", f"not a route push: {error}"[:200])
    with transaction.atomic():
        for (push_id, scan), route in zip(pairs, body["Body"]["WaybillRoute"], strict=True):
            single = wire.compact({"Body": {"WaybillRoute": [route]}}).encode()
            inbox.receive(messages.SF_PUSH, f"{scan.waybill}:{push_id}"[:200], scan.code, single)
    return _answer(200, "0000", "ok")


def _genuine(request: HttpRequest) -> bool:
    timestamp = request.headers.get(TIMESTAMP_HEADER, "")
    if not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 15:
        return False
    if abs(clock.now().timestamp() - int(timestamp) / 1000) > MAX_AGE.total_seconds():
        return False
    try:
        text = request.body.decode()
    except UnicodeDecodeError:
        return False
    return wire.digest_matches(request.headers.get(DIGEST_HEADER, ""), text, timestamp, config().push_key)


def _answer(status: int, code: str, message: str) -> HttpResponse:
    return JsonResponse({"return_code": code, "return_msg": message}, status=status)
