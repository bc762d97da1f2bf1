"""Benchmark of statements: a workbook and a PDF of 100,000 lines, as a merchant with a busy month asks for it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import SAMPLE

if TYPE_CHECKING:
    from saleor_ext.settlement.statements import Statement

LINES = SAMPLE * 20
SECONDS = 30
_JOURNALS = """
    INSERT INTO settlement_journal
        (id, key, kind, at, recorded_at, api_url, transaction_id, reference, text, fingerprint)
    SELECT gen_random_uuid(), 'bench-statement:' || one, 'assigned', '2025-01-01T04:00:00Z'::timestamptz
        + one * interval '20 seconds', now(), '', '', 'R' || one, '', ''
    FROM generate_series(1, %s) AS one
"""
_ENTRIES = """
    INSERT INTO settlement_entry (journal_id, account_id, amount)
    SELECT journal.id, side.account, side.amount FROM settlement_journal AS journal,
        (VALUES (%s::bigint, 152.00), (%s::bigint, -152.00)) AS side (account, amount)
    WHERE journal.key LIKE 'bench-statement:%%'
"""


def xlsx_bench(emit: Callable[..., None]) -> None:
    """Write the workbook of a merchant's month."""
    from saleor_ext.settlement import statement_xlsx

    _measure(emit, "xlsx", statement_xlsx.write)


def pdf_bench(emit: Callable[..., None]) -> None:
    """Write the same month as PDF."""
    from saleor_ext.settlement import statement_pdf

    _measure(emit, "pdf", statement_pdf.write)


def _measure(emit: Callable[..., None], ending: str, write: Callable[[Statement, str, Path], None]) -> None:
    from saleor_ext.settlement.statements import Statement

    _fill()
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        statement = Statement("bench-statement", "CNY", date(2025, 1, 1), date(2025, 1, 31))
        write(statement, "zh-Hant", Path(folder) / f"statement.{ending}")
        took = time.perf_counter() - started
    if statement.count != LINES or statement.closing != 152 * LINES:
        raise SystemExit(f"statement: {statement.count} lines end with {statement.closing}")
    emit(f"statement-{ending}", took, f"s for {LINES} lines", SECONDS)


def _fill() -> None:
    """Write the month's journals, unless the bench before has."""
    from django.db import connection, transaction

    from saleor_ext.settlement.models import Account, Journal

    if Journal.objects.filter(key="bench-statement:1").exists():
        return

    owed, unassigned = (
        Account.objects.get_or_create(code=code, currency="CNY", defaults={"kind": "liability"})[0].pk
        for code in ("merchant.bench-statement.pending", "unassigned")
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_JOURNALS, [LINES])
        cursor.execute(_ENTRIES, [unassigned, owed])
