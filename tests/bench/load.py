"""A small load generator: keep-alive connections, fixed number of requests, exact percentiles.

One thread waits on all connections and does little for each, so that the figures are the server's: with a thread a
connection the generator would wait for itself and count that as well.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Call:
    """One request: method, path, body, headers."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] | None = None

    def encoded(self) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in (self.headers or {}).items()]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


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


@dataclass
class _Connection:
    """A keep-alive connection with at most one request under way."""

    socket: socket.socket
    started: float = 0.0
    answer: bytearray = field(default_factory=bytearray)

    def send(self, call: Call) -> None:
        self.answer.clear()
        self.started = time.perf_counter()
        self.socket.sendall(call.encoded())

    def receive(self) -> bool:
        """Read what is there; return whether the answer is whole."""
        piece = self.socket.recv(1 << 18)
        if not piece:
            raise RuntimeError(f"the server closed the connection after {bytes(self.answer[:200])!r}")
        self.answer += piece
        head, found, body = self.answer.partition(b"\r\n\r\n")
        if not found:
            return False
        length = _header(head, b"content-length")
        if length is None:
            raise RuntimeError(f"an answer without Content-Length: {bytes(head)!r}")
        return len(body) >= int(length)

    def check(self, expect: int) -> int:
        """Return the bytes of the answer's body; another status than ``expect`` is an error."""
        head, _, body = self.answer.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        if status != expect:
            raise RuntimeError(f"{status} instead of {expect}: {bytes(body[:300])!r}")
        return len(body)


def _header(head: bytearray, name: bytes) -> bytes | None:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return bytes(value.strip())
    return None


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
    _rounds(port, [call(-1 - number) for number in range(warm_up)], concurrency, expect)
    return _rounds(port, [call(number) for number in range(count)], concurrency, expect)


def _rounds(port: int, calls: Sequence[Call], concurrency: int, expect: int) -> Result:
    waiting = iter(calls)
    seconds: list[float] = []
    size = 0
    with selectors.DefaultSelector() as ready:
        for _ in range(concurrency):
            connection = _Connection(socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS))
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready.register(connection.socket, selectors.EVENT_READ, connection)
        started = time.perf_counter()
        open_connections = [key.data for key in list(ready.get_map().values())]
        for connection in open_connections:
            _next(connection, waiting, ready)
        while ready.get_map():
            events = ready.select(PATIENCE_SECONDS)
            if not events:
                raise RuntimeError(f"no answer within {PATIENCE_SECONDS} s")
            for key, _ in events:
                connection = key.data
                if connection.receive():
                    seconds.append(time.perf_counter() - connection.started)
                    size = connection.check(expect)
                    _next(connection, waiting, ready)
        wall = time.perf_counter() - started
    return Result(sorted(seconds), wall, size)


def _next(connection: _Connection, waiting: Iterator[Call], ready: selectors.BaseSelector) -> None:
    """Send the next request, or close the connection when there is none."""
    call = next(waiting, None)
    if call is None:
        ready.unregister(connection.socket)
        connection.socket.close()
        return
    connection.send(call)
