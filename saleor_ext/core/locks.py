"""Names that one process at a time may hold, kept by PostgreSQL: a process that dies lets go of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from .errors import TransientError


class HeldElsewhere(TransientError):
    """Another process is at it."""

    code = "held_elsewhere"


@contextmanager
def alone(name: str, busy: str) -> Iterator[None]:
    """Hold a name for the time of the block, across transactions.

    :raises HeldElsewhere: at once, with the text ``busy``, while another process holds it
    """
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        if not cursor.fetchone()[0]:
            raise HeldElsewhere(busy)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [number])
