"""The demonstration's configuration is complete, follows the ports, and leaves an operator's changes alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plugins.nansha_logistics import demo
from plugins.nansha_logistics.config import LogisticsConfig
from plugins.nansha_logistics.plugin import plugin
from saleor_ext.core.errors import ConfigurationError
from saleor_ext.plugin_api import configuration

ACCOUNT = {
    "partner_id": "PONTESANDBOX",
    "check_word": "word",
    "monthly_card": "7551234567",
    "logistics_code": "440316SFPO",
    "logistics_name": "顺风沙盒速运有限公司",
}


@pytest.fixture
def sandbox_dir(tmp_path: Path) -> Path:
    (tmp_path / "carrier").mkdir()
    (tmp_path / "carrier" / "config.json").write_text(json.dumps(ACCOUNT))
    return tmp_path


def current() -> LogisticsConfig:
    configuration.forget_cache()
    return configuration.current(plugin, LogisticsConfig)


@pytest.mark.django_db
def test_the_demonstration_can_send_a_parcel(sandbox_dir: Path) -> None:
    demo.configure(sandbox_dir, "http://127.0.0.1:8100")
    config = current()
    assert config.missing() == []
    assert config.carrier_url == "http://127.0.0.1:8100/std/service"
    assert config.push_url == "http://testserver/plugins/logistics/push/sf"
    assert config.push_key == "word"


@pytest.mark.django_db
def test_a_second_start_changes_only_addresses(sandbox_dir: Path) -> None:
    demo.configure(sandbox_dir, "http://127.0.0.1:8100")
    demo.configure(sandbox_dir, "http://127.0.0.1:8100")
    assert len(configuration.versions(plugin)) == 1
    row = configuration.latest(plugin)
    assert row is not None
    configuration.save(plugin, {**row.values, "sender_phone": "02000000000"}, actor="operator")
    demo.configure(sandbox_dir, "http://127.0.0.1:8200")
    config = current()
    assert (config.sender_phone, config.carrier_url) == ("02000000000", "http://127.0.0.1:8200/std/service")
    assert config.check_word.get_secret_value() == "word"


@pytest.mark.django_db
def test_a_sandbox_that_never_started_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="has not started yet"):
        demo.configure(tmp_path, "http://127.0.0.1:8100")
