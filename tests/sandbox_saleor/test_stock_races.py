"""Two buyers, one piece: the row lock decides; without it both would win."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from sandbox.saleor import completion, stock
from sandbox.saleor.models import Channel, Order, ProductVariant, Stock
from tests.sandbox_saleor.client import Refused
from tests.sandbox_saleor.shop import Shop, add_product


def at_once(work: Any, count: int) -> list[Any]:
    """Run a function in several threads that start together; exceptions are results."""
    barrier, results = threading.Barrier(count), [None] * count

    def run(index: int) -> None:
        try:
            barrier.wait(10)
            results[index] = work(index)
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def allocate_slowly(lock: bool, count: int) -> list[Any]:
    """Let buyers look at the stock at the same moment, then take one piece each."""
    channel, variant = Channel.objects.get(slug="cn"), ProductVariant.objects.get(sku="SKU-last")
    looked = threading.Barrier(count)
    plain_check = stock._check_rows

    def check_and_wait(*arguments: Any) -> None:
        plain_check(*arguments)
        if not lock:
            looked.wait(10)

    def work(_index: int) -> str:
        with transaction.atomic():
            stock.allocate(channel, [stock.Want(variant, 1)], lock=lock)
        return "sold"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stock, "_check_rows", check_and_wait)
        return at_once(work, count)


def test_without_the_lock_one_piece_is_sold_twice(shop: Shop) -> None:
    add_product(shop, "last", 1)
    results = allocate_slowly(lock=False, count=2)
    assert results == ["sold", "sold"]
    row = Stock.objects.get(variant__sku="SKU-last")
    assert row.quantity_allocated > row.quantity, "the race is real"


def test_with_the_lock_it_is_sold_once(shop: Shop) -> None:
    add_product(shop, "last", 1)
    results = allocate_slowly(lock=True, count=4)
    assert results.count("sold") == 1
    assert sum(isinstance(r, stock.NotEnough) for r in results) == 3
    row = Stock.objects.get(variant__sku="SKU-last")
    assert row.quantity_allocated == row.quantity == 1


def test_buyers_completing_together_never_oversell(shop: Shop) -> None:
    _, variant = add_product(shop, "few", 2)
    shop.variant = variant
    checkouts = []
    for _ in range(4):
        checkout = shop.checkout(1)["id"]
        shop.choose(checkout, shop.deliveries(checkout)[0]["id"])
        shop.initialize(checkout)
        checkouts.append(checkout)
    results = at_once(lambda index: shop.complete(checkouts[index])["id"], 4)
    assert sum(isinstance(r, str) for r in results) == 2
    assert [r.codes for r in results if isinstance(r, Refused)] == [["INSUFFICIENT_STOCK"]] * 2
    assert Order.objects.count() == 2


def test_one_checkout_completed_from_all_sides_is_one_order(shop: Shop) -> None:
    checkout = shop.checkout(1)["id"]
    shop.choose(checkout, shop.deliveries(checkout)[0]["id"])
    shop.initialize(checkout)
    results = at_once(lambda _: shop.complete(checkout)["id"], 4)
    assert len(set(results)) == 1, results
    assert Order.objects.count() == 1
    assert Stock.objects.get(variant__sku="SKU-almond-cakes").quantity_allocated == 1


@pytest.mark.parametrize("station", ["lines_of", "ensure"])
def test_who_completes_while_another_did_gets_the_same_order(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, station: str
) -> None:
    checkout = shop.checkout(1)["id"]
    shop.choose(checkout, shop.deliveries(checkout)[0]["id"])
    shop.initialize(checkout)
    honest, faster = getattr(completion.prices, station), []

    def come_second(*arguments: Any, **options: Any) -> Any:
        if not faster:
            faster.append("")  # the faster one comes here as well
            faster[0] = shop.complete(checkout)["id"]
        return honest(*arguments, **options)

    monkeypatch.setattr(completion.prices, station, come_second)
    assert shop.complete(checkout)["id"] == faster[0] != ""
    assert Order.objects.count() == 1
