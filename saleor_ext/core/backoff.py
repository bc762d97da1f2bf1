"""How long to wait before the next try: 5 s, doubling to 24 h, with jitter."""

from __future__ import annotations

import random
from datetime import timedelta

FIRST_SECONDS = 5
LONGEST_SECONDS = 24 * 3600
#: Each wait is spread by this share either way, so that many failures do not return together.
JITTER = 0.2


def delay(attempts: int) -> timedelta:
    """Return the wait after the ``attempts``-th failure (1 = first); spread or not, it never exceeds the longest."""
    seconds = min(FIRST_SECONDS * 2 ** min(max(attempts, 1) - 1, 20), LONGEST_SECONDS)
    shortest, longest = seconds * (1 - JITTER), min(seconds * (1 + JITTER), LONGEST_SECONDS)
    return timedelta(seconds=random.uniform(shortest, longest))  # noqa: S311  # no secret: it only spreads
