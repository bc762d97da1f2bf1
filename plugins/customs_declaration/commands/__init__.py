"""``ponte customs``: messages, signatures and tax as files; bills, payments and reconciliation out of the database.

Every command prints JSON (``build`` prints XML), returns 0 when all is well, 1 when there are findings, and 2 with
one line on the error stream when its input cannot be read.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

#: Modules with sub-commands; each has ``register(subparsers)``.
MODULES = ("files", "signatures", "tax", "duties", "reconcile")


def register(subparsers: Any) -> None:
    """Add the command ``customs`` with its own sub-commands."""
    parser = subparsers.add_parser("customs", help="customs messages: parse, build, check, receipts, …")
    commands = parser.add_subparsers(dest="customs_command", required=True, metavar="COMMAND")
    for name in MODULES:
        full = f"{__name__}.{name}"
        if importlib.util.find_spec(full):
            importlib.import_module(full).register(commands)
