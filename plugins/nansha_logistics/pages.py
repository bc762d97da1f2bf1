"""Pieces for pages: the carrier's lines on the buyer's order page, stock and shipment in the console."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from saleor_ext.plugin_api import Fragment, ParcelView

from .models import Reservation, Shipment
from .statuses import TITLES, Status

CARRIERS = {"sf": _("SF Express")}


def shop(place: str, context: Mapping[str, Any]) -> list[Fragment]:
    """Return the tracking lines of a parcel that has a waybill."""
    if place != "order":
        return []
    shipment = _shipment(context)
    if shipment is None or not shipment.waybill:
        return []
    return [Fragment(_("Delivery"), "nansha_logistics/tracking.html", _tracking(shipment), order=40)]


def console(place: str, context: Mapping[str, Any]) -> list[Fragment]:
    """Return what the book holds for a parcel and where it is."""
    shipment = _shipment(context) if place == "parcel" else None
    if shipment is None:
        return []
    holds = Reservation.objects.filter(parcel=shipment.pk).select_related("item", "item__book")
    pick = getattr(shipment, "pick", None)
    values = {**_tracking(shipment), "shipment": shipment, "holds": holds.order_by("key"), "pick": pick}
    return [Fragment(_("Stock and shipment"), "nansha_logistics/console_parcel.html", values, order=40)]


def _shipment(context: Mapping[str, Any]) -> Shipment | None:
    parcel = context.get("parcel")
    if parcel is None:
        return None
    key = parcel.id if isinstance(parcel, ParcelView) else str(parcel.pk)
    return Shipment.objects.filter(pk=key).first()


def _tracking(shipment: Shipment) -> dict[str, Any]:
    events = [
        {"at": event.at, "title": TITLES[Status(event.status)], "place": event.place, "text": event.text}
        for event in shipment.events.all()
    ]
    return {
        "carrier": CARRIERS.get(shipment.carrier, shipment.carrier),
        "waybill": shipment.waybill,
        "status": TITLES[Status(shipment.status)],
        "events": events,
    }
