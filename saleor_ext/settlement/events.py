"""From movements of money to journals: captured, assigned to a parcel, refunded, charged back and that reversed.

Money is captured before there is an order, so it stands in ``unassigned`` until its parcel is known. All journals of
one payment are written one after the other, under a lock, because each looks at those before it.
"""

from __future__ import annotations

import logging
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Sum

from saleor_ext.core import outbox
from saleor_ext.core.money import Money
from saleor_ext.orders.models import Parcel
from saleor_ext.plugin_api.money_events import TOPIC

from . import chart, commission, company, holding, reversal
from .ledger import About, KeyReused, Leg, credit, debit, lock, post
from .models import Entry, Journal
from .shares import split

log = logging.getLogger(__name__)

CAPTURED, ASSIGNED, REFUNDED, CHARGED_BACK = "captured", "assigned", "refunded", reversal.TAKEN
#: Money that left and money of it that came back: together they say what is left of a parcel's parts.
GONE = (REFUNDED, CHARGED_BACK, reversal.KIND)
#: Parcels looked at in one round.
BATCH = 500


@outbox.handler(TOPIC)
def write(event: dict[str, Any]) -> None:
    """Write a movement that a plugin told, and what follows from it."""
    amount = Money(Decimal(event["amount"]), event["currency"])
    about = About(event["api_url"], event["transaction_id"], None, event["reference"])
    at = datetime.fromisoformat(event["at"])
    held = chart.psp_pending(event["gateway"], event["account"])
    if event["kind"] in company.KINDS:
        became = event.get("became")
        other = Money(Decimal(became["amount"]), became["currency"]) if became else None
        company.write(event, amount, other, at)
        return
    with transaction.atomic():
        lock(about)
        key = f"{event['kind']}:{event['key']}"
        if event["kind"] == CAPTURED:
            post(key, CAPTURED, [debit(held, amount), credit(chart.UNASSIGNED, amount)], at=at, about=about)
        elif event["kind"] == reversal.KIND:
            reversal.put_back(event["key"], amount, at)
        else:
            _give_back(key, event["kind"], held, amount, at, about)
    parcel = Parcel.objects.filter(api_url=about.api_url, transaction_id=about.transaction_id).first()
    if event["kind"] == CAPTURED and parcel is not None:
        assign(parcel)


def assign(parcel: Parcel) -> bool:
    """Say whose the money of a parcel is; return whether that was new. Waits until the money was captured."""
    about = About(parcel.api_url, parcel.transaction_id, parcel.pk, parcel.psp_reference, parcel.number)
    with transaction.atomic():
        lock(about)
        journals = Journal.objects.filter(api_url=parcel.api_url, transaction_id=parcel.transaction_id)
        if not journals.filter(kind=CAPTURED).exists() or journals.filter(kind=ASSIGNED).exists():
            return False
        parts = _parts(parcel)
        whole = Money.sum((part.amount for part in parts), parcel.currency)
        legs = [debit(chart.UNASSIGNED, whole), *(Leg(part.account, -part.amount) for part in parts)]
        post(f"assigned:{parcel.pk}", ASSIGNED, legs, at=parcel.paid_at, about=about)
        kept = commission.of(parcel)
        if kept:
            taken = [debit(chart.merchant_pending(parcel.merchant), kept), credit(chart.COMMISSION, kept)]
            post(f"commission:{parcel.pk}", "commission", taken, at=parcel.paid_at, about=about)
        _move_earlier_refunds(parcel, about)
    return True


def assign_new() -> int:
    """Assign the money of parcels that came since, and let go what was held long enough. Runs periodically."""
    journals = Journal.objects.filter(api_url=OuterRef("api_url"), transaction_id=OuterRef("transaction_id"))
    waiting = Parcel.objects.exclude(transaction_id="").filter(
        Exists(journals.filter(kind=CAPTURED)), ~Exists(journals.filter(kind=ASSIGNED))
    )
    return sum(assign(parcel) for parcel in waiting.order_by("paid_at")[:BATCH])


def _parts(parcel: Parcel) -> list[Leg]:
    """Return whose a parcel's money is, amounts positive: customs tax is a liability and nobody's revenue."""
    goods = parcel.goods_value - parcel.discount
    named = (
        (chart.merchant_pending(parcel.merchant), goods),
        (chart.CUSTOMS_TAX, parcel.tax_total),
        (chart.FREIGHT, parcel.freight),
    )
    return [Leg(account, Money(amount, parcel.currency)) for account, amount in named if amount]


