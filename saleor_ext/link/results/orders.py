"""Orders, fulfilments and the money that moved."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from saleor_ext.core.money import Money

from .base import Address, Maybe, Metadata, Ref, Result, Slugged, TaxedMoney


class OrderProduct(Slugged):
    metadata: Metadata = {}


class OrderVariant(Result):
    id: str
    sku: str | None = None
    product: OrderProduct | None = None
    metadata: Metadata = {}


class OrderLine(Result):
    """A line as it was bought; ``variant`` is None when it was deleted since."""

    id: str
    product_name: str
    variant_name: str = ""
    product_sku: str | None = None
    quantity: int
    quantity_fulfilled: int = 0
    tax_rate: Decimal | None = None
    unit_price: TaxedMoney
    total_price: TaxedMoney
    undiscounted_unit_price: TaxedMoney | None = None
    variant: OrderVariant | None = None
    metadata: Metadata = {}


class FulfillmentLine(Result):
    id: str
    quantity: int
    order_line: Ref | None = None


class Fulfillment(Result):
    id: str
    status: str
    tracking_number: str = ""
    created: datetime | None = None
    lines: Maybe[FulfillmentLine] = []


class MoneyEvent(Result):
    id: str
    type: str | None = None
    psp_reference: str = ""
    created_at: datetime | None = None
    amount: Money | None = None


class Transaction(Result):
    """A payment of an order; ``psp_reference`` is the payment company's number."""

    id: str
    name: str = ""
    psp_reference: str = ""
    created_at: datetime | None = None
    charged_amount: Money | None = None
    refunded_amount: Money | None = None
    charge_pending_amount: Money | None = None
    events: Maybe[MoneyEvent] = []


class Order(Result):
    """An order; ``transactions`` only where an app asked."""

    id: str
    number: str
    created: datetime
    updated_at: datetime | None = None
    status: str
    is_paid: bool = False
    authorize_status: str = "NONE"
    charge_status: str = "NONE"
    user_email: str | None = None
    language_code_enum: str = ""
    checkout_id: str | None = None
    channel: Slugged
    shipping_address: Address | None = None
    billing_address: Address | None = None
    shipping_method_name: str | None = None
    shipping_price: TaxedMoney
    subtotal: TaxedMoney
    total: TaxedMoney
    undiscounted_total: TaxedMoney
    total_charged: Money
    total_refunded: Money | None = None
    lines: Maybe[OrderLine] = []
    fulfillments: Maybe[Fulfillment] = []
    transactions: Maybe[Transaction] = []
    metadata: Metadata = {}

    @property
    def channel_slug(self) -> str:
        return self.channel.slug

    @property
    def language_code(self) -> str:
        return self.language_code_enum
