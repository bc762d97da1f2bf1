"""`python -m sandbox manage adduser EMAIL [--password …] [--staff]`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from sandbox.saleor.bootstrap import add_user


class Command(BaseCommand):
    help = "Add a confirmed customer (or staff superuser) to the stand-in for Saleor."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--password", default="ponte-demo")
        parser.add_argument("--staff", action="store_true")
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        user = add_user(
            options["email"],
            options["password"],
            staff=options["staff"],
            first_name=options["first_name"],
            last_name=options["last_name"],
        )
        self.stdout.write(user.graph_id)
