"""From the configuration of a Stripe account to its gateway."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx2

from saleor_ext.core import clock

from .. import wire
from ..config import StripeConfig
from . import kept
from .client import Credentials, StripeClient
from .gateway import StripeGateway, capabilities
from .mapper import Merchant


def build(name: str, config: StripeConfig, transport: httpx2.BaseTransport | None) -> StripeGateway:
    merchant = Merchant(config.account_id, config.methods)
    able = capabilities(merchant, config.currencies)
    client = StripeClient(
        config.base_url,
        Credentials(config.api_key.get_secret_value(), config.webhook_secret.get_secret_value()),
        record=wire.recorder(StripeGateway.identifier, name),
        transport=transport,
    )
    able = replace(
        able,
        refund_window=min(able.refund_window, timedelta(days=config.refund_window_days)),
        **config.offered_for,
    )
    return StripeGateway(name, merchant, client, able, known=kept.ids(name), clock=clock.now)
