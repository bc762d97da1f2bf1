"""Posting: balanced, once, and never changed again; also past the code that posts."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from saleor_ext.core.money import Money
from saleor_ext.settlement import chart, checking, ledger, reading
from saleor_ext.settlement.ledger import About, KeyReused, Unbalanced, credit, debit, post
from saleor_ext.settlement.models import Account, Entry, Journal
from saleor_ext.settlement.shares import split

from .conftest import PAID_AT, new_key

CNY = "CNY"
BANK, OWED = "bank.icbc", "merchant.bakery.available"


def move(key: str, amount: str = "10.00", **about: Any) -> Any:
    money = Money(amount, CNY)
    return post(key, "test", [debit(BANK, money), credit(OWED, money)], at=PAID_AT, about=About(**about))


def test_balances_stand_on_the_side_on_which_they_grow() -> None:
    move("one")
    move("two", "2.50")
    assert (str(ledger.balance(BANK, CNY)), str(ledger.balance(OWED, CNY))) == ("12.50 CNY", "12.50 CNY")
    assert (ledger.signed(BANK, CNY), ledger.signed(OWED, CNY)) == (Decimal("12.50"), Decimal("-12.50"))
    assert ledger.balance(BANK, CNY, until=PAID_AT) == Money("0", CNY)
    kinds = dict(Account.objects.values_list("code", "kind"))
    assert kinds == {BANK: "asset", OWED: "liability"}


def test_the_same_key_is_one_journal_and_another_content_is_refused() -> None:
    assert move("one") == move("one")
    assert (Journal.objects.count(), Entry.objects.count()) == (1, 2)
    with pytest.raises(KeyReused):
        move("one", "10.01")
    with pytest.raises(KeyReused):
        move("one", transaction_id="another")
    assert ledger.balance(BANK, CNY) == Money("10.00", CNY)


@pytest.mark.parametrize(
    "legs",
    [
        [],
        [debit(BANK, Money("1", CNY))],
        [debit(BANK, Money("1.00", CNY)), credit(OWED, Money("1.01", CNY))],
        [debit(BANK, Money("1", "HKD")), credit(OWED, Money("1", CNY))],
        [debit(BANK, Money("0.001", CNY)), credit(OWED, Money("0.001", CNY))],
        [debit(BANK, Money("0", CNY)), credit(OWED, Money("0", CNY))],
    ],
)
def test_what_does_not_balance_is_refused_before_it_is_written(legs: list[Any]) -> None:
    with pytest.raises(Unbalanced):
        post("off", "test", legs, at=PAID_AT)
    assert not Journal.objects.exists()


def test_an_account_the_chart_does_not_have() -> None:
    with pytest.raises(ValueError, match="no account 'pocket'"):
        post("odd", "test", [debit("pocket", Money("1", CNY)), credit(OWED, Money("1", CNY))], at=PAID_AT)


def test_two_currencies_balance_each() -> None:
    legs = [
        debit("bank.icbc", Money("100", "HKD")), credit("fx.trading.HKD", Money("100", "HKD")),
        debit("fx.trading.CNY", Money("92", CNY)), credit("bank.boc", Money("92", CNY)),
    ]  # fmt: skip
    post("fx", "converted", legs, at=PAID_AT)
    report = checking.run()
    assert report["ok"] is True
    assert [(row["currency"], row["sum"]) for row in report["trial_balance"]] == [
        ("CNY", "0.00"),
        ("HKD", "0.00"),
    ]


# -- the database itself ---------------------------------------------------------------------------------------


def raw(statement: str, *values: object) -> None:
    """Run SQL as somebody would who goes past the code, and check what is deferred to the commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settlement_entry SET amount = amount * 2",
        "DELETE FROM settlement_entry",
        "UPDATE settlement_journal SET text = 'other'",
        "DELETE FROM settlement_journal",
        "UPDATE settlement_account SET currency = 'HKD'",
        "DELETE FROM settlement_account",
    ],
)
def test_nothing_is_changed_or_deleted(statement: str) -> None:
    move("one")
    with pytest.raises(DatabaseError, match="append-only"):
        raw(statement)
    assert ledger.balance(BANK, CNY) == Money("10.00", CNY)


def test_a_journal_without_entries_or_off_balance_is_refused_by_the_database() -> None:
    made = move("one")
    with pytest.raises(IntegrityError, match="does not balance"):
        raw(
            "INSERT INTO settlement_entry (journal_id, account_id, amount) "
            "SELECT %s, id, 5 FROM settlement_account LIMIT 1",
            made,
        )
    copied = (
        "INSERT INTO settlement_journal SELECT gen_random_uuid(), 'empty', kind, at, recorded_at, api_url, "
    )
    copied += "transaction_id, reference, text, fingerprint, parcel_id FROM settlement_journal"
    columns = (
        "(id, key, kind, at, recorded_at, api_url, transaction_id, reference, text, fingerprint, parcel_id)"
    )
    with pytest.raises(IntegrityError, match="fewer than two entries"):
        raw(copied.replace("settlement_journal SELECT", f"settlement_journal {columns} SELECT", 1))


@pytest.mark.django_db(transaction=True)
def test_one_key_by_many_at_once_is_one_journal() -> None:
    move("first")  # the accounts are there
    key, start = new_key(), threading.Barrier(16)

    def run(_number: int) -> Any:
        start.wait(10)
        try:
            return move(key)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(run, range(16)))
    assert len(found) == 1
    assert ledger.balance(BANK, CNY) == Money("20.00", CNY)


# -- splitting -------------------------------------------------------------------------------------------------


def test_the_largest_remainder_takes_what_is_left() -> None:
    assert [str(one.amount) for one in split(Money("100.00", CNY), [Decimal(1)] * 3)] == [
        "33.34",
        "33.33",
        "33.33",
    ]
    weights = [Decimal("160"), Decimal("16.38"), Decimal("20")]
    assert [str(one.amount) for one in split(Money("10.00", CNY), weights)] == ["8.15", "0.83", "1.02"]
    assert split(Money("0", CNY), [Decimal(0)]) == [Money("0", CNY)]
    for total, weights in ((Money("1", CNY), [Decimal(0)]), (Money("-1", CNY), [Decimal(1)])):
        with pytest.raises(ValueError, match="cannot be split"):
            split(total, weights)


amounts = st.decimals(0, 10_000, places=2)


@given(st.data(), st.lists(amounts, min_size=1, max_size=6))
def test_parts_sum_exactly_and_none_is_more_than_its_weight(data: Any, weights: list[Decimal]) -> None:
    total = data.draw(st.decimals(0, sum(weights, Decimal(0)), places=2))
    parts = split(Money(total, CNY), weights)
    assert Money.sum(parts, CNY) == Money(total, CNY)
    for part, weight in zip(parts, weights, strict=True):
        assert 0 <= part.amount <= weight
        assert abs(part.amount - (total * weight / sum(weights) if total else 0)) < Decimal("0.01")


def test_every_account_of_the_chart_has_a_kind() -> None:
    for code in (chart.UNASSIGNED, chart.CUSTOMS_TAX, chart.FREIGHT, chart.COMMISSION, chart.ROUNDING):
        assert chart.kind_of(code)
    assert chart.kind_of(chart.psp_pending("wechat", "main")) == "asset"


def test_a_number_is_looked_up_by_indexes() -> None:
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = reading.journals_with("PT2611231001ABCD").explain()
    for index in ("reference", "transaction", "text"):
        assert f"Bitmap Index Scan on ledger_journal_{index}" in plan
    assert "Seq Scan" not in plan
