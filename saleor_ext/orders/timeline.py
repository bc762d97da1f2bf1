"""The timeline of a parcel: what happened, in the buyer's words, and the state that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from saleor_ext.core import audit, clock

from .models import Parcel, ParcelEvent

S = Parcel.State
#: Which event moves a parcel into which state. States only move forward in ``RANK``.
MOVES = {
    "payment_declared": S.DECLARING,
    "declared": S.DECLARING,
    "accepted": S.DECLARING,
    "released": S.RELEASED,
    "packed": S.RELEASED,
    "handed_over": S.SHIPPED,
    "in_transit": S.SHIPPED,
    "out_for_delivery": S.SHIPPED,
    "delivered": S.DELIVERED,
}
RANK = {S.PAID: 0, S.DECLARING: 1, S.RELEASED: 2, S.SHIPPED: 3, S.DELIVERED: 4, S.CANCELLED: 9}
#: Events after which a person has to look.
ALARMS = frozenset(
    {"rejected", "exception", "withdrawal_refused", "return_needed", "return_refused", "refund_failed"}
)

#: Events that answer an alarm: nobody has to look for it any more.
ANSWERS = {
    "withdrawn": frozenset({"withdrawal_refused"}),
    "return_asked": frozenset({"return_needed", "return_refused"}),
}

TITLES = {
    "paid": _("Paid"),
    "payment_declared": _("Payment reported to customs"),
    "waybill": _("Waybill issued"),
    "declared": _("Declared to customs"),
    "accepted": _("Accepted by customs"),
    "review": _("Customs are reviewing the declaration"),
    "inspection": _("Customs are inspecting the goods"),
    "released": _("Released by customs"),
    "rejected": _("Returned by customs"),
    "packed": _("Packed in Nansha"),
    "handed_over": _("Handed to the carrier"),
    "in_transit": _("On the road"),
    "out_for_delivery": _("Out for delivery"),
    "delivered": _("Delivered"),
    "exception": _("Held up"),
    "cancelled": _("Cancelled"),
    "withdrawn": _("Withdrawn from customs"),
    "withdrawal_refused": _("Customs did not let it be withdrawn"),
    "return_needed": _("Released already: the goods have to come back as a return"),
    "return_asked": _("Return asked for at customs"),
    "return_approved": _("Return granted by customs"),
    "return_refused": _("Return refused by customs"),
    "returned": _("Back in Nansha"),
    "refund_failed": _("The refund needs a person"),
}
#: The stations every buyer sees, reached or not yet.
STATIONS = ("paid", "declared", "accepted", "released", "packed", "in_transit", "delivered")
#: Events that mean that an earlier station was passed, should its own event be late.
_IMPLIES = {"handed_over": "packed", "out_for_delivery": "in_transit"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timeline; ``at`` is None for a station not yet reached."""

    code: str
    title: Any
    at: datetime | None
    data: Mapping[str, Any]
    alarm: bool = False

    @property
    def reached(self) -> bool:
        return self.at is not None


def add(
    parcel: Parcel,
    code: str,
    *,
    at: datetime | None = None,
    key: str = "",
    data: Mapping[str, Any] | None = None,
) -> bool:
    """Write an event once per key (default: the code) and move the state forward; return whether it was new."""
    if code not in TITLES:
        raise ValueError(f"unknown event {code!r}")
    event = ParcelEvent(
        parcel=parcel, code=code, key=key or code, at=at or clock.now(), data=dict(data or {})
    )
    with transaction.atomic():
        locked = Parcel.objects.select_for_update().get(pk=parcel.pk)
        if ParcelEvent.objects.filter(parcel=parcel, key=event.key).exists():
            return False
        event.save(force_insert=True)
        _move(locked, code)
    parcel.state, parcel.attention = locked.state, locked.attention
    return True


def _move(locked: Parcel, code: str) -> None:
    target = MOVES.get(code)
    changed = []
    if target and RANK[S(target)] > RANK[S(locked.state)]:
        audit.record("parcel.state", "parcel", locked.pk, before=locked.state, after=str(target), event=code)
        locked.state = target
        changed.append("state")
    if code in ALARMS:
        locked.attention = code
        changed.append("attention")
    elif locked.attention in ANSWERS.get(code, ()):
        locked.attention = ""
        changed.append("attention")
    if changed:
        locked.save(update_fields=changed)


def _when(event: ParcelEvent) -> tuple[datetime, int]:
    """Sort by the second, and within it by the way a parcel goes: carriers and customs tell whole seconds."""
    return event.at.replace(microsecond=0), list(TITLES).index(event.code)


def entries(parcel: Parcel) -> list[Entry]:
    """Return the events in time order, then the stations still ahead."""
    events = sorted(parcel.events.all(), key=_when)
    happened = [
        Entry(event.code, TITLES[event.code], event.at, event.data, event.code in ALARMS) for event in events
    ]
    reached = {event.code for event in events} | {_IMPLIES.get(event.code, "") for event in events}
    if parcel.state == S.CANCELLED:
        return happened
    furthest = max((STATIONS.index(code) for code in reached if code in STATIONS), default=-1)
    ahead = [Entry(code, TITLES[code], None, {}) for code in STATIONS[furthest + 1 :]]
    return happened + ahead
