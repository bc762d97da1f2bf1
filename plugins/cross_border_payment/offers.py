"""Which accounts a buyer is offered: by lane, amount, currency, surroundings and whose goods they are."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from saleor_ext.core.money import Money

from . import gateways, lanes
from .gateways import Offer
from .port import Capabilities, Gateway, Surroundings


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be paid; what is not known yet rules nothing out."""

    lane: str
    amount: Money | None = None
    surroundings: Surroundings | None = None
    merchant: str = ""


def of(wish: Wish) -> list[Gateway]:
    """Return one account of each payment company that fits: the merchant's own first, else one that all share."""
    found: dict[str, Gateway] = {}
    fitting = [one for one in gateways.offered() if _fits(one, wish)]
    # Stable: within both groups the order of the accounts stays.
    for one in sorted(fitting, key=lambda offer: not offer.merchant):
        found.setdefault(one.gateway.identifier, one.gateway)
    return list(found.values())


def why_not(identifier: str, wish: Wish) -> str:
    """Tell a buyer why no account of a payment company fits."""
    able = [one.gateway.capabilities for one in gateways.offered() if one.gateway.identifier == identifier]
    if able and not any(lanes.admits(wish.lane, one) for one in able):
        return _("This way to pay cannot be declared to customs, as the delivery demands.")
    if able and wish.amount and not any(wish.amount.currency in one.currencies for one in able):
        return _("This wallet cannot charge %(currency)s.") % {"currency": wish.amount.currency}
    return _("This way to pay is not available.")


def _fits(offer: Offer, wish: Wish) -> bool:
    able = offer.gateway.capabilities
    if offer.merchant and offer.merchant != wish.merchant:
        return False
    if wish.surroundings is not None and wish.surroundings not in able.surroundings:
        return False
    return lanes.admits(wish.lane, able) and (wish.amount is None or _charges(able, wish.amount))


def _charges(able: Capabilities, amount: Money) -> bool:
    return (
        amount.currency in able.currencies
        and (able.lowest is None or amount.amount >= able.lowest)
        and (able.highest is None or amount.amount <= able.highest)
    )
