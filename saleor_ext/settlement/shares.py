"""Splitting money so that the parts are whole fen and sum exactly: by the largest remainder."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from saleor_ext.core.money import Money


def split(total: Money, weights: Sequence[Decimal]) -> list[Money]:
    """Split an amount that is not negative by weights that are not.

    Each part gets its floor; what is left goes one smallest unit at a time to the largest remainders, of equal ones to
    the first. Where the total is no more than the weights together, no part is more than its weight.

    :raises ValueError: nothing to split over
    """
    whole = sum(weights, Decimal(0))
    if total.amount < 0 or any(weight < 0 for weight in weights) or (whole == 0 and total.amount):
        raise ValueError(f"{total} cannot be split by {list(weights)}")
    if not total.amount:
        return [Money.zero(total.currency) for _weight in weights]
    minor = total.minor
    exact = [Decimal(minor) * weight / whole for weight in weights]
    parts = [int(one.to_integral_value(ROUND_FLOOR)) for one in exact]
    order = sorted(range(len(parts)), key=lambda n: (-(exact[n] - parts[n]), n))
    for n in order[: minor - sum(parts)]:
        parts[n] += 1
    return [Money.from_minor(part, total.currency) for part in parts]
