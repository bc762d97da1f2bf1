"""``ponte saleor``: set up a Saleor, verify a recorded webhook, poll."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from saleor_ext.core.errors import PonteError


def register(subparsers: Any) -> None:
    """Add the command ``saleor`` with its own sub-commands."""
    parser = subparsers.add_parser("saleor", help="the link to Saleor: setup, verify, poll")
    commands = parser.add_subparsers(dest="saleor_command", required=True, metavar="COMMAND")

    setup = commands.add_parser("setup", help="bring a Saleor to the state the shop needs (safe to repeat)")
    setup.add_argument("--api-url", default="", help="GraphQL address; default SALEOR_API_URL")
    setup.add_argument("--token", default="", help="staff or app token; default SALEOR_TOKEN")
    setup.add_argument("--email", default="", help="staff member; default SALEOR_EMAIL")
    setup.add_argument("--password", default="", help="their password; default SALEOR_PASSWORD")
    setup.add_argument(
        "--app-url", default="", help="address Saleor reaches this platform at; default PONTE_APP_URL"
    )
    setup.set_defaults(func=run_setup, needs_django=True)

    verify = commands.add_parser("verify", help="tell whether a recorded webhook's signature holds")
    verify.add_argument(
        "file", type=Path, metavar="FILE.http", help="request line, headers, blank line, body"
    )
    verify.add_argument(
        "--jwks", type=Path, required=True, metavar="FILE", help="key set of the Saleor that sent it"
    )
    verify.set_defaults(func=run_verify, needs_django=False)

    poll = commands.add_parser("poll", help="read again what changed in Saleor, as the scheduler does")
    poll.set_defaults(func=run_poll, needs_django=True)


def run_setup(arguments: argparse.Namespace) -> int:
    """Set up and print a line per change; exit 1 when something is left to do."""
    from . import clients, instances, setup

    api_url = instances.normal_url(arguments.api_url) or clients.default_api_url()
    try:
        client = setup.staff_client(api_url, **_credentials(arguments))
        report = setup.set_up(client, app_url=arguments.app_url, progress=_say)
    except PonteError as error:
        print(f"ponte saleor setup: {error.message}", file=sys.stderr)
        return 1
    return 1 if report.missing else 0


def _credentials(arguments: argparse.Namespace) -> dict[str, str]:
    """What was given, else the environment's: read late, because a demonstration's environment is joined late."""
    given = {name: getattr(arguments, name) for name in ("token", "email", "password")}
    if any(given.values()):
        return given
    return {name: os.environ.get(f"SALEOR_{name.upper()}", "") for name in given}


def run_verify(arguments: argparse.Namespace) -> int:
    """Print the verdict as one JSON line; exit 1 when the signature does not hold."""
    from .verify_file import verify_recorded

    verdict = verify_recorded(arguments.file, arguments.jwks)
    print(json.dumps(verdict))  # ASCII: whatever the file holds, any terminal can show it
    return 0 if verdict["valid"] else 1


def run_poll(arguments: argparse.Namespace) -> int:
    """Poll all instances once; exit 1 when none is connected or one could not be read."""
    from . import poller

    done = poller.poll_round()
    if not done.instances:
        print("ponte saleor poll: no Saleor is connected; run `ponte saleor setup`", file=sys.stderr)
        return 1
    print(f"{done.new} new events")
    for api_url, reason in done.failed.items():
        print(f"ponte saleor poll: {api_url}: {reason}", file=sys.stderr)
    return 1 if done.failed else 0


def _say(line: str) -> None:
    print(line, flush=True)
