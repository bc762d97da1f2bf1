"""``ponte ledger bank``: take the bank's statements in, and tell what does not agree with them. JSON out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from saleor_ext.core.errors import PonteError

from .cli_output import show

OK, FINDINGS, UNUSABLE = 0, 1, 2


def register(commands: Any) -> None:
    """Add the command ``bank`` to those of the ledger."""
    parser = commands.add_parser("bank", help="the bank's statements against the ledger")
    steps = parser.add_subparsers(dest="bank_command", required=True, metavar="COMMAND")
    take = steps.add_parser(
        "import",
        help="take a statement in, camt.053 or CSV; 1 when something is open then, 2 when unreadable",
    )
    take.add_argument("file", metavar="FILE", type=Path)
    take.add_argument("--actor", required=True, help="who takes it in, for the audit log")
    take.set_defaults(func=_import, needs_django=True)
    steps.add_parser("show", help="what is open, the oldest first; 1 when there is something").set_defaults(
        func=_show, needs_django=True
    )


def _import(arguments: argparse.Namespace) -> int:
    from .bank import importing

    try:
        taken = importing.take(arguments.file.read_bytes(), actor=arguments.actor)
    except OSError as error:
        return _unusable(f"{arguments.file}: {error.strerror}")
    except PonteError as error:
        return _unusable(f"{arguments.file}: {error.message}")
    told = [
        {
            "currency": one.statement.currency,
            "number": one.statement.number,
            "first": one.statement.first.isoformat(),
            "last": one.statement.last.isoformat(),
            "new": one.new,
            "known": one.known,
        }
        for one in taken
    ]
    return _open({"statements": told})


def _show(_arguments: argparse.Namespace) -> int:
    return _open({})


def _open(told: dict[str, Any]) -> int:
    from .bank import reporting

    found = reporting.queue()
    show({**told, "open": [{**one.as_json(), "age": one.age} for one in found]})
    return FINDINGS if found else OK


def _unusable(message: str) -> int:
    sys.stderr.write(" ".join(f"ponte ledger bank: {message}".split()) + "\n")
    return UNUSABLE
