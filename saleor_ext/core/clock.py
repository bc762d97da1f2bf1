"""The one place that tells the time, so that tests can move it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

#: Customs, wallets and the shop's day all run on China Standard Time.
CHINA = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """Return the current instant, timezone-aware (UTC)."""
    return datetime.now(UTC)


def china_now() -> datetime:
    """Return the current instant in China Standard Time."""
    return now().astimezone(CHINA)


def china_today() -> date:
    """Return the calendar day that limits, quotas and rates are dated by."""
    return china_now().date()
