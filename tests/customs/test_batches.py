"""Several documents in one message: who may share one, one signature, each document once, receipts by document."""

from __future__ import annotations

import dataclasses
import itertools
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plugins.customs_declaration import (
    batches,
    cancelling,
    documents,
    links,
    making,
    pages,
    receipts,
    steps,
)
from plugins.customs_declaration.messages import (
    MessageData,
    build,
    make_guid,
    parse,
    root_of,
    stamp,
    to_bytes,
)
from plugins.customs_declaration.models import CustomsDocument, CustomsMessage, Receipt
from plugins.customs_declaration.signing import verify
from saleor_ext.core import clock, inbox, outbox
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.models import AuditEntry, OutboxMessage
from saleor_ext.plugin_api import Buyer

from .official import import_schema, needs_schemas
from .parcels import cny, parcel

_numbers = itertools.count()


@pytest.fixture
def world(platform_of_tests, set_config):
    settings = set_config(batch_size=3, batch_seconds=10)
    platform_of_tests.drop = settings.folder_path
    return platform_of_tests


@pytest.fixture
def noon():
    with time_machine.travel(clock.now()) as traveller:
        yield traveller


def declare(world, *numbers: str):
    views = [world.add(parcel(number)) for number in numbers]
    for view in views:
        steps.declare_order(view)
    return views


def files(world) -> list[bytes]:
    folder = world.drop / "outbox"
    return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.exists() else []


def orders_of(body: bytes) -> list[str]:
    return [one["OrderHead"]["orderNo"] for one in parse(body).documents]


def answer(world, message: str, *given: dict[str, str]) -> None:
    """Put a receipt file into the inbox folder and work it."""
    several = [
        {
            "guid": make_guid(message, number, one),
            "returnTime": stamp(clock.now(), 17),
            "returnInfo": "x",
            **one,
        }
        for number, one in enumerate(given)
    ]
    body = to_bytes(build(MessageData(message, make_guid("r", next(_numbers)), "1.0", several)))
    folder = world.drop / "inbox"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{message}_{len(list(folder.iterdir()))}.xml").write_bytes(body)
    receipts.poll()
    inbox.drain()


def order_answer(view, status: str) -> dict[str, str]:
    return {
        "ebpCode": "4401960PT1",
        "ebcCode": "4401960PT2",
        "orderNo": f"W{view.number}",
        "returnStatus": status,
    }


def states() -> list[str]:
    return list(CustomsDocument.objects.order_by("declaration__order_no").values_list("state", flat=True))


