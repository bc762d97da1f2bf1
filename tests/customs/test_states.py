"""Moves of a document: forward in time only, never out of a final state, unknown codes change nothing."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.customs_declaration.states import (
    DECLARATION_MOVES,
    RANK,
    STATUS,
    DeclarationState,
    DocumentState,
    Standing,
    codes_of,
    confirms,
    declaration_state,
    is_final,
    masked,
    may_move,
    moves_of,
    state_of,
)

S = DocumentState
START = datetime(2026, 11, 23, tzinfo=UTC)
KINDS = ["CEB311Message", "CEB621Message", "CEB623Message", "CEB625Message"]


def walk(kind: str, receipts: list[tuple[str, int]]) -> S:
    """Apply (status, second) receipts in the order given and return the last state."""
    state, last = S.SENT, None
    for status, second in receipts:
        target, at = state_of(status), START + timedelta(seconds=second)
        if target is None:
            continue
        if may_move(kind, state, last, target, at):
            state, last = target, at
        elif confirms(kind, state, last, target, at):
            last = at
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


@pytest.mark.parametrize(
    ("kind", "end", "state"),
    [
        ("CEB311Message", "120", S.ACCEPTED),
        ("CEB621Message", "800", S.RELEASED),
        ("CEB623Message", "399", S.REVIEWED),
        ("CEB625Message", "100", S.REJECTED),
    ],
)
def test_an_end_is_one_though_the_word_of_an_earlier_stage_is_younger(kind: str, end: str, state: S) -> None:
    receipts = [(end, 1), ("2", 2), ("3", 3)]
    assert {walk(kind, list(order)) for order in itertools.permutations(receipts)} == {state}


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


# -- histories that customs can give ---------------------------------------------------------------------------

D = DeclarationState
#: One code for each state that a receipt can name.
CODES = {state: code for code, state in reversed(STATUS.items())}


def history(kind: str, choices: list[int]) -> list[tuple[str, int]]:
    """Return receipts (code, second) of a way through the table from "sent", one a second."""
    state, receipts = S.SENT, []
    for second, choice in enumerate(choices):
        ways = sorted(S(one) for one in moves_of(kind)[state] if one in CODES)
        if not ways:
            break
        state = ways[choice % len(ways)]
        receipts.append((CODES[state], second))
    return receipts


choices = st.lists(st.integers(0, 30), max_size=8)
seeds = st.integers(0, 2**32)


@settings(max_examples=60)
@given(st.sampled_from(KINDS), choices, seeds)
def test_a_history_ends_the_same_however_it_arrives(kind: str, choices: list[int], seed: int) -> None:
    """Shuffled, doubled, with unknown codes between and early words after the end: the state is that in order."""
    receipts = history(kind, choices)
    chance = random.Random(seed)  # no secret
    if is_final(kind, walk(kind, receipts)):
        receipts += [(code, 60 + chance.randrange(9)) for code in ("2", "3")]
    arrived = [*receipts, *chance.choices(receipts, k=5), ("600", 99), ("", 50)] if receipts else []
    chance.shuffle(arrived)
    assert walk(kind, arrived) is walk(kind, receipts)


@pytest.mark.parametrize("kind", KINDS)
def test_a_longer_way_can_be_gone_at_once(kind: str) -> None:
    """Why the order of arrival does not matter: every table is closed under taking a shorter way."""
    table = moves_of(kind)
    for start in (S.SENT, *sorted(table[S.SENT])):
        for between in table[start]:
            beyond = {one for one in table[between] if one not in (start, S.VOID)}
            assert beyond <= table[start] | {start}, (start, between)


# -- declarations ----------------------------------------------------------------------------------------------

AFTER_RELEASE = {D.RELEASED, D.CLOSED, D.RETURN_ASKED, D.RETURNED, D.RETURN_REFUSED}
BEFORE_RELEASE = {D.NEW, D.ORDER, D.LIST, D.STOPPED, D.WITHDRAWING, D.CANCELLED}


def test_the_table_of_declarations_names_every_state() -> None:
    assert set(DECLARATION_MOVES) == set(D)
    assert all(state not in DECLARATION_MOVES[state] for state in D)
    assert DECLARATION_MOVES[D.WITHDRAWN] == frozenset()
    for state in AFTER_RELEASE:
        assert not DECLARATION_MOVES[state] & BEFORE_RELEASE, state


@settings(max_examples=150)
@given(choices, choices, choices, st.booleans(), st.booleans(), seeds)
def test_a_declaration_moves_along_its_table_whatever_comes_first(
    order: list[int], listed: list[int], withdrawal: list[int], cancelled: bool, asked: bool, seed: int
) -> None:
    """Receipts of order, list and cancellation in any order, the parcel cancelled at any moment."""
    kinds = {"order": "CEB311Message", "listed": "CEB621Message", "withdrawal": "CEB623Message"}
    histories = {
        "order": history(kinds["order"], order),
        "listed": history(kinds["listed"], listed),
        "withdrawal": history(kinds["withdrawal"], withdrawal) if cancelled or asked else [],
    }
    events: list[tuple[str, str, int]] = [
        (name, code, second) for name, receipts in histories.items() for code, second in receipts
    ]
    events += [("cancelled", "", 0)] * cancelled + [("asked", "", 0)] * asked
    ends = set()
    for turn in range(3):
        random.Random(seed + turn).shuffle(events)  # no secret
        ends.add(_live(kinds, [*events, *events[: turn * 2]]))
    assert len(ends) == 1


def _live(kinds: dict[str, str], events: list[tuple[str, str, int]]) -> D:
    """Apply events one by one and check every move of the declaration; return its last state."""
    seen: dict[str, list[tuple[str, int]]] = {name: [] for name in kinds}
    flags = {"cancelled": False, "asked": False}
    now = D.NEW
    for name, code, second in events:
        if name in flags:
            flags[name] = True
        else:
            seen[name].append((code, second))
        states = {one: str(walk(kinds[one], came)) if came else "" for one, came in seen.items()}
        following = declaration_state(
            Standing(**states, cancelled=flags["cancelled"], withdrawal_asked=flags["asked"])
        )
        assert following is now or following in DECLARATION_MOVES[now], (now, following, states, flags)
        assert now is not D.WITHDRAWN or following is D.WITHDRAWN
        now = following
    return now


@pytest.mark.parametrize("failed", ["order", "waybill", "listed"])
def test_any_failed_document_stops_the_declaration_unless_it_is_tried_again(failed: str) -> None:
    well = {"order": "accepted", "waybill": "accepted", "listed": "declared"}
    retries = {"order": "order_retries", "waybill": "waybill_retries", "listed": "list_retries"}
    assert declaration_state(Standing(**{**well, failed: "rejected"})) is D.STOPPED
    assert declaration_state(Standing(**{**well, failed: "error"}, **{retries[failed]: True})) is D.LIST


@pytest.mark.parametrize(
    ("returns", "state"),
    [
        ((), D.RELEASED),
        (("refused",), D.RETURN_REFUSED),
        (("refused", "asked"), D.RETURN_ASKED),
        (("approved", "refused"), D.RETURNED),
        (("approved", "asked"), D.RETURN_ASKED),
    ],
)
def test_after_the_release_returns_decide(returns: tuple[str, ...], state: D) -> None:
    assert declaration_state(Standing(listed="released", returns=returns, cancelled=True)) is state
