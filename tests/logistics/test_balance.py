"""What the bonded book says of a parcel's lines, for those who check before they declare; it changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal as D

import pytest

from plugins.nansha_logistics import hooks, ledger, stock
from plugins.nansha_logistics.models import Movement
from saleor_ext.plugin_api import BookBalance, ParcelView, StepView

from .factories import BOOK, book_item, facts, parcel

pytestmark = pytest.mark.django_db


def held(view: ParcelView, book: str = BOOK) -> ParcelView:
    """The parcel after its stock was reserved."""
    return replace(view, steps={"reserve_stock": StepView("reserve_stock", "done", {"book_no": book})})


def balance(view: ParcelView) -> Mapping[int, BookBalance] | None:
    return hooks.bonded_balances([view]).get(view.id)


def test_what_is_held_for_the_line_and_what_is_left_beside_it() -> None:
    book_item(opening=100)
    view, other = parcel((facts(), 2)), parcel((facts(), 5))
    stock.hold_parcel(view, BOOK)
    stock.hold_parcel(other, BOOK)
    before = Movement.objects.count()
    assert balance(held(view)) == {
        1: BookBalance(1, BOOK, "00001", "1905310000", "121", "140", "035", False, D(2), D(93))
    }
    assert Movement.objects.count() == before
    stock.free_parcel(view, "x")
    found = balance(held(view))
    assert found is not None and (found[1].held, found[1].available) == (0, 95)


def test_an_unreserved_line_is_found_by_its_article_and_an_unknown_one_is_missing() -> None:
    book_item(execution="6")
    view = held(parcel((facts(), 1), (facts("NONE"), 1)))
    found = balance(view)
    assert found is not None and list(found) == [1]
    assert (found[1].held, found[1].stopped) == (0, True)


def test_stopped_for_coming_in_is_not_stopped_for_going_out() -> None:
    book_item(execution="5")
    found = balance(held(parcel()))
    assert found is not None and not found[1].stopped


def test_a_line_keeps_the_item_it_was_reserved_on() -> None:
    item = book_item("OLD-1")
    view = held(parcel((facts("NEW-1"), 3)))
    ledger.reserve(item.pk, 3, "140", key=f"{view.id}:1", parcel=view.id)
    found = balance(view)
    assert found is not None and (found[1].held, found[1].item_record_no) == (3, "00001")


def test_other_lanes_and_unknown_books_are_not_kept_here() -> None:
    book_item()
    assert balance(held(parcel(lane="direct_9610"))) is None
    assert balance(held(parcel(), "T0")) is None
    assert balance(parcel()) is None


def test_many_parcels_take_no_more_queries_than_one(django_assert_num_queries) -> None:
    book_item(opening=100)
    views = [held(parcel((facts(), pieces))) for pieces in (1, 2, 3)]
    for view in views:
        stock.hold_parcel(view, BOOK)
    with django_assert_num_queries(3):
        found = hooks.bonded_balances([*views, parcel(lane="direct_9610")])
    assert [found[view.id][1].held for view in views] == [1, 2, 3]
    assert len(found) == 3
