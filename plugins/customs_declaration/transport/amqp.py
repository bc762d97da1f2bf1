"""A message broker (AMQP 0-9-1, RabbitMQ): messages are published with confirmation, receipts consumed one by one.

* A message is handed over when the broker has confirmed it: persistent, with the guid as message id and the kind
  as type. A message that no queue takes is an error, not silence.
* A receipt is acknowledged only when it is stored (``take``); until then the broker keeps it, whatever dies here.
* What cannot be read is published to the dead-letter queue with the reason, and only then acknowledged.

The connection is kept between calls. Nobody answers heartbeats in between, so one that lay idle is made anew.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from amqp.exceptions import AMQPError, MessageNacked
from kombu.connection import Connection
from kombu.entity import Queue
from kombu.exceptions import KombuError
from kombu.messaging import Consumer, Producer

from saleor_ext.core.errors import TransientError

from .port import Incoming, parts_of

T = TypeVar("T")

#: Connecting, and waiting for the confirmation of one message, in seconds: together below the outbox's lease.
CONNECT, CONFIRM = 5.0, 10.0
#: Health must answer within two seconds in all.
QUICK = 1.5
#: How long to wait for the first receipt, and for another one behind it.
FIRST, NEXT = 0.5, 0.05
PERSISTENT = 2
#: Everything that a broker or the way to it can do to us.
_FAULTS = (AMQPError, KombuError, MessageNacked, OSError)


@dataclass(frozen=True, slots=True)
class AmqpAddress:
    """Where the broker is and what its queues are called.

    ``exchange`` empty is the default exchange, whose routing key is the name of a queue. With ``declare`` the queues
    are made when they are missing (durable); otherwise they belong to the broker's owner.
    """

    url: str = field(repr=False)
    routing_key: str
    queue: str
    dead_queue: str
    exchange: str = ""
    declare: bool = False
    prefetch: int = 50
    heartbeat: int = 30
    ca_file: str = ""
    certificate: str = ""
    key: str = ""

    @property
    def shown(self) -> str:
        """The address without the password."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname or ''}:{parts.port or ''}{parts.path}"

    def connection(self, timeout: float = CONNECT) -> Any:
        """Return a connection that is not open yet; ``amqps`` checks the broker's certificate and name."""
        return Connection(
            self.url,
            ssl=self._tls() if self.url.startswith("amqps") else False,
            connect_timeout=timeout,
            heartbeat=self.heartbeat,
            transport_options={"confirm_publish": True, "read_timeout": CONFIRM, "write_timeout": CONFIRM},
        )

    def open(self, timeout: float = CONNECT) -> Any:
        """Return an open connection. Kombu would try again after pauses: here the outbox and the breaker do that."""
        made = self.connection(timeout)
        try:
            made.ensure_connection(max_retries=1, interval_start=0, interval_step=0, interval_max=0)
        except BaseException:
            with suppress(*_FAULTS):
                made.release()
            raise
        return made

    def _tls(self) -> dict[str, Any]:
        import ssl

        given = {"ca_certs": self.ca_file, "certfile": self.certificate, "keyfile": self.key}
        return {
            "cert_reqs": ssl.CERT_REQUIRED,
            "server_hostname": urlsplit(self.url).hostname,
            **{name: value for name, value in given.items() if value},
        }


class _Link:
    """One open connection with its channel, of one thread of one process."""

    def __init__(self, address: AmqpAddress) -> None:
        self.heartbeat = address.heartbeat
        self.connection = address.open()
        try:
            self.channel = self.connection.channel()
            # Bodies stay bytes, whatever encoding a sender names.
            self.channel.auto_decode = False
            if address.declare:
                _declare(self.channel, address)
        except BaseException:
            self.close()
            raise
        self.pid = os.getpid()
        self.used = self.beaten = time.monotonic()

    def usable(self) -> bool:
        idle = time.monotonic() - self.used
        fresh = not self.heartbeat or idle < self.heartbeat / 2
        return self.pid == os.getpid() and fresh and bool(self.connection.connected)

    def beat(self) -> None:
        """Keep the connection while a long run goes on."""
        self.used = time.monotonic()
        if self.heartbeat and self.used - self.beaten > self.heartbeat / 4:
            self.beaten = self.used
            if self.connection.supports_heartbeats:
                self.connection.heartbeat_check()

    def close(self) -> None:
        with suppress(*_FAULTS):
            self.connection.release()


