"""Prepares the environment before Django's settings are read (loaded by ``-p`` from pyproject).

One embedded PostgreSQL serves all parallel workers; each has databases of its own. ``DATABASE_URL`` and
``REDIS_URL`` are honoured when they are set.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

_MARK = "PONTE_TEST_FOLDER"


def _prepare_platform(folder: Path) -> None:
    from saleor_ext.core.keys import new_ring, write_ring

    os.environ.setdefault("REDIS_URL", "memory://")  # nobody consumes: tests run tasks themselves
    os.environ["PONTE_SECRET_KEY"] = secrets.token_hex(32)
    os.environ["PONTE_KEY_FILE"] = str(folder / "keys.json")
    _own_var(folder / "var")
    os.environ["PONTE_PUBLIC_URL"] = "http://testserver"
    os.environ["PONTE_DEMO"] = "1"
    os.environ.setdefault("SALEOR_API_URL", "http://saleor.test/graphql/")
    os.environ["PONTE_EXTRA_PLUGINS"] = "tests.dummy_plugin.plugin:plugin"
    from saleor_ext.core.settings import platform_settings

    platform_settings.cache_clear()
    write_ring(folder / "keys.json", new_ring())


def _start_postgresql(folder: Path) -> Any:
    """Start a server that lets every worker's sixty-four threads in, and those of the test before that still leave.

    Tests need nothing to survive a power cut; benchmarks wait for the disk like everybody.
    """
    import psycopg

    from saleor_ext.core.embedded import start_postgresql

    settings = {"max_connections": "400"}
    if "pytest" in sys.modules:
        settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    server = start_postgresql(folder)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for name, value in settings.items():
            connection.execute(f"ALTER SYSTEM SET {name} = {value}")
    server.stop()
    return start_postgresql(folder)


def _own_var(folder: Path) -> None:
    os.environ["PONTE_VAR_DIR"] = str(folder)
    (folder / "static").mkdir(parents=True)


def _start() -> None:
    if _MARK in os.environ:
        # A parallel worker: the servers are there, but what it writes to files is its own.
        if worker := os.environ.get("PYTEST_XDIST_WORKER"):
            _own_var(Path(os.environ[_MARK]) / f"var-{worker}")
            os.environ["SANDBOX_DIR"] = str(Path(os.environ[_MARK]) / f"sandbox-{worker}")
        return
    folder = Path(tempfile.mkdtemp(prefix="ponte-test-"))
    os.environ[_MARK] = str(folder)
    server: Any = None
    if "DATABASE_URL" not in os.environ:
        from saleor_ext.core.embedded import database_url

        server = _start_postgresql(folder / "postgresql")
        os.environ["DATABASE_URL"] = database_url(server, "ponte")
        os.environ.setdefault("SANDBOX_DATABASE_URL", database_url(server, "ponte_sandbox"))
    os.environ.setdefault("SANDBOX_DIR", str(folder / "sandbox"))
    _prepare_platform(folder)

    def finish() -> None:
        if server is not None:
            server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(finish)


_start()
