"""Receiving Saleor's webhooks: signature, addressee and event are checked before anything is believed."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.module_loading import import_string

from saleor_ext.core.errors import PonteError
from saleor_ext.plugin_api.definitions import WebhookDefinition

from . import events, instances, manifests, registry, transport
from .errors import SaleorUnavailable
from .jws import BadSignature

log = logging.getLogger(__name__)


class WebhookRefused(PonteError):
    """A webhook that is not believed; Saleor does not send a 4xx again."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message, code=code)
        self.status = status


def handle(request: HttpRequest, identifier: str, slug: str) -> HttpResponse:
    """Answer one delivery: 202 stored, 200 with the handler's JSON, 4xx not believed, 5xx our fault."""
    try:
        webhook = registry.webhooks(identifier).get(slug)
        if webhook is None:
            raise WebhookRefused(404, "UNKNOWN_WEBHOOK", f"{identifier} has no webhook {slug}")
        known, payload = authenticate(request.headers, request.body, identifier, webhook)
    except WebhookRefused as refusal:
        log.warning("webhook %s/%s refused: %s (%s)", identifier, slug, refusal.code, refusal.message)
        return failure(refusal.status, refusal.code, refusal.message)
    except SaleorUnavailable as error:
        return failure(503, "KEYS_NOT_AVAILABLE", error.message)
    if webhook.sync:
        return _answer(known.instance.api_url, identifier, webhook, payload)
    events.receive(known.instance, identifier, webhook, request.body, payload)
    return JsonResponse({"ok": True}, status=202)


def authenticate(
    headers: Mapping[str, str], body: bytes, identifier: str, webhook: WebhookDefinition
) -> tuple[instances.Installed, dict[str, Any]]:
    """Return the install and the payload of a request that is what it says.

    The address in the header only picks a stored instance: its keys decide. The signature covers the body
    alone, so the body itself must name the receiving app and the event.

    :raises WebhookRefused: not believed
    :raises SaleorUnavailable: the keys that would tell cannot be had now
    """
    known = instances.find(headers.get("Saleor-Api-Url", ""), identifier)
    if known is None:
        raise WebhookRefused(
            401, "UNKNOWN_INSTANCE", "the app is not installed at the Saleor the request names"
        )
    try:
        instances.verify(known.instance, headers.get("Saleor-Signature", ""), body)
    except BadSignature as error:
        raise WebhookRefused(401, f"SIGNATURE_{error.code.upper()}", error.message) from error
    payload = _payload(body)
    recipient = payload.get("recipient")
    if not isinstance(recipient, dict) or recipient.get("id") != known.saleor_app_id:
        raise WebhookRefused(403, "WRONG_RECIPIENT", "the payload is addressed to another app")
    app = registry.apps()[identifier]
    if payload.get("__typename") not in manifests.event_types(app.package, webhook.query):
        raise WebhookRefused(403, "WRONG_EVENT", f"{payload.get('__typename')} does not belong here")
    return known, payload


def _payload(body: bytes) -> dict[str, Any]:
    try:
        payload = transport.decode(body)
    except ValueError:
        payload = None
    if not isinstance(payload, dict):
        raise WebhookRefused(400, "NOT_JSON", "the body is not a JSON object")
    return payload


def _answer(
    api_url: str, identifier: str, webhook: WebhookDefinition, payload: dict[str, Any]
) -> HttpResponse:
    """Run a synchronous handler; any failure is a 500, so that Saleor treats it as no answer."""
    context = events.context_for(api_url, identifier, webhook.event)
    try:
        answer = import_string(webhook.handler)(context, payload)
    except PonteError as error:
        log.warning("%s/%s: %s: %s", identifier, webhook.slug, error.code, error.message)
        return failure(500, error.code, error.message)
    except Exception:
        log.exception("%s/%s failed", identifier, webhook.slug)
        return failure(500, "internal", "the app failed; its log tells why")
    return HttpResponse(json.dumps(answer, default=transport.encode), content_type="application/json")


def failure(status: int, code: str, message: str) -> JsonResponse:
    """Return an error in the shape Saleor reads (``error.message``)."""
    return JsonResponse({"error": {"code": code, "message": message}}, status=status)
