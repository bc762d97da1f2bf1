"""Subscription root: the types webhook queries spread on."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import graphene

from sandbox.saleor.schema import checkout, order  # noqa: F401 - unions below name their types
from sandbox.saleor.schema.product import in_channel
from sandbox.saleor.sdl import TYPES, fields, interface, obj, plain, union

union("OrderOrCheckout", "Checkout Order")
union("TaxSourceLine", "CheckoutLine OrderLine")
union("TaxSourceObject", "Checkout Order")


@interface("Event", "issuedAt: DateTime version: String recipient: App")
class Event:
    pass


plain("TaxableObjectDiscount", "name: String amount: Money! type: TaxableObjectDiscountTypeEnum!")
plain(
    "TaxableObjectLine",
    """
    sourceLine: TaxSourceLine! quantity: Int! chargeTaxes: Boolean! productName: String! variantName: String!
    productSku: String unitPrice: Money! totalPrice: Money!
    """,
)
plain(
    "TaxableObject",
    """
    sourceObject: TaxSourceObject! pricesEnteredWithTax: Boolean! currency: String! shippingPrice: Money!
    address: Address discounts: [TaxableObjectDiscount!]! lines: [TaxableObjectLine!]! channel: Channel!
    """,
)
plain("TransactionAction", "actionType: TransactionActionEnum! amount: PositiveDecimal! currency: String!")
plain(
    "TransactionProcessAction",
    "amount: PositiveDecimal! currency: String! actionType: TransactionFlowStrategyEnum!",
)


def event(name: str, body: str) -> None:
    plain(f"{name} & Event", body)


event("CalculateTaxes", "taxBase: TaxableObject!")
for kind in ("ShippingListMethodsForCheckout", "CheckoutFilterShippingMethods"):
    event(kind, "checkout: Checkout shippingMethods: [ShippingMethod!]")
event("PaymentGatewayInitializeSession", "sourceObject: OrderOrCheckout! data: JSON amount: PositiveDecimal")
SESSION = (
    "transaction: TransactionItem! sourceObject: OrderOrCheckout! data: JSON merchantReference: String! "
    "customerIpAddress: String action: TransactionProcessAction!"
)
event("TransactionInitializeSession", f"{SESSION} idempotencyKey: String!")
event("TransactionProcessSession", SESSION)
for kind in ("Charge", "Cancelation"):
    event(f"Transaction{kind}Requested", "transaction: TransactionItem action: TransactionAction!")
event(
    "TransactionRefundRequested",
    "transaction: TransactionItem action: TransactionAction! grantedRefund: OrderGrantedRefund",
)
event("TransactionItemMetadataUpdated", "transaction: TransactionItem")
for kind in [
    "Created",
    "Updated",
    "Confirmed",
    "Paid",
    "FullyPaid",
    "Cancelled",
    "Expired",
    "Refunded",
    "FullyRefunded",
    "Fulfilled",
    "MetadataUpdated",
]:
    event(f"Order{kind}", "order: Order")
for kind in ("Created", "Approved"):
    event(f"Fulfillment{kind}", "fulfillment: Fulfillment order: Order notifyCustomer: Boolean!")
for kind in ("Canceled", "TrackingNumberUpdated", "MetadataUpdated"):
    event(f"Fulfillment{kind}", "fulfillment: Fulfillment order: Order")
for kind in ("Created", "Updated", "FullyPaid", "FullyAuthorized", "MetadataUpdated"):
    event(f"Checkout{kind}", "checkout: Checkout")
for kind in ("Installed", "Updated", "Deleted", "StatusChanged"):
    event(f"App{kind}", "app: App")
for kind in ("Created", "Updated"):
    event(f"Category{kind}", "category: Category")
event(
    "AccountConfirmationRequested",
    "redirectUrl: String user: User channel: Channel token: String shop: Shop",
)
event(
    "AccountSetPasswordRequested",
    "redirectUrl: String user: User channel: Channel token: String shop: Shop",
)


class ChannelAware:
    """Show the product or variant in the channel the subscription names."""

    def resolve_product(root, info, channel=None):
        return _shown(root.product, channel)

    def resolve_product_variant(root, info, channel=None):
        return _shown(root.product_variant, channel)


def _shown(row, slug):
    from sandbox.saleor.models import Channel

    if row is None or slug is None:
        return row
    return in_channel([row], Channel.objects.filter(slug=slug).first())[0]


def catalogue_event(name: str, body: str, *resolvers: str) -> None:
    chosen = {key: vars(ChannelAware)[key] for key in resolvers}
    obj(f"{name} & Event", body)(type("Resolvers", (), chosen))


for kind in ("Created", "Updated", "Deleted", "MetadataUpdated"):
    catalogue_event(f"Product{kind}", "product(channel: String): Product", "resolve_product")
for kind in ("Created", "Updated", "Deleted", "MetadataUpdated"):
    catalogue_event(
        f"ProductVariant{kind}", "productVariant(channel: String): ProductVariant", "resolve_product_variant"
    )
for kind in ("StockUpdated", "OutOfStock", "BackInStock"):
    catalogue_event(
        f"ProductVariant{kind}",
        "productVariant(channel: String): ProductVariant warehouse: Warehouse",
        "resolve_product_variant",
    )


def _event_of(root, info):
    return root["event"]


_made = fields("event: Event", {"resolve_event": _event_of})
TYPES["Subscription"] = type("Subscription", (graphene.ObjectType,), _made)
