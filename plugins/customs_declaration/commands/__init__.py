"""The ``ponte customs`` commands; each module adds its own sub-commands."""

from __future__ import annotations

import argparse
import importlib
import importlib.util

#: Modules of sub-commands; each has ``register(subparsers)``.
PARTS = ("files", "signatures", "tax")


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``customs`` with its sub-commands to the ``ponte`` command."""
    customs = subparsers.add_parser("customs", help="customs messages, receipts, signatures and tax")
    actions = customs.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name in PARTS:
        if importlib.util.find_spec(f"{__name__}.{name}"):
            importlib.import_module(f"{__name__}.{name}").register(actions)
