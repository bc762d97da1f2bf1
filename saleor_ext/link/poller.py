"""Re-reads what changed, so that a webhook that never came loses nothing.

An order takes the same way as its event: the same picture, the same inbox, the same handler.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from saleor_ext.core import clock
from saleor_ext.core.errors import PonteError
from saleor_ext.core.models import Cursor

from . import events, orders, registry, transport
from .clients import app_client
from .models import SaleorAppInstall, SaleorInstance
from .platform_app import PLATFORM_APP

log = logging.getLogger(__name__)

#: Saleor commits an order after the time it writes into it; what was in flight is read again.
OVERLAP = timedelta(minutes=2)
#: How far back the first poll of a new instance looks.
FIRST_LOOK = timedelta(days=2)
WEBHOOK = "order-updated"


@dataclass
class Round:
    """What came of polling all instances: new events, and why an instance was not read to its end."""

    instances: int = 0
    new: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def poll_all() -> int:
    """Poll every active instance and return how many events were new."""
    return poll_round().new


def poll_round() -> Round:
    """Poll every active instance; one that is silent or odd does not stop the others."""
    done = Round()
    for install in SaleorAppInstall.objects.select_related("instance").filter(
        identifier=PLATFORM_APP.identifier, instance__active=True
    ):
        done.instances += 1
        try:
            done.new += poll(install.instance, install.saleor_app_id)
        except PonteError as error:
            done.failed[install.instance.api_url] = error.message
            log.warning("poll of %s failed: %s", install.instance, error.message)
    return done


def poll(instance: SaleorInstance, saleor_app_id: str) -> int:
    """Read the orders changed since the cursor into the inbox; the cursor moves with every order read."""
    webhook = registry.webhooks(PLATFORM_APP.identifier)[WEBHOOK]
    cursor, _ = Cursor.objects.get_or_create(name=f"saleor.orders:{instance.id}")
    reached = _reached(cursor)
    new = 0
    client = app_client(instance.api_url, PLATFORM_APP.identifier)
    for order, told in orders.changed_since(client, reached - OVERLAP):
        if order is None:
            continue
        payload = _payload(told, saleor_app_id)
        event = events.event_id(PLATFORM_APP.identifier, webhook, payload)
        # What the overlap shows again unchanged is passed over, so that the inbox counts true duplicates only.
        if cursor.value.get("seen", {}).get(order.id, ["", ""])[1] != event:
            body = json.dumps(payload, default=transport.encode).encode()
            new += events.receive(instance, PLATFORM_APP.identifier, webhook, body, payload)[1]
        changed = order.updated_at or order.created
        reached = max(reached, changed)
        _move(cursor, reached, order.id, [changed.isoformat(), event])
    return new


def _payload(told: dict[str, Any], saleor_app_id: str) -> dict[str, Any]:
    return {"__typename": "OrderUpdated", "recipient": {"id": saleor_app_id}, "order": told}


def _reached(cursor: Cursor) -> datetime:
    text = cursor.value.get("updated_at")
    return datetime.fromisoformat(text) if text else clock.now() - FIRST_LOOK


def _move(cursor: Cursor, reached: datetime, order_id: str, entry: list[str]) -> None:
    """Keep how far was read, and which orders of the overlap are already in the inbox."""
    horizon = (reached - 2 * OVERLAP).isoformat()
    seen = {key: known for key, known in cursor.value.get("seen", {}).items() if known[0] > horizon}
    cursor.value = {"updated_at": reached.isoformat(), "seen": {**seen, order_id: entry}}
    cursor.save()
