"""The ``ponte`` command."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import io
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import entry_points
from types import ModuleType

#: Modules that add commands of their own by ``register(subparsers)``.
EXTENSIONS = ("saleor_ext.launcher.commands", "saleor_ext.link.cli", "saleor_ext.walk.cli")


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ponte", description="Ponte: from Macau shops to Mainland buyers.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in EXTENSIONS:
        if importlib.util.find_spec(name):
            importlib.import_module(name).register(subparsers)
    for commands in _of_plugins():
        commands.register(subparsers)
    return parser


def _of_plugins() -> Iterator[ModuleType]:
    """Yield the module ``commands`` of each installed plugin that has one; it adds commands like our own do."""
    for entry in sorted(entry_points(group="ponte.plugins"), key=lambda entry: entry.name):
        package = entry.module.rpartition(".")[0]
        try:
            found = importlib.util.find_spec(f"{package}.commands")
        except ModuleNotFoundError:  # the plugin's own package is gone; `ponte doctor` tells about that
            continue
        if found is not None:
            yield importlib.import_module(found.name)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code.

    A command's parser sets ``func(arguments) -> int`` and ``needs_django``: whether settings and database are needed.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a poor terminal shows less, but ends nothing
    arguments = build_parser().parse_args(argv)
    try:
        if getattr(arguments, "needs_django", True):
            _prepare(arguments)
        return int(arguments.func(arguments))
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        print(f"ponte {arguments.command}: {message}", file=sys.stderr)
        return 1


def _prepare(arguments: argparse.Namespace) -> None:
    """Join the demonstration of this folder, if there is one, and read settings and plugins."""
    from saleor_ext.launcher import environment

    arguments.server = environment.load()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saleor_ext.config.settings")
    import django

    django.setup()
    importlib.import_module("saleor_ext.config.celery")  # so that tasks asked for know their broker


def explain(error: Exception) -> str | None:
    """Say in a line what the person at the keyboard can mend; None for a fault of ours, which needs its traceback."""
    from django.db.utils import OperationalError, ProgrammingError

    from saleor_ext.core.embedded import EmbeddedMissing
    from saleor_ext.core.errors import PonteError

    if isinstance(error, PonteError | EmbeddedMissing):
        return str(error)
    if isinstance(error, OperationalError):
        return f"the database does not answer: {_first_line(error)} (`ponte doctor` looks at everything)"
    if isinstance(error, ProgrammingError) and "does not exist" in str(error):
        return f"the database has no tables yet: {_first_line(error)}; run `ponte migrate`"
    return None


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
