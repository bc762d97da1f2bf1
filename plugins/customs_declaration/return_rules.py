"""Until when goods may come back: the policy table of windows, by the day of release in China."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from saleor_ext.core import clock

from .policies import in_force
from .policies.windows import Windows


@dataclass(frozen=True, slots=True)
class Window:
    """The last days of one release, in China."""

    apply_by: date
    back_by: date
    rules: Windows


def window(released_at: datetime) -> Window:
    """Return until when a release can be returned.

    :raises PermanentError: ``no_windows`` for a day without rules on file
    """
    day = released_at.astimezone(clock.CHINA).date()
    rules = in_force.windows(day)
    return Window(rules.apply_until(day), rules.arrive_until(day), rules)