def _give_back(key: str, kind: str, held: str, amount: Money, at: datetime, about: About) -> None:
    """Write money that went back to the buyer: out of what is left of the parcel's parts, else of ``unassigned``.

    A movement that is told again would find less left than at first, so it is not worked out anew.
    """
    known = Entry.objects.filter(journal__key=key, account__code=held).first()
    if known is not None:
        if known.amount != -amount.amount:
            raise KeyReused(f"{key} is {-known.amount}, not {amount}")
        return
    assigned = Journal.objects.filter(
        api_url=about.api_url, transaction_id=about.transaction_id, kind=ASSIGNED
    ).first()
    number = assigned.parcel_id if assigned else None
    parcel = Parcel.objects.filter(pk=number).first() if number else None
    if parcel is None:
        post(key, kind, [debit(chart.UNASSIGNED, amount), credit(held, amount)], at=at, about=about)
        return
    about = About(about.api_url, about.transaction_id, parcel.pk, about.reference, parcel.number)
    post(key, kind, [*_shares(parcel, amount), credit(held, amount)], at=at, about=about)
    _give_commission_back(parcel, key, amount, at, about)


def _shares(parcel: Parcel, amount: Money) -> list[Leg]:
    """Debit the parcel's parts with a refund, by what is left of each; more than all is the merchant's to bear."""
    parts = _parts(parcel)
    left = [_left(parcel, part) for part in parts]
    whole = sum(left, Decimal(0))
    within = Money(min(amount.amount, whole), amount.currency)
    legs = [
        debit(holding.now_at(parcel, part.account), share)
        for part, share in zip(parts, split(within, left), strict=True)
    ]
    beyond = amount - within
    return [*legs, debit(holding.now_at(parcel, chart.merchant_pending(parcel.merchant)), beyond)]


def _left(parcel: Parcel, part: Leg) -> Decimal:
    """Return what is left of a part after earlier refunds; its commission and its release do not count."""
    places = {part.account, holding.now_at(parcel, part.account)}
    back = Entry.objects.filter(
        journal__parcel_id=parcel.pk,
        journal__kind__in=GONE,
        account__code__in=places,
    ).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    return max(part.amount.amount - back, Decimal(0))


def _give_commission_back(parcel: Parcel, key: str, amount: Money, at: datetime, about: About) -> None:
    """Return the refund's part of the commission to the merchant, so that a whole refund leaves none."""
    entries = Entry.objects.filter(journal__parcel_id=parcel.pk, account__code=chart.COMMISSION)
    kept = -(entries.aggregate(sum=Sum("amount"))["sum"] or Decimal(0))
    account = chart.merchant_pending(parcel.merchant)
    goods = next((part for part in _parts(parcel) if part.account == account), None)
    if kept <= 0 or goods is None:
        return
    journal = Journal.objects.get(key=key)
    places = (account, chart.merchant_available(parcel.merchant))
    back = journal.entries.filter(account__code__in=places).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    before = _left(parcel, goods) + back
    if not before or back <= 0:
        return
    part = Money(min(kept * back / before, kept), amount.currency).quantize()
    legs = [debit(chart.COMMISSION, part), credit(holding.now_at(parcel, account), part)]
    if part:
        post(f"commission:{key}", "commission_back", legs, at=at, about=about)


def _move_earlier_refunds(parcel: Parcel, about: About) -> None:
    """Take refunds that came before the parcel was known out of its parts."""
    earlier = Journal.objects.filter(
        api_url=parcel.api_url,
        transaction_id=parcel.transaction_id,
        kind__in=(REFUNDED, CHARGED_BACK),
        parcel_id__isnull=True,
    ).exclude(pk__in=reversal.undone(about))
    for journal in earlier.order_by("recorded_at"):
        moved = journal.entries.get(account__code=chart.UNASSIGNED)
        amount = Money(moved.amount, parcel.currency)
        key = f"moved:{journal.pk}"
        legs = [*_shares(parcel, amount), credit(chart.UNASSIGNED, amount)]
        post(key, REFUNDED, legs, at=journal.at, about=about)
        _give_commission_back(parcel, key, amount, journal.at, about)
