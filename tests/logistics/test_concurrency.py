"""Sixty-four threads on one item: the race is shown without the guard, then exact with it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection, connections

from plugins.nansha_logistics import ledger
from plugins.nansha_logistics.models import BookItem, Movement, Reservation

from .factories import book_item

THREADS = 64

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(work: Callable[[int], str], threads: int = THREADS) -> Counter[str]:
    """Start all threads at the same moment; count what they answered."""
    gate = threading.Barrier(threads)

    def run(number: int) -> str:
        try:
            connection.ensure_connection()
            gate.wait(timeout=60)
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        return Counter(pool.map(run, range(threads)))


def try_hold(item: int, key: str, quantity: int = 1) -> str:
    try:
        return "held" if ledger.reserve(item, quantity, "140", key=key, parcel=key) else "repeat"
    except ledger.LedgerError as refusal:
        return refusal.code


def test_without_the_guard_the_race_is_real() -> None:
    item = book_item(opening=1000)
    read = threading.Barrier(THREADS)

    def naive(number: int) -> str:
        row = BookItem.objects.get(pk=item.pk)
        read.wait(timeout=60)
        if row.available < 100:
            return "short_stock"
        BookItem.objects.filter(pk=item.pk).update(prevd_redc=row.prevd_redc + 100)
        return "held"

    answers = at_once(naive)
    item.refresh_from_db()
    assert answers["held"] == THREADS, "read-then-write promises 6,400 of 1,000 units"
    assert item.prevd_redc == 100, "and the book remembers one of those promises"


def test_a_thousand_units_are_held_a_thousand_times() -> None:
    item = book_item(opening=1000)
    attempts = 20

    def work(number: int) -> str:
        answers = Counter(try_hold(item.pk, f"{number}:{attempt}") for attempt in range(attempts))
        return f"{answers['held']},{answers['short_stock']}"

    answers = at_once(work)
    held = sum(int(pair.split(",")[0]) * count for pair, count in answers.items())
    short = sum(int(pair.split(",")[1]) * count for pair, count in answers.items())
    item.refresh_from_db()
    assert (held, short) == (1000, THREADS * attempts - 1000)
    assert (item.prevd_redc, item.available) == (1000, 0)
    assert Reservation.objects.filter(item=item).count() == 1000
    balances = (
        Movement.objects.filter(item=item, kind="reserve").order_by("id").values_list("prevd_redc", flat=True)
    )
    assert list(balances) == [Decimal(number) for number in range(1, 1001)], "the running balance has no gap"
    assert ledger.reconcile() == []


def test_one_key_from_all_threads_holds_once() -> None:
    item = book_item(opening=1000)
    assert at_once(lambda number: try_hold(item.pk, "same", 3)) == {"held": 1, "repeat": THREADS - 1}
    item.refresh_from_db()
    assert item.prevd_redc == 3


def test_release_and_deduct_of_one_hold_do_not_both_win() -> None:
    item = book_item(opening=10)
    ledger.reserve(item.pk, 10, "140", key="k", parcel="p")

    def settle(number: int) -> str:
        if number % 2:
            return "released" if ledger.release("k") else "late"
        try:
            return "deducted" if ledger.deduct("k") else "late"
        except ledger.LedgerError as refusal:
            return refusal.code

    answers = at_once(settle)
    item.refresh_from_db()
    assert answers["released"] + answers["deducted"] == 1
    expected = (0, 10) if answers["released"] else (10, 0)
    assert (item.actl_redc, item.available) == expected
    assert item.prevd_redc == 0
    assert ledger.reconcile() == []
