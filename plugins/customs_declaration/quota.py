"""A person's year: the yearly limit in CNY and the yearly quantities of the positive list.

Reserved at the order check, held when paid, confirmed at release, freed on rejection, cancellation or return; part
of it given back on a partial return. Every change happens under the lock of the person's row for that year, so that
two checkouts of one person cannot both take the last yuan or the last kilogram. What other platforms have used is not
known here: the sums are lower bounds, and customs decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_UP, Decimal

from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum

from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError

from .models import QuotaAccount, QuotaQuantity, QuotaReturn, QuotaUse
from .policies import in_force
from .positive_list import CapBreach, ListRule
from .tax import TaxLine

State = QuotaUse.State
_LIVE_ALWAYS = (State.HELD, State.CONFIRMED)
#: Places of a stored quantity.
_STEP = Decimal("0.00001")


class QuotaExceeded(PermanentError):
    """The person's year would go over the limit; ``data`` has ``used`` and ``limit``."""

    code = "annual_limit"


@dataclass(frozen=True, slots=True)
class Capped:
    """What a checkout takes of a yearly quantity, in the unit of the rule."""

    rule: ListRule
    quantity: Decimal


class CapExceeded(QuotaExceeded):
    """A yearly quantity would be exceeded; ``breach`` says which, ``data`` has ``group``, ``used`` and ``limit``."""

    code = "yearly_quantity"

    def __init__(self, breach: CapBreach) -> None:
        super().__init__(
            "a yearly quantity would be exceeded",
            group=breach.rule.group,
            used=f"{breach.used:f}",
            limit=f"{breach.rule.cap:f}",
        )
        self.breach = breach


@dataclass(frozen=True, slots=True)
class QuotaState:
    """A person's year as far as this platform knows it."""

    year: int
    used: Decimal
    limit: Decimal

    @property
    def left(self) -> Decimal:
        return max(self.limit - self.used, Decimal(0))


def capped(lines: Iterable[tuple[str, TaxLine]], day: date) -> list[Capped]:
    """Return what (ten-digit code, line) pairs take of the yearly quantities of the positive list of a day.

    :raises MissingMeasure: a line's contents in the unit of its cap are not known
    """
    listed = in_force.positive_list(day)
    return [Capped(rule, quantity) for rule, quantity in listed.capped(lines, day)] if listed else []


def state_of(index: str, *, apart_from: str = "") -> QuotaState:
    """Return what a person has used of this year, without one checkout's own part."""
    today = clock.china_today()
    used = _sum(_live(_of_year(index, today.year)), apart_from)
    return QuotaState(today.year, used, in_force.limits(today).annual)


def years_of(parts: Iterable[tuple[str, str]], year: int) -> dict[tuple[str, str], Decimal]:
    """Return what people have used of a year by one query: each (person, checkout), without that checkout's part."""
    wanted = set(parts)
    used: dict[str, dict[str, Decimal]] = {index: {} for index, _reference in wanted}
    live = _live(QuotaUse.objects.filter(account__index__in=used, account__year=year))
    for index, reference, amount, given_back in live.values_list(
        "account__index", "reference", "amount", "given_back"
    ):
        used[index][reference] = amount - given_back
    return {
        (index, own): sum((left for one, left in used[index].items() if one != own), Decimal(0))
        for index, own in wanted
    }


def quantities_of(index: str, *, apart_from: str = "") -> dict[str, Decimal]:
    """Return what a person has had of yearly quantities this year by cap group, without one checkout's own part."""
    return _quantities(_live(_of_year(index, clock.china_today().year)), apart_from)


def reserve(
    index: str, reference: str, amount: Decimal, *, keep: timedelta, takes: Sequence[Capped] = ()
) -> QuotaState:
    """Reserve or renew a checkout's part until ``keep`` has passed; a held part stays held.

    :raises QuotaExceeded: when the year has not enough left
    :raises CapExceeded: when a yearly quantity has not
    """
    return _put(index, reference, amount, takes, State.RESERVED, clock.now() + keep)


def hold(index: str, reference: str, amount: Decimal, *, takes: Sequence[Capped] = ()) -> QuotaState:
    """Keep a paid parcel's part until customs have decided; takes it anew when the reservation lapsed.

    :raises QuotaExceeded: when it lapsed and the year has not enough left
    :raises CapExceeded: when a yearly quantity has not
    """
    return _put(index, reference, amount, takes, State.HELD, None)


def confirm(reference: str) -> bool:
    """Mark a part as used for good; False when it was so already or is not known.

    A freed part too: what customs released counts, whatever was believed before.
    """
    return _move(reference, State.CONFIRMED, (State.RESERVED, State.HELD, State.FREED))


def free(reference: str) -> bool:
    """Give a part back that customs have not released; False when there was nothing to give."""
    return _move(reference, State.FREED, (State.RESERVED, State.HELD))


