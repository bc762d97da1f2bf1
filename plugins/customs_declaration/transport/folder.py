"""Drop folders as the E-port client uses them: ``outbox`` to the port, ``inbox`` from it.

Files are written in ``tmp`` and appear under their final name only when they are complete and on the disk.
Receipts that were stored go to ``archive``, into a folder for each day (China time); unreadable ones to ``error``
with a text file that says why.
"""

from __future__ import annotations

import heapq
import logging
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError, PutOff, TransientError

from .port import Incoming

log = logging.getLogger(__name__)

OUTBOX, INBOX, ARCHIVE, ERROR, WORK = "outbox", "inbox", "archive", "error", "tmp"
TEMPORARY = ".tmp"
#: A folder of many thousand files is not counted anew for every send.
COUNTED_FOR = 1.0
#: When the outbox is full, ask again after this many seconds.
FULL_WAIT = 30.0
#: A file that cannot be read may be on its way still; after so many seconds it is put aside.
PATIENCE = 60.0
#: Left by writers that died; older ones are removed.
STALE = 24 * 3600.0
#: Less free space than this is told before it hurts.
LEAST_FREE = 64 * 1024 * 1024


class DropFolder:
    """A folder shared with the port's client program."""

    def __init__(
        self, folder: Path, *, max_bytes: int, max_waiting: int = 20_000, settle_seconds: float = 0.0
    ) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        #: So many files in the outbox mean that the client program stands still; 0 = no limit.
        self.max_waiting = max_waiting
        #: Files younger than this are left alone, for clients that do not rename into place.
        self.settle_seconds = settle_seconds
        self._counted = (-COUNTED_FOR, 0)

    def send(self, name: str, body: bytes) -> None:
        target = self._sub(OUTBOX) / _safe(name)
        try:
            if self._lies_there(target, body):
                return
            self._ensure_room()
            self._write(target, body)
        except OSError as error:
            raise TransientError(f"{OUTBOX}: {error.strerror}") from error
        at, waiting = self._counted
        self._counted = (at, waiting + 1)

    def receive(self, limit: int = 100) -> Iterator[Incoming]:
        inbox = self._sub(INBOX)
        for modified, path, size in heapq.nsmallest(limit, self._ready(inbox)):
            if size > self.max_bytes:
                self.refuse(path.name, f"{size} bytes, at most {self.max_bytes} are read")
                continue
            try:
                body = path.read_bytes()
            except FileNotFoundError:  # another worker took it
                continue
            except OSError as error:  # one bad file must not keep the others
                if time.time() - modified / 1e9 > PATIENCE:
                    self.refuse(path.name, f"cannot be read: {error.strerror}")
                continue
            yield Incoming(path.name, body)

    def take(self, name: str) -> None:
        self._move(name, f"{ARCHIVE}/{clock.china_today():%Y-%m-%d}")

    def refuse(self, name: str, reason: str) -> None:
        moved = self._move(name, ERROR)
        if moved is None:
            return
        try:
            moved.with_name(moved.name + ".reason.txt").write_text(reason + "\n", encoding="utf-8")
        except (
            OSError
        ) as error:  # the file is aside all the same, and the platform's quarantine has the reason
            log.warning("the reason of %s cannot be written: %s", moved.name, error.strerror)

    def problems(self) -> list[str]:
        found = []
        for name in (OUTBOX, INBOX, ARCHIVE, ERROR, WORK):
            try:
                folder = self._sub(name)
            except TransientError as error:
                return [error.message]
            if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                found.append(f"{folder} is not readable and writable")
        free = shutil.disk_usage(self.folder).free
        if free < LEAST_FREE:
            found.append(f"{self.folder}: {free // 2**20} MiB free")
        if found:
            return found
        self._remove_stale()
        if self.max_waiting and (waiting := self._waiting()) >= self.max_waiting:
            found.append(f"{waiting} files wait in {OUTBOX}: is the port's client running?")
        return found

    def refused(self) -> int:
        """Number of files put aside."""
        return sum(1 for path in self._sub(ERROR).iterdir() if not path.name.endswith(".reason.txt"))

    def _ensure_room(self) -> None:
        if self.max_waiting and self._waiting() >= self.max_waiting:
            raise PutOff(
                f"{self.max_waiting} files wait in {OUTBOX}: is the port's client running?", FULL_WAIT
            )

    def _waiting(self) -> int:
        if time.monotonic() - self._counted[0] >= COUNTED_FOR:
            with os.scandir(self._sub(OUTBOX)) as entries:
                self._counted = (time.monotonic(), sum(1 for _ in entries))
        return self._counted[1]

    def _lies_there(self, target: Path, body: bytes) -> bool:
        """Tell whether the same message waits already: it is left alone, the client may be reading it."""
        try:
            known = target.read_bytes()
        except FileNotFoundError:
            return False
        if known != body:
            raise PermanentError(f"another message of the name {target.name} waits in {OUTBOX}")
        return True

    def _write(self, target: Path, body: bytes) -> None:
        """Write aside, flush to disk, then rename: readers see the whole file or none, even after a power cut."""
        temporary = self._sub(WORK) / f"{target.name}.{uuid.uuid4().hex}{TEMPORARY}"
        try:
            with temporary.open("xb") as stream:
                stream.write(body)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(target)
        except OSError:
            with suppress(OSError):  # a full disk must not keep the half of it
                temporary.unlink()
            raise
        _flush(target.parent)

    def _ready(self, inbox: Path) -> Iterator[tuple[int, Path, int]]:
        """Yield (time of change in ns, path, size) of the complete files."""
        newest = time.time() - self.settle_seconds
        try:
            with os.scandir(inbox) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or entry.name.endswith(TEMPORARY):
                        continue
                    try:
                        if not entry.is_file(follow_symlinks=False):
                            continue
                        about = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:  # another worker took it
                        continue
                    if about.st_mtime <= newest:
                        yield about.st_mtime_ns, Path(entry.path), about.st_size
        except OSError as error:
            raise TransientError(f"{INBOX}: {error.strerror}") from error

    def _remove_stale(self) -> None:
        for path in self._sub(WORK).iterdir():
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > STALE:
                    path.unlink()

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
        except OSError as error:
            raise TransientError(f"{where}: {error.strerror}") from error


def _safe(name: str) -> str:
    if not name or name.startswith(".") or "/" in name or "\x00" in name:
        raise PermanentError(f"not a file name: {name!r}")
    return name


def _flush(folder: Path) -> None:
    """Bring a folder's entries to the disk, where the system can."""
    try:
        number = os.open(folder, os.O_RDONLY)
    except OSError:  # a share that opens no folders
        return
    try:
        with suppress(OSError):
            os.fsync(number)
    finally:
        os.close(number)
