"""Until when goods may come back: dated rules, by the day of release."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError

from .policy import DATA


@dataclass(frozen=True, slots=True)
class ReturnRules:
    """Days after the release for the application, and for the goods at the supervised place."""

    since: date
    apply_days: int
    back_days: int
    source: str
    status: str


@dataclass(frozen=True, slots=True)
class Window:
    """The last days of one release, in China."""

    apply_by: date
    back_by: date
    rules: ReturnRules


@lru_cache(maxsize=1)
def editions() -> tuple[ReturnRules, ...]:
    """Return every edition of the rules, oldest first."""
    with (DATA / "returns.toml").open("rb") as file:
        found = tomllib.load(file)["edition"]
    rules = (
        ReturnRules(
            since=entry["from"],
            apply_days=entry["apply_days"],
            back_days=entry["back_days"],
            source=entry["source"],
            status=entry["status"],
        )
        for entry in found
    )
    return tuple(sorted(rules, key=lambda one: one.since))


def window(released_at: datetime) -> Window:
    """Return until when a release can be returned.

    :raises PermanentError: ``no_return_rules`` for a day without rules on file
    """
    day = released_at.astimezone(clock.CHINA).date()
    valid = [one for one in editions() if one.since <= day]
    if not valid:
        raise PermanentError(f"no rules of returns are on file for {day}", code="no_return_rules")
    rules = valid[-1]
    return Window(day + timedelta(days=rules.apply_days), day + timedelta(days=rules.back_days), rules)
