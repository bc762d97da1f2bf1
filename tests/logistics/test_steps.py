"""The parcel's steps: each repeatable, and the gate shut before customs answered 800."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from plugins.nansha_logistics import fulfilment, hooks, messages, steps, stock, waybills
from plugins.nansha_logistics.carrier.port import CarrierUnreachable, Waybill, WaybillRequest
from plugins.nansha_logistics.config import LogisticsConfig
from plugins.nansha_logistics.ledger import LedgerError
from plugins.nansha_logistics.models import BookItem, Movement, PickRecord, Reservation, Shipment
from saleor_ext.core.errors import ConfigurationError, PermanentError
from saleor_ext.core.models import OutboxMessage
from saleor_ext.plugin_api import Done, ParcelView, StepView, Wait

from .conftest import RecordingPlatform
from .factories import BOOK, RELEASED, book_item, facts, parcel

pytestmark = pytest.mark.django_db


class FakeCarrier:
    """A carrier that remembers; the same order id always yields the same waybill."""

    code = "sf"

    def __init__(self) -> None:
        self.created: list[WaybillRequest] = []
        self.handed: list[tuple[str, str, Decimal]] = []
        self.cancelled: list[tuple[str, str]] = []
        self.down = False

    def create(self, request: WaybillRequest) -> Waybill:
        if self.down:
            raise CarrierUnreachable("down")
        self.created.append(request)
        return Waybill(f"SF{request.order_id}", "020WA")

    def hand_over(self, order_id: str, waybill: str, kilograms: Decimal) -> None:
        if self.down:
            raise CarrierUnreachable("down")
        self.handed.append((order_id, waybill, kilograms))

    def cancel(self, order_id: str, waybill: str) -> None:
        self.cancelled.append((order_id, waybill))


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch) -> FakeCarrier:
    fake = FakeCarrier()
    monkeypatch.setattr(steps, "carrier_of", lambda config: fake)
    monkeypatch.setattr(messages, "carrier_of", lambda config: fake)
    return fake


def ready(view: ParcelView) -> ParcelView:
    """Bring a parcel to the gate."""
    steps.reserve_stock(view)
    steps.obtain_waybill(view)
    return view


# -- reserve ---------------------------------------------------------------------------------------


def test_a_parcel_draws_each_line_on_its_book_item() -> None:
    cookies, wine = book_item("COOKIE-1", 10, 1), book_item("WINE-1", 6, 2, dcl_unit="142")
    view = parcel((facts(), 2), (facts("WINE-1", unit="142"), 3))
    done = steps.reserve_stock(view)
    assert done.data["book_no"] == BOOK
    assert [
        (line["gnum"], line["item_record_no"], line["quantity"], line["unit"]) for line in done.data["lines"]
    ] == [
        (1, "00001", "2", "140"),
        (2, "00002", "3", "142"),
    ]
    assert steps.reserve_stock(view).data == done.data
    cookies.refresh_from_db()
    wine.refresh_from_db()
    assert (cookies.prevd_redc, wine.prevd_redc) == (2, 3)
    assert Reservation.objects.filter(parcel=view.id).count() == 2


def test_two_lines_of_one_article_are_two_holds() -> None:
    item = book_item("COOKIE-1", 10)
    steps.reserve_stock(parcel((facts(), 2), (facts(), 3)))
    item.refresh_from_db()
    assert item.prevd_redc == 5


@pytest.mark.parametrize(
    ("article", "quantity", "code"),
    [
        (facts("WINE-1", unit="142"), 7, "short_stock"),
        (facts("WINE-1", unit="140"), 1, "wrong_unit"),
        (facts("TEA-1"), 1, "unknown_item"),
        (facts("WINE-1", unit="142", item_record_no="00009"), 1, "unknown_item"),
        (facts("COOKIE-1", item_record_no="00002"), 1, "unknown_item"),
    ],
)
def test_a_parcel_is_held_whole_or_not_at_all(article: Any, quantity: int, code: str) -> None:
    cookies = book_item("COOKIE-1", 10, 1)
    book_item("WINE-1", 6, 2, dcl_unit="142")
    with pytest.raises(LedgerError) as refusal:
        steps.reserve_stock(parcel((facts(), 2), (article, quantity)))
    assert refusal.value.code == code
    cookies.refresh_from_db()
    assert cookies.available == 10
    assert Movement.objects.filter(kind="reserve").count() == 0


# -- waybill ---------------------------------------------------------------------------------------


def test_a_parcel_gets_one_waybill(carrier: FakeCarrier, platform: RecordingPlatform) -> None:
    book_item()
    view = parcel((facts(), 2))
    steps.reserve_stock(view)
    first = steps.obtain_waybill(view)
    assert first.data == {
        "waybill": f"SF{view.number}",
        "logistics_no": f"SF{view.number}",
        "logistics_code": "4400SF0001",
        "logistics_name": "顺丰速运（沙箱）",
        "gross_kg": "0.640",
        "net_kg": "0.500",
        "freight": "10.00",
        "routing_code": "020WA",
    }
    again = steps.obtain_waybill(view)
    assert again.data["logistics_no"] == first.data["logistics_no"]
    assert len(carrier.created) == 1
    assert carrier.created[0].receiver == view.consignee
    assert platform.codes() == ["waybill"]
    assert Shipment.objects.get().phone_tail == "8000"


def test_the_waybill_is_declared_under_the_number_of_the_payment(carrier: FakeCarrier) -> None:
    declared = StepView("declare_payment", "done", {"orderNo": "WX1"})
    steps.obtain_waybill(parcel(steps={"declare_payment": declared}))
    steps.obtain_waybill(plain := parcel())
    assert [request.customs_order_no for request in carrier.created] == ["WX1", plain.number]
    assert carrier.created[0].customs_address == "广东省广州市天河区体育西路1号"


def test_a_second_waybill_for_a_parcel_is_refused(carrier: FakeCarrier) -> None:
    view = parcel()
    waybills.keep(view, "SF1", "sf")
    with pytest.raises(PermanentError) as refusal:
        waybills.keep(view, "SF2", "sf")
    assert refusal.value.code == "second_waybill"


def test_a_missing_configuration_is_named(carrier: FakeCarrier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "config", LogisticsConfig)
    with pytest.raises(ConfigurationError, match=r"logistics_code.*check_word"):
        steps.obtain_waybill(parcel())
    assert carrier.created == []


# -- gate ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "step",
    [
        None,
        StepView("declare_inventory", "waiting", {"status": "800"}),
        StepView("declare_inventory", "done", {}),
        StepView("declare_inventory", "done", {"status": "399"}),
        StepView("declare_inventory", "failed", {"status": "100"}),
    ],
)
def test_nothing_leaves_before_release(carrier: FakeCarrier, step: StepView | None) -> None:
    item = book_item(opening=10)
    view = ready(parcel((facts(), 2), steps={"declare_inventory": step} if step else {}))
    with pytest.raises(PermanentError) as refusal:
        steps.gate_out(view)
    assert refusal.value.code == "not_released"
    item.refresh_from_db()
    assert (item.actl_redc, item.prevd_redc) == (0, 2)
    assert PickRecord.objects.count() == 0
    assert carrier.handed == []


def test_a_released_parcel_leaves_once(carrier: FakeCarrier, platform: RecordingPlatform) -> None:
    item = book_item(opening=10)
    view = ready(parcel((facts(), 2), steps={"declare_inventory": RELEASED}))
    for _ in range(3):
        assert steps.gate_out(view).data == {"inventory_no": "51652026I000000001", "gross_g": 640}
    item.refresh_from_db()
    assert (item.actl_inc, item.actl_redc, item.prevd_redc, item.available) == (10, 2, 0, 8)
    assert Movement.objects.filter(kind="deduct").count() == 1
    pick = PickRecord.objects.get()
    assert (pick.inventory_no, pick.lines[0]["sku"], pick.lines[0]["quantity"]) == (
        "51652026I000000001",
        "COOKIE-1",
        2,
    )
    assert platform.codes() == ["waybill", "packed", "handed_over"]
    assert set(carrier.handed) == {(view.number, f"SF{view.number}", Decimal("0.640"))}


def test_a_gate_whose_carrier_is_down_is_passed_at_the_next_try(carrier: FakeCarrier) -> None:
    item = book_item(opening=10)
    view = ready(parcel((facts(), 2), steps={"declare_inventory": RELEASED}))
    carrier.down = True
    with pytest.raises(CarrierUnreachable):
        steps.gate_out(view)
    assert Shipment.objects.get().handed_over_at is None
    carrier.down = False
    steps.gate_out(view)
    item.refresh_from_db()
    assert item.actl_redc == 2
    assert Shipment.objects.get().handed_over_at is not None


def test_the_gate_needs_every_line_held(carrier: FakeCarrier) -> None:
    book_item(opening=10)
    view = parcel((facts(), 2), steps={"declare_inventory": RELEASED})
    steps.obtain_waybill(view)
    with pytest.raises(PermanentError) as refusal:
        steps.gate_out(view)
    assert refusal.value.code == "not_held"


# -- cancel and return -----------------------------------------------------------------------------


def test_cancelling_gives_stock_and_waybill_back_once(carrier: FakeCarrier) -> None:
    item = book_item(opening=10)
    view = ready(parcel((facts(), 2)))
    hooks.parcel_cancelled(view)
    hooks.parcel_cancelled(view)
    item.refresh_from_db()
    assert item.available == 10
    assert Movement.objects.filter(kind="release_reservation").count() == 1
    promise = OutboxMessage.objects.get(topic=waybills.CANCEL)
    messages.cancel_waybill(promise.payload)
    assert carrier.cancelled == [(view.number, f"SF{view.number}")]


def test_a_cancelled_parcel_holds_nothing_any_more(carrier: FakeCarrier) -> None:
    item = book_item(opening=10)
    view = parcel((facts(), 2), steps={"declare_inventory": RELEASED})
    hooks.parcel_cancelled(view)
    for step in (steps.reserve_stock, steps.gate_out):
        waybills.keep(view, "SF1", "sf")
        with pytest.raises(PermanentError) as refusal:
            step(view)
        assert refusal.value.code == "cancelled"
    item.refresh_from_db()
    assert item.available == 10


def test_what_left_comes_back_by_a_return_only(carrier: FakeCarrier) -> None:
    item = book_item(opening=10)
    view = ready(parcel((facts(), 2), steps={"declare_inventory": RELEASED}))
    steps.gate_out(view)
    assert stock.free_parcel(view, "cancelled too late") == 0
    stock.shelve_parcel_return(view, "QD1")
    stock.shelve_parcel_return(view, "QD1")
    item.refresh_from_db()
    assert (item.actl_inc, item.actl_redc, item.available) == (12, 2, 10)


# -- fulfil ----------------------------------------------------------------------------------------


class FakeSaleor:
    """An order in a Saleor; ``lose`` drops the answer to the first mutation after it was done."""

    def __init__(self, *, lose: bool = False, fulfillments: tuple[dict[str, Any], ...] = ()) -> None:
        self.fulfillments = list(fulfillments)
        self.open = 0 if any(entry["status"] == "FULFILLED" for entry in fulfillments) else 2
        self.lose = lose
        self.sent: list[str] = []

    def execute(
        self, document: str, variables: Mapping[str, Any] | None = None, *, idempotent: bool = False
    ) -> dict[str, Any]:
        values = dict(variables or {})
        if document.startswith("query OrderForFulfilment"):
            return {"order": self.order()}
        if document.startswith("query Warehouses"):
            nodes = [("W1", "macau", None), ("W2", "x", "nansha")]
            return {"warehouses": {"edges": [
                {"node": {"id": key, "slug": slug, "externalReference": ref}} for key, slug, ref in nodes
            ]}}  # fmt: skip
        if document.startswith("mutation OrderFulfill("):
            assert not idempotent
            return self.fulfil(values["input"])
        assert document.startswith("mutation FulfillmentUpdateTracking")
        self.fulfillments[0]["trackingNumber"] = values["input"]["trackingNumber"]
        return {}

    def order(self) -> dict[str, Any]:
        lines = [{"id": "L1", "quantityToFulfill": self.open}, {"id": "L2", "quantityToFulfill": 0}]
        return {
            "id": "O1",
            "number": "1",
            "status": "UNFULFILLED",
            "lines": lines,
            "fulfillments": self.fulfillments,
        }

    def fulfil(self, given: dict[str, Any]) -> dict[str, Any]:
        assert given["lines"] == [{"orderLineId": "L1", "stocks": [{"warehouse": "W2", "quantity": 2}]}]
        self.sent.append(given["trackingNumber"])
        made = {"id": f"F{len(self.sent)}", "status": "FULFILLED", "trackingNumber": given["trackingNumber"]}
        self.fulfillments.append(made)
        self.open = 0
        if self.lose:
            self.lose = False
            raise CarrierUnreachable("the answer was lost")
        return {"orderFulfill": {"fulfillments": [made]}}


def test_saleor_is_told_once(platform: RecordingPlatform) -> None:
    platform.client = saleor = FakeSaleor()
    view = parcel()
    assert fulfilment.ensure(view, "SF1", "nansha") == "F1"
    assert fulfilment.ensure(view, "SF1", "nansha") == "F1"
    assert saleor.sent == ["SF1"]


def test_a_lost_answer_does_not_ship_twice(platform: RecordingPlatform) -> None:
    platform.client = saleor = FakeSaleor(lose=True)
    with pytest.raises(CarrierUnreachable):
        fulfilment.ensure(parcel(), "SF1", "nansha")
    assert fulfilment.ensure(parcel(), "SF1", "nansha") == "F1"
    assert saleor.sent == ["SF1"]


def test_a_fulfilment_made_by_hand_gets_the_waybill(platform: RecordingPlatform) -> None:
    by_hand = {"id": "F9", "status": "FULFILLED", "trackingNumber": ""}
    platform.client = saleor = FakeSaleor(fulfillments=(by_hand,))
    assert fulfilment.ensure(parcel(), "SF1", "nansha") == "F9"
    assert saleor.fulfillments[0]["trackingNumber"] == "SF1"


def test_another_waybill_is_not_overwritten(platform: RecordingPlatform) -> None:
    platform.client = FakeSaleor(
        fulfillments=({"id": "F9", "status": "FULFILLED", "trackingNumber": "SF-other"},)
    )
    with pytest.raises(PermanentError) as refusal:
        fulfilment.ensure(parcel(), "SF1", "nansha")
    assert refusal.value.code == "shipped_otherwise"


def test_a_cancelled_fulfilment_does_not_count(platform: RecordingPlatform) -> None:
    platform.client = saleor = FakeSaleor(
        fulfillments=({"id": "F9", "status": "CANCELED", "trackingNumber": "SF1"},)
    )
    assert fulfilment.ensure(parcel(), "SF1", "nansha") == "F1"
    assert saleor.sent == ["SF1"]


def test_an_unknown_warehouse_is_named(platform: RecordingPlatform) -> None:
    platform.client = FakeSaleor()
    with pytest.raises(PermanentError, match="'moon'"):
        fulfilment.ensure(parcel(), "SF1", "moon")


# -- track -----------------------------------------------------------------------------------------


def test_tracking_waits_unless_the_parcel_arrived_before(carrier: FakeCarrier) -> None:
    book_item()
    view = ready(parcel((facts(), 1)))
    assert steps.track(view) == Wait({"waybill": f"SF{view.number}"})
    arrived = datetime(2026, 11, 25, tzinfo=UTC)
    Shipment.objects.update(status="delivered", delivered_at=arrived)
    assert steps.track(view) == Done({"delivered_at": arrived.isoformat()})


def test_steps_stand_in_the_agreed_order_and_only_on_open_lanes() -> None:
    assert [(spec.name, spec.after) for spec in hooks.parcel_steps(parcel())] == [
        ("reserve_stock", ()),
        ("obtain_waybill", ("reserve_stock", "declare_payment")),
        ("gate_out", ("declare_inventory",)),
        ("fulfil", ("gate_out",)),
        ("track", ("fulfil",)),
    ]
    assert hooks.parcel_steps(parcel(lane="local")) == []
    assert BookItem.objects.count() == 0


def test_returned_goods_go_back_into_the_book_and_what_never_left_stays() -> None:
    first, second = book_item("COOKIE-1", 10, 1), book_item("TEA-1", 10, 2)
    view = parcel((facts("COOKIE-1"), 2), (facts("TEA-1"), 1))
    stock.hold_parcel(view, BOOK)
    hooks.parcel_returned(view, {1: 1}, "r0", "T0")
    assert not Movement.objects.filter(kind="return").exists(), "the goods are still inside"
    with transaction.atomic():
        stock.lock(view)
        stock.deduct_parcel(view)
    for _again in range(3):
        hooks.parcel_returned(view, {1: 1, 2: 1}, "r1", "T1")
    hooks.parcel_returned(replace(view, lane="local"), {1: 1}, "r2", "T2")
    for item, available in ((first, 9), (second, 10)):
        item.refresh_from_db()
        assert item.available == available
    assert Movement.objects.filter(kind="return").count() == 2
