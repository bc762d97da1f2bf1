"""The shared demonstration and what it has on record."""

from __future__ import annotations

import pytest

from tests.demo_process import DemoProcess

from .watch import Records


@pytest.fixture(scope="module")
def demo(running_demo: DemoProcess) -> DemoProcess:
    return running_demo


@pytest.fixture(scope="module")
def records(demo: DemoProcess) -> Records:
    return Records(demo)
