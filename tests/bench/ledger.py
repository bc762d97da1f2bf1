"""Benchmark of the ledger: journals posted, beside the same rows inserted by bare psycopg."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from decimal import Decimal

from tests.bench import SAMPLE

JOURNALS = min(SAMPLE, 1000)
#: So many go before what is counted.
WARM = 10
_JOURNAL = """
    INSERT INTO settlement_journal
        (id, key, kind, at, recorded_at, api_url, transaction_id, reference, text, fingerprint)
    VALUES (%s, %s, 'bench', %s, %s, 'http://saleor.test/graphql/', %s, %s, '', %s)
"""


def ledger_bench(emit: Callable[..., None]) -> None:
    """Post captures assigned to four accounts, each journal committed by itself, as payments come."""
    _post(WARM)
    posted = _post(JOURNALS)
    emit(
        "ledger-post",
        posted,
        "journals/s of five entries, of the same inserts by bare psycopg",
        _bare(JOURNALS),
    )


def _post(count: int) -> float:
    """Return journals posted a second."""
    from saleor_ext.core import clock
    from saleor_ext.core.money import Money
    from saleor_ext.settlement.ledger import About, credit, debit, post

    whole, parts = _figures()
    now = clock.now()
    started = time.perf_counter()
    for _number in range(count):
        key = uuid.uuid4().hex
        legs = [debit("unassigned", Money(whole, "CNY"))]
        legs += [credit(account, Money(amount, "CNY")) for account, amount in parts.items()]
        post(key, "bench", legs, at=now, about=About("http://saleor.test/graphql/", key, None, key))
    return count / (time.perf_counter() - started)


def _bare(count: int) -> float:
    """Return journals a second of psycopg alone: the same rows, constraints, triggers and commits, one cursor."""
    from django.db import connection

    from saleor_ext.core import clock
    from saleor_ext.settlement.models import Account

    whole, parts = _figures()
    accounts = dict(Account.objects.filter(currency="CNY").values_list("code", "pk"))
    entries = [
        (accounts["unassigned"], whole),
        *((accounts[name], -amount) for name, amount in parts.items()),
    ]
    connection.ensure_connection()
    bare, now = connection.connection, clock.now()
    started = time.perf_counter()
    with bare.cursor() as cursor:
        for _number in range(count):
            key = uuid.uuid4()
            with bare.transaction():
                cursor.execute(
                    _JOURNAL,
                    [key, key.hex, now, now, key.hex, key.hex, "0" * 64],
                )
                for account, amount in entries:
                    cursor.execute(
                        "INSERT INTO settlement_entry (journal_id, account_id, amount) VALUES (%s, %s, %s)",
                        [key, account, amount],
                    )
    return count / (time.perf_counter() - started)


def _figures() -> tuple[Decimal, dict[str, Decimal]]:
    parts = {
        "merchant.bakery.pending": Decimal("152.00"),
        "customs_tax.payable": Decimal("16.38"),
        "freight.payable": Decimal("20.00"),
        "commission.revenue": Decimal("8.00"),
    }
    return sum(parts.values(), Decimal(0)), parts
