"""The checkout: lines, prices, delivery."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import Field

from saleor_ext.core.money import Money

from .base import Address, Maybe, Metadata, Ref, Result, Slugged, TaxedMoney


class LineProduct(Slugged):
    name: str = ""
    metadata: Metadata = {}


class LineVariant(Result):
    id: str
    sku: str | None = None
    name: str = ""
    product: LineProduct
    metadata: Metadata = {}


class CheckoutLine(Result):
    id: str
    quantity: int
    variant: LineVariant
    unit_price: TaxedMoney
    total_price: TaxedMoney
    undiscounted_unit_price: Money | None = None
    metadata: Metadata = {}


class ShippingMethod(Result):
    """One way to deliver; ``active`` false with ``message`` when a rule excludes it."""

    id: str
    name: str
    description: str | None = None
    active: bool = True
    message: str | None = None
    minimum_delivery_days: int | None = None
    maximum_delivery_days: int | None = None
    price: Money
    metadata: Metadata = {}


class Delivery(Result):
    """A delivery that Saleor offers for a checkout; its id is what ``set_delivery`` wants."""

    id: str
    method: ShippingMethod | None = Field(default=None, alias="shippingMethod")


class CheckoutProblem(Result):
    """Something that stands in the way of completing."""

    typename: str = Field(alias="__typename")
    available_quantity: int | None = None
    line: Ref | None = None
    delivery: Ref | None = None


class Checkout(Result):
    id: str
    token: str = ""
    email: str | None = None
    language_code: str = ""
    authorize_status: str = "NONE"
    charge_status: str = "NONE"
    channel: Slugged
    lines: Maybe[CheckoutLine] = []
    shipping_address: Address | None = None
    billing_address: Address | None = None
    delivery: Delivery | None = None
    shipping_price: TaxedMoney
    subtotal_price: TaxedMoney
    total_price: TaxedMoney
    problems: Maybe[CheckoutProblem] = []
    metadata: Metadata = {}

    @property
    def channel_slug(self) -> str:
        return self.channel.slug

    @property
    def quantity(self) -> int:
        return sum(line.quantity for line in self.lines)


class TransactionEvent(Result):
    type: str | None = None
    message: str = ""
    psp_reference: str = ""


class TransactionAnswer(Result):
    """What a payment app answered; look at ``event_type``, because a failure is not an error of the request."""

    transaction: Ref | None = None
    event: TransactionEvent | None = Field(default=None, alias="transactionEvent")
    data: Any = None

    @property
    def transaction_id(self) -> str:
        return self.transaction.id if self.transaction else ""

    @property
    def event_type(self) -> str:
        return (self.event.type or "") if self.event else ""

    @property
    def event_message(self) -> str:
        return self.event.message if self.event else ""

    @property
    def psp_reference(self) -> str:
        return self.event.psp_reference if self.event else ""


class GatewayConfig(Result):
    id: str
    data: Any = None
    errors: Maybe[dict[str, Any]] = []


def amount_input(money: Money | None) -> Decimal | None:
    """Return the amount as a variable; the currency is the checkout's."""
    return None if money is None else money.amount
