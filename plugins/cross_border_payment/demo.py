"""Joins the plugin to the sandbox's payment company; run by ``ponte seed`` in a demonstration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from saleor_ext.core.errors import ConfigurationError
from saleor_ext.plugin_api import configuration

from .plugin import plugin


def configure(sandbox_dir: Path, sandbox_url: str) -> None:  # every plugin is joined by the same call
    """Save the sandbox's merchant account, unless it is in force already.

    :raises ConfigurationError: the sandbox has not written its account yet
    """
    account = sandbox_dir / "psp" / "config.json"
    try:
        given = json.loads(account.read_text(encoding="utf-8"))
        key = Path(given["merchant_key_file"]).read_text(encoding="ascii")
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(f"{account} cannot be read; is the sandbox running? ({error})") from None
    values: dict[str, Any] = {
        "base_url": sandbox_url or given["base_url"],
        "mchid": given["mchid"],
        "appid": given["appid"],
        "merchant_category_code": given["merchant_category_code"],
        "merchant_serial": given["merchant_serial"],
        "customs_targets": given["customs"],
        "pay_code": given["pay_code"],
        "pay_name": given["pay_name"],
    }
    row = configuration.latest(plugin)
    stored = row.values if row else {}
    # What an operator has changed in the console stays; only what ties us to this sandbox follows it.
    if row and all(stored.get(name) == values[name] for name in ("base_url", "mchid", "merchant_serial")):
        return
    secrets = {"merchant_private_key": key, "apiv3_key": given["apiv3_key"]}
    configuration.save(plugin, {**stored, **values, **secrets}, actor="ponte seed")
