"""A message broker: against a real RabbitMQ where there is one, and the parts that need none in memory."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx2
import kombu
import pytest
from django.utils import translation
from pydantic import SecretStr

from plugins.customs_declaration import links, receipts, steps
from plugins.customs_declaration.config import CustomsConfig
from plugins.customs_declaration.messages import MessageData, build, make_guid, parse, stamp, to_bytes
from plugins.customs_declaration.models import CustomsDocument, QuarantinedFile
from plugins.customs_declaration.transport import AmqpAddress, AmqpBroker, amqp
from saleor_ext.core import clock, inbox
from saleor_ext.core.errors import TransientError
from saleor_ext.core.models import InboxMessage
from tests.sandbox_process import running_sandbox
from tests.waiting import until

from . import rabbit
from .parcels import CONFIG, parcel

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(scope="module")
def server() -> Iterator[rabbit.Rabbit]:
    if url := os.environ.get("PONTE_TEST_AMQP_URL"):
        yield rabbit.Rabbit(url)
    elif rabbit.program() is None:
        pytest.skip(rabbit.NEEDED)
    else:
        with (
            tempfile.TemporaryDirectory(prefix="ponte-rabbit-") as folder,
            rabbit.running(Path(folder)) as own,
        ):
            yield own


@pytest.fixture
def address(server) -> Iterator[AmqpAddress]:
    """Queues of this test's own, gone afterwards."""
    mark = uuid.uuid4().hex[:8]
    made = AmqpAddress(
        server.url, f"t.{mark}.to-port", f"t.{mark}.from-port", f"t.{mark}.dead", declare=True, prefetch=5
    )
    yield made
    with kombu.Connection(server.url) as connection:
        for name in (made.routing_key, made.queue, made.dead_queue):
            kombu.Queue(name, channel=connection.channel()).delete()


@pytest.fixture
def broker(address) -> Iterator[AmqpBroker]:
    made = AmqpBroker(address, max_bytes=1000)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def unhurried(monkeypatch) -> None:
    """Give a broker on a busy machine time to answer, and to hand over the first receipt."""
    monkeypatch.setattr(amqp, "QUICK", 30.0)
    monkeypatch.setattr(amqp, "FIRST", 60.0)


@pytest.fixture
def patient(monkeypatch) -> None:
    """Wait for the receipts behind it too; else a run may end early and leave the rest to the next."""
    monkeypatch.setattr(amqp, "NEXT", 60.0)


class Port:
    """The other end: puts receipts in and looks at what waits, over a connection of its own."""

    def __init__(self, address: AmqpAddress) -> None:
        self.address = address

    def put(self, *bodies: bytes, **properties) -> None:
        with kombu.Connection(self.address.url) as connection:
            producer = kombu.Producer(connection.channel())
            for number, body in enumerate(bodies):
                producer.publish(
                    body, routing_key=self.address.queue, content_type="application/xml",
                    **{"content_encoding": "utf-8", "message_id": f"r{number}", **properties},
                )  # fmt: skip

    def look(self, queue: str) -> list:
        """Take all messages out of a queue."""
        with kombu.Connection(self.address.url) as connection:
            channel = connection.channel()
            channel.auto_decode = False
            found = []
            while message := kombu.Queue(queue, channel=channel, no_declare=True).get():
                message.ack()
                found.append(message)
            return found

    def waiting(self, queue: str) -> int:
        with kombu.Connection(self.address.url) as connection:
            return kombu.Queue(queue, channel=connection.channel()).queue_declare(passive=True).message_count

    def await_waiting(self, queue: str, count: int) -> None:
        """Wait until so many wait: a broker is told what goes back, and answers nothing."""
        until(lambda: self.waiting(queue) == count)


@pytest.fixture
def port(broker, address) -> Port:
    assert broker.problems() == []  # makes the queues
    return Port(address)


def test_a_message_goes_out_persistent_under_its_guid(broker, port, address) -> None:
    broker.send("CEB311Message_A-1.xml", "<a>名</a>".encode())
    (message,) = port.look(address.routing_key)
    assert message.body == "<a>名</a>".encode()
    kept = {name: message.properties[name] for name in ("message_id", "type", "delivery_mode")}
    assert kept == {"message_id": "A-1", "type": "CEB311Message", "delivery_mode": 2}
    assert (message.content_type, message.headers) == (
        "application/xml",
        {"file_name": "CEB311Message_A-1.xml"},
    )


