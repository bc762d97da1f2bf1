"""The public contract of plugins.

A plugin is a Django app found by the entry point group ``ponte.plugins``, declared by one :class:`Plugin`,
hooked through :data:`hookimpl` and configured by one pydantic model. Everything a plugin may use of the
platform is importable from here or from ``saleor_ext.core``. A module ``commands`` in the plugin's package may add
commands to ``ponte`` by ``register(subparsers)``. See docs/plugins.md.
"""

from .config import PluginConfig, Secret
from .definitions import Extension, Periodic, Plugin, SaleorApp, WebhookContext, WebhookDefinition
from .documents import document
from .hooks import hookimpl
from .platform import Platform, SaleorClient, platform
from .types import (
    Address,
    Buyer,
    ConsoleFragment,
    DeliveryOption,
    DeliveryRequest,
    Done,
    Finding,
    Fragment,
    Health,
    Identity,
    Lane,
    ListingView,
    MerchantView,
    OrderDraft,
    OrderDraftLine,
    ParcelLine,
    ParcelView,
    PaymentMethod,
    PaymentMethodsRequest,
    PaymentSession,
    Requirement,
    StepSpec,
    StepView,
    TaxLine,
    TaxQuote,
    TaxQuoteLine,
    TaxQuoteRequest,
    VariantFacts,
    Wait,
)

__all__ = [
    "Address",
    "Buyer",
    "ConsoleFragment",
    "DeliveryOption",
    "DeliveryRequest",
    "Done",
    "Extension",
    "Finding",
    "Fragment",
    "Health",
    "Identity",
    "Lane",
    "ListingView",
    "MerchantView",
    "OrderDraft",
    "OrderDraftLine",
    "ParcelLine",
    "ParcelView",
    "PaymentMethod",
    "PaymentMethodsRequest",
    "PaymentSession",
    "Periodic",
    "Platform",
    "Plugin",
    "PluginConfig",
    "Requirement",
    "SaleorApp",
    "SaleorClient",
    "Secret",
    "StepSpec",
    "StepView",
    "TaxLine",
    "TaxQuote",
    "TaxQuoteLine",
    "TaxQuoteRequest",
    "VariantFacts",
    "Wait",
    "WebhookContext",
    "WebhookDefinition",
    "document",
    "hookimpl",
    "platform",
]
