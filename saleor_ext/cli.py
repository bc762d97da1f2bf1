"""The ``ponte`` command."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence

#: Modules that add commands of their own by ``register(subparsers)``.
EXTENSIONS = ("saleor_ext.launcher.commands", "saleor_ext.link.cli", "saleor_ext.walk.cli")


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ponte", description="Ponte: from Macau shops to Mainland buyers.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in EXTENSIONS:
        if importlib.util.find_spec(name):
            importlib.import_module(name).register(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code.

    A command's parser sets ``func(arguments) -> int`` and ``needs_django``: whether settings and database are needed.
    """
    arguments = build_parser().parse_args(argv)
    if getattr(arguments, "needs_django", True):
        from saleor_ext.launcher import environment

        arguments.server = environment.load()
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saleor_ext.config.settings")
        import django

        django.setup()
        importlib.import_module("saleor_ext.config.celery")  # so that tasks asked for know their broker
    try:
        return int(arguments.func(arguments))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
