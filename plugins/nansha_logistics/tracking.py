"""Follows parcels by the carrier's scans, pushed or polled.

Each scan is kept once, and statuses only move forward.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from saleor_ext.core import clock
from saleor_ext.core.errors import PonteError
from saleor_ext.plugin_api import platform

from .carrier import carrier_of
from .carrier.port import Scan
from .models import Shipment, TrackingEvent
from .settings import config
from .statuses import TIMELINE, Status, moves, of_sf

log = logging.getLogger(__name__)

STEP = "track"
#: Parcels asked for in one round, so that a round stays short.
POLL_BATCH = 20


def apply(shipment_id: str, scans: Iterable[Scan]) -> int:
    """Write scans and move the parcel; return how many were new."""
    with transaction.atomic():
        # Locks the parcel before the shipment, as a cancellation does: otherwise the two could deadlock.
        platform().update_step(shipment_id, STEP, {"heard_at": clock.now().isoformat()})
        shipment = Shipment.objects.select_for_update().get(pk=shipment_id)
        return sum(_apply(shipment, scan) for scan in sorted(scans, key=lambda scan: scan.at))


def poll(shipment: Shipment) -> int:
    """Ask the carrier for a parcel's scans; return how many were new."""
    scans = carrier_of(config()).routes(shipment.waybill or "", shipment.phone_tail)
    Shipment.objects.filter(pk=shipment.pk).update(polled_at=clock.now())
    return apply(shipment.pk, [scan for scan in scans if scan.waybill == shipment.waybill])


def poll_due() -> None:
    """Ask for parcels that no push has spoken of lately. Runs periodically."""
    silent_since = clock.now() - timedelta(minutes=config().poll_minutes)
    due = Shipment.objects.filter(
        Q(polled_at__isnull=True) | Q(polled_at__lt=silent_since),
        Q(status_at__isnull=True) | Q(status_at__lt=silent_since),
        waybill__isnull=False,
        handed_over_at__lt=silent_since,
        delivered_at__isnull=True,
        cancelled_at__isnull=True,
    ).exclude(status=Status.RETURN_TO_SENDER)
    for shipment in due.order_by("polled_at")[:POLL_BATCH]:
        try:
            poll(shipment)
        except PonteError as error:
            Shipment.objects.filter(pk=shipment.pk).update(polled_at=clock.now())
            log.warning("routes of %s could not be read: %s", shipment.waybill, error)


def _apply(shipment: Shipment, scan: Scan) -> bool:
    status = of_sf(scan.code)
    _, new = TrackingEvent.objects.get_or_create(
        shipment=shipment,
        at=scan.at,
        code=scan.code,
        defaults={"status": status, "place": scan.place, "text": scan.text, "received_at": clock.now()},
    )
    if new and moves(shipment.status, shipment.status_at, status, scan.at):
        _move(shipment, status, scan)
    return new


def _move(shipment: Shipment, status: Status, scan: Scan) -> None:
    shipment.status, shipment.status_at = status, scan.at
    if status is Status.DELIVERED:
        shipment.delivered_at = scan.at
    shipment.save(update_fields=["status", "status_at", "delivered_at"])
    if code := TIMELINE.get(status):
        # One entry per status: the carrier's own lines are on the page below the timeline.
        key = code if code != "exception" else f"carrier:{status}"
        platform().add_event(shipment.parcel, code, at=scan.at, key=key, place=scan.place, text=scan.text)
    if status is Status.DELIVERED:
        platform().complete_step(shipment.parcel, STEP, {"delivered_at": scan.at.isoformat()})
    elif status is Status.RETURN_TO_SENDER:
        platform().fail_step(shipment.parcel, STEP, "returned", "the carrier takes the parcel back")
