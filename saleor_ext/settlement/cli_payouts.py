"""``ponte ledger payouts``: draft, show, approve, release, withdraw, file. JSON out; 1 when a step is refused."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from saleor_ext.core.errors import PonteError

from .cli_output import show


def register(commands: Any) -> None:
    """Add the command ``payouts`` to those of the ledger."""
    parser = commands.add_parser("payouts", help="batches of payouts to merchants")
    steps = parser.add_subparsers(dest="payouts_command", required=True, metavar="COMMAND")
    draft = steps.add_parser("draft", help="gather what merchants are to be paid")
    draft.add_argument("--day", required=True, type=date.fromisoformat, help="day of payment, YYYY-MM-DD")
    draft.add_argument("--currency", required=True)
    draft.set_defaults(func=_answering(_draft), needs_django=True)
    one = steps.add_parser("show", help="a batch with its payouts")
    approve = steps.add_parser("approve", help="approve a draft")
    release = steps.add_parser("release", help="book the payouts; not by who drafted them")
    withdraw = steps.add_parser("withdraw", help="take a batch back that was not released")
    withdraw.add_argument("--reason", required=True, help="for the audit log")
    file = steps.add_parser("file", help="write the file for the bank")
    for step, answer in (
        (one, _show),
        (approve, _approve),
        (release, _release),
        (withdraw, _withdraw),
        (file, _file),
    ):
        step.add_argument("batch", type=UUID)
        step.set_defaults(func=_answering(answer), needs_django=True)
    for step in (draft, approve, release, withdraw):
        step.add_argument("--actor", required=True, help="who does it, for the audit log and the four eyes")
    file.add_argument("--format", required=True, choices=("csv", "pain.001"))
    file.add_argument("-o", "--output", required=True, type=Path, metavar="FILE")


def _answering(step: Callable[[argparse.Namespace], dict[str, Any]]) -> Callable[[argparse.Namespace], int]:
    def run(arguments: argparse.Namespace) -> int:
        from django.core.exceptions import ObjectDoesNotExist

        try:
            show(step(arguments))
        except PonteError as error:
            show({"error": error.code, "message": error.message})
            return 1
        except ObjectDoesNotExist:
            show({"error": "payout_unknown", "message": "there is no such batch"})
            return 1
        return 0

    return run


def _draft(arguments: argparse.Namespace) -> dict[str, Any]:
    from . import payouts

    return payouts.show(payouts.draft(arguments.day, arguments.currency, actor=arguments.actor))


def _show(arguments: argparse.Namespace) -> dict[str, Any]:
    from . import payouts
    from .models import PayoutBatch

    return payouts.show(PayoutBatch.objects.get(pk=arguments.batch))


def _approve(arguments: argparse.Namespace) -> dict[str, Any]:
    from . import payouts

    return payouts.show(payouts.approve(arguments.batch, actor=arguments.actor))


def _release(arguments: argparse.Namespace) -> dict[str, Any]:
    from . import payouts

    return payouts.show(payouts.release(arguments.batch, actor=arguments.actor))


def _withdraw(arguments: argparse.Namespace) -> dict[str, Any]:
    from . import payouts

    return payouts.show(payouts.withdraw(arguments.batch, actor=arguments.actor, reason=arguments.reason))


def _file(arguments: argparse.Namespace) -> dict[str, Any]:
    from . import payouts

    content = payouts.bank_file(arguments.batch, arguments.format)
    arguments.output.write_bytes(content)
    return {
        "file": str(arguments.output),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
