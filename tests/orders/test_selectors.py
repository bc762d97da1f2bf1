from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from saleor_ext.orders import selectors, steps
from saleor_ext.orders.ingest import order_seen

from .conftest import API

Make = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("query", ["17", "4200000001", "A-1", "PTORDER", "SF123", "51652026I1"])
def test_a_parcel_is_found_by_any_of_its_numbers(order: Make, query: str) -> None:
    parcel = order_seen(API, order())
    assert parcel is not None
    steps.update(parcel.pk, "first", {"orderNo": "PTORDER", "waybill": "SF123"})
    steps.update(parcel.pk, "second", {"inventory_no": "51652026I1"})
    assert list(selectors.search(query)) == [parcel]
    assert list(selectors.search(parcel.number.lower())) == [parcel]
    assert list(selectors.search("other")) == []


def test_lists_by_state_and_attention(order: Make) -> None:
    parcel = order_seen(API, order())
    assert parcel is not None
    assert list(selectors.search(state="paid")) == [parcel]
    assert list(selectors.search(state="delivered")) == []
    assert list(selectors.search(attention=True)) == []
    steps.fail(parcel.pk, "first", "x", "look")
    assert list(selectors.search(attention=True)) == [parcel]
