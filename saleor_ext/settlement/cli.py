"""``ponte ledger``: balances, the check of everything that has to be true of the ledger. JSON out."""

from __future__ import annotations

import argparse
from typing import Any

from . import cli_bank, cli_payouts, cli_statement, cli_terms
from .cli_output import show


def register(subparsers: Any) -> None:
    """Add the command ``ledger``."""
    parser = subparsers.add_parser(
        "ledger", help="the settlement ledger: balance, check, rates, terms, payouts, statement, bank"
    )
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
    cli_terms.register(commands)
    cli_bank.register(commands)
    cli_payouts.register(commands)
    cli_statement.register(commands)


def _balance(arguments: argparse.Namespace) -> int:
    from . import ledger

    rows = ledger.balances(arguments.account)
    show({"accounts": rows})
    return 1 if arguments.account and not rows else 0


def _check(_arguments: argparse.Namespace) -> int:
    from . import checking

    report = checking.run()
    show(report)
    return 0 if report["ok"] else 1
