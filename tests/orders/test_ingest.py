from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from saleor_ext.core import outbox
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.models import AuditEntry
from saleor_ext.orders.ingest import order_seen
from saleor_ext.orders.models import Parcel, ParcelEvent, ParcelStep
from saleor_ext.orders.views_of import parcel_view
from tests.dummy_plugin import hooks as dummy

from .conftest import API, FACTS

Make = Callable[..., dict[str, Any]]


def test_a_paid_order_becomes_a_parcel_with_its_amounts_and_facts(order: Make) -> None:
    parcel = order_seen(API, order())
    assert parcel is not None
    view = parcel_view(parcel)
    amounts = (view.goods_value, view.freight, view.tax_total, view.discount, view.actual_paid)
    assert [str(amount) for amount in amounts] == [
        "176.00 CNY",
        "18.00 CNY",
        "17.65 CNY",
        "0.00 CNY",
        "211.65 CNY",
    ]
    assert view.goods_value + view.freight + view.tax_total - view.discount == view.actual_paid
    assert (view.transaction_id, view.psp_reference) == ("TransactionItem:1", "4200000001")
    assert view.consignee.line == "四川省成都市武侯区天府大道1号"
    assert view.consignee.name == "林悦"
    assert view.buyer is not None
    assert view.buyer.masked_name == "林*"
    assert view.lines[0].facts == FACTS
    assert (view.lines[0].gnum, view.lines[0].quantity, str(view.lines[0].unit_price)) == (1, 2, "88.00 CNY")
    assert view.buyer_account.startswith("guest-")
    assert "@" not in view.buyer_account


def test_the_number_is_the_same_every_time_and_differs_between_instances(order: Make) -> None:
    first = order_seen(API, order())
    assert first is not None
    assert first.number.startswith("PT26111117")
    second = order_seen("http://other.test/graphql/", order(checkoutId="Checkout:2"))
    assert second is not None
    assert second.number != first.number


def test_the_same_news_five_times_is_one_parcel(order: Make) -> None:
    assert len({order_seen(API, order()).pk for _ in range(5)}) == 1  # type: ignore[union-attr]  # asserted by count
    assert Parcel.objects.count() == 1
    assert ParcelStep.objects.count() == 3
    assert ParcelEvent.objects.filter(code="paid").count() == 1


@pytest.mark.parametrize(
    "changes", [{"isPaid": False}, {"metadata": []}, {"metadata": [{"key": "ponte.lane", "value": "x"}]}]
)
def test_unpaid_orders_and_orders_of_others_make_no_parcel(order: Make, changes: dict[str, Any]) -> None:
    assert order_seen(API, order(**changes)) is None
    assert Parcel.objects.count() == 0


def test_an_article_without_a_listing_stops_the_message(order: Make) -> None:
    lines = order()["lines"]
    lines[0]["productSku"] = "UNKNOWN"
    with pytest.raises(PermanentError, match="UNKNOWN"):
        order_seen(API, order(lines=lines))


def test_an_amount_finer_than_the_fen_is_not_swallowed(order: Make) -> None:
    total = order()["total"]
    total["gross"]["amount"] = Decimal("211.655")
    with pytest.raises(PermanentError, match="finer"):
        order_seen(API, order(total=total))


def test_the_consignee_is_sealed_at_rest(order: Make) -> None:
    order_seen(API, order())
    with connection.cursor() as cursor:
        cursor.execute("SELECT consignee FROM orders_parcel")
        stored = cursor.fetchone()[0]
    assert stored.startswith("p1.")
    assert json.loads(Parcel.objects.get().consignee)["phone"] == "+8613800000000"


def test_a_cancelled_order_stops_the_parcel_and_plugins_give_back(order: Make) -> None:
    parcel = order_seen(API, order())
    assert parcel is not None
    order_seen(API, order(status="CANCELED"))
    order_seen(API, order(status="CANCELED"))
    parcel.refresh_from_db()
    assert parcel.state == "cancelled"
    assert set(parcel.steps.values_list("state", flat=True)) == {"cancelled"}
    assert dummy.cancelled == [parcel.number]


def test_news_of_a_cancelled_order_that_never_was_a_parcel(order: Make) -> None:
    assert order_seen(API, order(status="EXPIRED")) is None


def refunded(amount: str) -> dict[str, Any]:
    return {"isPaid": False, "totalRefunded": {"amount": Decimal(amount), "currency": "CNY"}}


@pytest.mark.parametrize("news", [{"status": "CANCELED"}, {"status": "CANCELED", **refunded("211.65")}])
def test_news_of_the_payment_that_come_after_the_cancellation_ship_nothing(
    order: Make, news: dict[str, Any]
) -> None:
    order_seen(API, order(**news))
    late = order_seen(API, order())
    assert late is not None
    late.refresh_from_db()
    assert late.state == "cancelled"
    assert set(late.steps.values_list("state", flat=True)) == {"cancelled"}
    outbox.drain()
    assert set(late.steps.values_list("state", flat=True)) == {"cancelled"}
    assert dummy.cancelled == [late.number]


def test_an_order_refunded_in_full_is_stopped_and_one_in_part_goes_on(order: Make) -> None:
    parcel = order_seen(API, order())
    assert parcel is not None
    order_seen(API, order(**refunded("211.64")))
    parcel.refresh_from_db()
    assert parcel.state == "paid"
    order_seen(API, order(**refunded("211.65")))
    parcel.refresh_from_db()
    assert parcel.state == "cancelled"
    entry = AuditEntry.objects.get(action="parcel.cancelled")
    assert entry.reason == "Saleor order is refunded in full"


def test_an_order_that_was_never_paid_leaves_nothing_when_it_is_cancelled(order: Make) -> None:
    assert order_seen(API, order(status="CANCELED", isPaid=False)) is None
    assert Parcel.objects.count() == 0
