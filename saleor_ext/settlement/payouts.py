"""Payouts to merchants: drafted, approved, released by somebody else, and paid or failed as the bank tells.

Until its release a batch can be withdrawn. Suspended merchants are not paid: they keep what they may get.

Releasing takes the money from ``merchant.….available`` to ``payout.clearing``; the bank's word takes it from there to
the bank's account, or back to the merchant.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import Money
from saleor_ext.core.settings import platform_settings
from saleor_ext.merchants.selectors import suspended_slugs

from . import actors, bank_details, chart, holding, ledger
from .ledger import About, credit, debit, post
from .models import Account, BankDetails, Entry, Payout, PayoutBatch
from .payout_files import bank_file

__all__ = ["approve", "bank_file", "draft", "mark_failed", "mark_paid", "release", "show", "withdraw"]

State = PayoutBatch.State
OBJECT = "payout_batch"
#: States before the release, in which a batch can be withdrawn.
OPEN = (State.DRAFT, State.APPROVED)


class NothingPayable(PermanentError):
    """No merchant is to be paid in this currency now."""

    code = "payout_nothing"


class WrongState(PermanentError):
    """A batch or payout is not where this step starts."""

    code = "payout_state"


class SameEyes(PermanentError):
    """Who drafted a batch may not release it."""

    code = "payout_four_eyes"


def draft(day: date, currency: str, *, actor: str) -> PayoutBatch:
    """Gather what each merchant is to be paid now, to be paid on a day; the batch of that day if there is one.

    :raises NothingPayable: no batch was made
    """
    who = _named(actor)
    with transaction.atomic():
        bank_details.lock(currency)
        there = PayoutBatch.objects.filter(day=day, currency=currency).exclude(state=State.WITHDRAWN).first()
        if there is not None:
            return there
        now = clock.now()
        found = list(_payable(currency, now))
        if not found:
            raise NothingPayable(f"nobody is to be paid in {currency}")
        batch = PayoutBatch.objects.create(day=day, currency=currency, drafted_by=who, drafted_at=now)
        Payout.objects.bulk_create(
            Payout(batch=batch, merchant=slug, currency=currency, amount=amount.amount, details=details)
            for slug, amount, details in found
        )
        total = Money.sum((amount for _slug, amount, _details in found), currency)
        audit.record("payout.drafted", OBJECT, batch.pk, actor=who, count=len(found), total=str(total))
    return batch


def approve(batch_id: UUID, *, actor: str) -> PayoutBatch:
    """Approve a draft.

    :raises WrongState: it is no draft
    """
    who = _named(actor)
    with transaction.atomic():
        batch = _locked(batch_id)
        _expect(batch, State.DRAFT)
        batch.state, batch.approved_by = State.APPROVED, who
        batch.save(update_fields=["state", "approved_by"])
        batch.payouts.update(state=State.APPROVED)
        audit.record("payout.approved", OBJECT, batch.pk, actor=who)
    return batch


def withdraw(batch_id: UUID, *, actor: str, reason: str) -> PayoutBatch:
    """Take a batch back that was not released; its merchants come into the next draft, of the same day too.

    :raises WrongState: it was released, or withdrawn already
    """
    who, why = _named(actor), reason.strip()
    if not why:
        raise PermanentError("why is it withdrawn?", code="payout_no_reason")
    with transaction.atomic():
        batch = _locked(batch_id)
        if batch.state not in OPEN:
            raise WrongState(f"the batch is {batch.state}, and was released or withdrawn")
        batch.state = State.WITHDRAWN
        batch.save(update_fields=["state"])
        batch.payouts.update(state=State.WITHDRAWN)
        audit.record("payout.withdrawn", OBJECT, batch.pk, actor=who, reason=why[:300])
    return batch


def release(batch_id: UUID, *, actor: str) -> PayoutBatch:
    """Book an approved batch's payouts, each once.

    One that is no longer covered, whose details changed or whose merchant is suspended, fails.

    :raises SameEyes: by who drafted it
    :raises WrongState: it is not approved, or was released already
    """
    who = _named(actor)
    with transaction.atomic():
        batch = _locked(batch_id)
        _expect(batch, State.APPROVED)
        if who == batch.drafted_by:
            raise SameEyes("a batch is released by somebody else than drafted it")
        batch.state, batch.released_by, batch.released_at = State.RELEASED, who, clock.now()
        batch.save(update_fields=["state", "released_by", "released_at"])
        found = list(batch.payouts.all())
        suspended = suspended_slugs(hold=[payout.merchant for payout in found])
        for payout in found:
            _release(payout, batch.released_at, suspended=payout.merchant in suspended)
        audit.record("payout.released", OBJECT, batch.pk, actor=who)
        _finish(batch)
    return batch


def mark_paid(payout_id: UUID, reference: str, *, actor: str) -> Payout:
    """Book that the bank paid, with its own number; the same again changes nothing.

    :raises WrongState: it was not released, or failed
    """
    return _decide(payout_id, State.PAID, reference, actor)


def mark_failed(payout_id: UUID, reason: str, *, actor: str) -> Payout:
    """Book a payment that the bank could not make back to the merchant; the same again changes nothing.

    :raises WrongState: it was not released, or is paid
    """
    return _decide(payout_id, State.FAILED, reason, actor)


def show(batch: PayoutBatch) -> dict[str, Any]:
    """Return a batch as JSON-able facts; without account numbers."""
    payouts = list(batch.payouts.all())
    total = Money.sum((Money(one.amount, one.currency) for one in payouts), batch.currency)
    return {
        "batch": str(batch.pk),
        "day": str(batch.day),
        "currency": batch.currency,
        "state": batch.state,
        "drafted_by": batch.drafted_by,
        "approved_by": batch.approved_by,
        "released_by": batch.released_by,
        "total": f"{total.amount:f}",
        "payouts": [
            {
                "payout": str(one.pk),
                "merchant": one.merchant,
                "amount": f"{one.amount:f}",
                "state": one.state,
                "told": one.told,
            }
            for one in payouts
        ],
    }


# -- what is payable -------------------------------------------------------------------------------------------


def _payable(currency: str, now: datetime) -> Iterator[tuple[str, Money, BankDetails]]:
    """Yield merchants to be paid. Who owes us, has too little, is suspended or in an open batch waits for later."""
    least = platform_settings().payout_minimum
    waiting = suspended_slugs() | set(
        Payout.objects.filter(currency=currency, state__in=OPEN).values_list("merchant", flat=True)
    )
    beginning, end = chart.merchant_available("|").split("|")
    accounts = Account.objects.filter(currency=currency, code__startswith=beginning, code__endswith=end)
    for code in accounts.order_by("code").values_list("code", flat=True):
        slug = code.removeprefix(beginning).removesuffix(end)
        amount = ledger.balance(code, currency) - _reserve(code, currency, now)
        if slug in waiting or amount.amount <= 0 or amount.amount < least:
            continue
        details = bank_details.payable(slug, currency, now)
        if details is not None:
            yield slug, amount, details


def _reserve(code: str, currency: str, now: datetime) -> Money:
    """Return what is kept back for returns: a share of what was let go lately, HALF_UP."""
    settings = platform_settings()
    since = now - timedelta(days=settings.payout_reserve_days)
    lately = Entry.objects.filter(
        account__code=code, account__currency=currency, journal__kind=holding.RELEASED, journal__at__gt=since
    ).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    return Money(-lately * settings.payout_reserve_percent / 100, currency).quantize()


# -- booking ---------------------------------------------------------------------------------------------------


def _release(payout: Payout, now: datetime, *, suspended: bool) -> None:
    amount = Money(payout.amount, payout.currency)
    account = chart.merchant_available(payout.merchant)
    details = bank_details.payable(payout.merchant, payout.currency, now)
    if suspended:
        payout.state, payout.told = State.FAILED, "merchant suspended"
    elif details is None or details.pk != payout.details_id:
        payout.state, payout.told = State.FAILED, "bank details changed"
    elif ledger.balance(account, payout.currency) < amount:
        payout.state, payout.told = State.FAILED, "no longer covered"
    else:
        payout.state = State.RELEASED
        legs = [debit(account, amount), credit(chart.PAYOUT_CLEARING, amount)]
        post(_key(payout), "payout", legs, at=now, about=_about(payout))
    payout.save(update_fields=["state", "told"])


def _decide(payout_id: UUID, state: str, told: str, actor: str) -> Payout:
    who = _named(actor)
    with transaction.atomic():
        batch = _locked(Payout.objects.values_list("batch", flat=True).get(pk=payout_id))
        payout = batch.payouts.get(pk=payout_id)
        if payout.state == state:
            return payout
        if payout.state != State.RELEASED:
            raise WrongState(f"the payout is {payout.state}, not released")
        amount = Money(payout.amount, payout.currency)
        paid = state == State.PAID
        target = chart.PAYOUT_BANK if paid else chart.merchant_available(payout.merchant)
        legs = [debit(chart.PAYOUT_CLEARING, amount), credit(target, amount)]
        post(f"payout_{state}:{payout.pk}", f"payout_{state}", legs, at=clock.now(), about=_about(payout))
        payout.state, payout.told = state, told[:300]
        payout.save(update_fields=["state", "told"])
        audit.record(f"payout.{state}", "payout", payout.pk, actor=who, told=payout.told)
        _finish(batch)
    return payout


def _finish(batch: PayoutBatch) -> None:
    """Close a batch of which all payouts are decided: paid when one was."""
    states = set(batch.payouts.values_list("state", flat=True))
    if State.RELEASED not in states:
        batch.state = State.PAID if State.PAID in states else State.FAILED
        batch.save(update_fields=["state"])


def _key(payout: Payout) -> str:
    return f"payout:{payout.pk}"


def _about(payout: Payout) -> About:
    return About(reference=payout.end_to_end_id)


def _locked(batch_id: UUID) -> PayoutBatch:
    """Return a batch that nobody else can take a step with; drafts and details of its currency wait too."""
    bank_details.lock(PayoutBatch.objects.values_list("currency", flat=True).get(pk=batch_id))
    return PayoutBatch.objects.select_for_update().get(pk=batch_id)


def _expect(batch: PayoutBatch, state: str) -> None:
    if batch.state != state:
        raise WrongState(f"the batch is {batch.state}, not {state}")


def _named(actor: str) -> str:
    return actors.named(actor, code="payout_no_actor")
