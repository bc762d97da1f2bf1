"""Manifests of apps: reading, checking and turning one into rows."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx2

from sandbox.http import web_address
from sandbox.saleor import SCHEMA_VERSION, VERSION
from sandbox.saleor.auth import ALL_PERMISSIONS
from sandbox.saleor.errors import Invalid, InvalidMany
from sandbox.saleor.models import App, AppExtension, Webhook
from sandbox.saleor.schema.enums import WebhookEventTypeAsyncEnum, WebhookEventTypeSyncEnum
from sandbox.saleor.webhooks import payload, transport

ASYNC = list(WebhookEventTypeAsyncEnum)
SYNC = list(WebhookEventTypeSyncEnum)
HEADER_RULE = re.compile(r"^(x-.*|authorization.*|brokerproperties)$", re.IGNORECASE)


def fetch(url: str) -> dict[str, Any]:
    """GET a manifest; connection errors are tried three times."""
    check_url(url, "manifestUrl")
    problem = ""
    for _ in range(3):
        try:
            response = transport.client().get(
                url, headers={"Saleor-Schema-Version": SCHEMA_VERSION, "User-Agent": transport.USER_AGENT}
            )
        except httpx2.HTTPError as error:
            problem = str(error)
            continue
        try:
            response.raise_for_status()
            data = json.loads(response.text)
        except (httpx2.HTTPStatusError, ValueError) as error:
            raise Invalid(
                "manifestUrl", "INVALID_MANIFEST_FORMAT", f"Incorrect structure of manifest: {error}"
            ) from error
        if not isinstance(data, dict):
            raise Invalid("manifestUrl", "INVALID_MANIFEST_FORMAT", "Incorrect structure of manifest.")
        return data
    raise Invalid("manifestUrl", "MANIFEST_URL_CANT_CONNECT", f"Unable to fetch manifest data: {problem}")


def check_url(url: Any, field: str) -> None:
    if web_address(str(url or "")) is None:
        raise Invalid(field, "INVALID_URL_FORMAT", "Enter a valid URL.")


def clean(data: dict[str, Any], permissions: list[str] | None = None) -> dict[str, Any]:
    """Check a manifest and fill what may be left out; permissions given at installation win."""
    errors: list[dict[str, Any]] = []
    for key in ("id", "name", "version"):
        if not isinstance(data.get(key), str) or not data[key].strip():
            errors.append(_error(key, "REQUIRED", "Field required."))
    wanted = data.get("permissions") or [] if permissions is None else permissions
    for code in wanted:
        if code not in ALL_PERMISSIONS:
            errors.append(
                _error("permissions", "INVALID_PERMISSION", f"Given permission doesn't exist: {code}")
            )
    errors += _check_version(data)
    if data.get("tokenTargetUrl"):
        errors += _url_errors("tokenTargetUrl", data["tokenTargetUrl"])
    webhooks = [_webhook(w, errors) for w in data.get("webhooks") or []]
    extensions = [_extension(e, wanted, errors) for e in data.get("extensions") or []]
    _check_unique("webhooks", "DUPLICATED_WEBHOOK_IDENTIFIER", webhooks, errors)
    _check_unique("extensions", "DUPLICATED_EXTENSION_IDENTIFIER", extensions, errors)
    if errors:
        raise InvalidMany(errors)
    return {**data, "permissions": list(wanted), "webhooks": webhooks, "extensions": extensions}


def _error(field: str, code: str, message: str) -> dict[str, Any]:
    return {"field": field, "code": code, "message": message}


def _url_errors(field: str, url: Any) -> list[dict[str, Any]]:
    try:
        check_url(url, field)
    except Invalid as error:
        return error.errors
    return []


def _check_unique(field: str, code: str, rows: list[dict[str, Any]], errors: list[dict[str, Any]]) -> None:
    names = [row["identifier"] for row in rows if row.get("identifier")]
    if len(names) != len(set(names)):
        errors.append(_error(field, code, "Identifiers must be unique within an app."))


def satisfied(constraint: str | None) -> bool:
    """Compare an npm range with our version; the forms in use: `>=a.b <c`, `^a.b`, joined by `||`."""
    here = tuple(int(part) for part in VERSION.split("."))
    return not constraint or any(
        all(_holds(here, comparison) for comparison in option.split()) for option in constraint.split("||")
    )


def _holds(here: tuple[int, ...], comparison: str) -> bool:
    match = re.fullmatch(r"(>=|<=|>|<|\^|~|=)?v?(\d+)(?:\.(\d+|x))?(?:\.(\d+|x))?", comparison)
    if not match:
        return False
    operator, *numbers = match.groups()
    given = [int(n) for n in numbers if n and n != "x"]
    there = tuple([*given, 0, 0][:3])
    if operator in (">=", "<=", ">", "<"):
        return {">=": here >= there, "<=": here <= there, ">": here > there, "<": here < there}[operator]
    if operator == "^":
        return here >= there and here[0] == there[0]
    if operator == "~":
        return here >= there and here[:2] == there[:2]
    return here[: len(given)] == tuple(given)


def _check_version(data: dict[str, Any]) -> list[dict[str, Any]]:
    constraint = data.get("requiredSaleorVersion")
    if satisfied(constraint):
        return []
    message = f"Saleor version {VERSION} is not supported by the app: {constraint}"
    return [_error("requiredSaleorVersion", "UNSUPPORTED_SALEOR_VERSION", message)]


def _webhook(data: dict[str, Any], errors: list[dict[str, Any]]) -> dict[str, Any]:
    """Check one webhook of a manifest; without events they are read off its query."""
    name, query = data.get("name"), data.get("query")
    if not name or not query or not data.get("targetUrl"):
        errors.append(_error("webhooks", "REQUIRED", f"{name}: name, query and targetUrl are required."))
        return data
    for message in payload.check_subscription(query):
        errors.append(_error("webhooks", "INVALID", f"{name}: {message}"))
        return data
    errors += [{**e, "field": "webhooks"} for e in _url_errors("targetUrl", data["targetUrl"])]
    events = {"async": data.get("asyncEvents") or [], "sync": data.get("syncEvents") or []}
    if not events["async"] and not events["sync"]:
        events = {"async": payload.events_of(query, ASYNC), "sync": payload.events_of(query, SYNC)}
    for kind, known in (("async", ASYNC), ("sync", SYNC)):
        for event in events[kind]:
            if event not in known:
                errors.append(_error("webhooks", "INVALID", f"{name}: {event} is no {kind} event."))
    headers = {str(k).lower(): str(v) for k, v in (data.get("customHeaders") or {}).items()}
    if len(headers) > 5 or any(not HEADER_RULE.match(k) or len(k) + len(v) > 996 for k, v in headers.items()):
        errors.append(
            _error("webhooks", "INVALID_CUSTOM_HEADERS", f"{name}: customHeaders are not allowed so.")
        )
    return {**data, "asyncEvents": events["async"], "syncEvents": events["sync"], "customHeaders": headers}


def _extension(data: dict[str, Any], allowed: list[str], errors: list[dict[str, Any]]) -> dict[str, Any]:
    for key in ("label", "url", "mount"):
        if not data.get(key):
            errors.append(_error("extensions", "REQUIRED", f"Extension: {key} is required."))
    for code in data.get("permissions") or []:
        if code not in allowed:
            message = "Extension permission must be listed in App's permissions."
            errors.append(_error("extensions", "OUT_OF_SCOPE_PERMISSION", message))
    return data


def create_webhooks(app: App, manifest: dict[str, Any]) -> None:
    for data in manifest["webhooks"]:
        Webhook.objects.create(
            app=app,
            name=data["name"],
            identifier=data.get("identifier"),
            target_url=data["targetUrl"],
            subscription_query=data["query"],
            async_events=data["asyncEvents"],
            sync_events=data["syncEvents"],
            is_active=data.get("isActive", True),
            custom_headers=data["customHeaders"],
        )


def create_extensions(app: App, manifest: dict[str, Any]) -> None:
    for data in manifest["extensions"]:
        AppExtension.objects.create(
            app=app,
            identifier=data.get("identifier"),
            label=data["label"],
            url=data["url"],
            mount_name=data["mount"].upper(),
            target_name=str(data.get("target") or "POPUP").upper(),
            settings=data.get("options") or {},
            permissions=data.get("permissions") or [],
        )
