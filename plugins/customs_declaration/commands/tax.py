"""``ponte customs tax`` and ``tariff``: the tax of an order, and tables of rates looked at before they hold.

They need no configuration, no database and no network.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

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

    tables = subparsers.add_parser("tariff", help="check and compare files of tax rates or positive lists")
    actions = tables.add_subparsers(dest="tariff_action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="read a file; ends with 1 when rows contradict each other")
    check.add_argument(
        "file", metavar="FILE", type=Path, help="CSV or XLSX file, or a folder of dated editions"
    )
    check.set_defaults(func=_check, needs_django=False)
    compare = actions.add_parser("diff", help="what a new file changes; ends with 1 when there is something")
    compare.add_argument("old", metavar="OLD", type=Path, help="file or folder in force")
    compare.add_argument("new", metavar="NEW", type=Path, help="file or folder to come")
    compare.add_argument(
        "--on", metavar="DATE", type=day_of, default=None, help="day that is looked at (today)"
    )
    compare.set_defaults(func=_compare, needs_django=False)
    for parser in (check, compare):
        parser.add_argument("--positive-list", action="store_true", help="the files are positive lists")


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


def day_of(text: str) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is no day (YYYY-MM-DD)")


def _check(arguments: argparse.Namespace) -> int:
    from .. import policy, positive_list, tariff_report

    def findings() -> dict[str, Any]:
        if arguments.positive_list:
            return {"rows": len(positive_list.load(arguments.file).rules), "findings": []}
        tariff = policy.load_tariff(arguments.file)
        found = [one.as_json() for one in tariff_report.contradictions(tariff)]
        return {"rows": len(tariff.rows), "findings": found}

    return _report("tariff check", findings, lambda told: bool(told["findings"]))


def _compare(arguments: argparse.Namespace) -> int:
    from saleor_ext.core.clock import CHINA

    from .. import policy, positive_list, tariff_report

    day = arguments.on or datetime.now(CHINA).date()

    def changes() -> dict[str, Any]:
        if arguments.positive_list:
            old, new = positive_list.load(arguments.old), positive_list.load(arguments.new)
            return {"on": day.isoformat(), **positive_list.differences(old, new, day)}
        before, after = policy.load_tariff(arguments.old), policy.load_tariff(arguments.new)
        return {"on": day.isoformat(), **tariff_report.differences(before, after, day)}

    return _report(
        "tariff diff", changes, lambda told: any(told[key] for key in ("added", "removed", "changed"))
    )


def _report(action: str, make: Callable[[], dict[str, Any]], found: Callable[[dict[str, Any]], bool]) -> int:
    from saleor_ext.core.errors import ConfigurationError

    try:
        told = make()
    except ConfigurationError as error:
        return _unreadable(action, "", error.message)
    print_json(told)
    return FINDINGS if found(told) else OK


def print_json(document: object) -> None:
    """Print one JSON document in ASCII, so that any terminal and any encoding shows it whole."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def _unreadable(action: str, file: str, message: str) -> int:
    place = f"{file}: " if file else ""
    text = " ".join(f"ponte customs {action}: {place}{message}".split())
    sys.stderr.write("".join(sign if sign.isprintable() else "?" for sign in text) + "\n")
    return UNREADABLE
