"""What Stripe tells beyond the port's words: the type of an event and movements of the balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from saleor_ext.core.money import Money

from ..port import VerifiedNotify


@dataclass(frozen=True, slots=True)
class StripeNotify(VerifiedNotify):
    """A notification with Stripe's own event type."""

    event_type: str = ""


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement on the account's balance.

    ``kind`` is Stripe's reporting category (charge, refund, dispute, payout, fee …), which is stable where
    the type is not. Gross, fee and net are in the currency the account settles in, gross and net signed as they
    move the balance. ``exchange_rate`` is Stripe's own from the buyer's currency, None without conversion.
    ``reference`` is the port's gateway reference of a payment, else the number of what caused the line;
    ``own_number`` is our order or refund number where Stripe carries it; ``charged`` what the buyer paid or got
    back, in the buyer's currency.
    """

    line_id: str
    reference: str
    own_number: str
    kind: str
    gross: Money
    fee: Money
    net: Money
    exchange_rate: Decimal | None
    booked_at: datetime
    available_on: datetime
    charged: Money | None = None

    @property
    def currency(self) -> str:
        return self.net.currency
