"""Joins the plugin to the sandbox's payment company; run by ``ponte seed`` in a demonstration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from saleor_ext.core.errors import ConfigurationError
from saleor_ext.plugin_api import Account, Plugin, accounts, configuration

from .plugin import plugin


def configure(sandbox_dir: Path, sandbox_url: str) -> None:  # every plugin is joined by the same call
    """Save the sandbox's merchant accounts, unless they are in force already.

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
    secrets = {"merchant_private_key": key, "apiv3_key": given["apiv3_key"]}
    _save(plugin, values, secrets, ("base_url", "mchid", "merchant_serial"))
    _alipay(given["antom"], sandbox_url)
    _stripe(given["stripe"], sandbox_url)


def _alipay(given: dict[str, Any], sandbox_url: str) -> None:
    names = ("client_id", "antom_public_key", "customs_name", "pay_code", "pay_name")
    values = {
        **{name: given[name] for name in names},
        "base_url": sandbox_url or given["base_url"],
        "customs_targets": given["customs"],
    }
    key = Path(given["merchant_key_file"]).read_text(encoding="ascii")
    account = Account(plugin, accounts.kind_of(plugin, "antom"), "main")
    ties = ("base_url", "client_id", "antom_public_key")
    _save(account, values, {"merchant_private_key": key}, ties)


def _stripe(given: dict[str, Any], sandbox_url: str) -> None:
    values = {
        "base_url": sandbox_url or given["base_url"],
        "account_id": given["account"],
        "methods": given["payment_method_types"],
    }
    secrets = {"api_key": given["api_key"], "webhook_secret": given["webhook_secret"]}
    account = Account(plugin, accounts.kind_of(plugin, "stripe"), "main")
    _save(account, values, secrets, ("base_url", "account_id"))


def _save(
    owner: Plugin | Account, values: dict[str, Any], secrets: dict[str, Any], ties: tuple[str, ...]
) -> None:
    """Save what is not in force: what an operator has changed stays, only what ties us to this sandbox follows it."""
    row = configuration.latest(owner)
    stored = row.values if row else {}
    if row and all(str(stored.get(name)).strip() == str(values[name]).strip() for name in ties):
        return
    configuration.save(owner, {**stored, **values, **secrets}, actor="ponte seed")
