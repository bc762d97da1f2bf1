"""Windows that open with the release of a list: returning the goods, paying the tax."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from saleor_ext.core.errors import PermanentError

from ..policy import DATA


@dataclass(frozen=True, slots=True)
class Windows:
    """Days counted from the day of release, which is day 0; each last day is inside."""

    since: date
    apply_days: int
    arrive_days: int
    pay_from_day: int
    pay_until_day: int
    source: str
    status: str

    def apply_until(self, released: date) -> date:
        """Return the last day on which a return may be applied for."""
        return released + timedelta(days=self.apply_days)

    def arrive_until(self, released: date) -> date:
        """Return the last day on which the goods may come back."""
        return released + timedelta(days=self.arrive_days)

    def pay_from(self, released: date) -> date:
        """Return the first day of the payment of tax."""
        return released + timedelta(days=self.pay_from_day)

    def pay_until(self, released: date) -> date:
        """Return the last day of the payment of tax."""
        return released + timedelta(days=self.pay_until_day)


def windows_of(entry: Mapping[str, Any], since: date, source: str, status: str) -> Windows:
    """Make windows of a table's four keys of days."""
    return Windows(
        since=since,
        apply_days=entry["apply_days"],
        arrive_days=entry["arrive_days"],
        pay_from_day=entry["pay_from_day"],
        pay_until_day=entry["pay_until_day"],
        source=source,
        status=status,
    )


@lru_cache(maxsize=1)
def shipped() -> tuple[Windows, ...]:
    """Return every shipped edition, oldest first."""
    with (DATA / "windows.toml").open("rb") as file:
        found = tomllib.load(file)["edition"]
    made = (windows_of(entry, entry["from"], entry["source"], entry["status"]) for entry in found)
    return tuple(sorted(made, key=lambda edition: edition.since))


def windows_on(day: date) -> Windows:
    """Return the windows of a list released on a day by the shipped table."""
    valid = [edition for edition in shipped() if edition.since <= day]
    if not valid:
        raise PermanentError(f"no return windows are on file for {day}", code="no_windows")
    return valid[-1]
