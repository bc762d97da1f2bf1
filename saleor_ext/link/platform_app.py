"""The platform's own Saleor App: what it may do and which events it listens to."""

from __future__ import annotations

from saleor_ext.plugin_api.definitions import SaleorApp, WebhookDefinition

PACKAGE = "saleor_ext.link"
ORDER_HANDLER = "saleor_ext.orders.webhooks.order_changed"
PRODUCT_HANDLER = "saleor_ext.catalogue.webhooks.product_changed"
PRODUCT_GONE_HANDLER = "saleor_ext.catalogue.webhooks.product_deleted"

#: An order event only says "look again": all of them carry the same picture of the order.
ORDER_EVENTS = (
    "ORDER_FULLY_PAID",
    "ORDER_UPDATED",
    "ORDER_CANCELLED",
    "ORDER_REFUNDED",
    "ORDER_FULLY_REFUNDED",
)
PRODUCT_EVENTS = ("PRODUCT_CREATED", "PRODUCT_UPDATED", "PRODUCT_METADATA_UPDATED")
VARIANT_EVENTS = (
    "PRODUCT_VARIANT_CREATED",
    "PRODUCT_VARIANT_UPDATED",
    "PRODUCT_VARIANT_DELETED",
    "PRODUCT_VARIANT_OUT_OF_STOCK",
    "PRODUCT_VARIANT_BACK_IN_STOCK",
)


def _webhook(event: str, handler: str) -> WebhookDefinition:
    slug = event.lower().replace("_", "-")
    return WebhookDefinition(
        slug=slug, event=event, query=f"graphql/{slug.replace('-', '_')}.graphql", handler=handler
    )


PLATFORM_APP = SaleorApp(
    identifier="ponte.platform",
    name="Ponte",
    package=PACKAGE,
    about="Sells from Macau to Mainland China: listings, customs orders, parcels, settlement.",
    # MANAGE_PRODUCTS: publish and stock; MANAGE_PRODUCT_TYPES_AND_ATTRIBUTES: make a product type that is missing;
    # MANAGE_ORDERS: read, fulfil; MANAGE_CHECKOUTS: read a checkout and finish a paid one; MANAGE_TRANSLATIONS: the
    # four languages.
    permissions=(
        "MANAGE_PRODUCTS",
        "MANAGE_PRODUCT_TYPES_AND_ATTRIBUTES",
        "MANAGE_ORDERS",
        "MANAGE_CHECKOUTS",
        "MANAGE_TRANSLATIONS",
    ),
    webhooks=(
        *(_webhook(event, ORDER_HANDLER) for event in ORDER_EVENTS),
        *(_webhook(event, PRODUCT_HANDLER) for event in PRODUCT_EVENTS),
        *(_webhook(event, PRODUCT_HANDLER) for event in VARIANT_EVENTS),
        _webhook("PRODUCT_DELETED", PRODUCT_GONE_HANDLER),
    ),
)
