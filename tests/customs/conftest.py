"""Fixtures of the customs tests: a platform that remembers, a configuration with key and drop folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugins.customs_declaration import config as configuration
from plugins.customs_declaration.signing import make_demo_key
from saleor_ext.core import clock
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import hookimpl
from saleor_ext.plugin_api.registry import manager

from .parcels import FakePlatform, config


@pytest.fixture(scope="session")
def key_pair(tmp_path_factory) -> tuple[Path, Path]:
    return make_demo_key(tmp_path_factory.mktemp("customs-key"))


@pytest.fixture
def platform_of_tests() -> Iterator[FakePlatform]:
    module = sys.modules["saleor_ext.plugin_api.platform"]
    before = module._platform
    fake = FakePlatform()
    module.set_platform(fake)
    yield fake
    module._platform = before


@pytest.fixture
def settings_of_customs(key_pair, tmp_path, monkeypatch) -> configuration.CustomsConfig:
    """Put a complete configuration in force."""
    from plugins.customs_declaration import links

    made = config(folder=str(tmp_path / "drop"), key_path=str(key_pair[0]), certificate_path=str(key_pair[1]))
    monkeypatch.setattr(links, "config", lambda: made)
    return made


@pytest.fixture
def set_config(settings_of_customs, monkeypatch):
    """Change the configuration in force."""
    from plugins.customs_declaration import links

    def change(**values) -> configuration.CustomsConfig:
        made = settings_of_customs.model_copy(update=values)
        monkeypatch.setattr(links, "config", lambda: made)
        return made

    return change


@pytest.fixture
def world(platform_of_tests, settings_of_customs) -> FakePlatform:
    """The platform of tests with a drop folder and a moment that receipts are counted from."""
    platform_of_tests.drop = settings_of_customs.folder_path
    platform_of_tests.start = clock.now()
    return platform_of_tests


@pytest.fixture(autouse=True)
def _forget_verdicts() -> Iterator[None]:
    from plugins.customs_declaration import requirements

    requirements._verdict.cache_clear()
    yield


class OtherPlugins:
    """Stands where payment and logistics stand: keeps what it was asked, once per key."""

    def __init__(self) -> None:
        self.refunds: dict[str, Money | None] = {}
        self.shelved: list[tuple[str, dict[int, int], str]] = []
        self.calls = 0

    @hookimpl(tryfirst=True)
    def refund_wanted(self, parcel, amount: Money | None, key: str, reason: str) -> str:
        self.calls += 1
        self.refunds[key] = amount
        return f"PR-{len(self.refunds)}"

    @hookimpl
    def parcel_returned(self, parcel, lines, key: str, document: str) -> None:
        self.shelved.append((key, dict(lines), document))


@pytest.fixture
def others():
    plugin = OtherPlugins()
    hooks = manager()
    kept = [hooks.unregister(name=name) for name in ("cross_border_payment", "nansha_logistics")]
    hooks.register(plugin, name="others")
    yield plugin
    hooks.unregister(plugin)
    for name, module in zip(("cross_border_payment", "nansha_logistics"), kept, strict=True):
        hooks.register(module, name=name)
