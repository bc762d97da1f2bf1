"""What the ledger expects of the bank against what the bank says: to the last cent, and each thing once.

Expected are what payment companies paid out (journals ``psp_settled``) and what merchants were paid. A line that names
a number of ours goes first; then a batch that the bank booked as one sum; then the same amount within the window. What
is left open is for a person.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.settings import platform_settings

from .. import chart, payouts
from ..models import Entry, Journal, Payout
from .models import BankLine, BankMatch

How = BankMatch.How
OBJECT = "bank_line"
SETTLED = "psp_settled"
_LOCK = 0x62616E6B


class NotOpen(PermanentError):
    """It was matched or explained already."""

    code = "bank_not_open"


@dataclass(frozen=True, slots=True)
class Expected:
    """Money that the ledger says came to our account (positive) or left it; ``names`` are numbers it goes by."""

    amount: Decimal
    currency: str
    on: date
    names: tuple[str, ...]
    journal: Journal | None = None
    payout: Payout | None = None

    @property
    def key(self) -> str:
        """What a person's word names it by."""
        if self.payout is not None:
            return f"payout:{self.payout.pk}"
        assert self.journal is not None  # one of the two
        return f"journal:{self.journal.pk}"

    def fits(self, line: BankLine) -> bool:
        return (line.currency, line.amount) == (self.currency, self.amount)

    def is_named(self, line: BankLine) -> bool:
        return any(_names(line, name) for name in self.names)

    def within(self, line: BankLine) -> bool:
        """Whether the bank booked it in the days in which it should; banks' days end before ours do."""
        return timedelta(days=-1) <= line.booked_on - self.on <= window()


def _names(line: BankLine, name: str) -> bool:
    """Whether a number stands in a line by itself: ``po_1`` is not in ``po_12``."""
    return re.search(rf"(?<![0-9A-Za-z_]){re.escape(name)}(?![0-9A-Za-z_])", line.words) is not None


def window() -> timedelta:
    """Return how long money may be on its way between a payment company, or us, and the bank."""
    return timedelta(days=platform_settings().bank_window_days)


def lock() -> None:
    """Keep others from matching until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def expected(since: date | None = None) -> Iterator[Expected]:
    """Yield what is not matched yet, the oldest first."""
    found = [*_settlements(), *_payouts()]
    for one in sorted(found, key=lambda each: (each.on, each.key)):
        if since is None or one.on >= since:
            yield one


def open_lines() -> list[BankLine]:
    """Return the bank's lines that nothing explains, the oldest first."""
    return list(BankLine.objects.filter(matches=None).select_related("statement").order_by("booked_on", "id"))


def match(*, actor: str = audit.SYSTEM) -> int:
    """Match what can be matched; return how many lines were. Payouts that the bank shows are paid."""
    with transaction.atomic():
        lock()
        lines, waiting = open_lines(), list(expected())
        found = [*_by_name(lines, waiting), *_by_batch(lines, waiting), *_by_amount(lines, waiting)]
    return _told(found, actor)


def _told(lines: list[BankLine], actor: str) -> int:
    """Tell payouts that the bank has paid them; what is decided already stays."""
    for one in BankMatch.objects.filter(line__in=lines, payout__state=Payout.State.RELEASED):
        assert one.line is not None and one.payout_id is not None  # filtered for
        payouts.mark_paid(one.payout_id, one.line.reference or f"{one.line.booked_on}", actor=actor)
    return len(lines)


# -- the three ways ----------------------------------------------------------------------------------------------


def _by_name(lines: list[BankLine], waiting: list[Expected]) -> list[BankLine]:
    """Match lines of the right amount that name a number of ours."""
    done = []
    for one in list(waiting):
        line = next((line for line in lines if one.fits(line) and one.is_named(line)), None)
        if line is not None:
            done.append(_join(line, [one], How.REFERENCE, lines, waiting))
    return done


