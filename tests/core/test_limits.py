"""Tries are counted once each, for whom they belong to, and a window ends by itself."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from saleor_ext.core import limits
from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.core.limits import Allowance, TooMany
from saleor_ext.core.models import TryWindow

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def allowance(subject: str = "lin@example.com", tries: int = 3) -> Allowance:
    return Allowance("test", subject, tries, 600)


@pytest.mark.django_db
def test_the_window_ends_by_itself_and_others_are_not_counted() -> None:
    with time_machine.travel(NOON, tick=False) as now:
        for _ in range(3):
            limits.take(allowance())
        now.shift(200)
        with pytest.raises(TooMany) as caught:
            limits.take(allowance())
        assert caught.value.seconds == 400
        limits.take(allowance("wang@example.com"))
        limits.take(Allowance("another purpose", "lin@example.com", 3, 600))
        now.shift(400)
        limits.take(allowance())


@pytest.mark.django_db
def test_the_longest_wait_of_several_is_told() -> None:
    with time_machine.travel(NOON, tick=False):
        short, long = Allowance("a", "x", 1, 60), Allowance("b", "x", 1, 900)
        limits.take(short, long)
        with pytest.raises(TooMany) as caught:
            limits.take(short, long)
    assert caught.value.seconds == 900


@pytest.mark.django_db
def test_only_refusals_cost_a_try() -> None:
    one = allowance(tries=1)
    for _ in range(3):
        with limits.guarded(one):
            pass
        with pytest.raises(TransientError), limits.guarded(one):
            raise TransientError("away")
    with pytest.raises(PermanentError), limits.guarded(one):
        raise PermanentError("wrong password")
    with pytest.raises(TooMany), limits.guarded(one):
        pytest.fail("nothing is done once the tries are used up")


@pytest.mark.django_db
def test_neither_accounts_nor_addresses_are_kept_in_clear() -> None:
    limits.take(allowance("lin@example.com"))
    row = TryWindow.objects.get()
    assert "lin" not in row.key
    assert len(row.key) == 32


@pytest.mark.django_db
def test_a_database_that_fails_lets_people_in_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(limits, "_COUNT", "SELECT nothing")
    monkeypatch.setattr(limits, "_UNCOUNT", "SELECT nothing, %s")
    for _ in range(5):
        limits.take(allowance(tries=1))
    limits.give_back(allowance())
    assert [record.getMessage()[:26] for record in caplog.records] == ["tries are not counted: col"] * 6


@pytest.mark.django_db(transaction=True)
def test_tries_at_once_are_all_counted() -> None:
    results: list[bool] = []

    def attempt() -> None:
        try:
            limits.take(allowance(tries=4))
            results.append(True)
        except TooMany:
            results.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False] * 4 + [True] * 4


@pytest.mark.django_db
def test_windows_that_ended_are_forgotten() -> None:
    with time_machine.travel(NOON, tick=False):
        limits.take(allowance())
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        assert limits.forget_ended() == 0
    with time_machine.travel(NOON + timedelta(days=2), tick=False):
        limits.take(allowance("new"))
        assert limits.forget_ended() == 1
