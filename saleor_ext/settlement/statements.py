"""Statements for merchants: every journal that changed what a merchant is owed, with the balance after each.

What is owed is ``merchant.….pending`` and ``.available`` together. Days are China's, both ends included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Subquery, Sum

from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import Money
from saleor_ext.orders.models import Parcel

from . import chart, ledger
from .models import Entry

#: Journals whose whole part of the merchant is commission.
_COMMISSION = frozenset({"commission", "commission_back"})
_CHUNK = 2000
PROGRESS = 10_000


class Changed(PermanentError):
    """The ledger got further journals of the period while the statement was read; ask again."""

    code = "statement_changed"


@dataclass(frozen=True, slots=True)
class Line:
    """One journal: ``gross`` + ``commission`` + ``fee`` = ``net``, positive for the merchant; ``balance`` after it.

    ``fee`` is nought as long as the platform bears the payment companies' fees.
    """

    day: date
    order: str
    kind: str
    gross: Decimal
    commission: Decimal
    fee: Decimal
    net: Decimal
    balance: Decimal
    journal: UUID
    reference: str


@dataclass(slots=True)
class Statement:
    """A merchant's period in one currency; ``lines`` is read once, and then the sums and the closing are there."""

    merchant: str
    currency: str
    start: date
    end: date
    #: Told the number of lines so far, every ten thousand.
    progress: Callable[[int], None] | None = None
    opening: Decimal = field(init=False)
    closing: Decimal = field(init=False)
    count: int = field(default=0, init=False)
    sums: dict[str, Decimal] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.opening = owed(self.merchant, self.currency, _midnight(self.start))
        self.closing = self.opening

    def lines(self) -> Iterator[Line]:
        """Yield the lines, oldest first; never all of them in memory.

        :raises Changed: after the last, when the closing balance is not the ledger's
        """
        for line in lines(self.merchant, self.currency, self.start, self.end):
            self.closing = line.balance
            self.count += 1
            self.sums[line.kind] = self.sums.get(line.kind, Decimal(0)) + line.net
            if self.progress is not None and self.count % PROGRESS == 0:
                self.progress(self.count)
            yield line
        after = owed(self.merchant, self.currency, _midnight(self.end + timedelta(days=1)))
        if after != self.closing:
            raise Changed(f"the ledger says {after}, the lines {self.closing}")


def lines(merchant: str, currency: str, start: date, end: date) -> Iterator[Line]:
    """Yield the journals of a period, by the moment they happened and then as they were written."""
    balance = owed(merchant, currency, _midnight(start))
    within = _journals(merchant, currency).filter(
        journal__at__gte=_midnight(start), journal__at__lt=_midnight(end + timedelta(days=1))
    )
    for row in within.order_by("journal__at", "journal__recorded_at", "journal_id").iterator(
        chunk_size=_CHUNK
    ):
        balance -= row["total"]
        yield _line(row, balance)


def latest(merchant: str, currency: str, count: int) -> list[Line]:
    """Return the newest lines, newest first, with the balance after each; only these are read."""
    balance = owed(merchant, currency)
    found = []
    for row in _journals(merchant, currency).order_by("-journal__at", "-journal__recorded_at", "-journal_id")[
        :count
    ]:
        found.append(_line(row, balance))
        balance += row["total"]
    return found


def _journals(merchant: str, currency: str) -> Any:
    """Return what each journal changed for a merchant, in no order; ``total`` is negative where the merchant gained."""
    order = Subquery(Parcel.objects.filter(pk=OuterRef("journal__parcel_id")).values("order_number")[:1])
    return (
        Entry.objects.filter(account__code__in=_accounts(merchant), account__currency=currency)
        .values(
            "journal_id",
            at=F("journal__at"),
            recorded=F("journal__recorded_at"),
            what=F("journal__kind"),
            told=F("journal__reference"),
            order=order,
        )
        .annotate(total=Sum("amount"))
    )


def _line(row: dict[str, Any], balance: Decimal) -> Line:
    net = -row["total"]
    taken = net if row["what"] in _COMMISSION else Decimal("0.00")
    return Line(
        day=row["at"].astimezone(clock.CHINA).date(),
        order=row["order"] or "",
        kind=row["what"],
        gross=net - taken,
        commission=taken,
        fee=Decimal("0.00"),
        net=net,
        balance=balance,
        journal=row["journal_id"],
        reference=row["told"],
    )


def owed(merchant: str, currency: str, until: datetime | None = None) -> Decimal:
    """Return what a merchant was owed before a moment, or is now."""
    accounts = _accounts(merchant)
    return Money.sum((ledger.balance(code, currency, until) for code in accounts), currency).amount


FIGURES = ("gross", "commission", "fee", "net", "balance")


def _accounts(merchant: str) -> tuple[str, str]:
    return chart.merchant_pending(merchant), chart.merchant_available(merchant)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.CHINA)
