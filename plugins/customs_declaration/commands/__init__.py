"""``ponte customs …``: messages, signatures and tax on the command line, without database or configuration."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
from typing import Any

_PARTS = ("files", "signatures", "tax")


def register(subparsers: Any) -> None:
    """Add ``customs`` with the sub-commands of this package's modules."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "customs", help="customs messages: sign, verify, …"
    )
    commands = parser.add_subparsers(dest="customs_command", required=True, metavar="COMMAND")
    for part in _PARTS:
        name = f"{__name__}.{part}"
        if importlib.util.find_spec(name):
            importlib.import_module(name).register(commands)
