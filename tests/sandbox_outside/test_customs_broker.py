"""The port at a message broker; here kombu's own one in the process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kombu import Connection

from sandbox.customs_port import broker
from sandbox.customs_port.models import Message, Receipt
from sandbox.jobs import RetryLater

from .clock import run_for
from .declarant import message, order

pytestmark = pytest.mark.django_db
ADDRESS = "memory://"


@pytest.fixture(autouse=True)
def _listening(settings: Any) -> Iterator[None]:
    settings.SANDBOX_CUSTOMS_AMQP = ADDRESS
    broker.scan()
    _empty()
    yield
    _empty()


def _empty() -> None:
    with Connection(ADDRESS) as connection:
        for name in (broker.TO_PORT, broker.FROM_PORT):
            connection.SimpleQueue(name).clear()


def put(body: bytes, name: str) -> None:
    with Connection(ADDRESS) as connection, connection.SimpleQueue(broker.TO_PORT) as queue:
        queue.put(body, content_type="application/xml", content_encoding="binary", message_id=name)


def receipts() -> list[tuple[str, str]]:
    """Take what lies in the queue of receipts; return type and whether it names the order."""
    found = []
    with Connection(ADDRESS) as connection, connection.SimpleQueue(broker.FROM_PORT) as queue:
        while queue.qsize():
            one = queue.get_nowait()
            one.ack()
            found.append(
                (one.properties["type"], one.body if isinstance(one.body, str) else bytes(one.body).decode())
            )
    return found


def test_messages_are_taken_once_and_answered_over_the_broker() -> None:
    body = message(order())
    put(body, "G1")
    put(body, "G1")
    assert (broker.scan(), broker.scan()) == (2, 0)
    kept = Message.objects.get()
    assert (kept.via, kept.name, kept.documents, bytes(kept.body)) == ("amqp", "G1", 1, body)
    run_for(100)
    told = receipts()
    assert [kind for kind, _ in told] == ["CEB312Message", "CEB312Message"]
    assert [xml for _, xml in told] == list(Receipt.objects.order_by("pk").values_list("xml", flat=True))
    assert set(Receipt.objects.values_list("delivery", flat=True)) == {"amqp/customs.from-port"}


def test_what_cannot_be_read_is_answered_with_a_900() -> None:
    put(b"<no", "G2")
    assert broker.scan() == 1
    run_for(10)
    assert [kind for kind, _ in receipts()] == ["CEB900Message"]


def test_without_a_broker_nothing_is_taken_and_receipts_wait(settings: Any) -> None:
    put(message(order()), "G3")
    broker.scan()
    receipt = Receipt(
        message=Message.objects.get(), message_type="CEB312Message", status="2", info="", xml="<x/>"
    )
    receipt.save()
    settings.SANDBOX_CUSTOMS_AMQP = "amqp://guest:guest@127.0.0.1:9//"
    assert broker.scan() == 0
    with pytest.raises(RetryLater):
        broker.publish({"id": receipt.pk})
    receipt.refresh_from_db()
    assert receipt.delivered_at is None
    settings.SANDBOX_CUSTOMS_AMQP = ""
    assert broker.scan() == 0
