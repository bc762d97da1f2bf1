"""The declaration of the plugin."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from saleor_ext.plugin_api import Periodic, Plugin, SaleorApp, WebhookDefinition

from .companies import account_kinds
from .config import PaymentConfig

_HERE = "plugins.cross_border_payment"


def _webhook(slug: str, event: str, handler: str) -> WebhookDefinition:
    query = f"graphql/{slug.replace('-', '_')}.graphql"
    return WebhookDefinition(slug, event, query, f"{_HERE}.webhooks.{handler}", sync=True)


plugin = Plugin(
    identifier="cross_border_payment",
    slug="payment",
    name=_("Cross-border payment"),
    description=_("WeChat Pay and Alipay for Mainland buyers, with the payment record that customs demand."),
    version="0.1.0",
    django_app="plugins.cross_border_payment.apps.CrossBorderPaymentConfig",
    config_model=PaymentConfig,
    hooks=f"{_HERE}.hooks",
    saleor_app=SaleorApp(
        identifier="ponte.payment",
        name="Ponte Payment",
        package=_HERE,
        permissions=("HANDLE_PAYMENTS",),
        webhooks=(
            _webhook("gateway-initialize", "PAYMENT_GATEWAY_INITIALIZE_SESSION", "gateway_initialize"),
            _webhook("transaction-initialize", "TRANSACTION_INITIALIZE_SESSION", "initialize"),
            _webhook("transaction-process", "TRANSACTION_PROCESS_SESSION", "process"),
            _webhook("transaction-refund", "TRANSACTION_REFUND_REQUESTED", "refund"),
            _webhook("transaction-cancel", "TRANSACTION_CANCELATION_REQUESTED", "cancel"),
        ),
        about="Wallet payments for Mainland buyers, declared to China Customs.",
    ),
    urls=f"{_HERE}.urls",
    console_urls=f"{_HERE}.console.urls",
    accounts=account_kinds(),
    periodic=(
        Periodic("payment-poll", f"{_HERE}.tasks.poll_sessions", 5.0),
        Periodic("payment-reconcile", f"{_HERE}.tasks.reconcile_transactions", 30.0),
        Periodic("payment-statements", f"{_HERE}.tasks.import_statements", 1800.0),
        Periodic("payment-disputes", f"{_HERE}.tasks.look_for_disputes", 3600.0),
        Periodic("payment-certificates", f"{_HERE}.tasks.refresh_certificates", 6 * 3600.0),
    ),
)
