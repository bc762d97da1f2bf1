"""The guarantee as an account: what is occupied, what a day occupied and freed, and the balance at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from saleor_ext.core import clock

from .listing import midnight
from .models import GuaranteeEntry

DAYS = 30
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Day:
    """One day in China: amounts in CNY, ``freed`` not negative; ``balance`` is what is occupied at its end."""

    day: date
    occupied: Decimal
    freed: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Account:
    """What a guarantor (all of them where it is empty) has occupied now, and how the last days went, oldest first."""

    guarantor: str
    occupied: Decimal
    days: list[Day]

    @property
    def highest(self) -> Decimal:
        return max((one.balance for one in self.days), default=_NOTHING)


def of(guarantor: str, occupied: Decimal, *, until: date | None = None, days: int = DAYS) -> Account:
    """Return an account over the days up to and with ``until``, today in China by default.

    ``occupied`` is what is occupied now, which runs over all entries and is added up once by the caller.
    """
    last = until or clock.china_today()
    first = last - timedelta(days=days - 1)
    entries = GuaranteeEntry.objects.all()
    entries = entries.filter(guarantor=guarantor) if guarantor else entries
    moved = _by_day(entries.filter(at__gte=midnight(first), at__lt=midnight(last + timedelta(days=1))))
    balance = occupied - _sum(entries.filter(at__gte=midnight(first)))
    found = []
    for number in range(days):
        day = first + timedelta(days=number)
        taken, freed = moved.get(day, (_NOTHING, _NOTHING))
        balance += taken - freed
        found.append(Day(day, taken, freed, balance))
    return Account(guarantor, occupied, found)


def _sum(entries: QuerySet[GuaranteeEntry]) -> Decimal:
    return entries.aggregate(total=Sum("amount"))["total"] or _NOTHING


def _by_day(entries: QuerySet[GuaranteeEntry]) -> Mapping[date, tuple[Decimal, Decimal]]:
    """Return what each day occupied and freed."""
    grouped = (
        entries.annotate(day=TruncDate("at", tzinfo=clock.CHINA))
        .order_by()
        .values_list("day")
        .annotate(up=Sum("amount", filter=Q(amount__gt=0)), down=Sum("amount", filter=Q(amount__lt=0)))
    )
    return {day: (up or _NOTHING, -(down or _NOTHING)) for day, up, down in grouped}
