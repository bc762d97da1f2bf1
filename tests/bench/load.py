"""A small load generator: keep-alive connections, fixed number of requests, exact percentiles."""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """One request: method, path, body, headers."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a run gave: seconds of each request in order of size, and the wall time of all."""

    seconds: Sequence[float]
    wall: float
    bytes_of_last: int

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.wall

    def percentile(self, share: float) -> float:
        """Return a percentile in milliseconds, e.g. ``percentile(0.99)``."""
        return self.seconds[min(len(self.seconds) - 1, int(len(self.seconds) * share))] * 1000


def run(
    port: int,
    call: Callable[[int], Call],
    *,
    count: int,
    concurrency: int,
    expect: int = 200,
    warm_up: int = 40,
) -> Result:
    """Send ``count`` requests over ``concurrency`` connections; any other status than ``expect`` is an error."""
    for number in range(warm_up):
        _send(_connect(port), call(-1 - number), expect)
    numbers = itertools.count()
    seconds: list[float] = []
    errors: list[Exception] = []
    last = [0]

    def work() -> None:
        connection = _connect(port)
        try:
            while (number := next(numbers)) < count:
                request = call(number)
                started = time.perf_counter()
                last[0] = _send(connection, request, expect)
                seconds.append(time.perf_counter() - started)
        except Exception as error:  # reported by the caller's thread
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(concurrency)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return Result(sorted(seconds), time.perf_counter() - started, last[0])


def _connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=30)


def _send(connection: http.client.HTTPConnection, call: Call, expect: int) -> int:
    connection.request(call.method, call.path, call.body or None, dict(call.headers or {}))
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != expect:
        raise RuntimeError(f"{call.method} {call.path}: {answer.status} instead of {expect}: {body[:300]!r}")
    return len(body)
