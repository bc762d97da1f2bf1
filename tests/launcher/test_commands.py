"""Commands tell what is wrong in a line, where the person who typed them can mend it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from saleor_ext.core.errors import TransientError
from saleor_ext.walk import journey
from saleor_ext.walk.journey import Plan, Walk

#: Settings that are complete, of a database that nobody serves.
NOWHERE = {
    "DATABASE_URL": "postgresql://u:p@127.0.0.1:1/ponte",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "PONTE_SECRET_KEY": "x" * 40,
    "PONTE_KEY_FILE": "/nowhere/keys.json",
}


def ponte(*arguments: str, answer: str | None = None, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "saleor_ext.cli", *arguments],
        env={**os.environ, **NOWHERE, "PONTE_EXTRA_PLUGINS": "", **changes},
        input=answer,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["migrate"], "ponte migrate: the database does not answer: connection failed"),
        (["saleor", "poll"], "ponte saleor: the database does not answer: connection failed"),
        (["keys", "rotate"], "ponte keys: the database does not answer: connection failed"),
    ],
)
def test_what_is_not_there_is_told_in_a_line(command: list[str], message: str) -> None:
    result = ponte(*command)
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_plugin_that_cannot_be_loaded_is_named() -> None:
    result = ponte("migrate", PONTE_EXTRA_PLUGINS="nobody:plugin")
    assert result.returncode == 1
    assert result.stderr.startswith("ponte migrate: plugin nobody:plugin (nobody:plugin) cannot be loaded")


def test_a_walk_without_a_database_says_so_in_its_own_words() -> None:
    result = ponte("walk", "--json")
    [line] = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.returncode, line["step"], line["ok"]) == (1, "publish", False)
    assert line["reason"].startswith("OperationalError: connection failed")


@pytest.mark.parametrize(
    ("error", "reason"),
    [(TransientError("Saleor is away"), "Saleor is away"), (KeyError("edges"), "KeyError: 'edges'")],
)
def test_a_step_that_fails_in_any_way_is_the_last_line(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def publish(*arguments: object) -> str:
        raise error

    monkeypatch.setattr(journey.merchant, "publish", publish)
    lines: list[dict[str, object]] = []
    assert Walk(Plan("bonded_1210"), lines.append).run() is False
    assert [(line["step"], line["ok"], line["ref"], line["reason"]) for line in lines] == [
        ("publish", False, "", reason)
    ]
    assert isinstance(lines[0]["ms"], int)


def test_nobody_there_to_agree_keeps_the_demonstration(tmp_path: Path) -> None:
    (tmp_path / "demo.env").touch()
    result = ponte("reset", answer="", PONTE_VAR_DIR=str(tmp_path))
    assert (result.returncode, result.stderr) == (1, "")
    assert result.stdout.endswith("nothing was deleted\n")
    assert (tmp_path / "demo.env").exists()


def test_a_poor_terminal_shows_less_but_ends_nothing() -> None:
    result = ponte("doctor", PYTHONIOENCODING="ascii")
    assert result.returncode == 1
    assert "\\u2717 database: OperationalError: connection failed" in result.stdout
    assert "Traceback" not in result.stderr
