"""The declaration of the plugin: the only thing that is read before Django's apps are ready."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from saleor_ext.plugin_api import Periodic, Plugin, SaleorApp, WebhookDefinition

from .config import CustomsConfig

PACKAGE = "plugins.customs_declaration"
APP = "ponte.customs"
TAXES = "graphql/calculate_taxes.graphql"

plugin = Plugin(
    identifier="customs_declaration",
    slug="customs",
    name=_("Customs declaration"),
    description=_("Import tax and limits, declaration of orders and inventory lists, receipts of customs."),
    version="0.1.0",
    django_app=PACKAGE,
    config_model=CustomsConfig,
    hooks=f"{PACKAGE}.hooks",
    saleor_app=SaleorApp(
        identifier=APP,
        name="Ponte customs",
        package=PACKAGE,
        permissions=("HANDLE_TAXES", "MANAGE_CHECKOUTS", "MANAGE_ORDERS"),
        webhooks=(
            WebhookDefinition(
                "checkout-taxes",
                "CHECKOUT_CALCULATE_TAXES",
                TAXES,
                f"{PACKAGE}.webhooks.calculate_taxes",
                sync=True,
                quick=True,
            ),
            WebhookDefinition(
                "order-taxes",
                "ORDER_CALCULATE_TAXES",
                TAXES,
                f"{PACKAGE}.webhooks.calculate_taxes",
                sync=True,
                quick=True,
            ),
            WebhookDefinition(
                "filter-shipping-methods",
                "CHECKOUT_FILTER_SHIPPING_METHODS",
                "graphql/filter_shipping_methods.graphql",
                f"{PACKAGE}.webhooks.filter_shipping_methods",
                sync=True,
                quick=True,
            ),
        ),
        about="Import tax, limits and customs declaration of cross-border retail orders.",
    ),
    urls=f"{PACKAGE}.urls",
    console_urls=f"{PACKAGE}.console.urls",
    periodic=(
        Periodic("customs-receipts", f"{PACKAGE}.receipts.poll", 3.0),
        Periodic("customs-gather", f"{PACKAGE}.batches.gather", 2.0),
        Periodic("customs-resend", f"{PACKAGE}.documents.resend_silent", 60.0),
        Periodic("customs-quarantine", f"{PACKAGE}.quarantine.forget_old", 3600.0),
        Periodic("customs-oversized", f"{PACKAGE}.oversized.adopt", 60.0),
        Periodic("customs-tax-bills", f"{PACKAGE}.duties.bills.adopt", 30.0),
        Periodic("customs-realtime-archive", f"{PACKAGE}.realtime.requests.forget_old", 24 * 3600.0),
    ),
)
