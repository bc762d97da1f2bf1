"""The whole demonstration as processes, on free ports and in a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 420  # an idle machine needs a quarter of it
STOP_SECONDS = 180  # an idle machine needs one; a busy disk keeps the database's last checkpoint waiting
#: Variables that tie a process to the test run's own database or settings.
_FOREIGN = re.compile(r"^(PONTE_|SANDBOX_|DATABASE_URL$|REDIS_URL$|SALEOR_|CELERY_|DJANGO_|PYTEST_)")


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


class DemoProcess:
    """``ponte up`` under test; leave the context to stop it and delete its folder."""

    def __init__(self, *, seed: bool = True, extra_environment: Mapping[str, str] | None = None) -> None:
        self.extra_environment = dict(extra_environment or {})
        self.folder = tempfile.TemporaryDirectory(prefix="ponte demo ")  # a blank in the path, on purpose
        Path(self.folder.name).chmod(0o755)
        self.var = Path(self.folder.name) / "var"
        self.web_port, self.sandbox_port, self.redis_port = free_ports(3)
        self.seed = seed
        self.lines: list[str] = []
        self._ready = threading.Event()
        self._process: subprocess.Popen[str] | None = None

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def sandbox(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def environment(self) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not _FOREIGN.match(name)}
        return {**plain, "PONTE_VAR_DIR": str(self.var), **self.extra_environment}

    def __enter__(self) -> DemoProcess:
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.stop()
        self.ponte("reset", "--yes", check=False)
        self.folder.cleanup()

    def start(self) -> None:
        command = [sys.executable, "-m", "saleor_ext.cli", "up", "--port", str(self.web_port)]
        command += ["--sandbox-port", str(self.sandbox_port), "--redis-port", str(self.redis_port)]
        if not self.seed:
            command.append("--no-seed")
        self._ready.clear()
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        deadline = time.monotonic() + START_SECONDS
        while not self._ready.wait(0.2):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("the demo did not start:\n" + "\n".join(self.lines[-80:]))

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.lines.append(line.rstrip())
                if line.startswith("[6/6] ready"):
                    self._ready.set()

    def stop(self) -> int:
        """End it as Ctrl-C does; return the exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        return self._process.returncode

    def pid(self, name: str) -> int:
        return int((self.var / "run" / f"{name}.pid").read_text())

    def kill(self, name: str) -> None:
        """``kill -9`` a child and all it started."""
        os.killpg(self.pid(name), signal.SIGKILL)

    def ponte(
        self, *arguments: str, check: bool = True, timeout: float = 180
    ) -> subprocess.CompletedProcess[str]:
        """Run a ``ponte`` command against this demonstration."""
        return subprocess.run(
            [sys.executable, "-m", "saleor_ext.cli", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=check,
            timeout=timeout,
        )

    def log(self, count: int = 80) -> str:
        return "\n".join(self.lines[-count:])
