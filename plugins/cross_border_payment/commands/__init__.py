"""``ponte pay`` and ``ponte reconcile``: accounts, payments with their story, days against statements. JSON out."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from typing import Any

from saleor_ext.core.errors import PonteError

OK, FINDINGS, UNUSABLE = 0, 1, 2


def register(subparsers: Any) -> None:
    """Add the command ``pay``; what needs the database is imported when it runs."""
    parser = subparsers.add_parser("pay", help="payments: gateways, show")
    commands = parser.add_subparsers(dest="pay_command", required=True, metavar="COMMAND")
    listed = commands.add_parser(
        "gateways", help="accounts, what they can do and what they lack; 1 when none can be offered"
    )
    listed.set_defaults(func=_gateways, needs_django=True)
    shown = commands.add_parser(
        "show", help="the payments of an order with all that is kept of them; 1 when none"
    )
    shown.add_argument(
        "number",
        metavar="ORDER",
        help="Saleor's order number, an order, checkout or transaction id, or the number the wallet or we know it by",
    )
    shown.set_defaults(func=_show, needs_django=True)
    day = subparsers.add_parser(
        "reconcile",
        help="compare a day's statements with orders, payments and declarations; 1 with the differences",
    )
    day.add_argument("--date", required=True, metavar="YYYY-MM-DD", help="a day of China")
    day.set_defaults(func=_reconcile, needs_django=True)


def _gateways(_arguments: argparse.Namespace) -> int:
    from .. import story

    try:
        rows = list(story.accounts())
    except PonteError as error:
        return _unusable("gateways", error)
    _print({"gateways": rows})
    return OK if any(row["enabled"] and not row["missing"] for row in rows) else FINDINGS


def _show(arguments: argparse.Namespace) -> int:
    from .. import story

    number = arguments.number.strip().lstrip("#")
    try:
        payments = [story.of(session) for session in story.find(number)] if number else []
    except PonteError as error:
        return _unusable("show", error)
    _print({"order": number, "payments": payments})
    return OK if payments else FINDINGS


def _reconcile(arguments: argparse.Namespace) -> int:
    from saleor_ext.plugin_api.banking import bank_day

    from .. import matching, statements
    from ..port import StatementMissing

    try:
        day = date.fromisoformat(arguments.date)
    except ValueError:
        return _unusable("reconcile", PonteError(f"not a day: {arguments.date!r}"))
    told = []
    for gateway in statements.sources():
        error = ""
        try:
            statements.fetch(gateway, day)
        except StatementMissing:
            pass
        except PonteError as refused:
            error = refused.message
        told.append({**matching.compare(gateway, day), "error": error or None})
    good = bool(told) and all(one["statement"] == "imported" and not one["differences"] for one in told)
    bank = bank_day(day)
    good = good and not (bank and bank["differences"])
    _print({"date": day.isoformat(), "ok": good, "accounts": told, "bank": bank})
    return OK if good else FINDINGS


def _print(value: object) -> None:
    utf8 = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(value, ensure_ascii=not utf8) + "\n")


def _unusable(command: str, error: PonteError) -> int:
    name = command if command == "reconcile" else f"pay {command}"
    sys.stderr.write(" ".join(f"ponte {name}: {error.message}".split()) + "\n")
    return UNUSABLE
