"""Scans: once each, forward only; pushes doubled, out of order, forged; polling as the fall-back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from plugins.nansha_logistics import messages, tracking
from plugins.nansha_logistics.carrier import wire
from plugins.nansha_logistics.carrier.port import CarrierUnreachable, Scan
from plugins.nansha_logistics.models import Shipment, TrackingEvent
from plugins.nansha_logistics.push import DIGEST_HEADER, TIMESTAMP_HEADER
from plugins.nansha_logistics.statuses import FINAL, RANK, Status, moves, of_sf
from saleor_ext.core import inbox
from saleor_ext.core.models import InboxMessage

from .conftest import CHECK_WORD, RecordingPlatform

START = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
CODES = ("50", "30", "44", "80")


def shipment(**changes: Any) -> Shipment:
    values = {
        "parcel": "p-1",
        "number": "P1",
        "carrier": "sf",
        "waybill": "SF1",
        "created_at": START,
        "handed_over_at": START,
    } | changes
    return Shipment.objects.create(**values)


def scans(*codes: str) -> list[Scan]:
    return [Scan("SF1", START + timedelta(hours=hour), code, "广州") for hour, code in enumerate(codes)]


# -- statuses --------------------------------------------------------------------------------------


def test_there_are_twelve_statuses_and_known_codes_map_to_them() -> None:
    assert len(Status) == 12
    assert [of_sf(code) for code in ("50", "36", "130", "80", "8000", "648", "4711")] == [
        "picked_up", "in_transit", "in_transit", "delivered", "delivered", "return_to_sender", "unknown",
    ]  # fmt: skip


@given(st.sampled_from(sorted(Status)), st.sampled_from(sorted(Status)), st.integers(-5, 5))
def test_no_scan_moves_a_parcel_back(now: str, new: str, hours: int) -> None:
    if Status(now) is Status.UNKNOWN:
        return
    moved = moves(now, START, Status(new), START + timedelta(hours=hours))
    if moved:
        assert Status(now) not in FINAL
        assert RANK[Status(new)] >= RANK[Status(now)]


# -- scans -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_order_of_arrival_ends_delivered_with_each_scan_once(platform: RecordingPlatform) -> None:
    for number, order in enumerate(permutations(scans(*CODES))):
        parcel = shipment(parcel=f"p-{number}", waybill=f"SF{number}")
        for scan in order + order:
            tracking.apply(parcel.pk, [scan])
        parcel.refresh_from_db()
        assert (parcel.status, parcel.delivered_at) == ("delivered", START + timedelta(hours=3))
        assert TrackingEvent.objects.filter(shipment=parcel).count() == len(CODES)
        assert [step for key, step, _ in platform.completed if key == parcel.pk] == ["track"]


@pytest.mark.django_db
def test_the_buyers_timeline_hears_each_status_once(platform: RecordingPlatform) -> None:
    shipment()
    tracking.apply("p-1", scans("50", "30", "36", "4711", "44", "33", "44", "80"))
    assert platform.codes() == ["in_transit", "out_for_delivery", "exception", "delivered"]
    assert TrackingEvent.objects.get(code="4711").status == "unknown"


@pytest.mark.django_db
def test_a_parcel_going_back_is_for_a_person(platform: RecordingPlatform) -> None:
    parcel = shipment()
    tracking.apply("p-1", scans("50", "99", "80"))
    parcel.refresh_from_db()
    assert parcel.status == "return_to_sender"
    assert platform.failed == [("p-1", "track", "returned")]
    assert platform.completed == []


# -- pushes ----------------------------------------------------------------------------------------


def push_body(*codes: str, waybill: str = "SF1") -> str:
    routes = [
        {"mailno": waybill, "id": f"r{number}", "opCode": code, "acceptAddress": "广州", "remark": "…",
         "acceptTime": f"2026-11-23 1{number}:00:00"}
        for number, code in enumerate(codes)
    ]  # fmt: skip
    return wire.compact({"Body": {"WaybillRoute": routes}})


def push(body: str, *, key: str = CHECK_WORD, at: datetime | None = None, signed: str | None = None) -> Any:
    timestamp = str(int((at or timezone.now()).timestamp() * 1000))
    headers = {TIMESTAMP_HEADER: timestamp, DIGEST_HEADER: wire.digest(signed or body, timestamp, key)}
    return Client().post(
        "/plugins/logistics/push/sf", body.encode(), content_type="application/json", headers=headers
    )


@pytest.mark.django_db
def test_a_push_is_stored_acknowledged_and_worked() -> None:
    shipment()
    answer = push(push_body("50", "30"))
    assert (answer.status_code, answer.json()["return_code"]) == (200, "0000")
    assert inbox.drain() == 2
    assert Shipment.objects.get().status == "in_transit"


@pytest.mark.django_db
def test_a_push_delivered_five_times_counts_once() -> None:
    shipment()
    for _ in range(5):
        assert push(push_body("50")).status_code == 200
    inbox.drain()
    assert InboxMessage.objects.get().duplicates == 4
    assert TrackingEvent.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("case", ["forged", "altered", "unsigned", "replayed", "no digits", "not text"])
def test_a_push_that_is_not_the_carriers_is_refused_and_leaves_nothing(case: str) -> None:
    shipment()
    body = push_body("80")
    if case == "forged":
        answer = push(body, key="guess")
    elif case == "altered":
        answer = push(body, signed=push_body("50"))
    elif case == "replayed":
        answer = push(body, at=timezone.now() - timedelta(minutes=11))
    else:
        headers = {TIMESTAMP_HEADER: "１２３"} if case == "no digits" else {}
        content = b"\xff\xfe" if case == "not text" else body.encode()
        answer = Client().post(
            "/plugins/logistics/push/sf", content, content_type="application/json", headers=headers
        )
    assert answer.status_code == 401
    assert InboxMessage.objects.count() == TrackingEvent.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"Body":{"WaybillRoute":[{"mailno":"SF1"}]}}', '{"Body":7}', "null"]
)
def test_a_signed_push_of_the_wrong_shape_is_refused_whole(body: str) -> None:
    answer = push(body)
    assert (answer.status_code, InboxMessage.objects.count()) == (400, 0)


@pytest.mark.django_db
def test_only_post_is_taken() -> None:
    assert Client().get("/plugins/logistics/push/sf").status_code == 405


@pytest.mark.django_db
def test_a_push_for_an_unknown_waybill_waits_then_is_given_to_a_person() -> None:
    push(push_body("50", waybill="SF9"))
    inbox.drain()
    message = InboxMessage.objects.get()
    assert (message.state, "SF9" in message.last_error) == ("new", True)
    with time_machine.travel(timezone.now() + messages.UNKNOWN_FOR + timedelta(minutes=1)):
        inbox.drain()
    message.refresh_from_db()
    assert message.state == "dead"
    assert TrackingEvent.objects.count() == 0


# -- polling ---------------------------------------------------------------------------------------


class Routes:
    """A carrier that answers one list of scans, or none at all."""

    def __init__(self, answer: list[Scan] | None) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str]] = []

    def routes(self, waybill: str, phone_tail: str) -> list[Scan]:
        self.asked.append((waybill, phone_tail))
        if self.answer is None:
            raise CarrierUnreachable("down")
        return self.answer


@pytest.mark.django_db
def test_polling_finds_what_no_push_told(monkeypatch: pytest.MonkeyPatch) -> None:
    shipment(phone_tail="8000")
    carrier = Routes([*scans(*CODES), Scan("SF-other", START, "80")])
    monkeypatch.setattr(tracking, "carrier_of", lambda config: carrier)
    tracking.poll_due()
    assert carrier.asked == [("SF1", "8000")]
    assert Shipment.objects.get().status == "delivered"
    assert TrackingEvent.objects.count() == len(CODES)
    tracking.poll_due()
    assert len(carrier.asked) == 1, "a delivered parcel is not asked for again"


@pytest.mark.django_db
def test_only_silent_parcels_under_way_are_asked_for_and_not_twice_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = timezone.now()
    shipment(parcel="inside", waybill="A", handed_over_at=None)
    shipment(parcel="just-left", waybill="B", handed_over_at=now)
    shipment(parcel="heard-of", waybill="C", status="in_transit", status_at=now)
    shipment(parcel="cancelled", waybill="D", cancelled_at=now)
    shipment(parcel="going-back", waybill="E", status="return_to_sender", status_at=START)
    shipment(parcel="silent", waybill="F")
    carrier = Routes(None)
    monkeypatch.setattr(tracking, "carrier_of", lambda config: carrier)
    tracking.poll_due()
    tracking.poll_due()
    assert [waybill for waybill, _ in carrier.asked] == ["F"], "an outage is not hammered"