@pytest.mark.django_db
class TestGathering:
    def test_documents_wait_for_others_and_go_out_under_one_signature(self, world, noon) -> None:
        declare(world, "P1", "P2")
        assert (batches.gather(), files(world), states()) == (0, [], ["built", "built"])
        noon.shift(timedelta(seconds=10))
        assert batches.gather() == 1
        assert outbox.drain() == 1
        (body,) = files(world)
        assert orders_of(body) == ["WP1", "WP2"]
        message = CustomsMessage.objects.get()
        root = root_of(body)
        assert (root.get("guid"), message.sends, states()) == (message.guid, 1, ["sent", "sent"])
        assert verify(root).serial_number == int(message.key_name, 16)
        assert parse(body).base_transfer["dxpId"] == "DXPENT0000000001"
        gathered = AuditEntry.objects.filter(action__in=("customs.gathered", "customs.sent"))
        assert (
            sorted(gathered.values_list("action", flat=True))
            == ["customs.gathered"] * 2 + ["customs.sent"] * 2
        )
        assert batches.gather() == 0

    def test_a_full_message_goes_at_once_and_the_rest_waits(self, world, noon) -> None:
        declare(world, "P1", "P2", "P3", "P4")
        assert batches.gather() == 1
        outbox.drain()
        assert [orders_of(body) for body in files(world)] == [["WP1", "WP2", "WP3"]]
        assert states() == ["sent", "sent", "sent", "built"]
        noon.shift(timedelta(seconds=10))
        assert batches.gather() == 1

    @needs_schemas
    def test_the_message_fits_the_schema(self, world, noon) -> None:
        declare(world, "P1", "P2", "P3")
        batches.gather()
        outbox.drain()
        (body,) = files(world)
        import_schema().assertValid(root_of(body))

    def test_kind_edition_sender_certificate_and_day_are_kept_apart(self, world, noon, set_config) -> None:
        (view,) = declare(world, "P1")
        for number, change in enumerate(({"dxp_id": "DXPENT0000000002"}, {"edition": "2018-113"})):
            set_config(batch_size=3, batch_seconds=10, **change)
            declare(world, f"Q{number}")
        set_config(batch_size=3, batch_seconds=10)
        steps.declare_inventory(view)
        noon.shift(timedelta(days=1))
        declare(world, "R1")
        marks = set(CustomsDocument.objects.values_list("batch", flat=True))
        assert len(marks) == CustomsDocument.objects.count() == 5
        one = batches.mark("CEB311Message", links.config(), "01")
        assert one == batches.mark("CEB311Message", links.config(), "01")
        assert one != batches.mark("CEB311Message", links.config(), "02")

    def test_the_schema_bounds_the_size_whatever_is_configured(self, world) -> None:
        settings = links.config().model_copy(update={"batch_size": 100})
        assert batches._size("CEB621Message", settings) == 100
        assert batches._size("CEB711Message", settings) == 1
        assert batches._size("CEB311Message", links.config()) == 3

    def test_without_batching_each_document_is_its_own_message(self, world, set_config) -> None:
        set_config(batch_size=1)
        declare(world, "P1", "P2")
        assert len(files(world)) == 2
        assert not CustomsMessage.objects.exists()
        assert batches.gather() == 0

    def test_what_was_built_to_be_gathered_still_goes_out_when_batching_is_turned_off(
        self, world, noon, set_config
    ) -> None:
        declare(world, "P1", "P2")
        set_config(batch_size=1, batch_seconds=0)
        assert batches.gather() == 2
        outbox.drain()
        assert sorted(orders_of(body) for body in files(world)) == [["WP1"], ["WP2"]]

    def test_a_signer_that_fails_leaves_everything_ready(self, world, noon, monkeypatch) -> None:
        declare(world, "P1", "P2", "P3")

        def fail(root, signer):
            raise PermanentError("the key is gone")

        with monkeypatch.context() as patch:
            patch.setattr(batches, "sign", fail)
            with pytest.raises(PermanentError):
                batches.gather()
        assert not CustomsMessage.objects.exists() and not OutboxMessage.objects.exists()
        assert batches.gather() == 1

    def test_a_killed_worker_sends_the_same_bytes_again(self, world, noon, monkeypatch) -> None:
        declare(world, "P1", "P2", "P3")
        batches.gather()
        message = CustomsMessage.objects.get()
        with monkeypatch.context() as patch:
            patch.setattr(batches.audit, "record_many", lambda *args: 1 / 0)  # dies after handing over
            with pytest.raises(ZeroDivisionError):
                batches.hand_over(message)
        assert (len(files(world)), states()) == (1, ["built"] * 3)
        outbox.drain()
        assert (len(files(world)), states()) == (1, ["sent"] * 3)


@pytest.mark.django_db
class TestAnswers:
    @pytest.fixture
    def sent(self, world, noon):
        views = declare(world, "P1", "P2", "P3")
        batches.gather()
        outbox.drain()
        noon.shift(timedelta(seconds=1))
        return views

    def test_receipts_find_their_documents(self, world, sent) -> None:
        one, two, _three = sent
        answer(world, "CEB312Message", order_answer(one, "120"), order_answer(two, "100"))
        assert states() == ["accepted", "rejected", "sent"]
        assert [name for name, _data in world.completed] == ["declare_order"]

    def test_a_format_error_fails_every_document_once(self, world, sent) -> None:
        (body,) = files(world)
        error = {
            "returnStatus": "-1",
            "returnInfo": "[Code:0002;Desc:schema]",
            "oriMessageType": "CEB311Message",
        }
        error |= {"oriCopMsgId": CustomsMessage.objects.get().file_name, "returnTime": stamp(clock.now(), 17)}
        answer(world, "CEB900Message", {**error, "oriBizMessage": body.decode()})
        assert states() == ["error"] * 3
        assert Receipt.objects.filter(moved=True).count() == 3
        assert [code for _step, code, _text in world.failed] == ["0002"] * 3
        answer(world, "CEB900Message", {**error, "oriBizMessage": body.decode()})
        assert (Receipt.objects.count(), len(world.failed)) == (3, 3)

    @pytest.mark.parametrize("cut", ["front", "all"])
    def test_a_broken_copy_of_the_message_is_enough(self, world, sent, cut: str) -> None:
        (body,) = files(world)
        error = {"returnStatus": "-1", "returnInfo": "x", "oriMessageType": "CEB311Message"}
        error["oriCopMsgId"] = CustomsMessage.objects.get().file_name if cut == "all" else "?"
        answer(
            world,
            "CEB900Message",
            {**error, "oriBizMessage": body.decode()[:1000] if cut == "front" else "-"},
        )
        assert states() == ["error"] * 3

    def test_the_next_version_of_a_failed_document_is_gathered_anew(self, world, sent, noon) -> None:
        answer(world, "CEB312Message", order_answer(sent[0], "100"))
        steps.declare_order(sent[0])
        noon.shift(timedelta(seconds=10))
        assert batches.gather() == 1
        outbox.drain()
        versions = CustomsDocument.objects.filter(declaration__order_no="WP1").order_by("version")
        assert [(one.version, one.state) for one in versions] == [(1, "rejected"), (2, "sent")]

    def test_a_message_without_any_answer_goes_out_again_as_it_is(self, world, sent, noon) -> None:
        (before,) = files(world)
        for path in (world.drop / "outbox").iterdir():
            path.unlink()
        assert documents.resend_silent() == 0
        noon.shift(links.config().resend_time)
        assert documents.resend_silent() == 1
        assert files(world) == [before]
        assert set(CustomsDocument.objects.values_list("sends", flat=True)) == {2}
        for _ in range(5):
            noon.shift(links.config().resend_time)
            documents.resend_silent()
        assert set(CustomsDocument.objects.values_list("sends", flat=True)) == {documents.MOST_SENDS}

    def test_of_a_message_answered_in_part_only_the_rest_goes_out_again(self, world, sent, noon) -> None:
        answer(world, "CEB312Message", order_answer(sent[1], "2"))
        noon.shift(links.config().resend_time)
        assert documents.resend_silent() == 0
        assert batches.gather() == 1  # they have waited long enough already
        outbox.drain()
        assert sorted(orders_of(body) for body in files(world)) == [["WP1", "WP2", "WP3"], ["WP1", "WP3"]]
        assert states() == ["sent", "declared", "sent"]


