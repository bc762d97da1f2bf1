"""The twelve normal statuses of a parcel on the road, and which way they may move."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Status(StrEnum):
    """The vocabulary that carriers' own codes are mapped to."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    ON_HOLD = "on_hold"
    DELIVERY_DELAYED = "delivery_delayed"
    OUT_FOR_DELIVERY = "out_for_delivery"
    READY_FOR_PICKUP = "ready_for_pickup"
    DELIVERY_FAILED = "delivery_failed"
    DELIVERED = "delivered"
    RETURN_TO_SENDER = "return_to_sender"
    CANCELLED = "cancelled"


TITLES = {
    Status.UNKNOWN: _("Reported by the carrier"),
    Status.PENDING: _("Waiting for the carrier"),
    Status.PICKED_UP: _("Collected"),
    Status.IN_TRANSIT: _("On the road"),
    Status.ON_HOLD: _("On hold"),
    Status.DELIVERY_DELAYED: _("Delayed"),
    Status.OUT_FOR_DELIVERY: _("Out for delivery"),
    Status.READY_FOR_PICKUP: _("Ready for pick-up"),
    Status.DELIVERY_FAILED: _("Delivery failed"),
    Status.DELIVERED: _("Delivered"),
    Status.RETURN_TO_SENDER: _("Going back to the sender"),
    Status.CANCELLED: _("Cancelled"),
}

#: A parcel never falls to a lower rank; within one rank the later scan counts.
RANK = {
    Status.PENDING: 0,
    Status.PICKED_UP: 1,
    Status.IN_TRANSIT: 2,
    Status.ON_HOLD: 2,
    Status.DELIVERY_DELAYED: 2,
    Status.OUT_FOR_DELIVERY: 3,
    Status.READY_FOR_PICKUP: 3,
    Status.DELIVERY_FAILED: 3,
    Status.RETURN_TO_SENDER: 4,
    Status.DELIVERED: 4,
    Status.CANCELLED: 4,
}
FINAL = frozenset({Status.DELIVERED, Status.RETURN_TO_SENDER, Status.CANCELLED})

#: SF's opCode → status. 80 and 8000 are signatures; 99, 631 and 648 send the parcel back.
SF_CODES = {
    "50": Status.PICKED_UP,
    "54": Status.PICKED_UP,
    "30": Status.IN_TRANSIT,
    "31": Status.IN_TRANSIT,
    "36": Status.IN_TRANSIT,
    "407": Status.IN_TRANSIT,
    "501": Status.IN_TRANSIT,
    "130": Status.IN_TRANSIT,
    "44": Status.OUT_FOR_DELIVERY,
    "204": Status.OUT_FOR_DELIVERY,
    "33": Status.DELIVERY_FAILED,
    "70": Status.DELIVERY_FAILED,
    "80": Status.DELIVERED,
    "8000": Status.DELIVERED,
    "99": Status.RETURN_TO_SENDER,
    "631": Status.RETURN_TO_SENDER,
    "648": Status.RETURN_TO_SENDER,
}

#: Which statuses the buyer's timeline has words for.
TIMELINE = {
    Status.PICKED_UP: "in_transit",
    Status.IN_TRANSIT: "in_transit",
    Status.OUT_FOR_DELIVERY: "out_for_delivery",
    Status.DELIVERED: "delivered",
    Status.ON_HOLD: "exception",
    Status.DELIVERY_FAILED: "exception",
    Status.RETURN_TO_SENDER: "exception",
}


def of_sf(code: str) -> Status:
    """Map an opCode; one that nobody knows is recorded and moves nothing."""
    return SF_CODES.get(code, Status.UNKNOWN)


def moves(current: str, since: datetime | None, new: Status, at: datetime) -> bool:
    """Tell whether a scan moves a parcel on from where it is."""
    now = Status(current)
    if now in FINAL or new is Status.UNKNOWN:
        return False
    if RANK[new] != RANK[now]:
        return RANK[new] > RANK[now]
    return new != now and (since is None or at > since)
