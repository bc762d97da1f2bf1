"""Circuit breakers that all processes share: what fails again and again is left alone for a while.

A breaker opens after so many transient failures in a row. While it is open every call is put off (:class:`PutOff`,
which costs an outbox message no try). After the pause one caller, and only one, is let through: his success closes
the breaker, his failure opens it for another pause. The state is one row in PostgreSQL; as long as all goes well
it is read and never written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from . import clock
from .errors import PutOff, TransientError
from .models import BreakerState

#: Whoever probes has this long before another may: longer than the slowest call (20 s).
PROBE = timedelta(seconds=45)
#: While a breaker stays open, those who wait ask ever more rarely, so that many of them are no load.
LONGEST_WAIT = timedelta(minutes=10)

# One statement, so that failures that come at once in several processes are all counted.
_FAIL = """
INSERT INTO core_breakerstate AS kept (name, failures, last_error, opened_at, retry_at, probe_until)
VALUES (%(name)s, 1, %(error)s, CASE WHEN %(most)s <= 1 THEN %(now)s END, CASE WHEN %(most)s <= 1 THEN %(retry)s END,
    NULL)
ON CONFLICT (name) DO UPDATE SET
    failures = kept.failures + 1,
    last_error = EXCLUDED.last_error,
    opened_at = CASE WHEN kept.failures + 1 >= %(most)s THEN coalesce(kept.opened_at, %(now)s) END,
    retry_at = CASE WHEN kept.failures + 1 >= %(most)s THEN %(retry)s END,
    probe_until = NULL
"""


class BreakerOpen(PutOff):
    """The way is closed after failures in a row; ``seconds`` tells when to ask again."""

    code = "breaker_open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """Opens after ``failures`` transient failures in a row, probes after ``pause``."""

    name: str
    failures: int
    pause: timedelta

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Do what is inside unless the breaker is open; every other outcome than a transient failure closes it.

        Put work off inside with :class:`PutOff`: that is neither success nor failure.

        :raises BreakerOpen: before anything is done inside
        """
        before = self._enter()
        try:
            yield
        except PutOff:
            self._leave_probe(before)
            raise
        except TransientError as error:
            self._failed(f"{type(error).__name__}: {error}"[:500])
            raise
        except BaseException:
            # A refusal is an answer too: the way itself is open.
            self._succeeded(before)
            raise
        else:
            self._succeeded(before)

    def state(self) -> BreakerState | None:
        """Return failures in a row and whether it is open; None when nothing ever failed."""
        return BreakerState.objects.filter(pk=self.name).first()

    def _enter(self) -> BreakerState | None:
        known = self.state()
        if known is None or known.opened_at is None:
            return known
        now = clock.now()
        free = Q(probe_until__isnull=True) | Q(probe_until__lte=now)
        row = BreakerState.objects.filter(free, pk=self.name, opened_at__isnull=False, retry_at__lte=now)
        if row.update(probe_until=now + PROBE):
            return known
        raise BreakerOpen(
            f"{self.name} is closed after {known.failures} failures in a row: {known.last_error}",
            seconds=self._wait(known, now),
        )

    def _wait(self, known: BreakerState, now: datetime) -> float:
        """Return seconds until asking again: the end of the pause, later when it has been closed for long."""
        assert known.opened_at is not None  # the caller looked
        rest = (known.retry_at or now) - now
        return max(rest, min((now - known.opened_at) / 4, LONGEST_WAIT), timedelta(seconds=1)).total_seconds()

    def _failed(self, error: str) -> None:
        now = clock.now()
        values: dict[str, str | int | datetime] = {
            "name": self.name,
            "error": error,
            "most": self.failures,
            "now": now,
            "retry": now + self.pause,
        }
        with connection.cursor() as cursor:
            cursor.execute(_FAIL, values)

    def _succeeded(self, before: BreakerState | None) -> None:
        """Forget the failures; a success that began before newer failures does not excuse them."""
        if before is None or not before.failures:
            return
        BreakerState.objects.filter(pk=self.name, failures=before.failures).update(
            failures=0, opened_at=None, retry_at=None, probe_until=None, last_error=""
        )

    def _leave_probe(self, before: BreakerState | None) -> None:
        if before is not None and before.opened_at is not None:
            BreakerState.objects.filter(pk=self.name, opened_at=before.opened_at).update(probe_until=None)


def open_breakers() -> list[BreakerState]:
    """Return the ways that are closed now, the longest closed first."""
    return list(BreakerState.objects.filter(opened_at__isnull=False).order_by("opened_at"))
