"""The message broker (AMQP 0-9-1): the port takes from one queue and puts receipts into another.

Both queues are the port's own and durable. A message is acknowledged after it is stored, a receipt counts as told
when the broker has confirmed it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from amqp.exceptions import AMQPError
from django.conf import settings
from django.utils import timezone
from kombu.connection import Connection
from kombu.entity import Queue
from kombu.exceptions import KombuError
from kombu.messaging import Producer
from kombu.pools import connections

from sandbox.customs_port.intake import take
from sandbox.customs_port.models import Message, Receipt
from sandbox.jobs import RetryLater, job, periodic

log = logging.getLogger("sandbox.customs_port")
TO_PORT, FROM_PORT = "customs.to-port", "customs.from-port"
#: Messages taken at a time, and seconds to wait for the broker.
BATCH, PATIENCE = 100, 5
PERSISTENT = 2
_FAULTS = (AMQPError, KombuError, OSError)


@contextmanager
def _channel() -> Iterator[Any]:
    """Lend a channel of a pooled connection, with both queues made."""
    address = Connection(
        settings.SANDBOX_CUSTOMS_AMQP,
        connect_timeout=PATIENCE,
        transport_options={"confirm_publish": True, "read_timeout": PATIENCE, "write_timeout": PATIENCE},
    )
    with connections[address].acquire(block=True, timeout=PATIENCE) as connection:
        connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
        channel = connection.channel()
        try:
            for name in (TO_PORT, FROM_PORT):
                Queue(name, channel=channel, durable=True).queue_declare()
            yield channel
        finally:
            channel.close()


@periodic("customs_port.broker", 0.3)
def scan() -> int:
    """Take what waits in the port's queue; return how much it was. Without a broker there is nothing."""
    if not settings.SANDBOX_CUSTOMS_AMQP:
        return 0
    count = 0
    try:
        with _channel() as channel:
            waiting = Queue(TO_PORT, channel=channel)
            while count < BATCH and (message := waiting.get(no_ack=False)) is not None:
                body = message.body
                raw = body.encode() if isinstance(body, str) else bytes(body)
                name = message.properties.get("message_id") or hashlib.sha256(raw).hexdigest()
                take(raw, Message.Via.AMQP, str(name))
                message.ack()
                count += 1
    except _FAULTS as error:
        log.warning("the broker does not answer: %s", type(error).__name__)
    return count


@job("customs.publish", atomic=False, max_attempts=50)
def publish(payload: dict[str, Any]) -> None:
    """Put a receipt into the queue of receipts."""
    receipt = Receipt.objects.get(pk=payload["id"])
    try:
        with _channel() as channel:
            Producer(channel, auto_declare=False).publish(
                receipt.xml.encode(),
                routing_key=FROM_PORT,
                content_type="application/xml",
                content_encoding="utf-8",
                delivery_mode=PERSISTENT,
                message_id=str(receipt.pk),
                type=receipt.message_type,
                mandatory=True,
                retry=False,
                confirm_timeout=PATIENCE,
            )
    except _FAULTS as error:
        raise RetryLater(10, type(error).__name__) from error
    receipt.delivery, receipt.delivered_at = f"amqp/{FROM_PORT}", timezone.now()
    receipt.save(update_fields=["delivery", "delivered_at"])
