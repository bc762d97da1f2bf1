"""From the configuration of an Antom account to its gateway."""

from __future__ import annotations

from datetime import timedelta

import httpx2

from saleor_ext.core import clock

from .. import wire
from ..config import AntomConfig
from ..port import Capabilities, Surroundings
from .client import AntomClient, Credentials
from .gateway import AntomGateway
from .mapper import Merchant


def build(name: str, config: AntomConfig, transport: httpx2.BaseTransport | None) -> AntomGateway:
    client = AntomClient(
        config.base_url,
        Credentials(
            client_id=config.client_id,
            private_key_pem=config.merchant_private_key.get_secret_value(),
            antom_public_key_pem=config.antom_public_key,
            key_version=config.key_version,
        ),
        clock=clock.now,
        record=wire.recorder(AntomGateway.identifier, name),
        transport=transport,
    )
    merchant = Merchant(config.client_id, config.settlement_currency, config.customs_name)
    return AntomGateway(name, merchant, client, capabilities(config))


def capabilities(config: AntomConfig) -> Capabilities:
    return Capabilities(
        can_declare_customs=bool(config.customs_targets),
        pay_code=config.pay_code,
        pay_name=config.pay_name,
        targets=config.targets,
        surroundings=frozenset({Surroundings.DESKTOP, Surroundings.PHONE}),
        refund_window=timedelta(days=config.refund_window_days),
        declare_window=timedelta(days=config.declare_window_days),
        settles_in=frozenset({config.settlement_currency}),
        **config.offered_for,
    )
