"""From the configuration of a WeChat account to its gateway."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlsplit

import httpx2

from saleor_ext.core import clock

from .. import wire
from ..config import WechatConfig
from ..models import PlatformCertificate as CertificateRow
from ..port import Capabilities, Surroundings
from .client import CertificateBook, Credentials, WechatClient
from .gateway import WechatGateway
from .mapper import Merchant
from .signing import PlatformCertificate

#: WeChat refuses to close an order younger than this.
CLOSE_AFTER = timedelta(minutes=5)


def build(name: str, config: WechatConfig, transport: httpx2.BaseTransport | None) -> WechatGateway:
    keeper = keeper_of(config)
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
        record=wire.recorder(WechatGateway.identifier, name),
        transport=transport,
    )
    merchant = Merchant(config.mchid, config.appid, config.merchant_category_code)
    return WechatGateway(name, merchant, client, capabilities(config))


def keeper_of(config: WechatConfig) -> str:
    """Return under which name the platform certificates of an account are kept: those of a sandbox are others."""
    return f"{config.mchid}@{urlsplit(config.base_url).netloc}"[:80]


def capabilities(config: WechatConfig) -> Capabilities:
    return Capabilities(
        can_declare_customs=bool(config.customs_targets),
        pay_code=config.pay_code,
        pay_name=config.pay_name,
        targets=config.targets,
        surroundings=frozenset(Surroundings),
        refund_window=timedelta(days=config.refund_window_days),
        declare_window=timedelta(days=config.declare_window_days),
        close_after=CLOSE_AFTER,
        invokes=bool(config.app_secret.get_secret_value()),
        **config.offered_for,
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
