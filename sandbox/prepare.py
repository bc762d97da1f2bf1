"""Makes what the stand-ins need before the first request: folders, keys, first rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

_steps: list[Callable[[], None]] = []
#: Any constant will do; it only has to be the same in all processes of the sandbox.
_LOCK = 0x53414E44


def on_prepare(step: Callable[[], None]) -> Callable[[], None]:
    """Register a step that runs after every migrate; it must do nothing the second time."""
    if step not in _steps:
        _steps.append(step)
    return step


def prepare() -> None:
    """Run all registered steps."""
    settings.SANDBOX_DIR.mkdir(parents=True, exist_ok=True)
    for step in _steps:
        step()


@contextmanager
def locked() -> Iterator[None]:
    """Keep two processes that start together from migrating and making keys twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
