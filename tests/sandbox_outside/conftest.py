"""The sandbox's own tests: another Django project, so they run in a process of their own.

``DJANGO_SETTINGS_MODULE=sandbox.settings pytest tests/sandbox_outside``
"""

from __future__ import annotations

import os

import pytest

if os.environ.get("DJANGO_SETTINGS_MODULE") != "sandbox.settings":
    # The platform's project is loaded: these modules cannot even be imported.
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(autouse=True)
def _folders(tmp_path_factory: pytest.TempPathFactory, settings: object) -> None:
    """Give each test a drop folder of its own; the keys are made once."""
    settings.SANDBOX_CUSTOMS_DROP = tmp_path_factory.mktemp("drop")  # type: ignore[attr-defined]
