"""Fixtures shared by all tests of the platform."""

from __future__ import annotations

import os

import pytest

PLATFORM = os.environ.get("DJANGO_SETTINGS_MODULE", "").startswith("saleor_ext")


@pytest.fixture(autouse=PLATFORM)
def _fresh_caches() -> None:
    """Forget what one test left in process-wide caches."""
    from saleor_ext.plugin_api.configuration import forget_cache

    forget_cache()