@pytest.mark.django_db
class TestTrouble:
    def test_a_message_that_is_given_up_stops_its_parcels_and_goes_out_when_one_is_retried(
        self, world, noon, monkeypatch
    ) -> None:
        views = declare(world, "P1", "P2", "P3")
        batches.gather()

        def refuse(name: str, body: bytes, *, again: bool = False) -> None:
            raise PermanentError("413")

        with monkeypatch.context() as patch:
            patch.setattr(batches.sending, "send", refuse)
            outbox.drain()
        assert [(step, code) for step, code, _text in world.failed] == [("declare_order", "given_up")] * 3
        monkeypatch.setattr(outbox, "_wake", lambda: None)
        steps.declare_order(views[0])
        assert (outbox.drain(), states()) == (1, ["sent"] * 3)

    def test_a_parcel_cancelled_before_sending_is_taken_out(self, world, noon) -> None:
        views = declare(world, "P1", "P2", "P3")
        batches.gather()
        cancelling.give_back({"parcel": views[1].id, "quota": steps.reference_of(views[1])})
        outbox.drain()
        assert files(world) == []
        noon.shift(timedelta(seconds=10))
        assert batches.gather() == 1
        outbox.drain()
        assert [orders_of(body) for body in files(world)] == [["WP1", "WP3"]]

    def test_what_customs_would_refuse_is_taken_out_and_its_step_stops(self, world, noon) -> None:
        good, sound = parcel("P1"), parcel("P2")
        bad = dataclasses.replace(sound, actual_paid=sound.actual_paid + cny("1.00"))
        for view in (good, bad):
            steps.declare_order(world.add(view))
        assert (states(), world.failed) == (["built", "built"], [])
        noon.shift(timedelta(seconds=10))
        assert batches.gather() == 1
        outbox.drain()
        assert [orders_of(body) for body in files(world)] == [["WP1"]]
        assert [(step, code) for step, code, _text in world.failed] == [("declare_order", "actural_paid")]
        found = world.views[bad.id].step_data("declare_order")["findings"]
        assert {"field": "OrderHead/acturalPaid", "code": "actural_paid"}.items() <= found[0].items()
        assert not CustomsDocument.objects.filter(declaration__parcel_id=bad.id).exists()
        # Mended, it is wanted anew and goes out.
        steps.declare_order(world.add(sound))
        noon.shift(timedelta(seconds=10))
        batches.gather()
        outbox.drain()
        assert states() == ["sent", "sent"]

    def test_one_that_cannot_be_understood_does_not_keep_the_others(self, world, noon, monkeypatch) -> None:
        honest = making.MAPPERS["CEB311Message"]

        def broken(case):
            if case.parcel.number == "P2":
                raise ZeroDivisionError("a defect")
            return honest(case)

        monkeypatch.setitem(making.MAPPERS, "CEB311Message", broken)
        declare(world, "P1", "P2", "P3")
        noon.shift(timedelta(seconds=10))
        assert batches.gather() == 1
        outbox.drain()
        assert [orders_of(body) for body in files(world)] == [["WP1", "WP3"]]
        assert [(step, code) for step, code, _text in world.failed] == [("declare_order", "given_up")]
        assert world.messages == ["ZeroDivisionError: a defect"]

    @pytest.mark.parametrize("lacks", ["identity", "buyer", "parcel"])
    def test_a_parcel_or_buyer_that_is_gone_stops_its_own_step_only(self, world, noon, lacks: str) -> None:
        views = [parcel("P1"), parcel("P2", buyer=Buyer("person-2", "林*", "index-2"))]
        world.identities["person-2"] = world.identities["person-1"]
        for view in views:
            steps.declare_order(world.add(view))
        if lacks == "identity":
            del world.identities["person-2"]
        elif lacks == "buyer":
            world.views[views[1].id] = dataclasses.replace(views[1], buyer=None)
        else:
            del world.views[views[1].id]
        noon.shift(timedelta(seconds=10))
        batches.gather()
        outbox.drain()
        assert [orders_of(body) for body in files(world)] == [["WP1"]]
        assert [(step, code) for step, code, _text in world.failed] == [("declare_order", "not_found")]

    def test_a_sender_that_changes_meanwhile_gets_a_message_of_its_own(self, world, noon, set_config) -> None:
        views = declare(world, "P1", "P2", "P3")
        batches.gather()
        CustomsDocument.objects.update(message=None)  # built for the old sender, and to go out anew
        set_config(batch_size=4, batch_seconds=10, dxp_id="DXPENT0000000002")
        late = world.add(parcel("P4"))
        steps.declare_order(late)
        CustomsDocument.objects.update(
            batch=CustomsDocument.objects.get(declaration__parcel_id=views[0].id).batch
        )
        noon.shift(timedelta(seconds=10))
        batches.gather()
        noon.shift(timedelta(seconds=10))
        batches.gather()
        outbox.drain()
        new = [body for body in files(world) if b"DXPENT0000000002" in body]
        assert [orders_of(body) for body in new] == [["WP4"]]

    def test_buyers_are_told_when_their_list_went_out(self, world, noon) -> None:
        views = declare(world, "P1", "P2", "P3")
        batches.gather()
        outbox.drain()
        for view in views:
            steps.declare_inventory(view)
        assert world.events == []
        batches.gather()
        outbox.drain()
        assert world.events == [("declared", "")] * 3

    def test_what_waits_can_be_looked_at(self, world, noon) -> None:
        declare(world, "P1")
        shown = pages.view_of(CustomsDocument.objects.get())
        assert (shown.head, shown.lines) == ([], [])

    def test_many_take_no_more_queries_than_few(self, world, noon, set_config) -> None:
        counts = []
        for size in (1, 8):
            set_config(batch_size=size + 1, batch_seconds=0)
            declare(world, *(f"S{size}N{number}" for number in range(size)))
            with CaptureQueriesContext(connection) as queries:
                assert batches.gather() == 1
            counts.append(len(queries))
        assert counts[0] == counts[1]


