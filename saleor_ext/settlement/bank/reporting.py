"""What is open between ledger and bank, with its age and what it may belong to; days that no statement covers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Min

from saleor_ext.core import clock
from saleor_ext.core.money import Money
from saleor_ext.plugin_api.money_events import BACK

from . import matching
from .matching import Expected
from .models import BankLine, BankStatement

UNKNOWN, MISSING, GAP = "bank_unknown", "bank_missing", "bank_gap"


@dataclass(frozen=True, slots=True)
class Open:
    """Something that does not agree: a line of the bank, money that it does not show, or days it does not tell of."""

    kind: str
    subject: str
    detail: str
    day: date
    money: Money | None = None
    #: Numbers of the other side that it may belong to.
    suggestions: tuple[str, ...] = ()

    @property
    def age(self) -> int:
        """Days since."""
        return (clock.china_today() - self.day).days

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "subject": self.subject,
            "detail": self.detail,
            "day": self.day.isoformat(),
            "amount": f"{self.money.amount:.2f}" if self.money else None,
            "currency": self.money.currency if self.money else None,
            "suggestions": list(self.suggestions),
        }


def queue() -> list[Open]:
    """Return all that is open, the oldest first. Before an account's first statement nothing is missed."""
    lines, begins = matching.open_lines(), _begins()
    waiting = [
        one for one in matching.expected() if one.currency in begins and one.on >= begins[one.currency]
    ]
    late = [one for one in _without_returned(waiting) if one.on + matching.window() < clock.china_today()]
    found = [
        *(_unknown(line, waiting) for line in lines),
        *(_missing(one, lines) for one in late),
        *gaps(),
    ]
    return sorted(found, key=lambda one: (one.day, one.kind, one.subject))


def gaps() -> Iterator[Open]:
    """Yield where one statement does not begin with what the one before closed with: entries are missing between."""
    for currency in sorted(_begins()):
        chain = BankStatement.objects.filter(currency=currency, opening__isnull=False, closing__isnull=False)
        before: BankStatement | None = None
        for one in chain.order_by("last", "first", "imported_at"):
            if before is not None and one.first > before.last and one.opening != before.closing:
                detail = f"{before.last} closed with {before.closing}, {one.first} opened with {one.opening}"
                yield Open(GAP, f"{currency} {one.first}", detail, one.first)
            before = one


def of_day(day: date) -> dict[str, Any] | None:
    """Return what the bank says of a day, as JSON-able values; None while no statement was ever taken."""
    begins = _begins()
    if not begins or day < min(begins.values()):
        return None
    lines = BankLine.objects.filter(booked_on=day)
    return {
        "statements": [
            {
                "currency": one.currency,
                "first": one.first.isoformat(),
                "last": one.last.isoformat(),
                "closing": None if one.closing is None else f"{one.closing:.2f}",
            }
            for one in BankStatement.objects.filter(first__lte=day, last__gte=day)
        ],
        "lines": lines.count(),
        "matched": lines.filter(matches__isnull=False).distinct().count(),
        "differences": [one.as_json() for one in queue() if one.day == day],
    }


def _begins() -> dict[str, date]:
    """Return the first day that statements tell of, by currency."""
    rows = BankStatement.objects.values("currency").annotate(begin=Min("first"))
    return {row["currency"]: row["begin"] for row in rows}


def _unknown(line: BankLine, waiting: Iterable[Expected]) -> Open:
    words = " · ".join(filter(None, (line.reference, line.end_to_end_id, line.text)))
    near = [
        one.names[0]
        for one in waiting
        if one.currency == line.currency
        and one.names
        and (one.is_named(line) or (one.amount == line.amount and _near(one, line)))
    ]
    return Open(
        UNKNOWN, str(line.pk), words[:300], line.booked_on, Money(line.amount, line.currency), tuple(near[:5])
    )


def _missing(one: Expected, lines: Iterable[BankLine]) -> Open:
    near = [
        line.reference or str(line.booked_on)
        for line in lines
        if line.currency == one.currency
        and (one.is_named(line) or (line.amount == one.amount and _near(one, line)))
    ]
    what = "payout" if one.payout else "settlement"
    return Open(
        MISSING,
        one.key,
        f"{what} {' '.join(one.names)}".strip(),
        one.on,
        Money(one.amount, one.currency),
        tuple(near[:5]),
    )


def _without_returned(waiting: list[Expected]) -> list[Expected]:
    """Leave out payouts of a company that came back before the bank showed them, with what took them back."""
    numbers = {name: one for one in waiting for name in one.names}
    gone: set[str] = set()
    for name, one in numbers.items():
        back = numbers.get(f"{name}{BACK}")
        if back is not None and (back.amount, back.currency) == (-one.amount, one.currency):
            gone |= {one.key, back.key}
    return [one for one in waiting if one.key not in gone]


def _near(one: Expected, line: BankLine) -> bool:
    return abs(line.booked_on - one.on) <= 4 * matching.window() + timedelta(days=1)
