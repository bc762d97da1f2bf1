"""A waybill follows a corrected consignee: ordered anew before the hand-over, the one before given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from plugins.nansha_logistics import hooks, messages, steps, waybills
from plugins.nansha_logistics.carrier.port import Waybill, WaybillRequest
from plugins.nansha_logistics.models import Shipment
from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.core.models import AuditEntry, OutboxMessage
from saleor_ext.plugin_api import ParcelView, StepView

from .conftest import RecordingPlatform
from .factories import RELEASED, book_item, facts, known, parcel

pytestmark = pytest.mark.django_db


class Carrier:
    """A carrier that remembers; ``meanwhile`` is what happens while it thinks."""

    code = "sf"

    def __init__(self) -> None:
        self.created: list[WaybillRequest] = []
        self.handed: list[tuple[str, str]] = []
        self.cancelled: list[tuple[str, str]] = []
        self.meanwhile: Callable[[], Any] = lambda: None

    def create(self, request: WaybillRequest) -> Waybill:
        self.created.append(request)
        doing, self.meanwhile = self.meanwhile, lambda: None
        doing()
        return Waybill(f"SF{request.order_id}", "020WA")

    def hand_over(self, order_id: str, waybill: str, kilograms: Decimal) -> None:
        self.handed.append((order_id, waybill))

    def cancel(self, order_id: str, waybill: str) -> None:
        self.cancelled.append((order_id, waybill))


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch) -> Carrier:
    made = Carrier()
    for module in (steps, messages):
        monkeypatch.setattr(module, "carrier_of", lambda config: made)
    return made


@pytest.fixture
def ordered(carrier: Carrier) -> ParcelView:
    """A released parcel whose waybill is ordered and whose goods are held."""
    book_item(opening=10)
    view = parcel((facts(), 2), steps={"declare_inventory": RELEASED})
    steps.reserve_stock(view)
    steps.obtain_waybill(view)
    return view


def corrected(view: ParcelView, street: str = "人民路2号", phone: str = "13900139111") -> ParcelView:
    """What the platform does when the consignee is corrected."""
    there = replace(known[view.id], consignee=replace(view.consignee, street=street, phone=phone))
    known[view.id] = there
    hooks.consignee_corrected(there)
    return there


def run(topic: str) -> int:
    """Keep the promises of a topic that were made so far; return how many."""
    handler = {waybills.RENEW: messages.renew_waybill, waybills.CANCEL: messages.cancel_waybill}[topic]
    promises = list(OutboxMessage.objects.filter(topic=topic).order_by("created_at"))
    for promise in promises:
        handler(promise.payload)
    return len(promises)


def test_a_corrected_consignee_gets_another_waybill_and_the_one_before_is_given_up(
    carrier: Carrier, platform: RecordingPlatform, ordered: ParcelView
) -> None:
    old, new = f"SF{ordered.number}", f"SF{ordered.number}-1"
    view = corrected(ordered)
    assert platform.updated == [
        (view.id, "obtain_waybill", {"waybill": "", "logistics_no": "", "routing_code": ""})
    ]
    with pytest.raises(TransientError) as wait:
        steps.gate_out(view)
    assert (wait.value.code, carrier.handed) == ("waybill_renewed", [])
    assert run(waybills.RENEW) == 1
    request = carrier.created[-1]
    assert (request.order_id, request.receiver, request.customs_address) == (
        f"{ordered.number}-1", view.consignee, "广东省广州市天河区人民路2号",
    )  # fmt: skip
    told = platform.updated[-1][2]
    assert (told["waybill"], told["logistics_no"], told["routing_code"]) == (new, new, "020WA")
    shipment = Shipment.objects.get()
    assert (shipment.waybill, shipment.carrier_order, shipment.phone_tail) == (
        new, f"{ordered.number}-1", "9111",
    )  # fmt: skip
    assert run(waybills.CANCEL) == 1
    assert carrier.cancelled == [(ordered.number, old)]
    entry = AuditEntry.objects.get(action="parcel.waybill_renewed")
    assert (entry.data["before"], entry.data["after"]) == (old, new)
    steps.gate_out(view)
    assert carrier.handed == [(f"{ordered.number}-1", new)]
    assert [data["waybill"] for _, code, _, data in platform.events if code == "waybill"] == [old, new]


def test_the_promise_kept_twice_orders_once(carrier: Carrier, ordered: ParcelView) -> None:
    corrected(ordered)
    assert run(waybills.RENEW) == run(waybills.RENEW) == 1
    assert [one.order_id for one in carrier.created] == [ordered.number, f"{ordered.number}-1"]


def test_of_two_corrections_the_later_one_counts(carrier: Carrier, ordered: ParcelView) -> None:
    corrected(ordered)
    view = corrected(ordered, "人民路3号")
    assert run(waybills.RENEW) == 2
    assert [one.order_id for one in carrier.created] == [ordered.number, f"{ordered.number}-2"]
    assert carrier.created[-1].receiver == view.consignee


def test_a_correction_while_the_carrier_thinks_makes_its_answer_worth_nothing(
    carrier: Carrier, ordered: ParcelView
) -> None:
    corrected(ordered)
    carrier.meanwhile = lambda: corrected(ordered, "人民路3号")
    run(waybills.RENEW)
    assert Shipment.objects.get().waybill == f"SF{ordered.number}"
    run(waybills.RENEW)
    assert Shipment.objects.get().waybill == f"SF{ordered.number}-2"
    assert carrier.created[-1].receiver.street == "人民路3号"
    run(waybills.CANCEL)
    assert sorted(carrier.cancelled) == [
        (ordered.number, f"SF{ordered.number}"),
        (f"{ordered.number}-1", f"SF{ordered.number}-1"),
    ]


def test_a_correction_while_the_first_waybill_is_ordered_is_noticed(carrier: Carrier) -> None:
    view = parcel((facts(), 2))
    carrier.meanwhile = lambda: corrected(view)
    with pytest.raises(TransientError) as wait:
        steps.obtain_waybill(view)
    assert wait.value.code == "waybill_renewed"
    assert run(waybills.RENEW) == 1
    done = steps.obtain_waybill(known[view.id])
    assert done.data["logistics_no"] == f"SF{view.number}-1"
    assert carrier.created[-1].receiver.street == "人民路2号"


def test_a_parcel_cancelled_meanwhile_keeps_no_waybill(carrier: Carrier, ordered: ParcelView) -> None:
    view = corrected(ordered)
    carrier.meanwhile = lambda: hooks.parcel_cancelled(view)
    run(waybills.RENEW)
    run(waybills.CANCEL)
    assert sorted(carrier.cancelled) == [
        (ordered.number, f"SF{ordered.number}"),
        (f"{ordered.number}-1", f"SF{ordered.number}-1"),
    ]
    assert run(waybills.RENEW) == 1 and len(carrier.created) == 2


@pytest.mark.parametrize("field", ["handed_over_at", "cancelled_at", "no waybill"])
def test_what_is_under_way_gone_or_not_ordered_is_left_alone(
    carrier: Carrier, platform: RecordingPlatform, ordered: ParcelView, field: str
) -> None:
    if field == "no waybill":
        Shipment.objects.update(waybill=None)
    else:
        Shipment.objects.update(**{field: "2026-11-26T00:00:00Z"})
    corrected(ordered)
    assert (platform.updated, OutboxMessage.objects.filter(topic=waybills.RENEW).count()) == ([], 0)


def test_the_gate_refuses_another_waybill_than_customs_released(
    carrier: Carrier, ordered: ParcelView
) -> None:
    data = {**RELEASED.data, "logistics_no": f"SF{ordered.number}"}
    listed = StepView("declare_inventory", "done", data)
    view = replace(corrected(ordered), steps={"declare_inventory": listed})
    run(waybills.RENEW)
    with pytest.raises(PermanentError) as refusal:
        steps.gate_out(view)
    assert (refusal.value.code, carrier.handed) == ("other_waybill", [])
