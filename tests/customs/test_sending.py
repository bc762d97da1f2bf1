"""The gate in front of the transport: breakers each way, back-pressure, and what they cost a waiting parcel."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from plugins.customs_declaration import checks, documents, links, receipts, sending, steps
from plugins.customs_declaration.models import CustomsDocument
from saleor_ext.core import clock
from saleor_ext.core.breaker import BreakerOpen
from saleor_ext.core.errors import PermanentError, PutOff, TransientError
from saleor_ext.core.models import BreakerState

from .parcels import parcel

pytestmark = pytest.mark.django_db


class Way:
    """A transport that does as it is told."""

    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.sent: list[str] = []
        self.asked = 0

    def send(self, name: str, body: bytes) -> None:
        self.asked += 1
        if self.fails:
            raise self.fails
        self.sent.append(name)

    def receive(self, limit: int = 100):
        self.asked += 1
        if self.fails:
            raise self.fails
        return iter(())

    def problems(self) -> list[str]:
        return []


@pytest.fixture
def way(platform_of_tests, set_config, monkeypatch) -> Way:
    made = Way()
    set_config(breaker_failures=3, breaker_seconds=20)
    monkeypatch.setattr(links, "transport", lambda settings=None: made)
    return made


@pytest.fixture
def noon():
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield traveller


def ways() -> tuple[str, str]:
    (one,) = [health for health in checks.health() if health.name == "customs-ways"]
    return one.status, str(one.message)


def test_after_failures_in_a_row_nothing_is_sent_until_a_probe_succeeds(way, noon) -> None:
    way.fails = TransientError("no answer")
    view = parcel()
    for _ in range(3):
        with pytest.raises(TransientError, match=r"^no answer$"):
            steps.declare_order(view)
    with pytest.raises(BreakerOpen):
        steps.declare_order(view)
    assert way.asked == 3
    assert CustomsDocument.objects.get().state == "built"
    status, message = ways()
    assert status == "error" and "customs.send.folder" in message and "TransientError: no answer" in message
    assert ways_to_receive_are_open()
    way.fails = None
    noon.shift(timedelta(seconds=20))
    steps.declare_order(view)
    assert way.sent == [CustomsDocument.objects.get().file_name]
    assert ways() == ("ok", "")


def ways_to_receive_are_open() -> bool:
    row = links.breaker("receive").state()
    return row is None or row.opened_at is None


def test_another_address_is_another_way(way, set_config, tmp_path) -> None:
    one = links.breaker("send").name
    set_config(folder=str(tmp_path / "elsewhere"))
    assert links.breaker("send").name != one
    set_config(transport="http", gateway_url="http://port.test")
    assert links.breaker("send").name.startswith("customs.send.http.")


def test_a_refused_message_does_not_close_the_way(way) -> None:
    way.fails = PermanentError("400")
    for _ in range(5):
        with pytest.raises(PermanentError):
            sending.send("a_b.xml", b"")
    assert not BreakerState.objects.exists()


def test_receiving_from_a_closed_way_is_no_error_and_no_call(way, noon) -> None:
    way.fails = TransientError("no answer")
    for _ in range(3):
        with pytest.raises(TransientError):
            receipts.poll()
    assert (receipts.poll(), way.asked) == (0, 3)
    assert ways()[0] == "error"
    way.fails = None
    noon.shift(timedelta(seconds=20))
    assert (receipts.poll(), way.asked) == (0, 4)
    assert ways()[0] == "ok"


def test_so_many_unanswered_documents_and_the_next_waits(way, set_config) -> None:
    set_config(most_in_flight=2)
    for number in range(2):
        steps.declare_order(parcel(f"P{number}"))
    with pytest.raises(PutOff, match="2 documents wait") as caught:
        steps.declare_order(parcel("P2"))
    assert (len(way.sent), caught.value.seconds) == (2, 15.0)
    assert CustomsDocument.objects.filter(state="built").count() == 1
    assert ways()[0] == "warning"
    assert not BreakerState.objects.exists()
    answered = CustomsDocument.objects.filter(state="sent").first()
    CustomsDocument.objects.filter(pk=answered.pk).update(state="declared")
    steps.declare_order(parcel("P2"))
    assert len(way.sent) == 3


def test_those_who_wait_are_spread_by_their_number(way, set_config, monkeypatch) -> None:
    set_config(most_in_flight=1)
    steps.declare_order(parcel("P0"))
    monkeypatch.setattr(sending, "ASKING", 0.01)
    for number in range(1, 3):
        with pytest.raises(PutOff):
            steps.declare_order(parcel(f"P{number}"))
    with pytest.raises(PutOff) as caught:
        sending.ensure_room(links.config())
    assert caught.value.seconds == 200.0


def test_sending_again_passes_the_breaker_but_is_not_counted_against_the_limit(way, set_config, noon) -> None:
    settings = set_config(most_in_flight=1, breaker_failures=1, breaker_seconds=20)
    steps.declare_order(parcel())
    noon.shift(settings.resend_time)
    assert documents.resend_silent() == 1
    assert way.sent == [CustomsDocument.objects.get().file_name] * 2
    noon.shift(settings.resend_time)
    way.fails = TransientError("no answer")
    assert documents.resend_silent() == 0
    assert documents.resend_silent() == 0
    assert (way.asked, CustomsDocument.objects.get().sends) == (3, 2)
    way.fails = None
    noon.shift(timedelta(seconds=20))
    assert documents.resend_silent() == 1
