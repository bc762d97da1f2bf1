"""What the bank says of a day, for whoever compares it with a payment company's statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

_told: Callable[[date], Mapping[str, Any] | None] = lambda day: None  # noqa: E731  # nobody keeps statements


def set_bank(of_day: Callable[[date], Mapping[str, Any] | None]) -> None:
    """Install what tells of a day; called once."""
    global _told  # noqa: PLW0603  # one process-wide service, set once at start
    _told = of_day


def bank_day(day: date) -> Mapping[str, Any] | None:
    """Return statements, entries and differences of a day as JSON-able values; None while there are no statements."""
    return _told(day)