def test_a_message_that_no_queue_takes_is_an_error(broker, port, address) -> None:
    with kombu.Connection(address.url) as connection:
        kombu.Queue(address.routing_key, channel=connection.channel()).delete()
    with pytest.raises(TransientError, match="NO_ROUTE"):
        AmqpBroker(AmqpAddress(address.url, address.routing_key, "x", "y"), max_bytes=1).send("a_b.xml", b"")


def test_a_full_queue_refuses_and_that_is_an_error(address) -> None:
    with kombu.Connection(address.url) as connection:
        limits = {"x-max-length": 1, "x-overflow": "reject-publish"}
        kombu.Queue(address.routing_key, channel=connection.channel(), queue_arguments=limits).queue_declare()
    broker = AmqpBroker(AmqpAddress(address.url, address.routing_key, "x", "y"), max_bytes=1)
    broker.send("a_1.xml", b"")
    with pytest.raises(TransientError, match="MessageNacked"):
        broker.send("a_2.xml", b"")
    broker.close()


def test_receipts_come_in_order_and_stay_until_they_are_taken(
    broker, port, address, patient, monkeypatch
) -> None:
    port.put(*(f"<r{number}/>".encode() for number in range(12)))
    for number, one in enumerate(broker.receive(8)):
        assert one.body == f"<r{number}/>".encode()
        assert one.name.startswith(f"r{number}.")
        broker.take(one.name)
    port.await_waiting(address.queue, 4)
    for one in broker.receive(4):
        broker.take(one.name)
    monkeypatch.setattr(amqp, "FIRST", 0.5)  # nothing comes any more
    assert (port.waiting(address.queue), list(broker.receive())) == (0, [])


def test_a_run_that_ends_early_leaves_the_rest_to_the_next(broker, port, patient) -> None:
    port.put(*(f"<r{number}/>".encode() for number in range(7)))
    receiving = broker.receive(7)
    first = next(receiving)
    broker.take(first.name)
    receiving.close()
    rest = []
    for one in broker.receive(6):
        rest.append(one.body)
        broker.take(one.name)
    assert (first.body, sorted(rest)) == (b"<r0/>", [f"<r{number}/>".encode() for number in range(1, 7)])


def test_what_was_not_stored_comes_again(broker, port, address, patient) -> None:
    port.put(b"<a/>", b"<b/>", b"<c/>")
    with pytest.raises(RuntimeError, match="no database"):
        for one in broker.receive(3):
            if one.body == b"<b/>":
                raise RuntimeError("no database")
            broker.take(one.name)
    again = sorted(one.body for one in broker.receive(2))  # and none is taken here either
    assert again == [b"<b/>", b"<c/>"]
    broker.close()  # the worker dies
    port.await_waiting(address.queue, 2)


def test_unreadable_receipts_are_dead_lettered_with_their_reason(broker, port, address, patient) -> None:
    port.put(b"\xff no XML", headers={"origin": "port"})
    (one,) = broker.receive(1)
    assert port.waiting(address.dead_queue) == 0
    port.put(b"\xff no XML", headers={"origin": "port"})
    for one in broker.receive(2):
        broker.refuse(one.name, "malformed: no XML")
    dead = port.look(address.dead_queue)
    assert [message.body for message in dead] == [b"\xff no XML"] * 2
    assert dead[0].headers == {"origin": "port", "reason": "malformed: no XML", "from_queue": address.queue}
    assert (dead[0].properties["message_id"], port.waiting(address.queue)) == ("r0", 0)


def test_a_receipt_whose_dead_letter_is_not_taken_is_not_lost(broker, port, address) -> None:
    port.put(b"bad")
    broker = AmqpBroker(AmqpAddress(address.url, "x", address.queue, address.dead_queue), max_bytes=1000)
    with kombu.Connection(address.url) as connection:
        kombu.Queue(address.dead_queue, channel=connection.channel()).delete()
    receiving = broker.receive()
    one = next(receiving)
    with pytest.raises(TransientError, match="NO_ROUTE"):
        broker.refuse(one.name, "no XML")
    receiving.close()
    broker.close()
    port.await_waiting(address.queue, 1)


