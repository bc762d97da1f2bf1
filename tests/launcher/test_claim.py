"""One ``ponte up`` a folder, and a clean start after one that was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from saleor_ext.launcher import claim, environment, up
from saleor_ext.launcher.claim import CannotStart, FolderTaken, claimed

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
HOLD = (
    "import sys, time; from pathlib import Path; from saleor_ext.launcher.claim import claimed\n"
    "with claimed(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
)


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def start(
    started: list[subprocess.Popen[str]], command: list[str], var: Path, *, folder: Path | None = None
) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        command,
        env={**os.environ, "PONTE_VAR_DIR": str(var)},
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    started.append(process)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def note(var: Path, name: str, pid: int) -> None:
    (var / "run").mkdir(parents=True, exist_ok=True)
    (var / "run" / f"{name}.pid").write_text(str(pid))


def test_a_folder_is_held_once_and_free_after_a_kill(
    tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    holder = start(started, [sys.executable, "-c", HOLD, str(tmp_path)], tmp_path)
    with (
        pytest.raises(FolderTaken, match=rf"process {holder.pid}\) runs in {tmp_path} already"),
        claimed(tmp_path),
    ):
        pass
    holder.kill()
    holder.wait()
    with claimed(tmp_path):
        assert (tmp_path / "up.lock").read_text() == str(os.getpid())


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="other systems name the port instead")
def test_what_a_killed_one_left_is_ended_and_nothing_else(
    tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    var, elsewhere = tmp_path / "var", tmp_path / "elsewhere"
    (var / "redis").mkdir(parents=True)
    web = start(started, SLEEP, var)
    redis = start(started, SLEEP, elsewhere, folder=var / "redis")
    stranger = start(started, SLEEP, elsewhere, folder=tmp_path)  # has the number of a child long gone
    for name, pid in (("web", web.pid), ("redis", redis.pid), ("beat", stranger.pid), ("worker", 2**22 + 1)):
        note(var, name, pid)
    (var / "run" / "spoilt.pid").write_text("x")
    assert claim.sweep(var) == ["redis", "web"]
    assert (web.wait(), redis.wait()) == (-signal.SIGTERM, -signal.SIGTERM)
    assert stranger.poll() is None


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="other systems name the port instead")
def test_who_does_not_listen_is_killed(
    tmp_path: Path, started: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "STOP_SECONDS", 0.3)
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    process = start(started, [sys.executable, "-c", deaf], tmp_path)
    note(tmp_path, "worker", process.pid)
    assert claim.sweep(tmp_path) == ["worker"]
    assert process.wait() == -signal.SIGKILL


def test_killed_holders_do_not_keep_the_database_up(
    tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    gone = start(started, SLEEP, tmp_path)
    gone.kill()
    gone.wait()
    (tmp_path / ".handle_pids.json").write_text(json.dumps([gone.pid, os.getpid()]))
    claim.forget_dead_holders(tmp_path)
    assert json.loads((tmp_path / ".handle_pids.json").read_text()) == [os.getpid()]
    claim.forget_dead_holders(tmp_path / "nothing")


def test_two_services_cannot_share_a_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PONTE_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("REDIS_URL", "")  # empty is unset
    with pytest.raises(CannotStart) as caught:
        up.up(environment.Ports(8100, 8100, 8179))
    assert (
        str(caught.value)
        == "each needs a port of its own: --port 8100, --sandbox-port 8100, --redis-port 8179"
    )


def test_a_database_of_ones_own_needs_one_for_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p@db/ponte")
    monkeypatch.delenv("SANDBOX_DATABASE_URL", raising=False)
    with pytest.raises(CannotStart, match="SANDBOX_DATABASE_URL must name a second database"):
        environment.start_databases({})


@pytest.mark.parametrize("port", ["0", "65536", "99999", "-1", "web", "８０"])
def test_what_is_no_port_is_refused(port: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "saleor_ext.cli", "up", "--port", port],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert f"argument --port: {port!r} is no port (1 to 65535)" in result.stderr
