"""Celery only carries the wake-up calls; what there is to do stands in PostgreSQL."""

from __future__ import annotations

import logging
import time
from typing import Any

from celery import Task, shared_task
from django.utils.module_loading import import_string

from . import inbox, limits, outbox

log = logging.getLogger(__name__)

#: How long a broker that did not answer is not asked again.
BROKER_PAUSE_SECONDS = 10.0
_broker_down_until = 0.0


@shared_task(name="ponte.work_inbox", ignore_result=True)
def work_inbox(message_id: str) -> None:
    inbox.work(message_id)


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


def wake(task: Task[Any, Any], *arguments: str) -> None:
    """Ask a worker to look; a broker that is down costs only time, because beat looks again.

    After a failure the broker is left alone for a while: a connection attempt takes seconds, and
    messages from outside must be acknowledged in milliseconds.
    """
    global _broker_down_until  # noqa: PLW0603  # one clock for the process
    if time.monotonic() < _broker_down_until:
        return
    try:
        task.apply_async(arguments, retry=False, ignore_result=True, expires=60)
    except Exception as error:  # the row is stored: the message must be acknowledged whatever the broker says
        _broker_down_until = time.monotonic() + BROKER_PAUSE_SECONDS
        log.warning("broker not reached, beat will pick it up: %s", error)
