"""Reads a bank's entries as CSV, by the names of the columns.

Needed are ``account``, ``currency``, ``date`` and ``amount`` (with sign); ``value_date``, ``reference``,
``end_to_end_id``, ``text`` and ``balance`` (after the entry) may be there. Comma, semicolon or tab between; UTF-8,
with or without mark.
"""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from itertools import groupby

from . import told
from .told import Line, Statement, Unreadable

NEEDED = ("account", "currency", "date", "amount")
MORE = ("value_date", "reference", "end_to_end_id", "text", "balance")


def read(raw: bytes) -> list[Statement]:
    """Return a statement for each account and currency of a file, in the order of the entries.

    :raises Unreadable: it is no such table, or balances do not follow from one another
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("the file is not UTF-8") from None
    if "\x00" in text:
        raise Unreadable("the file holds NUL bytes")
    head = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    names = [(name or "").strip().lower() for name in rows.fieldnames or []]
    if missing := [name for name in NEEDED if name not in names]:
        raise Unreadable(f"no column {', '.join(missing)}; there has to be {', '.join(NEEDED)}")
    rows.fieldnames = names
    try:
        found = [(rows.line_num, _clean(row, rows.line_num)) for row in rows]
    except csv.Error as error:
        raise Unreadable(f"line {rows.line_num}: {error}") from None
    if not found:
        raise Unreadable("the file has no entries")
    found.sort(key=lambda one: (one[1]["account"], one[1]["currency"]))  # stable: the order of entries stays
    return [
        _statement(account, currency, list(entries))
        for (account, currency), entries in groupby(
            found, lambda one: (one[1]["account"], one[1]["currency"])
        )
    ]


def _clean(row: dict[str, str | None], number: int) -> dict[str, str]:
    if None in row or None in row.values():
        raise Unreadable(f"line {number}: another number of columns than the heading has")
    return {name: (value or "").strip() for name, value in row.items()}


def _statement(account: str, currency: str, rows: list[tuple[int, dict[str, str]]]) -> Statement:
    lines, balance, opening = [], None, None
    with_balance = all(row.get("balance") for _number, row in rows)
    for number, row in rows:
        where = f"line {number}"
        line = _line(row, currency, where)
        if with_balance:
            after = told.amount(row["balance"], currency, where)
            if balance is None:
                opening = after - line.amount
            elif balance + line.amount != after:
                raise Unreadable(f"{where}: {balance} and {line.amount} do not come to {after}")
            balance = after
        lines.append(line)
    days = [line.booked_on for line in lines]
    kept = [line for line in lines if line.amount != Decimal(0)]
    return Statement(account, currency, "", min(days), max(days), opening, balance, kept)


def _line(row: dict[str, str], currency: str, where: str) -> Line:
    value = row.get("value_date", "")
    return Line(
        booked_on=told.day(row["date"], where),
        amount=told.amount(row["amount"], currency, where),
        valued_on=told.day(value, where) if value else None,
        reference=row.get("reference", "")[:64],
        end_to_end_id=row.get("end_to_end_id", "")[:64],
        text=row.get("text", "")[:500],
    )
