"""``ponte ledger statement``: a merchant's period as a file."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import Any

from saleor_ext.core.errors import PonteError

from .cli_output import show
from .statement_texts import LANGUAGES


def register(commands: Any) -> None:
    """Add the command ``statement`` to those of the ledger."""
    parser = commands.add_parser("statement", help="a merchant's period with every line, as a file")
    parser.add_argument("merchant", metavar="MERCHANT", help="the merchant's slug")
    parser.add_argument("--currency", default="CNY")
    parser.add_argument("--from", dest="start", required=True, type=date.fromisoformat, metavar="DAY")
    parser.add_argument("--to", dest="end", required=True, type=date.fromisoformat, metavar="DAY")
    parser.add_argument("--format", required=True, choices=("xlsx", "pdf", "json"))
    parser.add_argument("--language", default="en", choices=LANGUAGES, help="of the workbook or PDF")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILE")
    parser.set_defaults(func=_statement, needs_django=True)


def _statement(arguments: argparse.Namespace) -> int:
    from . import statement_json, statement_pdf, statement_xlsx, statements

    statement = statements.Statement(
        arguments.merchant, arguments.currency, arguments.start, arguments.end, _progress
    )
    try:
        make = {"xlsx": statement_xlsx, "pdf": statement_pdf, "json": statement_json}[arguments.format]
        make.write(statement, arguments.language, arguments.output)
    except PonteError as error:
        show({"error": error.code, "message": error.message})
        return 1
    closing = f"{statement.closing:.2f}"
    show({"file": str(arguments.output), "lines": statement.count, "closing": closing})
    return 0


def _progress(count: int) -> None:
    sys.stderr.write(f"{count} lines\n")
