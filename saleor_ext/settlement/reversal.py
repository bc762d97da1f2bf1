"""A charge-back that the bank took back: what it took goes back where it came from, to the cent.

Nothing is worked out anew: all that the charge-back wrote is written again with the other sign. Only a merchant's money
that was let go in between goes to where it stands now.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from saleor_ext.core.errors import TransientError
from saleor_ext.core.money import Money
from saleor_ext.orders.models import Parcel

from . import holding
from .ledger import About, KeyReused, Leg, post
from .models import Entry, Journal

KIND, TAKEN = "charge_back_reversed", "charged_back"


def put_back(event_key: str, amount: Money, at: datetime) -> None:
    """Undo the charge-back of a key, once; call under the payment's lock.

    :raises TransientError: the charge-back is not written yet
    :raises KeyReused: another amount was taken
    """
    key = f"{KIND}:{event_key}"
    taken = Journal.objects.filter(key=f"{TAKEN}:{event_key}").first()
    if taken is None:
        raise TransientError(f"{key} came before what it reverses", code="not_charged_back")
    entries = [Money(entry.amount, amount.currency) for entry in taken.entries.filter(amount__gt=0)]
    if Money.sum(entries, amount.currency) != amount:
        raise KeyReused(f"{key} is {amount}, and not what was taken")
    if Journal.objects.filter(key=key).exists():
        return
    # Taken before its parcel was known, it was moved to the parcel's parts afterwards.
    moved = f"moved:{taken.pk}"
    chain = list(Journal.objects.filter(key__in=(taken.key, moved)))
    number = next((one.parcel_id for one in chain if one.parcel_id), None)
    parcel = Parcel.objects.filter(pk=number).first() if number else None
    text = parcel.number if parcel else ""
    about = About(taken.api_url, taken.transaction_id, number, taken.reference, text)
    post(key, KIND, _opposite(chain, parcel, amount.currency), at=at, about=about)
    kept = Journal.objects.filter(key__in=(f"commission:{taken.key}", f"commission:{moved}"))
    if again := _opposite(kept, parcel, amount.currency):
        post(f"commission:{key}", "commission", again, at=at, about=about)


def _opposite(journals: Iterable[Journal], parcel: Parcel | None, currency: str) -> list[Leg]:
    """Return what the journals wrote together, with the other sign."""
    sums: dict[str, Decimal] = {}
    for entry in Entry.objects.filter(journal__in=list(journals)).select_related("account"):
        code = entry.account.code
        account = holding.now_at(parcel, code) if parcel else code
        sums[account] = sums.get(account, Decimal(0)) - entry.amount
    return [Leg(account, Money(amount, currency)) for account, amount in sums.items()]


def undone(about: About) -> list[UUID]:
    """Return the charge-backs of a payment that were reversed."""
    told = _of(about).filter(kind=KIND).values_list("key", flat=True)
    keys = [TAKEN + key.removeprefix(KIND) for key in told]
    return list(_of(about).filter(key__in=keys).values_list("pk", flat=True))


def _of(about: About) -> QuerySet[Journal]:
    return Journal.objects.filter(api_url=about.api_url, transaction_id=about.transaction_id)
