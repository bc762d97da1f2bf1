"""Handlers of what the inbox and outbox carry for this plugin."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from saleor_ext.core import clock, inbox, outbox
from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.core.models import InboxMessage

from . import tracking, waybills
from .carrier import carrier_of, wire
from .models import Shipment
from .settings import config

SF_PUSH = "logistics.sf"
#: A push may overtake the answer that told us the waybill; after this long it is nobody's.
UNKNOWN_FOR = timedelta(minutes=10)


@inbox.handler(SF_PUSH)
def sf_push(message: InboxMessage) -> None:
    """Apply the one scan that a stored push carries."""
    _, scan = wire.read_push(json.loads(bytes(message.body)))[0]
    shipment = Shipment.objects.filter(waybill=scan.waybill).first()
    if shipment is not None:
        tracking.apply(shipment.pk, [scan])
    elif clock.now() - message.received_at < UNKNOWN_FOR:
        raise TransientError(f"no parcel has the waybill {scan.waybill} yet", code="unknown_waybill")
    else:
        raise PermanentError(f"no parcel has the waybill {scan.waybill}", code="unknown_waybill")


@outbox.handler(waybills.RENEW)
def renew_waybill(payload: dict[str, Any]) -> None:
    """Order another waybill after the consignee was corrected."""
    waybills.renew(carrier_of(config()), payload["parcel"], payload["count"])


@outbox.handler(waybills.CANCEL)
def cancel_waybill(payload: dict[str, Any]) -> None:
    """Give the waybill up at the carrier."""
    carrier_of(config()).cancel(payload["order_id"], payload["waybill"])
