"""Our own addresses, as payment companies are told them."""

from __future__ import annotations

from urllib.parse import urlsplit

from saleor_ext.core.settings import platform_settings


def notify_url(gateway: str, account: str) -> str:
    """Return where an account's notifications go."""
    return f"{platform_settings().public_url}/plugins/payment/notify/{gateway}/{account}"


def notify_path(gateway: str, account: str) -> str:
    """Return the path of that address: some companies sign it."""
    return urlsplit(notify_url(gateway, account)).path
