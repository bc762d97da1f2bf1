"""Celery only carries the wake-up calls; what there is to do stands in PostgreSQL."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any

from celery import Task, shared_task
from django.utils.module_loading import import_string

from . import inbox, limits, outbox

log = logging.getLogger(__name__)

#: How long a broker that did not answer is not asked again.
BROKER_PAUSE_SECONDS = 10.0


@shared_task(name="ponte.drain_inbox", ignore_result=True)
def drain_inbox() -> int:
    return inbox.drain()


@shared_task(name="ponte.drain_outbox", ignore_result=True)
def drain_outbox() -> int:
    return outbox.drain()


@shared_task(name="ponte.forget_tries", ignore_result=True)
def forget_tries() -> int:
    return limits.forget_ended()


@shared_task(name="ponte.run_periodic", ignore_result=True)
def run_periodic(function: str) -> None:
    """Call a plugin's periodic function, named by dotted path."""
    import_string(function)()


class Bell:
    """Calls workers from a thread of its own, so that who stores a message does not wait for the broker.

    Calls for the same task that come while one is on its way become one. A call that is lost, with its process or
    because the broker is down, costs only time: beat looks again every second.
    """

    def __init__(self) -> None:
        self._wanted: set[Task[Any, Any]] = set()
        self._there_is_some = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._down_until = 0.0

    def ring(self, task: Task[Any, Any]) -> None:
        with self._lock:
            self._wanted.add(task)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="bell", daemon=True)
                self._thread.start()
        self._there_is_some.set()

    def _serve(self) -> None:
        while True:
            self._there_is_some.wait()
            self._there_is_some.clear()
            with self._lock:
                wanted, self._wanted = self._wanted, set()
            for task in wanted:
                self._send(task)

    def _send(self, task: Task[Any, Any]) -> None:
        """Send one call; after a failure the broker is left alone for a while, an attempt takes seconds."""
        if time.monotonic() < self._down_until:
            return
        try:
            task.apply_async(retry=False, ignore_result=True, expires=60)
        except Exception as error:  # whatever the broker says, the row is stored
            self._down_until = time.monotonic() + BROKER_PAUSE_SECONDS
            log.warning("broker not reached, beat will pick it up: %s", error)


_bell = Bell()


def wake(task: Task[Any, Any]) -> None:
    """Ask a worker to look for work of this kind; returns at once."""
    _bell.ring(task)


def _new_bell() -> None:
    """A thread does not live on in a forked process."""
    global _bell  # noqa: PLW0603  # one for the process
    _bell = Bell()


os.register_at_fork(after_in_child=_new_bell)
