from __future__ import annotations

import io
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from saleor_ext.launcher import environment, up
from saleor_ext.launcher.supervisor import Supervisor
from tests.waiting import until

PYTHON = sys.executable


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(stream=io.StringIO(), pid_folder=tmp_path)
    yield made
    made.stop()


def output(supervisor: Supervisor) -> str:
    assert isinstance(supervisor.stream, io.StringIO)
    return supervisor.stream.getvalue()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_lines_carry_the_name_of_the_child(supervisor: Supervisor) -> None:
    supervisor.start("talker", [PYTHON, "-c", "print('hello'); print('world')"], os.environ)
    until(lambda: "world" in output(supervisor))
    assert output(supervisor).splitlines()[:2] == ["talker        │ hello", "talker        │ world"]


def test_a_killed_child_is_reported_and_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    child = supervisor.start("sleeper", [PYTHON, "-c", "import time; time.sleep(60)"], os.environ)
    threading.Thread(target=supervisor.watch, daemon=True).start()
    first = int((tmp_path / "sleeper.pid").read_text())
    os.kill(first, 9)
    until(lambda: child.process is not None and child.process.pid != first)
    assert "ended with signal SIGKILL; starting it again in" in output(supervisor)
    assert child.restarts == 1
    assert int((tmp_path / "sleeper.pid").read_text()) != first


def test_a_child_that_dies_at_once_is_restarted_ever_more_slowly(supervisor: Supervisor) -> None:
    child = supervisor.start("broken", [PYTHON, "-c", "raise SystemExit(3)"], os.environ)
    threading.Thread(target=supervisor.watch, daemon=True).start()
    until(lambda: child.restarts >= 2)
    assert "ended with exit code 3; starting it again in 1.0 s" in output(supervisor)
    assert "ended with exit code 3; starting it again in 2.0 s" in output(supervisor)


def test_stop_ends_children_and_their_children(supervisor: Supervisor) -> None:
    inner = "[sys.executable, '-c', 'import time; time.sleep(60)']"
    code = f"import subprocess, sys, time; print(subprocess.Popen({inner}).pid, flush=True); time.sleep(60)"
    child = supervisor.start("parent", [PYTHON, "-c", code], os.environ)
    until(lambda: "│" in output(supervisor))
    grandchild = int(output(supervisor).split("│")[1])
    supervisor.stop()
    assert child.process is not None
    assert child.process.poll() is not None
    until(lambda: not alive(grandchild))


def test_a_port_in_use_is_named_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(up.CannotStart) as caught:
            up.check_port(port, "--port", "the shop")
    message = str(caught.value)
    assert f"port {port}, wanted for the shop, is in use" in message
    assert f"ponte up --port {port + 10}" in message


def test_the_cluster_lies_where_the_server_may_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "only root"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    outside = environment.postgresql_folder(closed / "var")
    assert not outside.is_relative_to(closed)
    assert environment.postgresql_folder(closed / "var") == outside  # a second start finds its data again


def test_a_path_with_blanks_keeps_the_cluster_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folder = environment.postgresql_folder(tmp_path / "my shop" / "var")
    assert folder.parent == tmp_path
    assert " " not in str(folder)


def test_a_plain_user_keeps_everything_in_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert environment.postgresql_folder(tmp_path / "var") == tmp_path / "var" / "postgresql"


def test_the_end_is_heard_where_a_script_left_the_interrupt_ignored(supervisor: Supervisor) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # as `ponte up &` in a script does
        up._stop_on_signals(supervisor)
        signal.raise_signal(signal.SIGINT)
        assert supervisor.stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
