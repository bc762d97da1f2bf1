"""The ``ponte`` command."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import io
import os
import sys
from collections.abc import Sequence
from typing import Any

#: Entry points of plugins, and the variable that names further ones (as in plugin_api.registry, which is not
#: imported here: it takes longer than most commands).
PLUGINS = "ponte.plugins"
EXTRA_PLUGINS = "PONTE_EXTRA_PLUGINS"
#: Modules that add commands of their own by ``register(subparsers)``.
EXTENSIONS = (
    "saleor_ext.launcher.commands",
    "saleor_ext.link.cli",
    "saleor_ext.walk.cli",
    "saleor_ext.settlement.cli",
)


def build_parser(wanted: str = "") -> argparse.ArgumentParser:
    """Return the parser of all commands; plugins are not looked at when ``wanted`` is a command of the platform."""
    parser = argparse.ArgumentParser(prog="ponte", description="Ponte: from Macau shops to Mainland buyers.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in EXTENSIONS:
        if importlib.util.find_spec(name):
            importlib.import_module(name).register(subparsers)
    if wanted not in subparsers.choices:
        for package in _plugin_packages():
            _add_commands_of(package, subparsers)
    return parser


def _plugin_packages() -> list[str]:
    """Return the package of every plugin: that of the module its entry point names."""
    from importlib.metadata import entry_points

    places = [point.value for point in entry_points(group=PLUGINS)]
    places += filter(None, os.environ.get(EXTRA_PLUGINS, "").split(","))
    modules = [place.partition(":")[0].strip() for place in places]
    return list(dict.fromkeys(module.rpartition(".")[0] or module for module in modules))


def _add_commands_of(package: str, subparsers: Any) -> None:
    """Let ``<package>.commands`` add its commands, if it is there; a broken plugin is named and takes none away."""
    name = f"{package}.commands"
    try:
        if importlib.util.find_spec(name):
            importlib.import_module(name).register(subparsers)
    except Exception as error:
        print(f"ponte: the commands of {package} are left out: {error!r}", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code.

    A command's parser sets ``func(arguments) -> int`` and ``needs_django``: whether settings and database are needed.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a poor terminal shows less, but ends nothing
    words = sys.argv[1:] if argv is None else argv
    arguments = build_parser(words[0] if words else "").parse_args(words)
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
