"""The installation handshake: manifest, rows, token to the app; on refusal everything is taken back."""

from __future__ import annotations

import json
import logging
from typing import Any

import httpx2
from django.db import transaction

from sandbox.saleor import SCHEMA_VERSION, conf, manifest
from sandbox.saleor.auth import new_app_token
from sandbox.saleor.errors import Invalid
from sandbox.saleor.models import App, AppInstallation
from sandbox.saleor.webhooks import transport
from sandbox.saleor.webhooks.events import emit

log = logging.getLogger("sandbox.saleor.install")


def install(installation: AppInstallation) -> App | None:
    """Install an app; the installation row goes on success and tells why on failure. Runs in the worker."""
    try:
        app = _install(installation)
    except Invalid as error:
        _failed(installation, "; ".join(f"{e['field']}: {e['message']}" for e in error.errors))
        return None
    except httpx2.HTTPError as error:
        log.warning("installing %s: %s", installation.manifest_url, error)
        _failed(installation, "Failed to connect to app. Try later or contact with app support.")
        return None
    installation.delete()
    return app


def _failed(installation: AppInstallation, message: str) -> None:
    installation.status = "FAILED"
    # The column of Saleor holds 255 characters; a longer message would leave its row pending for ever.
    installation.message = message[:255]
    installation.save(update_fields=["status", "message", "updated_at"])


def _install(installation: AppInstallation) -> App:
    data = manifest.clean(manifest.fetch(installation.manifest_url), installation.permissions)
    if App.objects.filter(identifier=data["id"], is_installed=True).exists():
        raise Invalid("identifier", "UNIQUE", "App with the same identifier is already installed.")
    with transaction.atomic():
        # What an interrupted attempt left behind is not in the way of the next one.
        App.objects.filter(identifier=data["id"], is_installed=False).delete()
        app = _create(installation, data)
    if app.token_target_url:
        try:
            hand_over_token(app)
        except (Invalid, httpx2.HTTPError):
            app.delete()
            raise
    app.is_installed = True
    app.save(update_fields=["is_installed"])
    emit("APP_INSTALLED", only=app, app=app)
    return app


def _create(installation: AppInstallation, data: dict[str, Any]) -> App:
    app = App.objects.create(
        name=installation.app_name,
        identifier=data["id"],
        version=data["version"],
        permissions=data["permissions"],
        is_active=installation.activate,
        about_app=data.get("about"),
        author=data.get("author"),
        app_url=data.get("appUrl"),
        manifest_url=installation.manifest_url,
        token_target_url=data.get("tokenTargetUrl"),
        data_privacy_url=data.get("dataPrivacyUrl"),
        homepage_url=data.get("homepageUrl"),
        support_url=data.get("supportUrl"),
        audience=data.get("audience"),
    )
    manifest.create_webhooks(app, data)
    manifest.create_extensions(app, data)
    return app


def hand_over_token(app: App) -> None:
    """POST a fresh token to the app. It calls back while we wait, so its row must be committed by now."""
    body = json.dumps({"auth_token": new_app_token(app)})
    response = transport.client().post(
        str(app.token_target_url),
        content=body,
        headers={
            "Content-Type": "application/json",
            "Saleor-Domain": conf.domain(),
            "X-Saleor-Domain": conf.domain(),
            "Saleor-Api-Url": conf.api_url(),
            "Saleor-Schema-Version": SCHEMA_VERSION,
            "User-Agent": transport.USER_AGENT,
        },
    )
    if not 200 <= response.status_code < 300:
        raise Invalid("tokenTargetUrl", "INVALID", _reason(response))


def _reason(response: httpx2.Response) -> str:
    try:
        return str(json.loads(response.text)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"App internal error (HTTP {response.status_code})."
