"""Calling workers: at once for the caller, once for many calls, and no storm at a broker that is down."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from saleor_ext.core.tasks import Bell


class Broker:
    """Takes calls when it is let; tells of each."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault
        self.open = threading.Event()
        self.calls: list[str] = []
        self.came = threading.Semaphore(0)

    def task(self, name: str) -> Any:
        broker = self

        class Task:
            def apply_async(self, **options: Any) -> None:
                assert options == {"retry": False, "ignore_result": True, "expires": 60}
                broker.calls.append(name)
                broker.came.release()
                assert broker.open.wait(10)
                if broker.fault:
                    raise broker.fault

        return Task()


def test_who_rings_does_not_wait_and_many_rings_are_one_call() -> None:
    broker, bell = Broker(), Bell()
    task = broker.task("inbox")
    bell.ring(task)
    assert broker.came.acquire(timeout=10)  # the first call is on its way and does not return
    for _ in range(50):
        bell.ring(task)
    assert broker.calls == ["inbox"]
    broker.open.set()
    assert broker.came.acquire(timeout=10)
    last = broker.task("outbox")
    bell.ring(last)
    assert broker.came.acquire(timeout=10)
    assert broker.calls == ["inbox", "inbox", "outbox"]


def test_a_broker_that_is_down_is_left_alone_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    broker, bell = Broker(ConnectionError("refused")), Bell()
    broker.open.set()
    task = broker.task("inbox")
    with caplog.at_level("WARNING"):
        bell._send(task)
        bell._send(task)
    assert broker.calls == ["inbox"]
    assert [record.getMessage() for record in caplog.records] == [
        "broker not reached, beat will pick it up: refused"
    ]
