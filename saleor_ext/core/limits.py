"""How often something may be tried: counted in PostgreSQL, which all web processes share.

A window begins with the first try and ends by itself; there is nothing to unlock. Whom a window belongs to is kept
as a keyed hash only. A database that does not answer lets people in and leaves a line in the log: a limiter must
not be what closes the shop.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db import DatabaseError, connection, transaction

from . import clock, crypto
from .errors import PermanentError, PonteError
from .models import TryWindow

log = logging.getLogger(__name__)

#: Ended windows are of no use; they are kept a little, so that a look at the table explains a refusal.
KEPT = timedelta(days=1)

# One statement, so that tries that come at once in several processes are all counted.
_COUNT = """
INSERT INTO core_trywindow AS kept (key, tries, ends_at) VALUES (%(key)s, 1, %(ends_at)s)
ON CONFLICT (key) DO UPDATE SET
    tries = CASE WHEN kept.ends_at <= %(now)s THEN 1 ELSE kept.tries + 1 END,
    ends_at = CASE WHEN kept.ends_at <= %(now)s THEN EXCLUDED.ends_at ELSE kept.ends_at END
RETURNING tries, ends_at
"""
_UNCOUNT = "UPDATE core_trywindow SET tries = tries - 1 WHERE key = ANY(%s) AND tries > 0"


class TooMany(PonteError):
    """The tries of a window are used up; ``seconds`` tells when the next one is open."""

    code = "too_many_tries"

    def __init__(self, allowance: Allowance, seconds: int) -> None:
        super().__init__(f"{allowance.purpose}: {allowance.tries} tries used", seconds=seconds)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many tries in so many seconds for one subject (an account, an address) and purpose."""

    purpose: str
    subject: str
    tries: int
    seconds: int

    @property
    def key(self) -> str:
        return crypto.blind_index(f"{self.purpose}\0{self.subject}", "try window")


def take(*allowances: Allowance) -> None:
    """Count one try against every allowance.

    :raises TooMany: one of them is used up; the longest wait is told
    """
    now = clock.now()
    spent = [(allowance, wait) for allowance in allowances if (wait := _count(allowance, now))]
    if spent:
        raise TooMany(*max(spent, key=lambda pair: pair[1]))


def give_back(*allowances: Allowance) -> None:
    """Take a try back that turned out not to be one."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_UNCOUNT, [[allowance.key for allowance in allowances]])
    except DatabaseError as error:
        log.warning("tries are not counted: %s", error)


@contextmanager
def guarded(*allowances: Allowance) -> Iterator[None]:
    """Count what is done inside only when it is refused; success and outages cost no try.

    :raises TooMany: before anything is done inside
    """
    take(*allowances)
    try:
        yield
    except PermanentError:
        raise
    except BaseException:
        give_back(*allowances)
        raise
    else:
        give_back(*allowances)


def forget_ended() -> int:
    """Delete windows that ended long ago; return how many."""
    deleted, _ = TryWindow.objects.filter(ends_at__lt=clock.now() - KEPT).delete()
    return deleted


def _count(allowance: Allowance, now: datetime) -> int:
    """Count a try; return the seconds to wait, 0 when it is allowed."""
    ends_at = now + timedelta(seconds=allowance.seconds)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_COUNT, {"key": allowance.key, "now": now, "ends_at": ends_at})
            tries, ends_at = cursor.fetchone()
    except DatabaseError as error:
        log.warning("tries are not counted: %s", error)
        return 0
    return max(ceil((ends_at - now).total_seconds()), 1) if tries > allowance.tries else 0