def _gather_twice(world, monkeypatch) -> list[str]:
    """Let two workers gather at the same moment; return the order numbers of all messages."""
    declare(world, "P1", "P2")
    between, honest, begun = threading.Barrier(2), batches._joined, []

    def slow(kind, guid, found):
        begun.append(guid)
        with suppress(threading.BrokenBarrierError):
            between.wait(1)
        return honest(kind, guid, found)

    def run() -> None:
        try:
            batches.gather()
        finally:
            connection.close()

    monkeypatch.setattr(batches, "_joined", slow)
    at_once = links.config().model_copy(update={"batch_seconds": 0})
    monkeypatch.setattr(links, "config", lambda: at_once)
    monkeypatch.setattr(outbox, "_wake", lambda: None)
    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return [number for one in CustomsMessage.objects.all() for number in orders_of(one.body.encode())]


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_two_workers_put_a_document_into_two_messages(world, monkeypatch) -> None:
    monkeypatch.setattr(batches, "_locked", lambda ready: ready)
    assert sorted(_gather_twice(world, monkeypatch)) == ["WP1", "WP1", "WP2", "WP2"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_put_one_document_into_two_messages(world, monkeypatch) -> None:
    assert sorted(_gather_twice(world, monkeypatch)) == ["WP1", "WP2"]
