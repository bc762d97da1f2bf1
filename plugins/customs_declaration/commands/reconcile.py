"""``ponte customs reconcile``: a day's parcels compared with what was declared; ends with 1 when they differ."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .output import command, spool
from .tax import FINDINGS, OK, day_of

if TYPE_CHECKING:
    from ..reconciliation import Row


def register(subparsers: Any) -> None:
    """Add the command; its imports wait until it runs."""
    parser = subparsers.add_parser(
        "reconcile",
        help="compare a day's orders, payments, waybills, lists and taxes; 1 when something differs",
    )
    parser.add_argument(
        "--day", type=day_of, metavar="YYYY-MM-DD", help="day of payment in China (yesterday)"
    )
    parser.add_argument("--json", action="store_true", help="print all parcels as one JSON document")
    parser.add_argument(
        "--csv", metavar="FILE", default="", help="write all parcels to this file, - the output"
    )
    parser.set_defaults(func=command(run), needs_django=True)


def run(arguments: argparse.Namespace) -> int:
    """Print what differs, or all as JSON or CSV."""
    from datetime import timedelta

    from saleor_ext.core import clock

    from .. import reconciliation

    day: date = arguments.day or clock.china_today() - timedelta(days=1)
    tally = _Tally()
    rows = tally.over(reconciliation.rows(day))
    if arguments.csv:
        _write_csv(rows, arguments.csv)
    elif arguments.json:
        _print_json(day, rows, tally)
    else:
        _print_lines(day, rows, tally)
    return FINDINGS if tally.differing else OK


class _Tally:
    """Counts rows as they pass."""

    def __init__(self) -> None:
        self.parcels = self.differing = 0

    def over(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            self.parcels += 1
            self.differing += bool(row.differences)
            yield row


def _write_csv(rows: Iterator[Row], name: str) -> None:
    from ..reconciliation_files import csv_lines

    if name == "-":
        with spool() as out:
            out.writelines(csv_lines(rows))
        return
    target = Path(name)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=target.parent, prefix=f".{target.name}.", delete=False
    ) as made:
        try:
            made.writelines(csv_lines(rows))
        except BaseException:
            Path(made.name).unlink()
            raise
    Path(made.name).replace(target)


def _print_json(day: date, rows: Iterator[Row], tally: _Tally) -> None:
    """Print row by row: a large day does not have to fit into memory."""
    from ..reconciliation_files import as_dict

    with spool() as out:
        out.write(f'{{"day": "{day.isoformat()}", "rows": [')
        for number, row in enumerate(rows):
            out.write(f"{',' if number else ''}\n{json.dumps(as_dict(row))}")
        out.write(f'\n], "parcels": {tally.parcels}, "differing": {tally.differing}}}\n')


def _print_lines(day: date, rows: Iterator[Row], tally: _Tally) -> None:
    for row in rows:
        if row.differences:
            sys.stdout.write(f"{row.number}  {', '.join(row.differences)}\n")
    sys.stdout.write(f"{day.isoformat()}: {tally.parcels} parcels, {tally.differing} with differences\n")
