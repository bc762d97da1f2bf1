"""The sandbox as processes of its own, on a free port and a database of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psycopg

from tests.demo_process import ROOT, free_ports


@dataclass(frozen=True)
class SandboxProcess:
    """Where it answers, and the folder with its keys and drop folder."""

    url: str
    folder: Path


@contextmanager
def running_sandbox(name: str, folder: Path, **settings: str) -> Iterator[SandboxProcess]:
    """Start server and worker, and stop them; ``name`` tells databases of one run apart, ``settings`` are SANDBOX_…."""
    server, database = os.environ["DATABASE_URL"], f"ponte_sandbox_{name}_{os.getpid()}"
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    with psycopg.connect(server, dbname="postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{database}"')
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "sandbox.settings",
        "SANDBOX_DATABASE_URL": urlsplit(server)._replace(path=f"/{database}").geturl(),
        "SANDBOX_DIR": str(folder),
        "SANDBOX_CUSTOMS_DROP": str(folder / "customs"),
        "SANDBOX_BIND": f"127.0.0.1:{port}",
        "SANDBOX_PUBLIC_URL": url,
        **{f"SANDBOX_{key.upper()}": value for key, value in settings.items()},
    }
    processes = [
        subprocess.Popen([sys.executable, "-m", "sandbox", part], env=environment, cwd=ROOT)
        for part in ("serve", "work")
    ]
    try:
        _await(url)
        yield SandboxProcess(url, folder)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=20)
        with psycopg.connect(server, dbname="postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{database}" WITH (FORCE)')


def _await(url: str, seconds: float = 90) -> None:
    """Wait until its pages answer: the database is migrated before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if httpx2.get(f"{url}/sandbox/customs/realtime").status_code == 200:
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.2)
    raise RuntimeError("the sandbox did not start")
