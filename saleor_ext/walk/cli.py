"""``ponte walk``: drive the main job against whatever is running."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``walk``."""
    parser = subparsers.add_parser("walk", help="drive an order from listing to delivery, without a browser")
    parser.add_argument("--lane", default="bonded_1210", help="how the goods travel (%(default)s)")
    parser.add_argument(
        "--listing", default="", metavar="SLUG", help="what to publish and buy; default: any that fits"
    )
    parser.add_argument(
        "--wallet", default="", metavar="COMPANY", help="pay with wechat or antom; default: the first offered"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON line a step")
    parser.add_argument(
        "--patience",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long to wait for each step (%(default)s)",
    )
    parser.add_argument(
        "--then",
        choices=("cancel", "amend", "return"),
        default="",
        help="go on another way: cancel the order while customs have its list, amend a list that customs returned, "
        "or send a delivered parcel back (cancel and amend need the stand-ins' buyers)",
    )
    parser.set_defaults(func=run, needs_django=True)


def run(arguments: argparse.Namespace) -> int:
    """Walk; exit 1 at the first failure, with the reason."""
    from .journey import Plan, Walk

    tell = _as_json if arguments.json else _as_text
    plan = Plan(arguments.lane, arguments.listing, arguments.patience, arguments.then, arguments.wallet)
    return 0 if Walk(plan, tell).run() else 1


def _as_json(line: dict[str, Any]) -> None:
    _print(json.dumps(line))


def _as_text(line: dict[str, Any]) -> None:
    mark = "ok  " if line["ok"] else "FAIL"
    _print(f"{mark} {line['step']:<18} {line['ms']:>7} ms  {line['ref'] or line.get('reason', '')}")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
