"""``ponte customs tax``: the tax of an order. Needs no configuration, no database and no network."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

OK, FINDINGS, UNREADABLE = 0, 1, 2


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``tax`` and ``tariff`` to the sub-commands of ``ponte customs``."""
    tax = subparsers.add_parser(
        "tax", help="tax of an order given as JSON; ends with 1 when it is refused, 2 when it cannot be read"
    )
    tax.add_argument("file", metavar="FILE", type=Path, help="JSON file")
    tax.add_argument(
        "--tariff", metavar="FILE", default="", help="tariff file; without it the sample that is shipped"
    )
    tax.set_defaults(func=_tax, needs_django=False)


def _tax(arguments: argparse.Namespace) -> int:
    from saleor_ext.core.errors import ConfigurationError

    from .. import taxfile
    from ..policy import tariff
    from ..tax import Outcome

    try:
        rates = tariff(arguments.tariff)
        result = taxfile.tax(taxfile.order_of(taxfile.read(arguments.file), rates))
    except ConfigurationError as error:
        return _unreadable("tax", "", error.message)
    except taxfile.Unreadable as error:
        return _unreadable("tax", str(arguments.file), error.message)
    print_json(taxfile.answer(result))
    return FINDINGS if result.outcome is Outcome.REFUSED else OK


def print_json(document: object) -> None:
    """Print one JSON document in ASCII, so that any terminal and any encoding shows it whole."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def _unreadable(action: str, file: str, message: str) -> int:
    place = f"{file}: " if file else ""
    text = " ".join(f"ponte customs {action}: {place}{message}".split())
    sys.stderr.write("".join(sign if sign.isprintable() else "?" for sign in text) + "\n")
    return UNREADABLE
