"""Fixtures: a configured account at the carrier, and a platform that remembers what it was told."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from pydantic import SecretStr

from plugins.nansha_logistics import checks, messages, push, requirements, seed, steps, tracking, waybills
from plugins.nansha_logistics.config import LogisticsConfig
from saleor_ext.plugin_api import ParcelView, SaleorClient

from .factories import known

CHECK_WORD = "sandbox-check-word"


class RecordingPlatform:
    """Stands where the orders domain stands; only what the plugin uses."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, str, dict[str, Any]]] = []
        self.completed: list[tuple[str, str, dict[str, Any]]] = []
        self.failed: list[tuple[str, str, str]] = []
        self.updated: list[tuple[str, str, dict[str, Any]]] = []
        self.client: SaleorClient | None = None

    def add_event(self, parcel_id: str, code: str, *, at: Any = None, key: str = "", **data: Any) -> None:
        entry = (parcel_id, code, key or code, data)
        if not any(known[0] == parcel_id and known[2] == entry[2] for known in self.events):
            self.events.append(entry)

    def complete_step(self, parcel_id: str, step: str, data: Any = None) -> bool:
        self.completed.append((parcel_id, step, dict(data or {})))
        return True

    def fail_step(
        self, parcel_id: str, step: str, code: str, message: str, *, buyer_message: Any = ""
    ) -> bool:
        self.failed.append((parcel_id, step, code))
        return True

    def update_step(self, parcel_id: str, step: str, data: Any) -> None:
        self.updated.append((parcel_id, step, dict(data)))

    def parcel(self, parcel_id: str) -> ParcelView:
        return known[parcel_id]

    def saleor(self, api_url: str, app_identifier: str) -> SaleorClient:
        assert app_identifier == "ponte.logistics"
        assert self.client is not None
        return self.client

    def codes(self) -> list[str]:
        return [code for _, code, _, _ in self.events]


@pytest.fixture
def config() -> LogisticsConfig:
    return LogisticsConfig(
        carrier_url="http://carrier.test/std/service",
        partner_id="PONTE",
        check_word=SecretStr(CHECK_WORD),
        logistics_code="4400SF0001",
        logistics_name="顺丰速运（沙箱）",
        sender_name="南沙保税仓",
        sender_phone="02084688888",
        sender_street="龙穴岛港荣一路1号",
    )


@pytest.fixture(autouse=True)
def _configured(config: LogisticsConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (checks, messages, push, requirements, seed, steps, tracking, waybills):
        monkeypatch.setattr(module, "config", lambda: config)


@pytest.fixture(autouse=True)
def platform(monkeypatch: pytest.MonkeyPatch) -> RecordingPlatform:
    recording = RecordingPlatform()
    # The package exports the function ``platform`` under the module's name, hence by sys.modules.
    monkeypatch.setattr(sys.modules["saleor_ext.plugin_api.platform"], "_platform", recording)
    return recording
