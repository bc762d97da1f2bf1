"""Runs child processes: prefixed logs, restart after a crash, a clean end for all of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

#: A child that dies this soon after its start is restarted ever more slowly.
QUICK_DEATH_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 30.0
LOOK_SECONDS = 0.2
#: After this a child that does not stop by itself is killed.
STOP_SECONDS = 8.0
COLOURS = ("36", "32", "35", "33", "34", "31", "37")


@dataclass
class Child:
    """A process to keep alive."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[str] | None = None
    started: float = 0.0
    pause: float = 0.5
    restart_at: float = 0.0
    restarts: int = 0


@dataclass
class Supervisor:
    """Starts children in order and watches them until ``stop``."""

    stream: IO[str] = sys.stdout
    #: Where ``NAME.pid`` files are written, so that a child can be found by name.
    pid_folder: Path | None = None
    children: list[Child] = field(default_factory=list)
    #: A command that runs to its end before the next child is started.
    foreground: subprocess.Popen[str] | None = None
    #: Set by a signal handler, hence a plain mark: it may interrupt who holds the lock of a ``threading.Event``.
    stopping: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def say(self, name: str, line: str) -> None:
        """Print one line with the prefix of a child; lines of different children never mix."""
        prefix = f"{name:<14}│ "
        if self.stream.isatty():
            number = next((i for i, child in enumerate(self.children) if child.name == name), -1)
            prefix = f"\x1b[{COLOURS[number % len(COLOURS)]}m{prefix}\x1b[0m"
        with self._lock:
            print(prefix + line.rstrip("\n"), file=self.stream, flush=True)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Child:
        child = Child(name, command, environment)
        self.children.append(child)
        self._launch(child)
        return child

    def pause(self) -> bool:
        """Wait a moment and tell whether the end was asked for."""
        time.sleep(LOOK_SECONDS)
        return self.stopping

    def watch(self) -> None:
        """Restart what dies, until ``stopping`` is set."""
        while not self.pause():
            for child in self.children:
                self._tend(child)

    def stop(self) -> None:
        """End all children, the last started first."""
        self.stopping = True
        for child in reversed(self.children):
            _signal(child, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(child, signal.SIGKILL)
                child.process.wait()

    def _launch(self, child: Child) -> None:
        child.process = subprocess.Popen(
            child.command,
            env=dict(child.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches us only; we end the children in order
        )
        child.started = time.monotonic()
        if self.pid_folder:
            self.pid_folder.mkdir(parents=True, exist_ok=True)
            (self.pid_folder / f"{child.name}.pid").write_text(str(child.process.pid))
        threading.Thread(target=self._copy, args=(child, child.process), daemon=True).start()

    def _copy(self, child: Child, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.say(child.name, line)

    def _tend(self, child: Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.restart_at:
                self._launch(child)
            return
        code = child.process.poll()
        if code is None:
            return
        quick = time.monotonic() - child.started < QUICK_DEATH_SECONDS
        child.pause = min(child.pause * 2, LONGEST_PAUSE_SECONDS) if quick else 0.5
        child.restarts += 1
        # Its own children (server workers) must not live on and hold the port.
        _signal(child, signal.SIGKILL)
        self.say(child.name, f"ended with {_describe(code)}; starting it again in {child.pause:.1f} s")
        child.process = None
        child.restart_at = time.monotonic() + child.pause


def _signal(child: Child, number: signal.Signals) -> None:
    """Signal the child's whole process group."""
    if child.process is None:
        return
    try:
        os.killpg(child.process.pid, number)
    except ProcessLookupError:
        return


def _describe(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
