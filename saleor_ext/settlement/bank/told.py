"""A statement as a file tells it, whatever the format; proven before anything of it is kept."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import Money

#: Larger files are no statement of a shop's account.
MOST_BYTES = 20 * 1024 * 1024
_AMOUNT = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,5})?")


class Unreadable(PermanentError):
    """The file is no bank statement that can be believed; the message says where and why."""

    code = "bank_unreadable"


@dataclass(frozen=True, slots=True)
class Line:
    """An entry: positive came in, negative went out."""

    booked_on: date
    amount: Decimal
    valued_on: date | None = None
    reference: str = ""
    end_to_end_id: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """The entries of an account between two days; balances where the file has them."""

    account: str
    currency: str
    number: str
    first: date
    last: date
    opening: Decimal | None
    closing: Decimal | None
    lines: Sequence[Line]

    def prove(self) -> None:
        """Refuse a statement whose entries do not lead from one balance to the other.

        :raises Unreadable: they do not
        """
        if self.opening is None or self.closing is None:
            return
        moved = sum((line.amount for line in self.lines), Decimal(0))
        if self.opening + moved != self.closing:
            sums = f"{self.opening} and entries of {moved} do not come to {self.closing}"
            raise Unreadable(f"statement {self.number or self.last}: {sums}")

    def marks(self) -> list[str]:
        """Return what each line is known by: equal ones are told apart by how many there were before."""
        seen: Counter[tuple[object, ...]] = Counter()
        found = []
        for line in self.lines:
            says = (line.booked_on, line.amount, line.reference, line.end_to_end_id, line.text)
            text = "\x1f".join([*map(str, says), str(seen[says])])
            found.append(hashlib.sha256(text.encode()).hexdigest())
            seen[says] += 1
        return found


def amount(text: str, currency: str, where: str) -> Decimal:
    """Read an amount with a point and at most as many digits behind it as the currency has.

    :raises Unreadable: it is none
    """
    if not _AMOUNT.fullmatch(text.strip()):
        raise Unreadable(f"{where}: {text[:40]!r} is no amount")
    value = Decimal(text.strip())
    try:
        exact = Money(value, currency).quantize()
    except ValueError:
        raise Unreadable(f"{where}: {currency[:10]!r} is no currency") from None
    if exact.amount != value:
        raise Unreadable(f"{where}: {text[:40]!r} is finer than {currency}")
    return exact.amount


def day(text: str, where: str) -> date:
    """Read a day, or the day of an ISO 8601 time.

    :raises Unreadable: it is none
    """
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        raise Unreadable(f"{where}: {text[:40]!r} is no day") from None
