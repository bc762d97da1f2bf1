"""Tests of the stand-in for Saleor: another Django project, so they run in a process of their own.

``DJANGO_SETTINGS_MODULE=sandbox.settings pytest tests/sandbox_saleor``
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

if os.environ.get("DJANGO_SETTINGS_MODULE") != "sandbox.settings":
    # The platform's project is loaded: these modules cannot even be imported.
    collect_ignore_glob = ["test_*.py"]
elif "SANDBOX_DATABASE_URL" not in os.environ:
    raise pytest.UsageError("tests.environment starts the database: run from the project's folder")


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all tests: making RSA keys takes a while."""
    return tmp_path_factory.mktemp("saleor")


@pytest.fixture(autouse=True)
def _sandbox(settings: Any, keys_folder: Path) -> None:
    settings.SANDBOX_DIR = keys_folder
    settings.SANDBOX_SPEED = 1.0


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """Serve the whole sandbox with a thread per request, as gunicorn does."""
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.daemon_threads = True
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def saleor(transactional_db: None, server_url: str, settings: Any) -> Iterator[Any]:
    """Let the stand-in hold what every sandbox starts with, and talk to it."""
    from tests.sandbox_saleor.client import Saleor

    settings.SANDBOX_PUBLIC_URL = server_url
    with Saleor(server_url) as client:
        yield client


@pytest.fixture
def app_server() -> Iterator[Any]:
    """Run a tiny app that answers webhooks as told and remembers them."""
    from tests.sandbox_saleor.tiny_app import TinyApp

    with TinyApp() as app:
        yield app


@pytest.fixture
def shop(saleor: Any, app_server: Any) -> Any:
    """Set a shop up through the API: channel, warehouse, product, one app for everything."""
    from tests.sandbox_saleor.shop import open_shop

    return open_shop(saleor, app_server)
