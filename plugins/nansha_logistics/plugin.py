"""The declaration of the plugin: the only thing that is read before Django's apps are ready."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from saleor_ext.plugin_api import Periodic, Plugin, SaleorApp, WebhookDefinition

from .config import LogisticsConfig

PACKAGE = "plugins.nansha_logistics"
APP = "ponte.logistics"

plugin = Plugin(
    identifier="nansha_logistics",
    slug="logistics",
    name=_("Nansha logistics"),
    description=_("Bonded book, delivery quotes, waybills, the release gate and tracking."),
    version="0.1.0",
    django_app=PACKAGE,
    config_model=LogisticsConfig,
    hooks=f"{PACKAGE}.hooks",
    urls=f"{PACKAGE}.urls",
    saleor_app=SaleorApp(
        identifier=APP,
        name="Ponte Nansha logistics",
        package=PACKAGE,
        permissions=("MANAGE_SHIPPING", "MANAGE_ORDERS"),
        webhooks=(
            WebhookDefinition(
                slug="shipping-list-methods",
                event="SHIPPING_LIST_METHODS_FOR_CHECKOUT",
                query="graphql/shipping_list_methods.graphql",
                handler=f"{PACKAGE}.delivery.shipping_list_methods",
                sync=True,
                quick=True,
            ),
        ),
        about="Delivers parcels from the bonded zone of Nansha and follows them to the buyer's door.",
    ),
    periodic=(
        Periodic(name="poll-routes", function=f"{PACKAGE}.tracking.poll_due", seconds=20),
        Periodic(name="reconcile-book", function=f"{PACKAGE}.checks.reconcile_book", seconds=24 * 3600),
    ),
)
