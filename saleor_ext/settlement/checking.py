"""Proof of the ledger: what has to be true of it at any moment, asked of the database anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Sum

from saleor_ext.core import clock
from saleor_ext.orders.models import Parcel

from . import chart
from .models import Entry, Journal

#: A parcel's money is assigned within seconds; after this long something is wrong.
LATE = timedelta(minutes=10)
#: Findings of one kind that are told at most.
MOST = 200

_UNBALANCED = f"""
    SELECT journal.key, account.currency, sum(entry.amount), count(*)
    FROM {Journal._meta.db_table} AS journal
    JOIN {Entry._meta.db_table} AS entry ON entry.journal_id = journal.id
    JOIN settlement_account AS account ON account.id = entry.account_id
    GROUP BY journal.key, account.currency HAVING sum(entry.amount) <> 0 OR count(*) < 2 ORDER BY 1, 2 LIMIT {MOST}
"""  # noqa: S608  # the tables' own names
_UNASSIGNED = f"""
    SELECT journal.api_url, journal.transaction_id, account.currency, sum(entry.amount)
    FROM {Journal._meta.db_table} AS journal
    JOIN {Entry._meta.db_table} AS entry ON entry.journal_id = journal.id
    JOIN settlement_account AS account ON account.id = entry.account_id
    WHERE account.code = %s
      AND EXISTS (
        SELECT 1 FROM {Journal._meta.db_table} AS assigned
        WHERE assigned.api_url = journal.api_url AND assigned.transaction_id = journal.transaction_id
          AND assigned.kind = 'assigned'
      )
    GROUP BY 1, 2, 3 HAVING sum(entry.amount) <> 0 ORDER BY 1, 2 LIMIT {MOST}
"""  # noqa: S608  # as above


def run() -> dict[str, Any]:
    """Return the trial balance by currency and every difference found."""
    differences = [*_empty(), *_unbalanced(), *_overpaid(), *_late()]
    sums = Entry.objects.values("account__currency").annotate(sum=Sum("amount"), count=Count("pk"))
    trial = [
        {"currency": one["account__currency"], "sum": f"{one['sum']:.2f}", "entries": one["count"]}
        for one in sums.order_by("account__currency")
    ]
    off = [{"kind": "trial_balance", **one} for one in trial if one["sum"] != "0.00"]
    found = [*off, *differences]
    return {
        "ok": not found,
        "journals": Journal.objects.count(),
        "trial_balance": trial,
        "differences": found,
    }


def _empty() -> Iterator[dict[str, Any]]:
    """Journals without entries say nothing."""
    none = Journal.objects.filter(~Exists(Entry.objects.filter(journal=OuterRef("pk"))))
    for key in none.values_list("key", flat=True)[:MOST]:
        yield {"kind": "empty_journal", "journal": key}


def _unbalanced() -> Iterator[dict[str, Any]]:
    for key, currency, total, _count in _rows(_UNBALANCED):
        yield {"kind": "unbalanced", "journal": key, "currency": currency, "sum": f"{total:.2f}"}


def _overpaid() -> Iterator[dict[str, Any]]:
    """What the buyer paid is another sum than the parcel's parts: the rest belongs to nobody yet."""
    for api_url, transaction, currency, total in _rows(_UNASSIGNED, [chart.UNASSIGNED]):
        yield {
            "kind": "unassigned",
            "api_url": api_url,
            "transaction": transaction,
            "currency": currency,
            "left": f"{-total:.2f}",
        }


def _late() -> Iterator[dict[str, Any]]:
    """Parcels whose money has come into the ledger and is nobody's after minutes, and such whose money has not come."""
    first = Journal.objects.order_by("recorded_at").first()
    if first is None:
        return
    journals = Journal.objects.filter(api_url=OuterRef("api_url"), transaction_id=OuterRef("transaction_id"))
    parcels = Parcel.objects.exclude(transaction_id="").filter(
        created_at__lt=clock.now() - LATE, paid_at__gte=first.at
    )
    for parcel in parcels.filter(~Exists(journals.filter(kind="assigned"))).order_by("paid_at")[:MOST]:
        captured = Journal.objects.filter(
            api_url=parcel.api_url, transaction_id=parcel.transaction_id, kind="captured"
        ).exists()
        yield {
            "kind": "not_assigned" if captured else "not_captured",
            "parcel": parcel.number,
            "amount": f"{parcel.actual_paid:.2f}",
            "currency": parcel.currency,
        }


def _rows(statement: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
