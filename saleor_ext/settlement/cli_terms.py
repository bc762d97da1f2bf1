"""``ponte ledger rates`` and ``terms``: enter exchange rates, and release or refuse what somebody else entered."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any
from uuid import UUID

from saleor_ext.core.errors import PonteError

from .cli_output import show


def register(commands: Any) -> None:
    """Add the commands to those of the ledger."""
    rates = commands.add_parser(
        "rates",
        help="enter reference rates from CSV, for somebody else to release; 1 when one differs from what is known",
    )
    rates.add_argument("file", metavar="FILE", help="CSV: base,quote,day,rate,source")
    how = rates.add_mutually_exclusive_group(required=True)
    how.add_argument("--check", action="store_true", help="only tell what would be entered")
    how.add_argument("--actor", help="who enters them, for the audit log and the four eyes")
    rates.set_defaults(func=_rates, needs_django=True)

    parser = commands.add_parser("terms", help="commission rules and rates that wait for a second person")
    steps = parser.add_subparsers(dest="terms_command", required=True, metavar="COMMAND")
    steps.add_parser("show", help="what waits").set_defaults(func=_show, needs_django=True)
    release = steps.add_parser("release", help="let a change count; not by who entered it")
    refuse = steps.add_parser("refuse", help="drop a change")
    refuse.add_argument("--reason", required=True, help="for the audit log")
    for step in (release, refuse):
        step.add_argument("change", type=UUID)
        step.add_argument("--actor", required=True, help="who does it, for the audit log and the four eyes")
        step.set_defaults(func=_decide, needs_django=True)


def _rates(arguments: argparse.Namespace) -> int:
    from . import fx, terms

    try:
        text = Path(arguments.file).read_text(encoding="utf-8-sig")
        if arguments.check:
            change, report = None, fx.load(text.splitlines(), check_only=True)
        else:
            change, report = terms.propose_rates(text, actor=arguments.actor)
    except (OSError, UnicodeDecodeError, PonteError) as error:
        show({"error": str(error)})
        return 1
    show({**report, "change": str(change.pk) if change else None})
    return 1 if report["differences"] else 0


def _show(_arguments: argparse.Namespace) -> int:
    from .models import TermsChange

    waiting = TermsChange.objects.filter(state=TermsChange.State.PROPOSED).order_by("proposed_at")
    show({"changes": [_facts(one) for one in waiting]})
    return 0


def _decide(arguments: argparse.Namespace) -> int:
    from django.core.exceptions import ObjectDoesNotExist

    from . import terms

    try:
        if arguments.terms_command == "release":
            change = terms.release(arguments.change, actor=arguments.actor)
        else:
            change = terms.refuse(arguments.change, actor=arguments.actor, reason=arguments.reason)
    except PonteError as error:
        show({"error": error.code, "message": error.message})
        return 1
    except ObjectDoesNotExist:
        show({"error": "terms_unknown", "message": "there is no such change"})
        return 1
    show(_facts(change))
    return 0


def _facts(change: Any) -> dict[str, Any]:
    return {
        "change": str(change.pk),
        "kind": change.kind,
        "state": change.state,
        "entered_by": change.proposed_by,
        "decided_by": change.decided_by,
        **{name: value for name, value in change.content.items() if name != "csv"},
    }
