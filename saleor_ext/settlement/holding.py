"""Merchants' money is held until goods can hardly come back: then it may be paid out.

A return within the rules gives tax and yearly quota back when the goods are in the zone 45 days after the release
(announcement 2020/45), so that long is the usual time; a setting says otherwise.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, Min, OuterRef, Q, Sum

from saleor_ext.core import clock
from saleor_ext.core.money import Money
from saleor_ext.core.settings import platform_settings
from saleor_ext.orders.models import Parcel

from . import chart
from .ledger import About, credit, debit, lock, post
from .models import Entry, Journal

RELEASED = "released"
#: Events of a parcel from which the days are counted: the release by customs, else the delivery.
_GROUNDS = ("released", "delivered")
BATCH = 500


def is_released(parcel: Parcel) -> bool:
    """Tell whether a parcel's money was let go."""
    return Journal.objects.filter(parcel_id=parcel.pk, kind=RELEASED).exists()


def now_at(parcel: Parcel, account: str) -> str:
    """Return where a part of a parcel's money stands now: a merchant's that was let go is in what may be paid out."""
    if account == chart.merchant_pending(parcel.merchant) and is_released(parcel):
        return chart.merchant_available(parcel.merchant)
    return account


def release_due(now: datetime | None = None) -> int:
    """Let go what was held long enough; return of how many parcels. Runs periodically."""
    moment = now or clock.now()
    before = moment - timedelta(days=platform_settings().settlement_hold_days)
    journals = Journal.objects.filter(parcel_id=OuterRef("pk"))
    ground = Min("events__at", filter=Q(events__code__in=_GROUNDS))
    due = Parcel.objects.annotate(ground=ground).filter(
        Exists(journals.filter(kind="assigned")), ~Exists(journals.filter(kind=RELEASED)), ground__lte=before
    )
    return sum(_release(parcel, moment) for parcel in due.order_by("ground")[:BATCH])


def _release(parcel: Parcel, at: datetime) -> bool:
    pending, available = chart.merchant_pending(parcel.merchant), chart.merchant_available(parcel.merchant)
    with transaction.atomic():
        # Refunds of the payment look whether this was written: one after the other.
        about = About(parcel.api_url, parcel.transaction_id, parcel.pk, "", parcel.number)
        lock(about)
        entries = Entry.objects.filter(journal__parcel_id=parcel.pk, account__code=pending)
        held = -(entries.aggregate(sum=Sum("amount"))["sum"] or Decimal(0))
        if held <= 0 or is_released(parcel):
            return False
        amount = Money(held, parcel.currency)
        post(
            f"released:{parcel.pk}",
            RELEASED,
            [debit(pending, amount), credit(available, amount)],
            at=at,
            about=about,
        )
    return True
