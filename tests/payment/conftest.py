"""A configured payment plugin with a fake WeChat behind it and a platform that only notes what it is told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import translation

from plugins.cross_border_payment import gateways, lanes
from plugins.cross_border_payment.plugin import plugin
from saleor_ext.core import clock
from saleor_ext.plugin_api import Buyer, CheckoutView, Finding, Identity, ParcelView, configuration

from . import fake_wechat
from .fake_wechat import FakeWechat

API = "http://saleor.test/graphql/"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "integration: runs the sandbox's payment company as processes")


@dataclass
class FakeSaleor:
    """Notes what is reported."""

    calls: list[Mapping[str, Any]] = field(default_factory=list)
    fail: Exception | None = None

    def execute(
        self, document: str, variables: Mapping[str, Any] | None = None, *, idempotent: bool = False
    ) -> dict[str, Any]:
        if self.fail:
            raise self.fail
        self.calls.append(dict(variables or {}))
        return {"transactionEventReport": {"alreadyProcessed": False, "errors": []}}


@dataclass
class FakePlatform:
    """The services of the platform, in memory."""

    client: FakeSaleor = field(default_factory=FakeSaleor)
    #: Saleors by address beside the one at API.
    others: dict[str, FakeSaleor] = field(default_factory=dict)
    parcels: dict[str, ParcelView] = field(default_factory=dict)
    completed: list[tuple[str, str]] = field(default_factory=list)
    done: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    resumed: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    revealed: list[str] = field(default_factory=list)
    named: dict[tuple[str, str], Buyer] = field(default_factory=dict)
    #: Whose article a SKU is.
    sellers: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    checked: list[CheckoutView] = field(default_factory=list)
    identity: Identity = field(default_factory=lambda: Identity("张三", "11010519491231002x", "13800000000"))

    def saleor(self, api_url: str, app_identifier: str) -> FakeSaleor:
        assert app_identifier == "ponte.payment"
        return self.others.get(api_url, self.client)

    def instances(self, app_identifier: str) -> list[str]:
        assert app_identifier == "ponte.payment"
        return sorted([API, *self.others])

    def parcel(self, parcel_id: str) -> ParcelView:
        return self.parcels[parcel_id]

    def parcels_numbered(self, number: str) -> list[ParcelView]:
        return [
            one
            for one in self.parcels.values()
            if number in (one.number, one.order_number, one.transaction_id)
        ]

    def parcels_of(self, transactions: Collection[str]) -> dict[str, ParcelView]:
        return {
            one.transaction_id: one for one in self.parcels.values() if one.transaction_id in transactions
        }

    def complete_step(self, parcel_id: str, step: str, data: Mapping[str, Any] | None = None) -> bool:
        if parcel_id in self.done:
            return False
        self.done[parcel_id] = dict(data or {})
        return True

    def fail_step(
        self, parcel_id: str, step: str, code: str, message: str, *, buyer_message: Any = ""
    ) -> bool:
        self.failed[parcel_id] = (code, message, str(buyer_message))
        return True

    def update_step(self, parcel_id: str, step: str, data: Mapping[str, Any]) -> None:
        view = self.parcels[parcel_id]
        kept = view.steps[step]
        steps = {**view.steps, step: replace(kept, data={**kept.data, **data})}
        self.parcels[parcel_id] = replace(view, steps=steps)

    def resume_departure(self, parcel_id: str) -> None:
        self.resumed.append(parcel_id)

    def add_event(
        self, parcel_id: str, code: str, *, at: datetime | None = None, key: str = "", **data: Any
    ) -> None:
        self.events.append(code)

    def reveal_identity(self, reference: str, *, purpose: str, actor: str = "system") -> Identity:
        self.revealed.append(purpose)
        return self.identity

    def buyer_of_checkout(self, api_url: str, checkout_id: str) -> Buyer | None:
        return self.named.get((api_url, checkout_id))

    def check_order(self, checkout: CheckoutView) -> list[Finding]:
        self.checked.append(checkout)
        return self.findings

    def recent_facts(self, skus: Iterable[str]) -> dict[str, Any]:
        return {sku: SimpleNamespace(merchant=self.sellers[sku]) for sku in skus if sku in self.sellers}

    def complete_checkout(self, api_url: str, checkout_id: str) -> None:
        self.completed.append((api_url, checkout_id))


def config_values(**changes: Any) -> dict[str, Any]:
    return {
        "base_url": fake_wechat.BASE,
        "mchid": fake_wechat.MCHID,
        "appid": fake_wechat.APPID,
        "merchant_serial": fake_wechat.MERCHANT_SERIAL,
        "merchant_private_key": fake_wechat.private_pem(fake_wechat.MERCHANT_KEY),
        "apiv3_key": fake_wechat.APIV3_KEY,
        "customs_targets": [{"customs": "GUANGZHOU_ZS", "merchant_customs_no": "4401961234"}],
        **changes,
    }


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """These tests read messages: they must not depend on which translations are compiled."""
    with translation.override("en"):
        yield


@pytest.fixture
def lanes_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lanes, so that these tests stand without the plugin that carries them; one of them asks for a buyer."""
    known = [
        SimpleNamespace(code="bonded_1210", needs_payment_declaration=True, needs_identity=False),
        SimpleNamespace(code="named", needs_payment_declaration=True, needs_identity=True),
        SimpleNamespace(code="local", needs_payment_declaration=False, needs_identity=False),
    ]
    monkeypatch.setattr(lanes, "ask", lambda hook, **arguments: known)


@pytest.fixture
def wechat(db: None, lanes_known: None, services: FakePlatform) -> Iterator[FakeWechat]:
    """A configured account at the fake."""
    fake = FakeWechat(clock.now)
    gateways.use_transport(fake.transport)
    configuration.save(plugin, config_values(), actor="test")
    configuration.forget_cache()
    yield fake
    gateways.use_transport(None)


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> FakePlatform:
    fake = FakePlatform()
    monkeypatch.setattr(import_module("saleor_ext.plugin_api.platform"), "_platform", fake)
    return fake
