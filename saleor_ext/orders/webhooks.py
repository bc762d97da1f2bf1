"""Saleor's news of orders, worked from the inbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saleor_ext.plugin_api.definitions import WebhookContext

from .ingest import order_seen


def order_changed(context: WebhookContext, payload: Mapping[str, Any]) -> None:
    """Look at the order again, whatever the event was called: events come late, twice and out of order."""
    order_seen(context.api_url, payload["order"])
