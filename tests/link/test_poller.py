"""The poller: a lost webhook loses nothing, a delivered one is not repeated, and it goes on where it stopped."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from saleor_ext.core import clock
from saleor_ext.core.models import Cursor, InboxMessage
from saleor_ext.link import cli, events, orders, poller, registry, transport
from saleor_ext.link.models import SaleorAppInstall, SaleorInstance
from saleor_ext.link.platform_app import PLATFORM_APP

from .saleor import serve, signer

START = datetime.fromisoformat("2026-11-23T09:00:00+00:00")
PRICE = {name: {"amount": 1.1, "currency": "CNY"} for name in ("gross", "net", "tax")}


def order(number: int, at: datetime) -> dict[str, Any]:
    return {
        "id": f"T3JkZXI6{number}",
        "number": str(number),
        "created": START.isoformat(),
        "updatedAt": at.isoformat(),
        "status": "UNFULFILLED",
        "channel": {"id": "c", "slug": "cn"},
        "shippingPrice": PRICE,
        "subtotal": PRICE,
        "total": PRICE,
        "undiscountedTotal": PRICE,
        "totalCharged": PRICE["gross"],
        "lines": [],
        "metadata": [],
    }


class Orders:
    """Answers the query for changed orders, two a page, oldest change first."""

    def __init__(self) -> None:
        self.orders: dict[int, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.broken = False

    def put(self, number: int, at: datetime) -> None:
        self.orders[number] = order(number, at)

    def __call__(self, path: str, given: Any) -> tuple[int, Any]:
        variables = given["variables"]
        if self.broken and variables["after"]:
            return 500, {}
        self.asked.append(variables["since"])
        since = datetime.fromisoformat(variables["since"])
        due = [o for o in self.orders.values() if datetime.fromisoformat(o["updatedAt"]) >= since]
        due.sort(key=lambda o: o["updatedAt"])
        start = int(variables["after"] or 0)
        page = {"hasNextPage": start + 2 < len(due), "endCursor": str(start + 2)}
        edges = [{"node": node} for node in due[start : start + 2]]
        return 200, {"data": {"orders": {"edges": edges, "pageInfo": page}}}


@pytest.fixture
def shop(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Orders]:
    monkeypatch.setattr(transport, "FIRST_WAIT_SECONDS", 0)
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(minutes=1))
    fake = Orders()
    with serve(fake) as wire:
        instance = SaleorInstance.objects.create(api_url=wire.api_url, domain="x", jwks=signer("saleor").jwks)
        SaleorAppInstall.objects.create(
            instance=instance,
            identifier=PLATFORM_APP.identifier,
            token="t" * 30,
            saleor_app_id="QXBwOjE=",
            installed_at=clock.now(),
        )
        yield fake


def test_every_changed_order_comes_in_once(shop: Orders) -> None:
    for number in range(5):
        shop.put(number, START + timedelta(seconds=number))
    assert poller.poll_all() == 5
    assert poller.poll_all() == 0
    kinds = set(InboxMessage.objects.values_list("kind", "duplicates"))
    assert kinds == {("ORDER_UPDATED", 0)}


def test_a_change_within_the_overlap_is_not_missed(shop: Orders) -> None:
    shop.put(1, START)
    shop.put(2, START + timedelta(seconds=50))
    assert poller.poll_all() == 2
    # Written later, but with an earlier time: a transaction that was in flight while we read.
    shop.put(3, START + timedelta(seconds=20))
    assert poller.poll_all() == 1
    shop.put(1, START + timedelta(seconds=30))
    assert poller.poll_all() == 1


def test_a_change_that_does_not_move_the_time_is_seen_within_the_overlap(shop: Orders) -> None:
    shop.put(1, START)
    poller.poll_all()
    shop.orders[1]["status"] = "FULFILLED"  # Saleor leaves updatedAt alone when a tracking number changes
    assert poller.poll_all() == 1
    assert poller.poll_all() == 0


def test_it_asks_only_for_what_is_new(shop: Orders) -> None:
    shop.put(1, START)
    poller.poll_all()
    poller.poll_all()
    assert (
        datetime.fromisoformat(shop.asked[0])
        == START + timedelta(minutes=1) - poller.FIRST_LOOK - poller.OVERLAP
    )
    assert datetime.fromisoformat(shop.asked[-1]) == START - poller.OVERLAP


def test_it_goes_on_after_a_failure_in_the_middle(shop: Orders) -> None:
    for number in range(4):
        shop.put(number, START + timedelta(minutes=10 * number))
    shop.broken = True
    assert poller.poll_all() == 0  # the failure is logged; what was read is kept
    assert InboxMessage.objects.count() == 2
    shop.broken = False
    assert poller.poll_all() == 2
    assert InboxMessage.objects.count() == 4


def test_what_the_webhook_brought_is_not_new(shop: Orders) -> None:
    shop.put(1, START)
    instance = SaleorInstance.objects.get()
    webhook = registry.webhooks(PLATFORM_APP.identifier)["order-updated"]
    payload = {
        "__typename": "OrderUpdated",
        "issuedAt": "2026-11-23T09:00:01+00:00",
        "version": "3.23.28",
        "recipient": {"id": "QXBwOjE="},
        "order": order(1, START),
    }
    body = json.dumps(payload).encode()
    events.receive(instance, PLATFORM_APP.identifier, webhook, body, transport.decode(body))
    assert poller.poll_all() == 0
    assert InboxMessage.objects.get().duplicates == 1


def test_one_silent_instance_does_not_stop_the_others(shop: Orders) -> None:
    dead = SaleorInstance.objects.create(api_url="http://127.0.0.1:9/graphql/", domain="dead")
    SaleorAppInstall.objects.create(
        instance=dead,
        identifier=PLATFORM_APP.identifier,
        token="t" * 30,
        saleor_app_id="QXBwOjI=",
        installed_at=clock.now(),
    )
    shop.put(1, START)
    assert poller.poll_all() == 1


def test_an_order_that_cannot_be_read_does_not_hide_the_others(shop: Orders) -> None:
    for number in range(3):
        shop.put(number, START + timedelta(seconds=number))
    shop.orders[1]["total"] = None
    assert poller.poll_all() == 2
    shop.orders[1] = order(1, START + timedelta(seconds=1))
    assert poller.poll_all() == 1


def test_the_command_tells_of_an_instance_it_could_not_read(
    shop: Orders, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.put(1, START)
    assert cli.run_poll(Namespace()) == 0
    assert capsys.readouterr().out == "1 new events\n"
    SaleorInstance.objects.update(api_url="http://127.0.0.1:9/graphql/")
    assert cli.run_poll(Namespace()) == 1
    told = capsys.readouterr()
    assert told.out == "0 new events\n"
    assert "ponte saleor poll: http://127.0.0.1:9/graphql/: " in told.err
    SaleorInstance.objects.update(active=False)
    assert cli.run_poll(Namespace()) == 1
    assert "no Saleor is connected; run `ponte saleor setup`" in capsys.readouterr().err


def test_the_cursor_stays_small(shop: Orders) -> None:
    for number in range(30):
        shop.put(number, START + timedelta(minutes=number))
    poller.poll_all()
    assert len(Cursor.objects.get(name__startswith="saleor.orders:").value["seen"]) <= 6


def test_orders_are_typed(shop: Orders) -> None:
    shop.put(1, START)
    from saleor_ext.link.clients import platform_client

    client = platform_client(SaleorInstance.objects.get().api_url)
    typed, told = next(orders.changed_since(client, START))
    assert typed is not None
    assert (typed.number, typed.channel_slug, told["id"]) == ("1", "cn", typed.id)
    assert str(typed.total.gross) == "1.1 CNY"