def give_back(reference: str, *, key: str, amount: Decimal, quantities: Mapping[str, Decimal]) -> bool:
    """Give back part of what customs have released: dutiable value in CNY and quantities by cap group.

    Never more than what is left of it, so that shares rounded up cannot make a person's year negative. False when
    this key has given back before, or when the checkout's part is not one that customs have released.

    :raises ValueError: a negative amount or quantity
    """
    if amount < 0 or any(quantity < 0 for quantity in quantities.values()):
        raise ValueError("what is given back is not negative")
    with transaction.atomic():
        use = _locked_use(reference)
        if use is None or use.state != State.CONFIRMED or QuotaReturn.objects.filter(key=key).exists():
            return False
        given = min(amount, use.amount - use.given_back)
        QuotaUse.objects.filter(pk=use.pk).update(given_back=F("given_back") + given, changed_at=clock.now())
        told = {}
        for row in use.quantities.filter(group__in=list(quantities)):
            part = min(quantities[row.group], row.quantity - row.given_back)
            QuotaQuantity.objects.filter(pk=row.pk).update(given_back=F("given_back") + part)
            told[row.group] = f"{part:f}"
        QuotaReturn.objects.create(use=use, key=key, amount=given, quantities=told, at=clock.now())
    return True


def _put(
    index: str,
    reference: str,
    amount: Decimal,
    takes: Sequence[Capped],
    state: State,
    expires_at: datetime | None,
) -> QuotaState:
    today = clock.china_today()
    limit = in_force.limits(today).annual
    with transaction.atomic():
        account = _locked(index, today.year)
        known = QuotaUse.objects.select_for_update().filter(reference=reference).first()
        if known is not None and known.state == State.CONFIRMED:
            return state_of(index)
        live = _live(account.uses.all())
        used = _sum(live, reference)
        if used + amount > limit:
            raise QuotaExceeded("the yearly limit would be exceeded", used=f"{used:f}", limit=f"{limit:f}")
        _check_caps(takes, _quantities(live, reference) if takes else {})
        # A late check of a checkout that is paid meanwhile must not make its part lapse again.
        held = known is not None and known.state == State.HELD
        values = {
            "account": account,
            "amount": amount,
            "state": State.HELD if held else state,
            "expires_at": None if held else expires_at,
            "changed_at": clock.now(),
        }
        use, _new = QuotaUse.objects.update_or_create(reference=reference, defaults=values)
        _keep_quantities(use, takes)
        return QuotaState(today.year, used + amount, limit)


def _check_caps(takes: Sequence[Capped], used: Mapping[str, Decimal]) -> None:
    for one in takes:
        before = used.get(one.rule.group, Decimal(0))
        if before + one.quantity > one.rule.cap:
            raise CapExceeded(CapBreach(one.rule, before, one.quantity))


def _keep_quantities(use: QuotaUse, takes: Sequence[Capped]) -> None:
    """Store what a checkout takes now; what it took before and does not any more is forgotten."""
    use.quantities.all().delete()
    QuotaQuantity.objects.bulk_create(
        QuotaQuantity(use=use, group=one.rule.group, quantity=one.quantity.quantize(_STEP, ROUND_UP))
        for one in takes
    )


def _move(reference: str, state: State, allowed: tuple[State, ...]) -> bool:
    with transaction.atomic():
        use = _locked_use(reference)
        if use is None or use.state not in allowed:
            return False
        QuotaUse.objects.filter(pk=use.pk).update(state=state, expires_at=None, changed_at=clock.now())
    return True


def quantities_of_use(reference: str) -> dict[str, Decimal]:
    """Return what a checkout took of yearly quantities, by cap group."""
    rows = QuotaQuantity.objects.filter(use__reference=reference)
    return dict(rows.values_list("group", "quantity"))


def _locked_use(reference: str) -> QuotaUse | None:
    """Return a checkout's part with the person's year locked, read anew under the lock."""
    known = QuotaUse.objects.filter(reference=reference).first()
    if known is None:
        return None
    QuotaAccount.objects.select_for_update().get(pk=known.account_id)
    return QuotaUse.objects.select_for_update().get(pk=known.pk)


def _locked(index: str, year: int) -> QuotaAccount:
    QuotaAccount.objects.bulk_create([QuotaAccount(index=index, year=year)], ignore_conflicts=True)
    return QuotaAccount.objects.select_for_update().get(index=index, year=year)


def _of_year(index: str, year: int) -> QuerySet[QuotaUse]:
    return QuotaUse.objects.filter(account__index=index, account__year=year)


def _live(uses: QuerySet[QuotaUse]) -> QuerySet[QuotaUse]:
    lasting = Q(state=State.RESERVED, expires_at__gt=clock.now())
    return uses.filter(Q(state__in=_LIVE_ALWAYS) | lasting)


def _sum(uses: QuerySet[QuotaUse], apart_from: str) -> Decimal:
    left = F("amount") - F("given_back")
    total = uses.exclude(reference=apart_from).aggregate(total=Sum(left))["total"]
    return total if total is not None else Decimal(0)


def _quantities(uses: QuerySet[QuotaUse], apart_from: str) -> dict[str, Decimal]:
    rows = QuotaQuantity.objects.filter(use__in=uses.exclude(reference=apart_from))
    left = F("quantity") - F("given_back")
    return dict(rows.values_list("group").annotate(total=Sum(left)))
