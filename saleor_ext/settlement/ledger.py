"""Posting and reading the ledger. A journal is written by two statements and checked by the database at commit."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Sum

from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import Money

from . import chart
from .models import Account, Entry, Journal

ZERO = Decimal(0)


class Unbalanced(PermanentError):
    """The entries of a journal do not sum to nought in each currency."""

    code = "ledger_unbalanced"


class KeyReused(PermanentError):
    """A key stands for another journal already; nothing was written."""

    code = "ledger_key_reused"


@dataclass(frozen=True, slots=True)
class Leg:
    """An entry to be: debits are positive, credits negative."""

    account: str
    amount: Money


@dataclass(frozen=True, slots=True)
class About:
    """What a journal is about."""

    api_url: str = ""
    transaction_id: str = ""
    parcel_id: UUID | None = None
    reference: str = ""
    text: str = ""


def debit(account: str, amount: Money) -> Leg:
    return Leg(account, amount)


def credit(account: str, amount: Money) -> Leg:
    return Leg(account, -amount)


_JOURNAL = f"""
    INSERT INTO {Journal._meta.db_table}
        (id, key, kind, at, recorded_at, api_url, transaction_id, parcel_id, reference, text, fingerprint)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (key) DO NOTHING RETURNING id
"""  # noqa: S608  # the table's own name
_ENTRIES = f"""
    INSERT INTO {Entry._meta.db_table} (journal_id, account_id, amount)
    SELECT %s, one.account, one.amount FROM unnest(%s::bigint[], %s::numeric[]) AS one (account, amount)
"""  # noqa: S608  # as above


def post(key: str, kind: str, legs: Iterable[Leg], *, at: datetime, about: About = About()) -> UUID:
    """Write a journal, or find the one that says the same under its key; legs of nought are left out.

    :raises Unbalanced: before anything is written
    :raises KeyReused: when the key stands for something else
    """
    said = [leg for leg in legs if leg.amount]
    _check(key, said)
    mark = _fingerprint(kind, said, about)
    with transaction.atomic():
        accounts = _accounts({(leg.account, leg.amount.currency) for leg in said})
        with connection.cursor() as cursor:
            row: list[Any] = [uuid.uuid4(), key, kind, at, clock.now(), about.api_url, about.transaction_id]
            row += [about.parcel_id, about.reference[:120], about.text[:300], mark]
            cursor.execute(_JOURNAL, row)
            made = cursor.fetchone()
            if made is None:
                return _known(key, mark)
            numbers = [accounts[leg.account, leg.amount.currency] for leg in said]
            cursor.execute(_ENTRIES, [made[0], numbers, [leg.amount.amount for leg in said]])
    return UUID(str(made[0]))


def _check(key: str, legs: Sequence[Leg]) -> None:
    sums: dict[str, Decimal] = {}
    for leg in legs:
        if leg.amount != leg.amount.quantize():
            raise Unbalanced(f"{key}: {leg.amount} is finer than the currency's smallest unit")
        sums[leg.amount.currency] = sums.get(leg.amount.currency, ZERO) + leg.amount.amount
    off = {currency: total for currency, total in sums.items() if total}
    if off or len(legs) < 2:
        raise Unbalanced(f"{key}: the entries do not balance: {off or 'fewer than two'}")


def _fingerprint(kind: str, legs: Sequence[Leg], about: About) -> str:
    told = [kind, about.api_url, about.transaction_id, str(about.parcel_id or "")]
    told += sorted(
        f"{leg.account} {leg.amount.amount.quantize(Decimal('0.01'))} {leg.amount.currency}" for leg in legs
    )
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _known(key: str, mark: str) -> UUID:
    journal = Journal.objects.get(key=key)
    if journal.fingerprint != mark:
        raise KeyReused(f"the ledger has another journal under {key}")
    return journal.pk


def lock(about: About) -> None:
    """Let one worker at a time write about a payment; call in a transaction."""
    with connection.cursor() as cursor:
        name = f"{about.api_url} {about.transaction_id}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


#: Accounts never change, so a process keeps their numbers.
_numbers: dict[tuple[str, str], int] = {}


def _accounts(wanted: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return the accounts' numbers; new ones are opened as the chart says."""
    if missing := wanted - _numbers.keys():
        Account.objects.bulk_create(
            [Account(code=code, currency=currency, kind=chart.kind_of(code)) for code, currency in missing],
            ignore_conflicts=True,
        )
        codes = {code for code, _currency in missing}
        found = Account.objects.filter(code__in=codes).values_list("code", "currency", "pk")
        numbers = {(code, currency): pk for code, currency, pk in found}
        # Not before the commit: what is rolled back is no account.
        transaction.on_commit(lambda: _numbers.update(numbers))
        return {**{key: _numbers[key] for key in wanted & _numbers.keys()}, **numbers}
    return {key: _numbers[key] for key in wanted}


def forget() -> None:
    """Drop what the process keeps of accounts; tests call it."""
    _numbers.clear()


# -- reading ---------------------------------------------------------------------------------------------------


def signed(code: str, currency: str, until: datetime | None = None) -> Decimal:
    """Return the sum of an account's entries: debits less credits, of journals that happened before a moment."""
    entries = Entry.objects.filter(account__code=code, account__currency=currency)
    if until is not None:
        entries = entries.filter(journal__at__lt=until)
    return entries.aggregate(sum=Sum("amount"))["sum"] or ZERO


def balance(code: str, currency: str, until: datetime | None = None) -> Money:
    """Return an account's balance on the side on which it grows: what is owed to a merchant is positive."""
    total = signed(code, currency, until)
    return Money(total if chart.kind_of(code) in chart.DEBIT_KINDS else -total, currency)


def balances(code: str = "") -> list[dict[str, Any]]:
    """Return every account, or one, with its balance, debits and credits; by code and currency."""
    accounts = Account.objects.all() if not code else Account.objects.filter(code=code)
    found = []
    for account in accounts.annotate(total=Sum("entries__amount")).order_by("code", "currency"):
        total = account.total or ZERO
        shown = total if account.kind in chart.DEBIT_KINDS else -total
        found.append(
            {
                "account": account.code,
                "currency": account.currency,
                "kind": account.kind,
                "balance": f"{shown:.2f}",
                "signed": f"{total:.2f}",
            }
        )
    return found
