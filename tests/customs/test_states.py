"""Moves of a document: forward in time only, never out of a final state, unknown codes change nothing."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.customs_declaration.states import (
    RANK,
    STATUS,
    DocumentState,
    codes_of,
    is_final,
    masked,
    may_move,
    moves_of,
    state_of,
)

S = DocumentState
START = datetime(2026, 11, 23, tzinfo=UTC)
KINDS = ["CEB311Message", "CEB621Message"]


def walk(kind: str, receipts: list[tuple[str, int]]) -> S:
    """Apply (status, second) receipts in the order given and return the last state."""
    state, last = S.SENT, None
    for status, second in receipts:
        target, at = state_of(status), START + timedelta(seconds=second)
        if target is not None and may_move(kind, state, last, target, at):
            state, last = target, at
    return state


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (["1", "2", "3", "120", "399", "800"], S.RELEASED),
        (["2", "3", "120", "300", "500", "399", "800", "899"], S.CLOSED),
        (["2", "100"], S.REJECTED),
        (["-621013", "2", "120"], S.ACCEPTED),
        (["2", "501"], S.DETAINED),
        (["2", "600", "18", ""], S.DECLARED),
    ],
)
def test_usual_ways(statuses: list[str], state: S) -> None:
    assert walk("CEB621Message", [(status, second) for second, status in enumerate(statuses)]) is state


def test_any_order_of_arrival_ends_the_same() -> None:
    receipts = [("2", 0), ("3", 1), ("120", 2), ("399", 3), ("800", 4)]
    assert {walk("CEB621Message", list(order)) for order in itertools.permutations(receipts)} == {S.RELEASED}


def test_receipts_of_one_instant_end_with_the_furthest() -> None:
    receipts = [("2", 0), ("3", 0), ("120", 0), ("800", 0)]
    assert {walk("CEB621Message", list(order)) for order in itertools.permutations(receipts)} == {S.RELEASED}


statuses = st.sampled_from([*STATUS, "-621005", "600", "23", "x"])


@given(st.sampled_from(KINDS), st.lists(st.tuples(statuses, st.integers(0, 20)), max_size=12))
def test_final_states_hold(kind: str, receipts: list[tuple[str, int]]) -> None:
    """Once released, closed, sent back or rejected, nothing takes a list back; doubling changes nothing."""
    for count in range(len(receipts)):
        before, after = walk(kind, receipts[:count]), walk(kind, receipts[: count + 1])
        if is_final(kind, before) and after is not before:
            assert RANK[after] > RANK[before]
            assert {before, after} != {S.RELEASED, S.REJECTED}
    assert walk(kind, receipts) is walk(kind, [one for receipt in receipts for one in (receipt, receipt)])


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_names_every_state(kind: str) -> None:
    assert set(moves_of(kind)) == set(S) == set(RANK)
    assert all(state not in moves_of(kind)[state] for state in S)


def test_codes_and_numbers_in_texts() -> None:
    text = "[Code:1313;Desc:订购人购买超过年度限额;totalPrice：26,114.44;]"
    assert codes_of(text) == [("1313", "订购人购买超过年度限额;totalPrice：26,114.44")]
    assert codes_of("[Code:2600;Desc:放行][Code:1800;Desc:x]") == [("2600", "放行"), ("1800", "x")]
    assert codes_of("放行") == []
    assert masked("号码11010519491231002X不符") == "号码1" + "*" * 16 + "X不符"
    assert masked("1234567890123456789012") == "1234567890123456789012"
