"""Routes of the Saleor Apps."""

from __future__ import annotations

import json
import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from saleor_ext.core.errors import ConfigurationError
from saleor_ext.core.settings import platform_settings

from . import installs, manifests, registry, webhooks

log = logging.getLogger(__name__)


@require_GET
def manifest(request: HttpRequest, identifier: str) -> HttpResponse:
    """Serve an app's manifest; addresses come from settings, because Saleor's Host header carries no port."""
    app = registry.apps().get(identifier)
    if app is None:
        return webhooks.failure(404, "UNKNOWN_APP", f"there is no app {identifier}")
    try:
        ours = platform_settings()
        return JsonResponse(manifests.manifest(app, ours.apps_base_url, ours.answers_base_url))
    except ConfigurationError as error:
        log.error("%s", error.message)
        return webhooks.failure(500, "MANIFEST_INVALID", error.message)


@csrf_exempt  # called by Saleor, proven by the call-back
@require_POST
def register(request: HttpRequest, identifier: str) -> HttpResponse:
    """Take the token that Saleor hands over at installation."""
    if identifier not in registry.apps():
        return webhooks.failure(404, "UNKNOWN_APP", f"there is no app {identifier}")
    try:
        given = json.loads(request.body)
        token = given.get("auth_token", "") if isinstance(given, dict) else ""
    except (ValueError, RecursionError):
        return webhooks.failure(400, "NOT_JSON", "The body is not JSON.")
    try:
        install = installs.register(identifier, request.headers.get("Saleor-Api-Url", ""), token)
    except installs.InstallRefused as refusal:
        log.warning("installation of %s refused: %s %s", identifier, refusal.code, refusal.message)
        return webhooks.failure(refusal.status, refusal.code, refusal.message)
    return JsonResponse({"success": True, "app": identifier, "instance": install.instance.api_url})


@csrf_exempt  # called by Saleor, proven by the signature
@require_POST
def webhook(request: HttpRequest, identifier: str, slug: str) -> HttpResponse:
    """Take one webhook delivery."""
    return webhooks.handle(request, identifier, slug)
