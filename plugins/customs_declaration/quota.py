"""The yearly limit of a person: reserved at the order check, held when paid, confirmed at release.

Every change happens under the lock of the person's row for that year, so that two checkouts of one
person cannot both take the last yuan. What other platforms have used is not known here: the sum is
a lower bound, and customs decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError

from .models import QuotaAccount, QuotaUse
from .policy import limits_on

State = QuotaUse.State
_LIVE_ALWAYS = (State.HELD, State.CONFIRMED)


class QuotaExceeded(PermanentError):
    """The person's year would go over the limit; ``data`` has ``used`` and ``limit``."""

    code = "annual_limit"


@dataclass(frozen=True, slots=True)
class QuotaState:
    """A person's year as far as this platform knows it."""

    year: int
    used: Decimal
    limit: Decimal

    @property
    def left(self) -> Decimal:
        return max(self.limit - self.used, Decimal(0))


def state_of(index: str, *, apart_from: str = "") -> QuotaState:
    """Return what a person has used of this year, without one checkout's own part."""
    today = clock.china_today()
    used = _sum(_live(QuotaUse.objects.filter(account__index=index, account__year=today.year)), apart_from)
    return QuotaState(today.year, used, limits_on(today).annual)


def reserve(index: str, reference: str, amount: Decimal, *, keep: timedelta) -> QuotaState:
    """Reserve or renew a checkout's part until ``keep`` has passed; a held part stays held.

    :raises QuotaExceeded: when the year has not enough left
    """
    return _put(index, reference, amount, State.RESERVED, clock.now() + keep)


def hold(index: str, reference: str, amount: Decimal) -> QuotaState:
    """Keep a paid parcel's part until customs have decided; takes it anew when the reservation lapsed.

    :raises QuotaExceeded: when it lapsed and the year has not enough left
    """
    return _put(index, reference, amount, State.HELD, None)


def confirm(reference: str) -> bool:
    """Mark a part as used for good; False when it was so already or is not known.

    A freed part too: what customs released counts, whatever was believed before.
    """
    return _move(reference, State.CONFIRMED, (State.RESERVED, State.HELD, State.FREED))


def free(reference: str) -> bool:
    """Give a part back that customs have not released; False when there was nothing to give."""
    return _move(reference, State.FREED, (State.RESERVED, State.HELD))


def give_back(reference: str, amount: Decimal) -> bool:
    """Take what customs gave back off a used part; the part is freed when nothing of it is left.

    Call once per ground, in the transaction that stores it: the same amount again would count twice.
    """
    with transaction.atomic():
        known = QuotaUse.objects.filter(reference=reference).first()
        if known is None:
            return False
        QuotaAccount.objects.select_for_update().get(pk=known.account_id)
        use = QuotaUse.objects.get(pk=known.pk)
        if use.state not in _LIVE_ALWAYS:
            return False
        use.amount = max(use.amount - amount, Decimal(0))
        if not use.amount:
            use.state = State.FREED
        use.changed_at = clock.now()
        use.save(update_fields=["amount", "state", "changed_at"])
    return True


def _put(
    index: str, reference: str, amount: Decimal, state: State, expires_at: datetime | None
) -> QuotaState:
    today = clock.china_today()
    limit = limits_on(today).annual
    with transaction.atomic():
        account = _locked(index, today.year)
        known = QuotaUse.objects.select_for_update().filter(reference=reference).first()
        if known is not None and known.state == State.CONFIRMED:
            return state_of(index)
        used = _sum(_live(account.uses.all()), reference)
        if used + amount > limit:
            raise QuotaExceeded("the yearly limit would be exceeded", used=f"{used:f}", limit=f"{limit:f}")
        # A late check of a checkout that is paid meanwhile must not make its part lapse again.
        held = known is not None and known.state == State.HELD
        values = {
            "account": account,
            "amount": amount,
            "state": State.HELD if held else state,
            "expires_at": None if held else expires_at,
            "changed_at": clock.now(),
        }
        QuotaUse.objects.update_or_create(reference=reference, defaults=values)
        return QuotaState(today.year, used + amount, limit)


def _move(reference: str, state: State, allowed: tuple[State, ...]) -> bool:
    with transaction.atomic():
        known = QuotaUse.objects.filter(reference=reference).select_related("account").first()
        if known is None:
            return False
        QuotaAccount.objects.select_for_update().get(pk=known.account_id)
        changed = QuotaUse.objects.filter(pk=known.pk, state__in=allowed).update(
            state=state, expires_at=None, changed_at=clock.now()
        )
    return bool(changed)


def _locked(index: str, year: int) -> QuotaAccount:
    QuotaAccount.objects.bulk_create([QuotaAccount(index=index, year=year)], ignore_conflicts=True)
    return QuotaAccount.objects.select_for_update().get(index=index, year=year)


def _live(uses: QuerySet[QuotaUse]) -> QuerySet[QuotaUse]:
    lasting = Q(state=State.RESERVED, expires_at__gt=clock.now())
    return uses.filter(Q(state__in=_LIVE_ALWAYS) | lasting)


def _sum(uses: QuerySet[QuotaUse], apart_from: str) -> Decimal:
    total = uses.exclude(reference=apart_from).aggregate(total=Sum("amount"))["total"]
    return total if total is not None else Decimal(0)
