"""One demonstration for all fault tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.demo_process import DemoProcess

from .watch import Records


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoProcess]:
    with DemoProcess() as running:
        yield running


@pytest.fixture(scope="module")
def records(demo: DemoProcess) -> Records:
    return Records(demo)
