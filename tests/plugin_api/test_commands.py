"""Commands that plugins add."""

from __future__ import annotations

import sys

import pytest

from saleor_ext import cli
from saleor_ext.plugin_api import registry


@pytest.fixture
def plugin_of(tmp_path, monkeypatch):
    def make(name: str, commands: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        (folder / "commands.py").write_text(commands)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setenv(registry.EXTRA_VARIABLE, f"{name}.plugin:plugin")

    yield make
    for name in [one for one in sys.modules if one.startswith("harbour_")]:
        del sys.modules[name]


WAVE = """
def register(subparsers):
    parser = subparsers.add_parser("wave")
    parser.set_defaults(func=lambda arguments: 7, needs_django=False)
"""


def test_a_plugin_adds_commands_by_a_module_of_that_name(plugin_of) -> None:
    plugin_of("harbour_good", WAVE)
    assert cli.main(["wave"]) == 7


def test_a_broken_plugin_is_named_and_takes_no_command_away(plugin_of, capsys) -> None:
    plugin_of("harbour_broken", "1 / 0")
    assert "doctor" in cli.build_parser().format_help()
    assert "harbour_broken" in capsys.readouterr().err


def test_a_command_of_the_platform_does_not_look_at_plugins(plugin_of, capsys) -> None:
    plugin_of("harbour_unread", "1 / 0")
    cli.build_parser("doctor")
    assert capsys.readouterr().err == ""


def test_the_names_are_those_of_the_registry() -> None:
    assert (cli.PLUGINS, cli.EXTRA_PLUGINS) == (registry.GROUP, registry.EXTRA_VARIABLE)
