"""Handlers of the test app: they remember what they were called with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import WebhookContext

SEEN: list[tuple[WebhookContext, dict[str, Any]]] = []


def taxes(context: WebhookContext, payload: dict[str, Any]) -> dict[str, Any]:
    SEEN.append((context, payload))
    if payload["taxBase"]["currency"] == "XXX":
        raise PermanentError("no such currency", code="currency")
    if payload["taxBase"]["currency"] == "BUG":
        raise ZeroDivisionError
    return {"rate": Decimal("9.10")}


def paid(context: WebhookContext, payload: dict[str, Any]) -> None:
    SEEN.append((context, payload))
