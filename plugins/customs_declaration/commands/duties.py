"""``ponte customs bills`` and ``tax-run``: customs' tax bills beside our figures, and what is to be paid on a day.

Unlike the commands on files these read the database of the installation.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, cast

from .output import command, spool
from .tax import FINDINGS, OK, day_of


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``bills`` and ``tax-run`` to the sub-commands of ``ponte customs``."""
    bills = subparsers.add_parser("bills", help="tax bills of customs beside our own figures")
    bills.add_argument(
        "--differences", action="store_true", help="only those that differ; ends with 1 when there are some"
    )
    bills.set_defaults(func=command(_bills), needs_django=True)
    run = subparsers.add_parser(
        "tax-run", help="lists whose tax is to be paid on a day; ends with 1 when one is overdue"
    )
    run.add_argument(
        "--on", metavar="DATE", type=day_of, default=None, help="day of payment (today, in China)"
    )
    run.add_argument("--csv", metavar="FILE", type=Path, default=None, help="write the lists as CSV as well")
    run.set_defaults(func=command(_tax_run), needs_django=True)


def _bills(arguments: argparse.Namespace) -> int:
    from ..duties import bills

    found = False

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal found
        if arguments.differences:
            pairs: Iterable[tuple[Any, Any]] = bills.differences()
        else:
            pairs = ((bill, bills.compare(bill)) for bill in bills.listed().iterator(bills.BATCH))
        for bill, differing in pairs:
            found = True
            yield _bill(bill, differing)

    with spool() as out:
        out.write('{"bills": [')
        _write(out, rows())
        out.write("]}\n")
    return FINDINGS if arguments.differences and found else OK


def _bill(bill: Any, differing: Any) -> dict[str, Any]:
    return {
        "tax_no": bill.tax_no,
        "invt_no": bill.invt_no,
        "order_no": bill.declaration.order_no if bill.declaration else None,
        "status": bill.status,
        "duty": _amount(bill.duty),
        "consumption_tax": _amount(bill.consumption_tax),
        "vat": _amount(bill.vat),
        "ent_duty_no": bill.ent_duty_no,
        "comparison": bill.comparison,
        "differences": [one.as_json() for one in differing or []],
    }


def _amount(value: Any) -> str | None:
    return None if value is None else f"{value:f}"


def _tax_run(arguments: argparse.Namespace) -> int:
    from saleor_ext.core import clock

    from ..duties import payment_run
    from ..policies import in_force

    day = arguments.on or clock.china_today()
    sums = payment_run.Sums()
    with spool() as out, _table(arguments.csv) as table:
        windows = in_force.windows(day)
        head = {"on": day.isoformat(), "rule": {"source": windows.source, "standing": windows.status}}
        out.write(json.dumps(head)[:-1] + ', "lists": [')
        rows = (due.as_json() for due in sums.passing(payment_run.due_on(day)))
        _write(out, _copied(rows, table))
        totals = [one.as_json() for one in sums.all()]
        out.write(f'], "totals": {json.dumps(totals)}}}\n')
    return FINDINGS if sums.overdue else OK


def _write(out: TextIO, rows: Iterable[dict[str, Any]]) -> None:
    """Write the members of a JSON list one by one, so that a day of many lists needs no memory."""
    for number, row in enumerate(rows):
        out.write((", " if number else "") + json.dumps(row))


def _copied(rows: Iterable[dict[str, Any]], table: TextIO | None) -> Iterator[dict[str, Any]]:
    """Write rows to a CSV table as they pass."""
    from ..duties.tables import RUN_COLUMNS
    from ..exporting import guarded

    writer = csv.DictWriter(table, RUN_COLUMNS, lineterminator="\n") if table else None
    if writer:
        writer.writeheader()
    for row in rows:
        if writer:
            told = {**row, "return_open": "yes" if row["return_open"] else "no"}
            writer.writerow({name: guarded(value) for name, value in told.items()})
        yield row


@contextmanager
def _table(path: Path | None) -> Iterator[TextIO | None]:
    """Open a CSV file that appears whole or not at all; with a mark, as spreadsheets want it."""
    if path is None:
        yield None
        return
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8-sig", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as made:
        temporary = Path(made.name)
        try:
            yield cast("TextIO", made)
            made.close()
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
