"""The sandbox's own tests: another Django project, so they run in a process of their own.

``DJANGO_SETTINGS_MODULE=sandbox.settings pytest tests/sandbox_outside``
"""

from __future__ import annotations

import os
from typing import Any

import pytest

if os.environ.get("DJANGO_SETTINGS_MODULE") != "sandbox.settings":
    # The platform's project is loaded: these modules cannot even be imported.
    collect_ignore_glob = ["test_*.py"]
elif "SANDBOX_DATABASE_URL" not in os.environ:
    raise pytest.UsageError("tests.environment starts the database: run from the project's folder")


@pytest.fixture(autouse=True)
def _folders(tmp_path_factory: pytest.TempPathFactory, settings: Any) -> None:
    """Give each test a drop folder of its own; keys are made once for all."""
    settings.SANDBOX_CUSTOMS_DROP = tmp_path_factory.mktemp("drop")
    settings.SANDBOX_SPEED = 1.0
    from sandbox.customs_port import drop

    drop.make()


class Recorder:
    """Stands where the platform would: keeps the calls of the stand-ins and answers as told."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.answers: list[tuple[int, bytes]] = []

    def post(self, url: str, **arguments: Any) -> Any:
        import httpx2

        self.calls.append((url, arguments))
        status, body = self.answers.pop(0) if self.answers else (200, b'{"return_code":"0000"}')
        if status == 0:
            raise httpx2.ConnectError("refused")
        return httpx2.Response(status, content=body)


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """Replace the HTTP client of all stand-ins."""
    from sandbox.carrier import routes
    from sandbox.customs_port import receipts
    from sandbox.psp import notify
    from sandbox.psp.stripe import events

    recorder = Recorder()
    for module in (routes, receipts, notify, events):
        monkeypatch.setattr(module, "client", lambda: recorder)
    return recorder
