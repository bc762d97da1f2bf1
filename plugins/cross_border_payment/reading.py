"""Reads what payment companies write: missing and unexpected values become empty, never an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from saleor_ext.core.clock import CHINA


def text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ("" if value is None else str(value))


def clip(value: str, length: int) -> str:
    return value if len(value) <= length else value[: length - 1] + "…"


def moment(value: str) -> datetime | None:
    """Read an RFC 3339 time; one without offset is China Standard Time, as the wallets' pages say."""
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=CHINA)


def rfc3339(instant: datetime) -> str:
    return instant.astimezone(CHINA).isoformat(timespec="seconds")


def kept(headers: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return the headers worth keeping, names in lower case; those left out may hold secrets."""
    lower = {name.lower(): value for name, value in headers.items()}
    return {name: lower[name] for name in names if name in lower}
