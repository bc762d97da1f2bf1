"""The shared demonstration and what it has on record."""

from __future__ import annotations

import time

import pytest

pytest.register_assert_rewrite("tests.faults.watch")

from tests.demo_process import DemoProcess  # noqa: E402  # after the line that makes watch's assertions explain themselves

from .watch import Records  # noqa: E402  # the same

#: A parcel of another test may still be on its way; it reaches its buyer within a minute.
REST_SECONDS = 420


@pytest.fixture(scope="module")
def demo(running_demo: DemoProcess) -> DemoProcess:
    return running_demo


@pytest.fixture(scope="module")
def records(demo: DemoProcess) -> Records:
    """Records that begin when everything bought before has arrived, so that only the walks are counted."""
    records = Records(demo)
    deadline = time.monotonic() + REST_SECONDS
    while not records.at_rest():
        assert time.monotonic() < deadline, f"parcels of earlier tests do not arrive\n{records.unfinished()}"
        time.sleep(1)
    records.begin()
    return records
