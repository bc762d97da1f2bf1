"""Saleor's news of products: each only says which product to read again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from saleor_ext.core import outbox
from saleor_ext.core.models import OutboxMessage
from saleor_ext.core.settings import platform_settings
from saleor_ext.plugin_api.definitions import WebhookContext

from .models import Product
from .projection import TOPIC

#: Publishing one listing makes a dozen events within a second; they are answered by one reading.
GATHER = timedelta(seconds=0.7)


def product_changed(context: WebhookContext, payload: Mapping[str, Any]) -> None:
    """Read the product again soon, once for all events that wait together."""
    if context.api_url != platform_settings().saleor_api_url:
        return
    product = payload.get("product") or (payload.get("productVariant") or {}).get("product")
    if not product:
        return
    waiting = OutboxMessage.objects.filter(
        topic=TOPIC,
        state=OutboxMessage.State.PENDING,
        attempts=0,
        lease_until__isnull=True,
        payload__product=product["id"],
    )
    if not waiting.exists():
        outbox.enqueue(TOPIC, {"product": product["id"]}, delay=GATHER)


def product_deleted(context: WebhookContext, payload: Mapping[str, Any]) -> None:
    if context.api_url == platform_settings().saleor_api_url:
        Product.objects.filter(saleor_id=payload["product"]["id"]).update(published=False)