class AmqpBroker:
    """Sends to and receives from a broker's queues."""

    def __init__(self, address: AmqpAddress, *, max_bytes: int) -> None:
        self.address = address
        self.max_bytes = max_bytes
        self._mine = threading.local()

    # -- sending -----------------------------------------------------------------------------------------------

    def send(self, name: str, body: bytes) -> None:
        kind, guid = parts_of(name)
        address = self.address

        def publish(link: _Link) -> None:
            _publish(
                link, address.exchange, address.routing_key, body,
                message_id=guid, type=kind, headers={"file_name": name},
            )  # fmt: skip

        self._do(publish)

    # -- receiving ---------------------------------------------------------------------------------------------

    def receive(self, limit: int = 100) -> Iterator[Incoming]:
        if self._held():
            # A run before ended in the middle: closing gives the broker back what it had not acknowledged.
            self._drop()
        waiting: deque[Any] = deque()
        link, consumer = self._do(lambda link: (link, self._consumer(link, waiting, limit)))
        try:
            for number in range(limit):
                if not waiting and not self._arrived(link, waiting, FIRST if number == 0 else NEXT):
                    break
                name = self._hold(waiting.popleft())
                message = self._held()[name]
                if len(message.body) > self.max_bytes:
                    self.refuse(name, f"{len(message.body)} bytes, at most {self.max_bytes} are read")
                    continue
                yield Incoming(name, _octets(message.body))
        finally:
            self._end(consumer, waiting)

    def take(self, name: str) -> None:
        message = self._held().pop(name, None)
        if message is not None:
            self._or_drop(message.ack)

    def refuse(self, name: str, reason: str) -> None:
        message = self._held().get(name)
        if message is None:
            return
        headers = {**(message.headers or {}), "reason": reason[:1000], "from_queue": self.address.queue}
        link: _Link = self._mine.link

        def aside() -> None:
            properties = {"message_id": message.properties.get("message_id") or name, "headers": headers}
            _publish(link, "", self.address.dead_queue, _octets(message.body), **properties)
            message.ack()

        self._or_drop(aside)
        self._held().pop(name, None)

    # -- health ------------------------------------------------------------------------------------------------

    def problems(self) -> list[str]:
        address = self.address
        try:
            connection = address.open(QUICK / 2)
        except _FAULTS as error:
            return [f"{address.shown} does not answer: {_words(error)}"]
        try:
            if address.declare:
                _declare(connection.channel(), address)
            return [text for name in _queues(address) if (text := _missing(connection, name))]
        except _FAULTS as error:
            return [f"{address.shown} does not answer: {_words(error)}"]
        finally:
            with suppress(*_FAULTS):
                connection.release()

    # -- the connection ----------------------------------------------------------------------------------------

    def _do(self, action: Callable[[_Link], T]) -> T:
        """Run an action on the open connection; one that turns out dead is replaced once.

        :raises TransientError: when the broker does not answer, refuses or cannot route
        """
        kept = self._kept()
        if kept is not None:
            with suppress(*_FAULTS):
                return self._use(kept, action)
            self._drop()
        try:
            self._mine.link = link = _Link(self.address)
            return self._use(link, action)
        except _FAULTS as error:
            self._drop()
            raise TransientError(f"{self.address.shown}: {_words(error)}") from error

    def _use(self, link: _Link, action: Callable[[_Link], T]) -> T:
        result = action(link)
        link.beat()
        return result

    def _or_drop(self, action: Callable[[], None]) -> None:
        try:
            action()
            self._mine.link.beat()
        except _FAULTS as error:
            self._drop()
            raise TransientError(f"{self.address.shown}: {_words(error)}") from error

    def _kept(self) -> _Link | None:
        link: _Link | None = getattr(self._mine, "link", None)
        if link is None or link.usable():
            return link
        self._drop()
        return None

    def _drop(self) -> None:
        """Close the connection; the broker puts back what was not acknowledged."""
        link: _Link | None = getattr(self._mine, "link", None)
        self._mine.link = None
        self._held().clear()
        if link is not None and link.pid == os.getpid():  # else it is the parent's, which goes on with it
            link.close()

    def close(self) -> None:
        """Let go of this thread's connection."""
        self._drop()

    # -- parts of receiving ------------------------------------------------------------------------------------

    def _consumer(self, link: _Link, waiting: deque[Any], limit: int) -> Any:
        queue = Queue(self.address.queue, channel=link.channel, no_declare=True)
        consumer = Consumer(
            link.channel, [queue], no_ack=False, auto_declare=False, on_message=waiting.append,
            prefetch_count=min(self.address.prefetch, limit),
        )  # fmt: skip
        consumer.consume()
        return consumer

    def _arrived(self, link: _Link, waiting: deque[Any], seconds: float) -> bool:
        """Wait for a message; False when none came."""
        try:
            while not waiting:
                link.connection.drain_events(timeout=seconds)
            link.beat()
        except TimeoutError:
            return False
        except _FAULTS as error:
            self._drop()
            raise TransientError(f"{self.address.shown}: {_words(error)}") from error
        return True

    def _end(self, consumer: Any, waiting: deque[Any]) -> None:
        """Stop consuming; what was not looked at, or not taken, goes back to the queue."""
        try:
            consumer.cancel()
            for message in (*self._held().values(), *waiting):
                message.requeue()
            self._held().clear()
        except _FAULTS:
            self._drop()

    def _held(self) -> dict[str, Any]:
        """Messages of this thread that are neither taken nor refused yet."""
        if not hasattr(self._mine, "held"):
            self._mine.held = {}
        held: dict[str, Any] = self._mine.held
        return held

    def _hold(self, message: Any) -> str:
        name = f"{str(message.properties.get('message_id') or 'message')[:200]}.{message.delivery_tag}"
        self._held()[name] = message
        return name


def _publish(link: _Link, exchange: str, routing_key: str, body: bytes, **properties: Any) -> None:
    """Publish and wait for the broker's confirmation."""
    Producer(link.channel, auto_declare=False).publish(
        body,
        exchange=exchange,
        routing_key=routing_key,
        content_type="application/xml",
        content_encoding="utf-8",
        delivery_mode=PERSISTENT,
        mandatory=True,
        retry=False,
        timeout=CONFIRM,
        confirm_timeout=CONFIRM,
        **properties,
    )


def _queues(address: AmqpAddress) -> list[str]:
    """Return the queues we know by name: behind an exchange the way to the port is the broker's matter."""
    return [*([] if address.exchange else [address.routing_key]), address.queue, address.dead_queue]


def _declare(channel: Any, address: AmqpAddress) -> None:
    for name in _queues(address):
        Queue(name, channel=channel, durable=True).queue_declare()


def _missing(connection: Any, name: str) -> str:
    """Say what is wrong with a queue, or nothing; an error closes the channel, so each has its own."""
    try:
        Queue(name, channel=connection.channel()).queue_declare(passive=True)
    except _FAULTS as error:
        return f"queue {name}: {_words(error)}"
    return ""


def _octets(body: object) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body)  # type: ignore[call-overload]  # bytes or memoryview


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300].rstrip(": ")