def _by_batch(lines: list[BankLine], waiting: list[Expected]) -> list[BankLine]:
    """Match batches that the bank booked as one sum: all of their payouts are still open."""
    batches: dict[UUID, list[Expected]] = defaultdict(list)
    for one in waiting:
        if one.payout is not None:
            batches[one.payout.batch_id].append(one)
    done = []
    for batch, parts in batches.items():
        paid = Payout.objects.filter(batch_id=batch, state__in=_GONE).count()
        if len(parts) < 2 or len(parts) != paid:
            continue
        whole = sum((one.amount for one in parts), Decimal(0))
        fitting = [line for line in lines if (line.currency, line.amount) == (parts[0].currency, whole)]
        named = [line for line in fitting if _names(line, batch.hex)]
        near = [line for line in fitting if parts[0].within(line)]
        if chosen := next(iter(named or near), None):
            how = How.REFERENCE if named else How.AMOUNT
            done.append(_join(chosen, parts, how, lines, waiting))
    return done


def _by_amount(lines: list[BankLine], waiting: list[Expected]) -> list[BankLine]:
    """Match the same amount within the window, the oldest with the oldest."""
    done = []
    for one in list(waiting):
        line = next((line for line in lines if one.fits(line) and one.within(line)), None)
        if line is not None:
            done.append(_join(line, [one], How.AMOUNT, lines, waiting))
    return done


def _join(
    line: BankLine, parts: list[Expected], how: How, lines: list[BankLine], waiting: list[Expected]
) -> BankLine:
    now = clock.now()
    BankMatch.objects.bulk_create(
        BankMatch(line=line, journal=one.journal, payout=one.payout, how=how, at=now) for one in parts
    )
    lines.remove(line)
    for one in parts:
        waiting.remove(one)
    return line


# -- a person's word -----------------------------------------------------------------------------------------------


def explain(line: BankLine, *, actor: str, reason: str) -> None:
    """Take a line off the queue.

    :raises NotOpen: something explains it already
    """
    _by_hand(actor, reason, line=line)


def give_up(one: Expected, *, actor: str, reason: str) -> None:
    """Take something off the queue that the bank does not show.

    :raises NotOpen: the bank shows it, or somebody was faster
    """
    _by_hand(actor, reason, journal=one.journal, payout=one.payout)


def _by_hand(actor: str, reason: str, **what: object) -> None:
    why = reason.strip()
    if not why:
        raise PermanentError("why?", code="bank_no_reason")
    named = {name: value for name, value in what.items() if value is not None}
    with transaction.atomic():
        lock()
        if BankMatch.objects.filter(**named).exists():
            raise NotOpen("it is off the queue already")
        made = BankMatch.objects.create(
            **named, how=How.HAND, at=clock.now(), by=actor[:200], reason=why[:300]
        )
        audit.record(
            "bank.explained", OBJECT, made.pk, actor=actor, reason=why, about=str(next(iter(named.values())))
        )


def find(key: str) -> Expected:
    """Return what is still expected under a key.

    :raises NotOpen: nothing is
    """
    for one in expected():
        if one.key == key:
            return one
    raise NotOpen("nothing is expected under this number any more")


# -- what the ledger expects ---------------------------------------------------------------------------------------

_GONE = (Payout.State.RELEASED, Payout.State.PAID)


def _settlements() -> Iterable[Expected]:
    rows = Entry.objects.filter(
        journal__kind=SETTLED, account__code=chart.PAYOUT_BANK, journal__bankmatch=None
    ).select_related("journal", "account")
    for entry in rows:
        day = entry.journal.at.astimezone(clock.CHINA).date()
        names = (entry.journal.reference,) if entry.journal.reference else ()
        yield Expected(entry.amount, entry.account.currency, day, names, journal=entry.journal)


def _payouts() -> Iterable[Expected]:
    rows = Payout.objects.filter(state__in=_GONE, bankmatch=None).select_related("batch")
    for payout in rows:
        yield Expected(
            -payout.amount, payout.currency, payout.batch.day, (payout.end_to_end_id,), payout=payout
        )
