"""What `ponte saleor setup` reads of a Saleor before it changes anything."""

from __future__ import annotations

from .base import Country, Maybe, Nodes, Ref, Result, Slugged


class ShopSettings(Result):
    use_legacy_shipping_zone_stock_availability: bool | None = None
    fulfillment_auto_approve: bool | None = None


class OrderSettings(Result):
    automatically_confirm_all_new_orders: bool | None = None
    allow_unpaid_orders: bool | None = None
    mark_as_paid_strategy: str | None = None


class CheckoutSettings(Result):
    automatically_complete_fully_paid_checkouts: bool | None = None
    automatic_completion_delay: int | None = None


class PaymentSettings(Result):
    default_transaction_flow_strategy: str | None = None


class Channel(Slugged):
    currency_code: str
    is_active: bool = True
    warehouses: Maybe[Slugged] = []
    order_settings: OrderSettings = OrderSettings()
    checkout_settings: CheckoutSettings = CheckoutSettings()
    payment_settings: PaymentSettings = PaymentSettings()


class Warehouse(Slugged):
    external_reference: str | None = None


class ShippingZone(Result):
    id: str
    name: str
    countries: list[Country] = []
    warehouses: Maybe[Ref] = []
    channels: Maybe[Ref] = []


class ProductType(Slugged):
    is_shipping_required: bool = True


class CountryTax(Result):
    country: Country


class TaxConfiguration(Result):
    id: str
    channel: Slugged
    charge_taxes: bool
    tax_calculation_strategy: str | None = None
    display_gross_prices: bool
    prices_entered_with_tax: bool
    tax_app_id: str | None = None
    countries: Maybe[CountryTax] = []


class Situation(Result):
    """The state of a Saleor, as far as the set-up cares."""

    shop: ShopSettings
    channels: Maybe[Channel] = []
    warehouses: Nodes[Warehouse] = []
    shipping_zones: Nodes[ShippingZone] = []
    product_types: Nodes[ProductType] = []
    tax_configurations: Nodes[TaxConfiguration] = []
