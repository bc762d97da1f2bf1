"""What plugins add to pages of the shop."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from saleor_ext.merchants.models import Merchant
from saleor_ext.orders.models import Parcel
from saleor_ext.plugin_api.types import Fragment, ParcelView, VariantFacts
from storefront.shop import orders

from .conftest import World
from .fakes import waiting
from .test_checkout import page, pay

TRACKING = "nansha_logistics/tracking.html"
PAID_AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def tracking(waybill: str, order: int) -> Fragment:
    facts = {"carrier": "SF Express", "waybill": waybill, "status": "On the road", "events": []}
    return Fragment(f"Delivery {waybill}", TRACKING, facts, order=order)


def test_a_product_page_shows_pieces_in_their_order(world: World) -> None:
    world.plugins.pieces["product"] = [tracking("SF-LATER", 60), tracking("SF-FIRST", 20)]
    html = page(world.client.get("/en/p/almond/?v=ALMOND-2"))
    assert html.index("Delivery SF-FIRST") < html.index("Delivery SF-LATER")
    assert '<code translate="no">SF-FIRST</code>' in html
    ((place, context),) = world.plugins.shown
    assert place == "product"
    assert isinstance(context["facts"], VariantFacts)
    assert context["facts"].sku == "ALMOND-2"


@pytest.mark.django_db
def test_an_order_page_shows_pieces_of_its_parcel(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    Merchant.objects.create(slug="farolim", names={"zh-hans": "灯塔饼家"}, created_at=PAID_AT)
    parcel = Parcel.objects.create(
        number="PT2611231001ABCD",
        api_url="http://saleor.test/graphql/",
        order_id="order-of-checkout-1",
        order_number="1001",
        merchant="farolim",
        lane="bonded_1210",
        currency="CNY",
        goods_value=Decimal("96.00"),
        freight=Decimal("12.00"),
        tax_total=Decimal("9.83"),
        discount=Decimal("0.00"),
        actual_paid=Decimal("117.83"),
        consignee="{}",
        paid_at=PAID_AT,
        created_at=PAID_AT,
    )
    monkeypatch.setattr(orders.parcels, "parcel_of_order", lambda api_url, order_id: parcel)
    world.plugins.pieces["order"] = [tracking("SF0000000000001", 40)]
    key = pay(world)
    world.plugins.session = waiting("paid")
    world.client.get(f"/pay/{key}/status/")
    html = page(world.client.get("/en/orders/order-of-checkout-1/"))
    assert "Delivery SF0000000000001" in html
    shown = [context["parcel"] for place, context in world.plugins.shown if place == "order"]
    assert [(type(one), one.number) for one in shown] == [(ParcelView, "PT2611231001ABCD")]
