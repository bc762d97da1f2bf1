"""Files too large to be read at all: they stay in the drop folder's ``error`` and the quarantine points to them.

Nothing here holds a file in memory: it is hashed, masked at its beginning and handed out piece by piece. Only a host
that sees the drop folder can do that; the row itself is in the database, as of every quarantined file.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import PermanentError

from . import links
from .messages.statuses import masked
from .models import QuarantinedFile
from .transport.folder import ERROR

log = logging.getLogger(__name__)

CODE = "too_large"
#: Read at a time.
PIECE = 256 * 1024
HEAD_BYTES = 64 * 1024
REASON = ".reason.txt"
_LONGEST_REASON = 2000
State = QuarantinedFile.State


def adopt() -> int:
    """List files of ``error`` that are too large for the quarantine itself; return how many are new. Periodic."""
    settings = links.config()
    if settings.transport != "folder" or not (folder := _folder()).is_dir():
        return 0
    bound = links.most_bytes(settings)
    known = set(QuarantinedFile.objects.exclude(aside="").values_list("aside", flat=True))
    return sum(_take_in(path) for path in _files(folder, bound) if path.name not in known)


def _files(folder: Path, bound: int) -> list[Path]:
    """Return the files above a size, the oldest first; links are nobody's file."""
    with os.scandir(folder) as entries:
        found = [
            (entry.stat(follow_symlinks=False).st_mtime, Path(entry.path))
            for entry in entries
            if entry.is_file(follow_symlinks=False)
            and not entry.name.endswith(REASON)
            and entry.stat(follow_symlinks=False).st_size > bound
        ]
    return [path for _at, path in sorted(found)]


def _take_in(path: Path) -> bool:
    try:
        digest, size, head = _read(path)
        path.name.encode()
    except (OSError, UnicodeEncodeError) as error:
        log.warning("a large file in %s cannot be listed: %s", ERROR, type(error).__name__)
        return False
    with transaction.atomic():
        row, new = QuarantinedFile.objects.select_for_update().get_or_create(
            sha256=digest,
            defaults={
                "name": _name(path)[:255],
                "size": size,
                "head": head,
                "code": CODE,
                "reason": _reason(path),
                "received_at": clock.now(),
                "aside": path.name,
            },
        )
        if not new and row.aside and (path.parent / row.aside).exists():
            _remove(path)  # the very same bytes lie there already
            audit.record("customs.quarantine_repeated", "file", row.pk, name=path.name)
            return False
        if not new:
            row.aside, row.state, row.head, row.received_at = path.name, State.WAITING, head, clock.now()
            row.save(update_fields=["aside", "state", "head", "received_at"])
        audit.record(
            "customs.quarantined", "file", row.pk, code=row.code, name=row.name, size=size, kept=False
        )
    return True


def _read(path: Path) -> tuple[str, int, bytes]:
    """Return digest, size and masked beginning of a file."""
    digest, size, head = hashlib.sha256(), 0, b""
    for piece in _pieces(path):
        digest.update(piece)
        head = head or masked(piece[:HEAD_BYTES].decode("latin-1")).encode("latin-1")
        size += len(piece)
    return digest.hexdigest(), size, head


def _pieces(path: Path) -> Iterator[bytes]:
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(number, "rb", buffering=0) as stream:
        while piece := stream.read(PIECE):
            yield piece


def _name(path: Path) -> str:
    """Return the name under which the file came: a second one of a name has got a number."""
    stem, _, number = path.name.rpartition(".")
    return stem if number.isdigit() and "." in stem else path.name


def _reason(path: Path) -> str:
    try:
        with path.with_name(path.name + REASON).open(encoding="utf-8", errors="replace") as file:
            return file.read(_LONGEST_REASON).strip()
    except OSError:
        return ""


# -- what an operator does -------------------------------------------------------------------------------------


def pieces(row: QuarantinedFile) -> Iterator[bytes]:
    """Yield a file as it lies on the disk, piece by piece.

    :raises PermanentError: this host does not see it, before the first piece
    """
    path = _path(row)
    if not path.is_file():
        raise PermanentError(_("The file is not in the drop folder of this host."), code="not_here")
    return _pieces(path)


def remove(row: QuarantinedFile) -> None:
    """Delete a file from the disk; one that is gone already is as well.

    :raises PermanentError: this host does not see the drop folder, or may not delete there
    """
    if not _folder().is_dir():
        raise PermanentError(_("This host does not see the drop folder."), code="not_here")
    try:
        _remove(_path(row))
    except OSError as error:
        raise PermanentError(
            _("The file cannot be deleted: {reason}").format(reason=error.strerror), code="not_deleted"
        ) from error


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    with suppress(OSError):
        path.with_name(path.name + REASON).unlink(missing_ok=True)


def _folder() -> Path:
    return links.config().folder_path / ERROR


def _path(row: QuarantinedFile) -> Path:
    """Return where a row points to, always inside the folder."""
    return _folder() / Path(row.aside).name
