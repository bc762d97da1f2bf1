"""The embedded PostgreSQL: started with patience, locked by cluster, and no folder opened for its sake."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from saleor_ext.core import embedded


class SlowServer:
    """Is slower than the wheel's patience a number of times."""

    def __init__(self, slow: int) -> None:
        self.slow = slow
        self.tries = 0

    def start(self) -> None:
        self.tries += 1
        if self.tries <= self.slow:
            raise subprocess.TimeoutExpired("pg_ctl", 10)


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    packages = tmp_path / "closed"
    programs = packages / "server" / "pginstall18" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").write_text("a program")
    (packages / "server.libs").mkdir()
    (packages / "server.libs" / "libpq.so").write_text("a library")
    (packages / "something else").mkdir()
    locks: list[Path] = []
    fake = SimpleNamespace(
        PostgresServer=SimpleNamespace(),
        TARGET_POSTGRES_VERSION=18,
        POSTGRES_VERSIONS={16: tmp_path / "other", 18: programs},
        fasteners=SimpleNamespace(InterProcessLock=locks.append),
        locks=locks,
    )
    monkeypatch.setattr(embedded, "_wheel", lambda: fake)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return fake


def started(wheel: SimpleNamespace, folder: Path, slow: int) -> Any:
    server = SlowServer(slow)
    wheel.get_server = lambda pgdata, start: server
    assert embedded.start_postgresql(folder) is server
    return server


def test_a_busy_machine_gets_more_than_one_try(wheel: SimpleNamespace, tmp_path: Path) -> None:
    assert started(wheel, tmp_path / "data", slow=2).tries == 3
    with pytest.raises(subprocess.TimeoutExpired):
        started(wheel, tmp_path / "data", slow=embedded.START_TRIES)


def test_each_cluster_has_a_lock_of_its_own(wheel: SimpleNamespace, tmp_path: Path) -> None:
    started(wheel, tmp_path / "one", slow=0)
    started(wheel, tmp_path / "two", slow=0)
    assert wheel.locks == [tmp_path / "one.lock", tmp_path / "two.lock"]


def test_roots_closed_folder_stays_closed(
    wheel: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    (tmp_path / "closed").chmod(0o700)
    started(wheel, tmp_path / "data", slow=0)
    copy = tmp_path / "data.programs"
    assert {18: copy / "server" / "pginstall18" / "bin"} == wheel.POSTGRES_VERSIONS
    assert (copy / "server" / "pginstall18" / "bin" / "postgres").read_text() == "a program"
    assert (copy / "server.libs" / "libpq.so").read_text() == "a library"
    assert sorted(path.name for path in copy.iterdir()) == ["server", "server.libs"]
    assert (tmp_path / "closed").stat().st_mode & 0o777 == 0o700


def test_a_plain_user_works_with_the_wheels_own_programs(wheel: SimpleNamespace, tmp_path: Path) -> None:
    before = dict(wheel.POSTGRES_VERSIONS)
    started(wheel, tmp_path / "data", slow=0)
    assert before == wheel.POSTGRES_VERSIONS
    assert not (tmp_path / "data.programs").exists()


def test_removing_a_cluster_leaves_nothing_of_it(tmp_path: Path) -> None:
    for name in ("data", "data.programs", "data-of-another"):
        (tmp_path / name).mkdir()
    (tmp_path / "data.lock").touch()
    embedded.remove(tmp_path / "data")
    assert [path.name for path in tmp_path.iterdir()] == ["data-of-another"]
