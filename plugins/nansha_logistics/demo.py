"""Joins the plugin to the sandbox's carrier; run by ``ponte seed`` in a demonstration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from saleor_ext.core.errors import ConfigurationError
from saleor_ext.core.settings import platform_settings
from saleor_ext.plugin_api import configuration

from .plugin import plugin

SENDER = {
    "sender_name": "南沙保税仓（演示）",
    "sender_phone": "02084680000",
    "sender_province": "广东省",
    "sender_city": "广州市",
    "sender_district": "南沙区",
    "sender_street": "南沙综合保税区",
}
#: The sandbox's day lasts minutes: a lost push must be noticed in seconds.
POLL_MINUTES = 0.25


def configure(sandbox_dir: Path, sandbox_url: str) -> None:
    """Save the sandbox carrier's account as the plugin's configuration, unless it is in force already.

    :raises ConfigurationError: when the sandbox has not written its account yet
    """
    account_file = sandbox_dir / "carrier" / "config.json"
    try:
        account = json.loads(account_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"the sandbox has not started yet: {account_file} is missing") from None
    wanted: dict[str, Any] = {
        "carrier_url": f"{sandbox_url.rstrip('/')}/std/service",
        "partner_id": account["partner_id"],
        "check_word": account["check_word"],
        "monthly_card": account["monthly_card"],
        "logistics_code": account["logistics_code"],
        "logistics_name": account["logistics_name"],
        "push_url": f"{platform_settings().public_url}/plugins/{plugin.slug}/push/sf",
        "poll_minutes": POLL_MINUTES,
        **SENDER,
    }
    row = configuration.latest(plugin)
    if row is None:
        configuration.save(plugin, wanted, actor="ponte seed")
        return
    # What an operator has changed in the console stays; only addresses follow the ports of this start.
    addresses = {name: wanted[name] for name in ("carrier_url", "push_url")}
    if any(row.values.get(name) != value for name, value in addresses.items()):
        configuration.save(plugin, {**row.values, **addresses}, actor="ponte seed")
