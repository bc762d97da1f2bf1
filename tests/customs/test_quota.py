"""The yearly limit: exact even when many checkouts of one person come at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest
import time_machine
from django.db import connection
from django.db.models import Sum

from plugins.customs_declaration import quota
from plugins.customs_declaration.models import QuotaUse
from plugins.customs_declaration.quota import QuotaExceeded

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def together(count: int, work: Callable[[int], None]) -> list[BaseException]:
    """Run work in threads that start at the same moment; return what they raised."""
    barrier = threading.Barrier(count)
    raised: list[BaseException] = []

    def run(number: int) -> None:
        try:
            barrier.wait()
            work(number)
        except QuotaExceeded as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def live() -> D:
    return QuotaUse.objects.exclude(state="freed").aggregate(total=Sum("amount"))["total"] or D(0)


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_race_is_real(monkeypatch) -> None:
    """The same code with the row lock taken away lets too much through: what the lock is for."""
    between = threading.Barrier(4)
    honest_sum = quota._sum

    def slow_sum(uses, apart_from):
        total = honest_sum(uses, apart_from)
        between.wait(timeout=10)
        return total

    quota.QuotaAccount.objects.create(index="someone", year=2026)
    monkeypatch.setattr(quota, "_sum", slow_sum)
    monkeypatch.setattr(
        quota, "_locked", lambda index, year: quota.QuotaAccount.objects.get(index=index, year=year)
    )
    with time_machine.travel(NOON):
        refused = together(
            4, lambda number: quota.reserve("someone", f"c{number}", D(10_000), keep=HOUR) and None
        )
    assert refused == []
    assert live() == D(40_000)


@pytest.mark.django_db(transaction=True)
def test_sixteen_checkouts_of_one_person_never_exceed_the_year() -> None:
    with time_machine.travel(NOON):
        refused = together(
            16, lambda number: quota.reserve("someone", f"c{number}", D(3_000), keep=HOUR) and None
        )
    assert len(refused) == 8
    assert live() == D(24_000)


@pytest.mark.django_db
class TestOneAfterTheOther:
    @pytest.fixture(autouse=True)
    def _noon(self):
        with time_machine.travel(NOON, tick=False) as self.clock:
            yield

    def test_the_limit_itself_is_inside(self) -> None:
        assert quota.reserve("p", "a", D("25885.56"), keep=HOUR).left == D("114.44")
        with pytest.raises(QuotaExceeded) as caught:
            quota.reserve("p", "b", D("114.45"), keep=HOUR)
        assert caught.value.data == {"used": "25885.56", "limit": "26000.00"}
        assert quota.reserve("p", "b", D("114.44"), keep=HOUR).left == 0

    def test_a_repeat_renews_and_does_not_add(self) -> None:
        quota.reserve("p", "a", D(20_000), keep=HOUR)
        quota.reserve("p", "a", D(21_000), keep=HOUR)
        assert quota.state_of("p").used == D(21_000)

    def test_an_unpaid_reservation_lapses(self) -> None:
        quota.reserve("p", "a", D(20_000), keep=HOUR)
        self.clock.shift(HOUR)
        assert quota.state_of("p").used == 0
        quota.reserve("p", "b", D(20_000), keep=HOUR)
        with pytest.raises(QuotaExceeded):
            quota.hold("p", "a", D(20_000))

    def test_a_held_part_stays_and_a_late_check_does_not_loosen_it(self) -> None:
        quota.hold("p", "a", D(5_000))
        quota.reserve("p", "a", D(5_000), keep=HOUR)
        self.clock.shift(2 * HOUR)
        assert quota.state_of("p").used == D(5_000)

    def test_release_confirms_rejection_frees_and_the_next_try_holds_again(self) -> None:
        quota.hold("p", "a", D(5_000))
        assert quota.free("a") and not quota.free("a")
        assert quota.state_of("p").used == 0
        quota.hold("p", "a", D(5_000))
        assert quota.confirm("a") and not quota.confirm("a")
        assert not quota.free("a")
        assert quota.state_of("p").used == D(5_000)

    def test_what_customs_released_counts_even_when_it_was_freed(self) -> None:
        quota.hold("p", "a", D(5_000))
        quota.free("a")
        assert quota.confirm("a")
        assert quota.state_of("p").used == D(5_000)

    def test_a_late_check_of_what_is_released_changes_nothing_and_tells_the_year(self) -> None:
        quota.hold("p", "a", D(5_000))
        quota.confirm("a")
        found = quota.reserve("p", "a", D(9_000), keep=HOUR)
        assert (found.used, found.left) == (D(5_000), D(21_000))

    def test_persons_and_years_are_apart(self) -> None:
        quota.hold("p", "a", D(26_000))
        quota.hold("q", "b", D(26_000))
        self.clock.move_to(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))  # midnight in China
        assert quota.state_of("p").used == 0
        quota.hold("p", "c", D(26_000))

    def test_unknown_references_change_nothing(self) -> None:
        assert not quota.confirm("nobody") and not quota.free("nobody")
