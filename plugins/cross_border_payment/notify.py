"""Notifications of the payment companies: verified over the raw body, stored, acknowledged, then worked.

What a notification says is never believed by itself: it only makes us ask the gateway.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from saleor_ext.core import audit, clock, inbox, outbox
from saleor_ext.core.models import InboxMessage

from . import disputes, gateways, refunds, sessions, wire
from .models import PaymentRefund, PaymentSession
from .port import GatewayUnavailable, NotifyKind, NotifyRefused, WireEntry, WireKind

log = logging.getLogger(__name__)

SOURCE = "payment.notify"
#: A notification is a few kilobytes; more is not one.
LIMIT = 64 * 1024


@csrf_exempt
@require_POST
def receive(request: HttpRequest, gateway: str, account: str) -> HttpResponse:
    """Take a notification: 200 once stored, 4xx when it must not be believed, 5xx for our own faults."""
    if int(request.headers.get("Content-Length") or 0) > LIMIT:
        return JsonResponse({"code": "FAIL", "message": "too large"}, status=413)
    try:
        adapter = gateways.gateway(gateway, account)
    except gateways.NotConfigured:
        return JsonResponse({"code": "FAIL", "message": "no such account"}, status=404)
    raw = request.body
    try:
        notice = adapter.parse_notify(request.headers, raw, clock.now())
    except NotifyRefused as error:
        log.warning("notification to %s/%s refused: %s", gateway, account, error.code)
        return JsonResponse(adapter.notify_answer(error.message), status=401)
    except GatewayUnavailable as error:
        log.warning("notification to %s/%s cannot be checked now: %s", gateway, account, error.message)
        return JsonResponse(adapter.notify_answer("cannot be checked now"), status=503)
    headers = {
        **adapter.kept_headers(request.headers),
        "ponte-gateway": gateway,
        "ponte-account": account,
        "ponte-kind": notice.kind,
        "ponte-trade-no": notice.out_trade_no,
        "ponte-refund-no": notice.refund_no,
        "ponte-gateway-ref": notice.gateway_ref,
    }
    inbox.receive(f"{SOURCE}:{gateway}", f"{account}:{notice.notify_id}", notice.kind, raw, headers)
    return JsonResponse(adapter.notify_answer())


@inbox.handler(SOURCE)
def work(message: InboxMessage) -> None:
    """Keep the bytes for customs and promise to ask the gateway."""
    known: dict[str, Any] = message.headers
    wire.keep(
        known["ponte-gateway"],
        known["ponte-account"],
        WireEntry(
            WireKind.NOTIFY,
            "notify",
            known["ponte-refund-no"] or known["ponte-trade-no"] or known["ponte-gateway-ref"],
            bytes(message.body),
            headers={name: value for name, value in known.items() if not name.startswith("ponte-")},
        ),
    )
    if known["ponte-kind"] == NotifyKind.PAYMENT:
        _payment(message, known)
    elif known["ponte-kind"] == NotifyKind.REFUND:
        _refund(message, known)
    elif known["ponte-kind"] == NotifyKind.DISPUTE:
        _dispute(message, known)


def _payment(message: InboxMessage, known: dict[str, Any]) -> None:
    session = PaymentSession.objects.filter(
        gateway=known["ponte-gateway"], account=known["ponte-account"], out_trade_no=known["ponte-trade-no"]
    ).first()
    if session is None:
        audit.record("payment.notify_unknown", "inbox", message.pk, trade_no=known["ponte-trade-no"])
        return
    sessions.settle_soon(session, key=f"{session.pk}:notify:{message.pk}")


def _refund(message: InboxMessage, known: dict[str, Any]) -> None:
    with transaction.atomic():
        refund = PaymentRefund.objects.filter(
            session__gateway=known["ponte-gateway"],
            session__account=known["ponte-account"],
            refund_no=known["ponte-refund-no"],
        ).first()
        if refund is None:
            audit.record("payment.notify_unknown", "inbox", message.pk, refund_no=known["ponte-refund-no"])
            return
        outbox.enqueue(refunds.SEND, {"refund": str(refund.pk)}, key=f"{refund.pk}:notify:{message.pk}")


def _dispute(message: InboxMessage, known: dict[str, Any]) -> None:
    session = disputes.session_of(known["ponte-gateway"], known["ponte-account"], known["ponte-gateway-ref"])
    if session is None:
        audit.record("payment.notify_unknown", "inbox", message.pk, gateway_ref=known["ponte-gateway-ref"])
        return
    disputes.look_soon(session, key=f"{session.pk}:notify:{message.pk}")
