"""The payment companies: those of this plugin, and those that installed packages add by entry point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx2
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy

from saleor_ext.core.errors import ConfigurationError
from saleor_ext.plugin_api import AccountKind
from saleor_ext.plugin_api.registry import declared

from .config import AntomConfig, GatewayAccountConfig, StripeConfig, WechatConfig
from .port import Gateway

GROUP = "ponte.payment_companies"
#: Further companies for development and tests: ``module:attribute`` separated by commas.
EXTRA_VARIABLE = "PONTE_EXTRA_PAYMENT_COMPANIES"
_HERE = "plugins.cross_border_payment"


def _(message: str) -> str:
    """Mark a message id: Django's own marker reads the settings, and these read the plugins."""
    return message


@dataclass(frozen=True, slots=True)
class Company:
    """A payment company and how an account there becomes a gateway.

    ``identifier`` is part of notification addresses and of what is kept, so it stays. ``title`` is the wallet's name, a
    message id; ``name`` that of the accounts in the console. ``builder`` is the dotted path of
    ``f(account, configuration, transport)``: models are not there yet when companies are declared.
    """

    identifier: str
    title: str
    name: Any
    config_model: type[GatewayAccountConfig]
    builder: str

    def build(self, account: str, config: Any, transport: httpx2.BaseTransport | None) -> Gateway:
        """Return the gateway of an account; ``transport`` replaces the network in tests."""
        function: Callable[[str, Any, httpx2.BaseTransport | None], Gateway] = import_string(self.builder)
        return function(account, config, transport)


WECHAT = Company(
    "wechat",
    _("WeChat Pay"),
    gettext_lazy("WeChat Pay"),
    WechatConfig,
    f"{_HERE}.wechat.account.build",
)
ANTOM = Company(
    "antom",
    _("Alipay"),
    gettext_lazy("Alipay through Antom"),
    AntomConfig,
    f"{_HERE}.antom.account.build",
)
STRIPE = Company(
    "stripe",
    _("Card, Alipay or WeChat Pay"),
    gettext_lazy("Stripe"),
    StripeConfig,
    f"{_HERE}.stripe_pay.account.build",
)


@cache
def companies() -> dict[str, Company]:
    """Return all companies by identifier, ours first.

    :raises ConfigurationError: one cannot be loaded, or two share an identifier
    """
    found = [WECHAT, ANTOM, STRIPE, *declared(GROUP, EXTRA_VARIABLE, Company)]
    by_identifier = {company.identifier: company for company in found}
    if len(by_identifier) != len(found):
        raise ConfigurationError(
            f"two payment companies share an identifier: {sorted(one.identifier for one in found)}"
        )
    return by_identifier


def account_kinds() -> tuple[AccountKind, ...]:
    """Return what the console shows of them."""
    return tuple(
        AccountKind(company.identifier, company.name, company.config_model, f"{_HERE}.gateways.probe")
        for company in companies().values()
    )
