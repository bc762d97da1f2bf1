"""What the platform keeps of a parcel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db.models import Q

from saleor_ext.core import clock
from saleor_ext.core.money import Money
from saleor_ext.orders.models import Parcel

from .models import CommissionRule


def of(parcel: Parcel) -> Money:
    """Return a parcel's commission by the rules of the day it was paid, HALF_UP to the fen, never above the goods.

    Lines share a rule's minimum and cap: they hold for the parcel, not for each line. Tax and freight bear none.
    """
    day = parcel.paid_at.astimezone(clock.CHINA).date()
    rules = _rules(parcel, day)
    bases: dict[int, Decimal] = {}
    for line in parcel.lines.all():
        rule = _of_line(rules, str(line.facts.get("hs_code") or ""))
        if rule is not None:
            bases[rule.pk] = bases.get(rule.pk, Decimal(0)) + line.total
    by_number = {rule.pk: rule for rule in rules}
    total = Money.zero(parcel.currency)
    for pk, base in bases.items():
        rule = by_number[pk]
        amount = max(base * rule.rate, rule.minimum)
        total += Money(amount if rule.cap is None else min(amount, rule.cap), parcel.currency).quantize()
    most = Money(parcel.goods_value - parcel.discount, parcel.currency)
    return min(total, most, key=lambda money: money.amount)


def _rules(parcel: Parcel, day: date) -> list[CommissionRule]:
    """Return the rules that may hold for a parcel, the most specific first: by merchant, lane, goods, then age."""
    found = CommissionRule.objects.filter(
        Q(until__isnull=True) | Q(until__gte=day),
        merchant__in=("", parcel.merchant),
        lane__in=("", parcel.lane),
        since__lte=day,
    )
    return sorted(
        found,
        key=lambda one: (bool(one.merchant), bool(one.lane), len(one.hs_prefix), one.since),
        reverse=True,
    )


def _of_line(rules: Sequence[CommissionRule], hs_code: str) -> CommissionRule | None:
    return next((rule for rule in rules if hs_code.startswith(rule.hs_prefix)), None)
