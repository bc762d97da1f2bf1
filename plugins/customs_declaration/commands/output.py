"""What the customs commands share: opening a file, one clear line for what cannot be read, printing at the end."""

from __future__ import annotations

import argparse
import io
import json
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from saleor_ext.core.errors import PonteError

#: Output kept in memory before it goes to a temporary file.
IN_MEMORY = 256 * 1024
UNREADABLE = 2


class Unreadable(Exception):
    """The input cannot be worked on; the text says why, in one line."""


def command(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """Make a command answer unreadable input with exit code 2 and one line on the error stream."""

    def guarded(arguments: argparse.Namespace) -> int:
        try:
            return run(arguments)
        except BrokenPipeError:  # whoever read the output has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except (Unreadable, PonteError) as error:
            reason = str(error)
        except OSError as error:
            reason = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
        name = getattr(arguments, "file", None)
        about = f"{name}: " if name and not reason.startswith(f"{name}: ") else ""
        line = " ".join(f"ponte customs {arguments.customs_command}: {about}{reason}".split())
        sys.stderr.write(f"{line}\n")
        return UNREADABLE

    return guarded


@contextmanager
def opened(name: str, limit: int) -> Iterator[BinaryIO]:
    """Open a regular file, or ``-`` for the input, which is read up to the limit."""
    if name == "-":
        body = sys.stdin.buffer.read(limit + 1)
        yield io.BytesIO(body)
        return
    path = Path(name)
    if not stat.S_ISREG(path.stat().st_mode):
        raise Unreadable("is a directory, not a file" if path.is_dir() else "is not a regular file")
    with path.open("rb") as stream:
        yield cast(BinaryIO, stream)


@contextmanager
def spool(into: str | None = "stdout") -> Iterator[TextIO]:
    """Collect text; when the block ends without an error it is printed (``into`` None: it is not)."""
    with tempfile.SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8", newline="") as made:
        text = cast(TextIO, made)
        yield text
        if into is None:
            return
        text.seek(0)
        while piece := text.read(1 << 16):
            sys.stdout.write(piece)
        sys.stdout.flush()


def to_json(value: object, indent: int | None = None) -> str:
    """Write JSON, in one line unless indented; letters as they are where the output can show them."""
    utf8 = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
    return json.dumps(value, ensure_ascii=not utf8, indent=indent)


def write_bytes(body: bytes, path: Path | None) -> None:
    """Write to a file, which appears whole or not at all, or to the output."""
    if path is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(body)
        sys.stdout.buffer.flush()
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(body)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
