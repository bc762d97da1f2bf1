"""Reading parcels for pages: the buyer's timeline, the merchant's and the operator's lists."""

from __future__ import annotations

from django.db.models import QuerySet

from .models import Parcel
from .timeline import Entry, entries


def parcel_of_order(api_url: str, order_id: str) -> Parcel | None:
    """Return the parcel of a Saleor order, None while it is not paid or not yet heard of."""
    return Parcel.objects.filter(api_url=api_url, order_id=order_id).first()


def timeline(parcel: Parcel) -> list[Entry]:
    """Return what happened and the stations ahead; see ``timeline.Entry``."""
    return entries(parcel)


def parcels_of_merchant(slug: str) -> QuerySet[Parcel]:
    return Parcel.objects.filter(merchant=slug).order_by("-created_at").prefetch_related("lines", "steps")


def search(query: str = "", state: str = "", attention: bool = False) -> QuerySet[Parcel]:
    """Return parcels for the console, newest first, by number of parcel, order or payment."""
    found = Parcel.objects.order_by("-created_at")
    if query:
        found = (
            found.filter(number__iexact=query)
            | found.filter(order_number=query)
            | found.filter(psp_reference=query)
            | found.filter(lines__sku=query)
        ).distinct()
    if state:
        found = found.filter(state=state)
    if attention:
        found = found.exclude(attention="")
    return found
