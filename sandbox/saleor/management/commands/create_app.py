"""`python -m sandbox manage create_app [NAME] [--permission …] [--token …]`: prints a token."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from sandbox.saleor.auth import ALL_PERMISSIONS
from sandbox.saleor.bootstrap import create_app


class Command(BaseCommand):
    help = (
        "Make a local app in the stand-in for Saleor and print its token; without --permission it gets all."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", default="Sandbox set-up")
        parser.add_argument("--permission", action="append", choices=ALL_PERMISSIONS)
        parser.add_argument("--token", help="use this token of 30 characters")

    def handle(self, *args: Any, **options: Any) -> None:
        token = create_app(options["name"], token=options["token"], permissions=options["permission"])
        self.stdout.write(token)
