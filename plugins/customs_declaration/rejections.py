"""Refusals by cause over time, counted in the database: customs' codes stand inside the texts of receipts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Count

from saleor_ext.core import clock

from .messages.statuses import masked
from .models import Declaration

DAYS = 30
#: Codes as ``[Code:1313;Desc:…]`` writes them; a text without any counts under its status.
_PATTERN = r"\[?Code:\s*(-?\d+)\s*;\s*Desc:\s*([^\]]*)"
# The condition is that of the index on refusing receipts; documents are counted, not repeats of one receipt.
_COUNT = r"""
SELECT cause.code,
       (r.returned_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
       count(DISTINCT r.document_id),
       (array_agg(cause.text ORDER BY r.returned_at DESC))[1]
FROM customs_declaration_receipt r
CROSS JOIN LATERAL (
    SELECT found[1] AS code, found[2] AS text FROM regexp_matches(r.text, %(pattern)s, 'gi') AS found
    UNION ALL
    SELECT coalesce(nullif(r.status, ''), left(r.message, 6)), r.text WHERE r.text !~* %(pattern)s
) AS cause
WHERE (r.status = '100' OR r.status = '4' OR r.status LIKE '-%%' OR r.message = 'CEB900Message')
  AND r.document_id IS NOT NULL
  AND r.returned_at >= %(since)s AND r.returned_at < %(until)s
GROUP BY cause.code, day
ORDER BY day DESC
"""


@dataclass(slots=True)
class Cause:
    """One code: customs' own words for it, refused documents a day (oldest first), and how many wait for a person."""

    code: str
    text: str
    days: list[int] = field(default_factory=list)
    stopped: int = 0
    share: Decimal = Decimal(0)

    @property
    def total(self) -> int:
        return sum(self.days)


def causes(until: date | None = None, days: int = DAYS) -> list[Cause]:
    """Return the causes of the days up to and with ``until`` (today in China), the most frequent first.

    A document that is refused for two causes counts under both, so shares are of all causes told.
    """
    last = until or clock.china_today()
    first = last - timedelta(days=days - 1)
    found: dict[str, Cause] = {}
    for code, day, number, text in _counted(first, last):
        cause = found.setdefault(code, Cause(code, masked(text.strip().rstrip(";"))[:200], [0] * days))
        cause.days[(day - first).days] += number
    whole = sum(cause.total for cause in found.values())
    stopped = _stopped()
    for cause in found.values():
        cause.share = (Decimal(cause.total) / whole).quantize(Decimal("0.001"))
        cause.stopped = stopped.get(cause.code, 0)
    return sorted(found.values(), key=lambda cause: (-cause.total, cause.code))


def _counted(first: date, last: date) -> list[tuple[str, date, int, str]]:
    def midnight(day: date) -> datetime:
        return datetime.combine(day, time(), clock.CHINA)

    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {"pattern": _PATTERN, "since": midnight(first), "until": midnight(last + timedelta(days=1))},
        )
        return [(code, day, number, text or "") for code, day, number, text in cursor.fetchall()]


def _stopped() -> dict[str, int]:
    """Return how many stopped declarations wait for each code."""
    waiting = Declaration.objects.filter(state=Declaration.State.STOPPED).order_by()
    return dict(waiting.values_list("stopped_code").annotate(number=Count("pk")))
