"""Gateways from the configuration: one object per account, configuration version and process.

The first WeChat account, ``main``, is in the plugin's own form; all others are accounts beside it.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any, cast

import httpx2

from saleor_ext.core.errors import ConfigurationError
from saleor_ext.plugin_api import Account, accounts
from saleor_ext.plugin_api.configuration import CACHE_SECONDS, current

from . import addresses
from .companies import WECHAT, companies
from .config import GatewayAccountConfig, PaymentConfig
from .port import DeclaringGateway, Gateway

#: The account of the plugin's own form; its name is part of the notification address.
ACCOUNT = "main"


@dataclass(frozen=True, slots=True)
class Offer:
    """A gateway on which new payments may start; ``merchant`` is empty where all may."""

    gateway: Gateway
    merchant: str = ""


_Key = tuple[str, str]
_lock = threading.Lock()
_built: dict[_Key, tuple[GatewayAccountConfig, Gateway]] = {}
_listed: tuple[float, list[Account]] = (float("-inf"), [])
#: Replaces the network in tests.
_transport: httpx2.BaseTransport | None = None


class NotConfigured(ConfigurationError):
    """No account is set up; the message names the fields that are missing."""

    code = "payment_not_configured"


def configuration() -> PaymentConfig:
    """Return what holds for all accounts, and the account ``main``."""
    from .plugin import plugin

    return current(plugin, PaymentConfig)


def configured() -> dict[_Key, GatewayAccountConfig]:
    """Return the accounts that there are, complete or not, by company and name."""
    found: dict[_Key, GatewayAccountConfig] = {(WECHAT.identifier, ACCOUNT): configuration()}
    for one in _accounts():
        found.setdefault(
            (one.kind.identifier, one.name), cast("GatewayAccountConfig", current(cast("Any", one)))
        )
    return found


def gateway(identifier: str = WECHAT.identifier, account: str = ACCOUNT) -> Gateway:
    """Return the gateway of an account; raise ``NotConfigured`` where there is none."""
    key = (identifier, account)
    config = configured().get(key)
    if config is None:
        raise NotConfigured(f"no gateway {identifier}/{account}")
    if config.missing:
        raise NotConfigured(f"{title(identifier)} is not set up: " + ", ".join(config.missing))
    with _lock:
        known = _built.get(key)
        # The cache makes a new object of an unchanged configuration now and then.
        if known is None or known[0] != config:
            known = _built[key] = (config, companies()[identifier].build(account, config, _transport))
        return known[1]


def declarer(identifier: str, account: str) -> DeclaringGateway:
    """Return a gateway whose payments can be declared; raise ``NotConfigured`` where they cannot."""
    found = gateway(identifier, account)
    if not isinstance(found, DeclaringGateway):
        raise NotConfigured(f"{title(identifier)} does not declare to customs")
    return found


def title(identifier: str) -> str:
    """Return the name of a company's wallet, also of one that is not set up any more."""
    known = companies().get(identifier)
    return known.title if known else identifier


def ready() -> list[Gateway]:
    """Return the gateways of all complete accounts, also of those that are not offered."""
    return [gateway(*key) for key, config in configured().items() if not config.missing]


def offered() -> list[Offer]:
    """Return gateways on which a new payment may start."""
    return [
        Offer(gateway(*key), config.merchant)
        for key, config in configured().items()
        if config.enabled and not config.missing
    ]


def probe(account: Account) -> str:
    """Try the connection of an account; for the console."""
    return gateway(account.kind.identifier, account.name).probe()


def notify_url(gateway_: Gateway) -> str:
    return addresses.notify_url(gateway_.identifier, gateway_.account)


def forget() -> None:
    """Drop the built gateways and their connections; tests call it."""
    global _listed  # noqa: PLW0603  # what a process remembers
    for _config, built in _built.values():
        built.close_connections()
    _built.clear()
    _listed = (float("-inf"), [])


def use_transport(transport: httpx2.BaseTransport | None) -> None:
    """Send the gateways' requests elsewhere; tests call it."""
    global _transport  # noqa: PLW0603  # a seam for tests
    _transport = transport
    forget()


def transport() -> httpx2.BaseTransport | None:
    """Return what replaces the network, if anything does."""
    return _transport


def _accounts() -> list[Account]:
    """Return the accounts beside ``main``; another process's new one is noticed after some seconds."""
    global _listed  # noqa: PLW0603  # what a process remembers
    from .plugin import plugin

    read_at, found = _listed
    if time.monotonic() - read_at >= CACHE_SECONDS:
        found = [one for one in accounts.saved(plugin) if one.kind.identifier in companies()]
        _listed = (time.monotonic(), found)
    return found
