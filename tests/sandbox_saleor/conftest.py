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
    # Slow on purpose elsewhere; here it would be a good part of the time.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


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


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Commit without waiting for the disk: nothing here has to survive a power cut."""
    from django.db import connections

    options = connections["default"].settings_dict.setdefault("OPTIONS", {})
    options["options"] = "-c synchronous_commit=off"


@pytest.fixture(scope="session", autouse=True)
def _delete_instead_of_truncate() -> Iterator[None]:
    """Empty tables between tests by DELETE: with some eighty small tables that is many times faster."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    def deletions(self: Any, _style: Any, tables: list[str], **_: Any) -> list[str]:
        # Foreign keys are checked at commit, so the order does not matter.
        return [f"DELETE FROM {self.quote_name(table)};" for table in tables]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", deletions)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests that serve the stand-in see committed rows; naming the apps spares remaking permissions."""
    from django.conf import settings

    mark = pytest.mark.django_db(transaction=True, available_apps=list(settings.INSTALLED_APPS))
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and "saleor" in getattr(item, "fixturenames", ()):
            item.add_marker(mark)


@pytest.fixture
def saleor(server_url: str, settings: Any) -> Iterator[Any]:
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
