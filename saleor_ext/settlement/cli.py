"""``ponte ledger``: balances, and the check of everything that has to be true of the ledger. JSON out."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any


def register(subparsers: Any) -> None:
    """Add the command ``ledger``."""
    parser = subparsers.add_parser("ledger", help="the settlement ledger: balance, check")
    commands = parser.add_subparsers(dest="ledger_command", required=True, metavar="COMMAND")
    balance = commands.add_parser(
        "balance", help="accounts with their balances; 1 when there is no such account"
    )
    balance.add_argument(
        "--account", metavar="CODE", default="", help="only this account, in all its currencies"
    )
    balance.set_defaults(func=_balance, needs_django=True)
    check = commands.add_parser(
        "check", help="prove the ledger; 1 with the differences when something is off"
    )
    check.set_defaults(func=_check, needs_django=True)


def _balance(arguments: argparse.Namespace) -> int:
    from . import ledger

    rows = ledger.balances(arguments.account)
    _print({"accounts": rows})
    return 1 if arguments.account and not rows else 0


def _check(_arguments: argparse.Namespace) -> int:
    from . import checking

    report = checking.run()
    _print(report)
    return 0 if report["ok"] else 1


def _print(value: object) -> None:
    utf8 = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(value, ensure_ascii=not utf8) + "\n")
