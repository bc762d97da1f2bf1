"""Drop folders as the E-port client uses them: ``outbox`` to the port, ``inbox`` from it.

Files appear under their final name only when they are complete. Receipts that were stored go to
``archive``, unreadable ones to ``error`` with a text file that says why.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from saleor_ext.core.errors import PermanentError, TransientError

from .port import Incoming

OUTBOX, INBOX, ARCHIVE, ERROR = "outbox", "inbox", "archive", "error"
TEMPORARY = ".tmp"


class DropFolder:
    """A folder shared with the port's client program."""

    def __init__(
        self, folder: Path, *, max_bytes: int, max_waiting: int = 20_000, settle_seconds: float = 0.0
    ) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        #: More files than this in the outbox mean that the client program stands still.
        self.max_waiting = max_waiting
        #: Files younger than this are left alone, for clients that do not rename into place.
        self.settle_seconds = settle_seconds

    def send(self, name: str, body: bytes) -> None:
        outbox = self._sub(OUTBOX)
        target = outbox / _safe(name)
        try:
            if self._waiting() >= self.max_waiting:
                raise TransientError(
                    f"{self.max_waiting} files wait in {OUTBOX}: is the port's client running?"
                )
            _write(target, body)
        except OSError as error:
            raise TransientError(f"{OUTBOX}: {error.strerror}") from error

    def receive(self, limit: int = 100) -> Iterator[Incoming]:
        inbox = self._sub(INBOX)
        for _modified, path, size in sorted(self._ready(inbox))[:limit]:
            if size > self.max_bytes:
                self.refuse(path.name, f"{size} bytes, at most {self.max_bytes} are read")
                continue
            try:
                body = path.read_bytes()
            except FileNotFoundError:  # another worker took it
                continue
            yield Incoming(path.name, body)

    def take(self, name: str) -> None:
        self._move(name, ARCHIVE)

    def refuse(self, name: str, reason: str) -> None:
        moved = self._move(name, ERROR)
        if moved is not None:
            moved.with_name(moved.name + ".reason.txt").write_text(reason + "\n", encoding="utf-8")

    def problems(self) -> list[str]:
        found = []
        for name in (OUTBOX, INBOX, ARCHIVE, ERROR):
            try:
                folder = self._sub(name)
            except TransientError as error:
                return [error.message]
            if not os.access(folder, os.W_OK | os.X_OK):
                found.append(f"{folder} is not writable")
        return found

    def refused(self) -> int:
        """Number of files put aside."""
        return sum(1 for path in self._sub(ERROR).iterdir() if not path.name.endswith(".reason.txt"))

    def _waiting(self) -> int:
        return sum(1 for _ in self._sub(OUTBOX).iterdir())

    def _ready(self, inbox: Path) -> list[tuple[int, Path, int]]:
        """Return (time of change, path, size) of the complete files."""
        newest = time.time() - self.settle_seconds
        found = []
        for entry in os.scandir(inbox):
            if entry.name.startswith(".") or entry.name.endswith(TEMPORARY):
                continue
            try:
                if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime <= newest:
                    found.append((entry.stat().st_mtime_ns, Path(entry.path), entry.stat().st_size))
            except FileNotFoundError:  # another worker took it
                continue
        return found

    def _sub(self, name: str) -> Path:
        folder = self.folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TransientError(f"{folder}: {error.strerror}") from error
        return folder

    def _move(self, name: str, where: str) -> Path | None:
        """Move a receipt; a second file of the same name gets a number, a missing one was moved before."""
        source = self._sub(INBOX) / _safe(name)
        target = self._sub(where) / source.name
        number = 1
        while target.exists():
            number += 1
            target = target.with_name(f"{source.name}.{number}")
        try:
            return source.replace(target)
        except FileNotFoundError:
            return None


def _safe(name: str) -> str:
    if not name or name.startswith(".") or "/" in name or "\x00" in name:
        raise PermanentError(f"not a file name: {name!r}")
    return name


def _write(target: Path, body: bytes) -> None:
    """Write beside, flush to disk, then rename: readers see the whole file or none."""
    temporary = target.with_name(target.name + TEMPORARY)
    with temporary.open("wb") as stream:
        stream.write(body)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(target)
