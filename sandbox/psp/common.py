"""Small things shared by payments, refunds and customs."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.utils import timezone

from sandbox.http import web_address
from sandbox.psp.wire import ApiError


def rfc3339(instant: datetime) -> str:
    """Write a moment in China Standard Time, to the second."""
    return timezone.localtime(instant).isoformat(timespec="seconds")


def number(prefix: str, digits: int) -> str:
    """Return a number that begins with a prefix and the date and ends in random digits."""
    day = timezone.localtime().strftime("%Y%m%d")
    rest = digits - len(prefix) - len(day)
    return f"{prefix}{day}{secrets.randbelow(10**rest):0{rest}d}"


def text(data: dict[str, Any], name: str, longest: int, *, required: bool = True, shortest: int = 1) -> str:
    """Return a string field, or refuse it by name."""
    value = data.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or not shortest <= len(value) <= longest:
        raise ApiError(400, "PARAM_ERROR", f"{name} 必填且长度为 {shortest} 到 {longest}", field=f"/{name}")
    return value


def whole(data: dict[str, Any], name: str, *, least: int = 1) -> int:
    """Return an amount in fen; JSON numbers with a fraction are refused."""
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ApiError(400, "PARAM_ERROR", f"{name} 必须是不小于 {least} 的整数", field=f"/amount/{name}")
    return value


def call_back(data: dict[str, Any], *, required: bool) -> str:
    """Return ``notify_url``: absolute, without a query, as the real service demands; http will do."""
    url = text(data, "notify_url", 256, required=required)
    if url:
        parts = web_address(url)
        if parts is None or parts.query or parts.fragment:
            raise ApiError(400, "PARAM_ERROR", "notify_url 必须是不带参数的完整URL", field="/notify_url")
    return url
