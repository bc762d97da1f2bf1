"""The drop folder: ``outbox`` is written by the platform and read here, ``inbox`` the other way round.

Whoever writes does so under another name and renames: a ``*.xml`` is always whole.
"""

from __future__ import annotations

import logging
import os
import uuid
from pathlib import Path

from django.conf import settings

log = logging.getLogger("sandbox.customs_port")
FOLDERS = ("outbox", "inbox", "archive", "error")


def folder(name: str) -> Path:
    return Path(settings.SANDBOX_CUSTOMS_DROP) / name


def make() -> None:
    """Make the folders."""
    for name in FOLDERS:
        folder(name).mkdir(parents=True, exist_ok=True)


def write(path: Path, data: bytes) -> None:
    """Write a file so that it appears whole or not at all, even after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def write_inbox(name: str, data: bytes) -> None:
    write(folder("inbox") / name, data)


def waiting() -> list[Path]:
    """Return the files to take, oldest first; names that begin with a dot or end otherwise are unfinished."""
    home = folder("outbox")
    if not home.is_dir():
        return []
    found = []
    for path in home.iterdir():
        if (
            path.suffix == ".xml"
            and not path.name.startswith(".")
            and path.is_file()
            and not path.is_symlink()
        ):
            try:
                found.append((path.stat().st_mtime_ns, path))
            except FileNotFoundError:
                continue  # another worker was faster
    return [path for _, path in sorted(found)]


def move(path: Path, to: str) -> None:
    """Move a taken file away; the name is made unique when it was there before."""
    target = folder(to) / path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target = target.with_name(f"{path.stem}.{uuid.uuid4().hex[:8]}{path.suffix}")
    try:
        path.replace(target)
    except FileNotFoundError:
        log.info("%s was taken by another worker", path.name)
