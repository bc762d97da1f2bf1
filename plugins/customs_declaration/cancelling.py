"""What a cancelled parcel gives back. Runs by outbox, outside the cancelling transaction.

There the parcel's row is locked, here the declaration's: receipts take them in the other order.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from saleor_ext.core import audit, outbox
from saleor_ext.plugin_api import ParcelView

from . import quota, steps
from .config import TRADE_MODES
from .models import Declaration
from .states import DocumentState

TOPIC = "customs.cancelled"


def promise(parcel: ParcelView) -> None:
    """Promise the giving back, in the cancelling transaction."""
    if parcel.lane in TRADE_MODES:
        outbox.enqueue(TOPIC, {"parcel": parcel.id, "quota": steps.reference_of(parcel)}, key=parcel.id)


@outbox.handler(TOPIC)
def give_back(payload: dict[str, Any]) -> None:
    """Free the quota and close the declaration; what customs have is named in the audit log."""
    with transaction.atomic():
        declaration = Declaration.objects.select_for_update().filter(parcel_id=payload["parcel"]).first()
        if declaration is not None and declaration.state == Declaration.State.RELEASED:
            audit.record("customs.cancelled_after_release", "parcel", payload["parcel"])
            return
        quota.free(payload["quota"])
        if declaration is None:
            return
        declaration.state = Declaration.State.CANCELLED
        declaration.save(update_fields=["state"])
        # These lie at the port and have to be withdrawn there.
        sent = declaration.documents.exclude(state__in=(DocumentState.BUILT, DocumentState.REJECTED))
        audit.record(
            "customs.cancelled",
            "parcel",
            payload["parcel"],
            withdraw=[f"{one.kind} {one.guid}" for one in sent],
        )
