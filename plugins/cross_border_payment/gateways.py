"""Builds gateways from the configuration; one object per configuration version and process."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlsplit

import httpx2

from saleor_ext.core import clock
from saleor_ext.core.errors import ConfigurationError
from saleor_ext.core.settings import platform_settings
from saleor_ext.plugin_api.configuration import current

from . import wire
from .config import PaymentConfig
from .models import PlatformCertificate as CertificateRow
from .port import Capabilities, Gateway, Surroundings
from .wechat.client import CertificateBook, Credentials, WechatClient
from .wechat.gateway import WechatGateway
from .wechat.mapper import Merchant
from .wechat.signing import PlatformCertificate

#: The one account of the configuration; its name is part of the notification address.
ACCOUNT = "main"
#: WeChat refuses to close an order younger than this.
CLOSE_AFTER = timedelta(minutes=5)

_lock = threading.Lock()
_built: tuple[PaymentConfig, WechatGateway] | None = None
#: Replaces the network in tests.
_transport: httpx2.BaseTransport | None = None


class NotConfigured(ConfigurationError):
    """No account is set up; the message names the fields that are missing."""

    code = "payment_not_configured"


def configuration() -> PaymentConfig:
    from .plugin import plugin

    return current(plugin, PaymentConfig)


def gateway(identifier: str = WechatGateway.identifier, account: str = ACCOUNT) -> WechatGateway:
    """Return the gateway of an account; raise ``NotConfigured`` where there is none."""
    global _built  # noqa: PLW0603  # one cached object per process, replaced when the configuration changes
    if identifier != WechatGateway.identifier or account != ACCOUNT:
        raise NotConfigured(f"no gateway {identifier}/{account}")
    config = configuration()
    if config.missing:
        raise NotConfigured("WeChat Pay is not set up: " + ", ".join(config.missing))
    with _lock:
        # The cache makes a new object of an unchanged configuration now and then.
        if _built is None or _built[0] != config:
            _built = (config, _build(config))
        return _built[1]


def offered() -> list[Gateway]:
    """Gateways on which a new payment may start."""
    config = configuration()
    return [] if config.missing or not config.enabled else [gateway()]


def notify_url(gateway_: Gateway) -> str:
    return f"{platform_settings().public_url}/plugins/payment/notify/{gateway_.identifier}/{gateway_.account}"


def forget() -> None:
    """Drop the built gateway and its connections; tests call it."""
    global _built  # noqa: PLW0603  # see above
    if _built is not None:
        _built[1].client.close()
    _built = None


def use_transport(transport: httpx2.BaseTransport | None) -> None:
    """Send the gateways' requests elsewhere; tests call it."""
    global _transport  # noqa: PLW0603  # a seam for tests
    _transport = transport
    forget()


def _build(config: PaymentConfig) -> WechatGateway:
    keeper = f"{config.mchid}@{urlsplit(config.base_url).netloc}"[:80]
    client = WechatClient(
        config.base_url,
        Credentials(
            mchid=config.mchid,
            serial=config.merchant_serial,
            private_key_pem=config.merchant_private_key.get_secret_value(),
            apiv3_key=config.apiv3_key.get_secret_value(),
        ),
        CertificateBook(lambda: _saved(keeper), lambda certificate: _save(keeper, certificate)),
        clock=clock.now,
        record=wire.recorder(WechatGateway.identifier, ACCOUNT),
        transport=_transport,
    )
    return WechatGateway(
        ACCOUNT,
        Merchant(config.mchid, config.appid, config.merchant_category_code),
        client,
        capabilities(config),
    )


def capabilities(config: PaymentConfig) -> Capabilities:
    return Capabilities(
        can_declare_customs=bool(config.customs_targets),
        pay_code=config.pay_code,
        pay_name=config.pay_name,
        targets=config.targets,
        currencies=frozenset(config.currencies),
        surroundings=frozenset(Surroundings),
        refund_window=timedelta(days=config.refund_window_days),
        declare_window=timedelta(days=config.declare_window_days),
        close_after=CLOSE_AFTER,
    )


def _saved(keeper: str) -> Iterable[PlatformCertificate]:
    rows = CertificateRow.objects.filter(gateway=WechatGateway.identifier, account=keeper)
    return [PlatformCertificate(r.serial, r.pem.encode(), r.not_before, r.not_after) for r in rows]


def _save(keeper: str, certificate: PlatformCertificate) -> None:
    CertificateRow.objects.get_or_create(
        gateway=WechatGateway.identifier,
        account=keeper,
        serial=certificate.serial,
        defaults={
            "pem": certificate.pem.decode(),
            "not_before": certificate.not_before,
            "not_after": certificate.not_after,
            "fetched_at": clock.now(),
        },
    )
