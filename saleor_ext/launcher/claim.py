"""One ``ponte up`` a folder: who has it, and what a killed one left running."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: Seconds that a left-over process has to end by itself.
STOP_SECONDS = 8.0
PROC = Path("/proc")


class CannotStart(RuntimeError):
    """Something is in the way; the message says what and how to mend it."""


class FolderTaken(CannotStart):
    """Another ``ponte up`` runs in this folder."""


@contextmanager
def claimed(var: Path) -> Iterator[None]:
    """Hold the folder; the claim ends with the process, however it ends.

    :raises FolderTaken: while another process holds it
    """
    var.mkdir(parents=True, exist_ok=True)
    with (var / "up.lock").open("a+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            raise FolderTaken(
                f"`ponte up` (process {stream.read().strip() or 'unknown'}) runs in {var} already. Stop it first, "
                "or give this one a folder of its own: PONTE_VAR_DIR=/another/folder ponte up"
            ) from None
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def sweep(var: Path) -> list[str]:
    """End the children that a killed ``ponte up`` could not end itself; return their names. Needs the claim."""
    left = {path: pid for path in (var / "run").glob("*.pid") if (pid := _of_ours(path, var))}
    for pid in left.values():
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while any(_alive(pid) for pid in left.values()) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in left.values():
        _signal(pid, signal.SIGKILL)
    return sorted(path.stem for path in left)


def forget_dead_holders(cluster: Path) -> None:
    """Strike killed processes off the embedded server's list: it stops when the last one on it goes."""
    holders = cluster / ".handle_pids.json"
    with suppress(OSError, ValueError):
        holders.write_text(json.dumps([pid for pid in json.loads(holders.read_text()) if _alive(pid)]))


def _of_ours(path: Path, var: Path) -> int | None:
    """The process a pid file names, if it is still the one that was started for this folder."""
    try:
        pid = int(path.read_text())
        environment = (PROC / str(pid) / "environ").read_bytes().split(b"\0")
        folder = (PROC / str(pid) / "cwd").resolve()
    except (OSError, ValueError):
        return None
    # Redis writes its title over its environment, but works in a folder of ours.
    ours = f"PONTE_VAR_DIR={var}".encode() in environment or folder.is_relative_to(var)
    return pid if ours else None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with suppress(OSError):
        return ") Z " not in (PROC / str(pid) / "stat").read_text()  # a zombie only waits to be counted
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    """Signal the whole group: every child leads one of its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