def test_oversized_receipts_are_dead_lettered_unread(broker, port, address, patient) -> None:
    port.put(b"x" * 1001, b"<good/>")
    for one in broker.receive(2):
        assert one.body == b"<good/>"
        broker.take(one.name)
    (dead,) = port.look(address.dead_queue)
    assert dead.headers["reason"] == "1001 bytes, at most 1000 are read"


def test_bodies_stay_bytes_whatever_encoding_a_sender_names(broker, port) -> None:
    port.put("<a>放行</a>".encode("gb18030"), content_encoding="gb18030")
    (one,) = broker.receive()
    assert one.body == "<a>放行</a>".encode("gb18030")


def test_a_connection_that_died_is_made_anew(broker, port, address) -> None:
    broker.send("a_1.xml", b"")
    broker._mine.link.connection.transport.client.connection.sock.close()
    broker.send("a_2.xml", b"")
    assert [message.properties["message_id"] for message in port.look(address.routing_key)] == ["1", "2"]


def test_a_connection_that_lay_idle_longer_than_its_heartbeat_is_made_anew(broker, port) -> None:
    broker.send("a_1.xml", b"")
    first = broker._mine.link
    broker.send("a_2.xml", b"")
    assert broker._mine.link is first
    first.used -= 16  # half the heartbeat is 15 s
    broker.send("a_3.xml", b"")
    assert broker._mine.link is not first and not first.connection.connected


def test_health_names_the_queues_that_are_missing(address) -> None:
    strange = AmqpAddress(address.url, "t.none", address.queue, "t.none-dead", declare=False)
    found = AmqpBroker(strange, max_bytes=1).problems()
    assert [text.partition(":")[0] for text in found] == [
        f"queue {n}" for n in ("t.none", address.queue, "t.none-dead")
    ]
    behind = AmqpAddress(
        address.url, "t.none", address.queue, address.dead_queue, exchange="amq.topic", declare=True
    )
    assert AmqpBroker(behind, max_bytes=1).problems() == []


def test_wrong_credentials_are_told_without_the_password(address) -> None:
    wrong = address.url.replace("guest:guest", "guest:wrong-secret")
    broker = AmqpBroker(AmqpAddress(wrong, "a", "b", "c"), max_bytes=1)
    with pytest.raises(TransientError, match="ACCESS_REFUSED") as caught:
        broker.send("a_b.xml", b"")
    (problem,) = broker.problems()
    assert "wrong-secret" not in f"{caught.value} {problem} {broker.address!r}"


def test_tls_is_spoken_by_address_and_the_broker_is_checked(server) -> None:
    if not server.tls_url:
        pytest.skip("PONTE_TEST_AMQP_URL names a broker without a certificate of ours")
    trusted = AmqpBroker(
        AmqpAddress(server.tls_url, "t.tls", "t.tls", "t.tls", declare=True, ca_file=server.ca_file),
        max_bytes=9,
    )
    trusted.send("a_b.xml", b"<a/>")
    assert [one.body for one in trusted.receive()] == [b"<a/>"]
    trusted.close()
    with pytest.raises(TransientError, match="CERTIFICATE_VERIFY_FAILED"):
        AmqpBroker(AmqpAddress(server.tls_url, "t.tls", "t.tls", "t.tls"), max_bytes=9).send("a_b.xml", b"")
    other = server.tls_url.replace("127.0.0.1", "localhost")
    assert AmqpBroker(AmqpAddress(other, "t", "t", "t", ca_file=server.ca_file), max_bytes=9).problems()


@pytest.mark.django_db
def test_a_declaration_goes_through_the_broker_and_back(
    address, port, platform_of_tests, set_config, patient
) -> None:
    set_config(
        transport="amqp", amqp_url=SecretStr(address.url), amqp_routing_key=address.routing_key,
        amqp_queue=address.queue, amqp_dead_queue=address.dead_queue,
    )  # fmt: skip
    view = platform_of_tests.add(parcel())
    steps.declare_order(view)
    (message,) = port.look(address.routing_key)
    assert message.properties["message_id"] == CustomsDocument.objects.get().guid
    assert parse(message.body).documents[0]["OrderHead"]["orderNo"] == f"W{view.number}"
    receipt = {
        "guid": make_guid("r"), "ebpCode": "4401960PT1", "ebcCode": "4401960PT2", "orderNo": f"W{view.number}",
        "returnStatus": "120", "returnTime": stamp(clock.now(), 17), "returnInfo": "x",
    }  # fmt: skip
    good = to_bytes(build(MessageData("CEB312Message", make_guid("m"), "1.0", [receipt])))
    port.put(good, good, b"no XML")
    assert receipts.poll(3) == 3
    inbox.drain()
    assert CustomsDocument.objects.get().state == "accepted"
    assert (InboxMessage.objects.get().duplicates, QuarantinedFile.objects.count()) == (1, 1)
    assert (port.waiting(address.queue), len(port.look(address.dead_queue))) == (0, 1)
    links.transport().close()


