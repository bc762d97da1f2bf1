"""Messages doubled, out of order or never: orders arrive all the same, and once."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.demo_process import DemoProcess

from .watch import Records, WalkProcess

pytestmark = pytest.mark.demo

APPS = """{ apps(first: 20) { edges { node { identifier webhooks { id isActive asyncEvents { eventType } } } } } }"""
SWITCH = """mutation($id: ID!, $on: Boolean!) {
  webhookUpdate(id: $id, input: { isActive: $on }) { webhook { isActive } errors { field message } } }"""
AGAIN = "mutation($id: ID!) { eventDeliveryRetry(id: $id) { delivery { id } errors { field message } } }"
#: How often each message is delivered once more.
TIMES = 5
SETTLED_SECONDS = 300


class Faults:
    """Switches of the stand-ins; everything is put right again at the end."""

    def __init__(self, demo: DemoProcess, records: Records) -> None:
        self._demo = demo
        self._records = records

    def set(self, **faults: str) -> None:
        self._post("/sandbox/faults", faults)

    def customs(self, **faults: bool) -> None:
        self._post("/sandbox/customs/faults", faults)

    def order_webhooks(self) -> list[str]:
        """Ids of the platform's webhooks that tell of orders."""
        edges = self._records.saleor(APPS)["apps"]["edges"]
        platform = next(edge["node"] for edge in edges if edge["node"]["identifier"] == "ponte.platform")
        return [
            webhook["id"]
            for webhook in platform["webhooks"]
            if any(event["eventType"].startswith("ORDER_") for event in webhook["asyncEvents"])
        ]

    def switch(self, on: bool) -> None:
        for webhook in self.order_webhooks():
            answer = self._records.saleor(SWITCH, id=webhook, on=on)["webhookUpdate"]
            assert answer == {"webhook": {"isActive": on}, "errors": []}

    def deliveries(self) -> list[str]:
        """Every message about orders that was ever made for the platform, in the order of making.

        Read from the stand-in's own table: Saleor's API tells of failed ones only.
        """
        rows = self._records.sandbox(
            "SELECT d.id FROM sandbox_saleor_eventdelivery d JOIN sandbox_saleor_webhook w ON w.id = d.webhook_id"
            " JOIN sandbox_saleor_app a ON a.id = w.app_id"
            " WHERE a.identifier = 'ponte.platform' AND upper(d.event_type) LIKE 'ORDER%%' ORDER BY d.id"
        )
        return [base64.b64encode(f"EventDelivery:{number}".encode()).decode() for (number,) in rows]

    def put_right(self) -> None:
        self.set()
        self.customs()
        self.switch(True)

    def _post(self, path: str, body: dict[str, Any]) -> None:
        httpx2.post(f"{self._demo.sandbox}{path}", json=body, timeout=30, trust_env=False).raise_for_status()


@pytest.fixture
def faults(demo: DemoProcess, records: Records) -> Iterator[Faults]:
    switches = Faults(demo, records)
    yield switches
    switches.put_right()


def test_messages_five_times_and_out_of_order_change_nothing(
    demo: DemoProcess, records: Records, faults: Faults
) -> None:
    """Wallet, carrier and customs say everything twice or shuffled; then Saleor repeats all, newest first."""
    faults.set(psp_notify="double", carrier_push="double")
    faults.customs(double=True, shuffle=True)
    before = len(faults.deliveries())
    with WalkProcess(demo, records.listings()[0]) as walk:
        walk.wait()
    records.assert_arrived_once(walk)
    sent = faults.deliveries()
    assert len(sent) > before, "Saleor told of the order"
    counted = _duplicates(records)
    for delivery in reversed(sent):
        for _ in range(TIMES):
            answer = records.saleor(AGAIN, id=delivery)["eventDeliveryRetry"]
            assert answer["errors"] == []
    _wait_until(lambda: _duplicates(records) >= counted + len(sent), "the repeats have arrived")
    _wait_until(
        lambda: records.platform("SELECT 1 FROM core_inboxmessage WHERE state = 'new'") == [],
        "and are worked",
    )
    records.assert_arrived_once(walk)
    [(state,)] = records.platform(
        "SELECT state FROM orders_parcel WHERE number = %s", walk.reference("parcel")
    )
    assert state == "delivered"


def test_messages_that_never_come_are_asked_for(demo: DemoProcess, records: Records, faults: Faults) -> None:
    """No word of the order, the payment or the parcel reaches us: each link is polled."""
    faults.set(psp_notify="never", carrier_push="never")
    faults.switch(False)
    before = len(faults.deliveries())
    with WalkProcess(demo, records.listings()[1]) as walk:
        walk.wait()
    assert len(faults.deliveries()) == before, "nothing was sent"
    records.assert_arrived_once(walk)


def _duplicates(records: Records) -> int:
    query = "SELECT coalesce(sum(duplicates), 0) FROM core_inboxmessage WHERE source LIKE 'saleor%%'"
    return int(records.platform(query)[0][0])


def _wait_until(true: Any, what: str) -> None:
    deadline = time.monotonic() + SETTLED_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"not after {SETTLED_SECONDS} s: {what}"
        time.sleep(0.5)
