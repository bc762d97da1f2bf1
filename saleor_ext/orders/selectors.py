"""Reading parcels for pages: the buyer's timeline, the merchant's and the operator's lists."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet

from .models import Parcel
from .timeline import Entry, entries

#: Numbers that steps leave and people search by: customs order, waybill, inventory list.
STEP_NUMBERS = ("orderNo", "waybill", "inventory_no")


def parcel_of_order(api_url: str, order_id: str) -> Parcel | None:
    """Return the parcel of a Saleor order, None while it is not paid or not yet heard of."""
    return Parcel.objects.filter(api_url=api_url, order_id=order_id).first()


def timeline(parcel: Parcel) -> list[Entry]:
    """Return what happened and the stations ahead; see ``timeline.Entry``."""
    return entries(parcel)


def parcels_of_merchant(slug: str) -> QuerySet[Parcel]:
    return Parcel.objects.filter(merchant=slug).order_by("-created_at").prefetch_related("lines", "steps")


def paid_between(since: datetime, until: datetime, lanes: Collection[str]) -> QuerySet[Parcel]:
    """Return the parcels of some lanes paid in ``[since, until)``, oldest first."""
    return Parcel.objects.filter(paid_at__gte=since, paid_at__lt=until, lane__in=lanes).order_by(
        "paid_at", "pk"
    )


def search(query: str = "", state: str = "", attention: bool = False) -> QuerySet[Parcel]:
    """Return parcels for the console, newest first, by any number that a step left, or of order, payment or article."""
    found = Parcel.objects.order_by("-created_at")
    if query:
        left_by_a_step = Q()
        for key in STEP_NUMBERS:
            left_by_a_step |= Q(**{f"steps__data__{key}": query})
        own = Q(number__iexact=query) | Q(order_number=query) | Q(psp_reference=query) | Q(lines__sku=query)
        found = found.filter(own | left_by_a_step).distinct()
    if state:
        found = found.filter(state=state)
    if attention:
        found = found.exclude(attention="")
    return found