# -- without a broker ------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_port_is_reached_over_the_broker_and_answers_over_it(
    server, platform_of_tests, set_config, key_pair, tmp_path
) -> None:
    with running_sandbox("amqp", tmp_path, speed="60", customs_amqp=server.url) as port:
        body = {"copCode": "4401960PT1", "certificate": key_pair[1].read_text()}
        assert httpx2.post(f"{port.url}/sandbox/customs/certificates", json=body).status_code == 200
        set_config(transport="amqp", amqp_url=SecretStr(server.url), amqp_declare=True)
        view = platform_of_tests.add(parcel("BROKER1"))
        steps.declare_order(view)

        def accepted() -> bool:
            receipts.poll()
            inbox.drain()
            return CustomsDocument.objects.get().state == "accepted"

        until(accepted, seconds=90)
        (told,) = httpx2.get(f"{port.url}/sandbox/?format=json").json()["messages"]
        assert (told["via"], told["error"]) == ("amqp", "")
        (completed,) = platform_of_tests.completed
        assert completed[0] == "declare_order"


@pytest.fixture
def memory() -> Iterator[AmqpBroker]:
    """Kombu's broker in the process: no confirmations, no TLS, no unroutable messages."""
    mark = uuid.uuid4().hex
    made = AmqpBroker(
        AmqpAddress("memory://", f"{mark}.a", f"{mark}.a", f"{mark}.dead", declare=True, heartbeat=0),
        max_bytes=99,
    )
    yield made
    made.close()


def test_in_memory_messages_are_taken_refused_and_given_back(memory) -> None:
    for number in range(3):
        memory.send(f"CEB622Message_{number}.xml", f"<r{number}/>".encode())
    for one in memory.receive():
        if one.body == b"<r0/>":
            memory.take(one.name)
        elif one.body == b"<r1/>":
            memory.refuse(one.name, "no XML")
    assert [one.body for one in memory.receive()] == [b"<r2/>"]
    memory.take("gone")
    memory.refuse("gone", "x")


def test_a_broker_that_is_not_there_is_a_problem_in_words() -> None:
    nowhere = AmqpBroker(AmqpAddress("amqp://guest:secret@127.0.0.1:9/v", "a", "b", "c"), max_bytes=1)
    with pytest.raises(TransientError, match=r"^amqp://127.0.0.1:9/v: .*Connection refused"):
        nowhere.send("a_b.xml", b"")
    with pytest.raises(TransientError):
        next(nowhere.receive())
    (problem,) = nowhere.problems()
    assert problem.startswith("amqp://127.0.0.1:9/v does not answer: ") and "refused" in problem


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"transport": "amqp"}, "needs an address"),
        ({"amqp_url": "http://broker.test"}, "amqp://"),
        ({"amqp_url": "amqps://"}, "amqp://"),
        ({"amqp_url": "amqp://broker.test:no/"}, "amqp://"),
        ({"amqp_certificate": "/c.pem"}, "belong together"),
        ({"signer_url": "ftp://signer.test"}, "wss://"),
        ({"gateway_url": "https:///x"}, "http://"),
        ({"batch_size": 101}, "100"),
        ({"breaker_failures": 0}, "greater than or equal to 1"),
    ],
)
def test_the_form_refuses_what_cannot_work(values: dict[str, object], word: str) -> None:
    with translation.override("en"), pytest.raises(ValueError, match=word):
        CustomsConfig(**{**CONFIG, **values})


def test_addresses_of_brokers_are_secrets() -> None:
    made = CustomsConfig(**{**CONFIG, "transport": "amqp", "amqp_url": "amqps://u:secret@broker.test/v"})
    assert "amqp_url" in CustomsConfig.secret_fields()
    assert "secret@" not in repr(made)
    assert links.breaker("send", made).name.startswith("customs.send.amqp.")
