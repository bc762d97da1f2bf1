"""What a listing needs, lanes, seed, health, pages and the declaration."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import override

from plugins.nansha_logistics import checks, hooks, ledger, requirements, seed
from plugins.nansha_logistics.config import LogisticsConfig
from plugins.nansha_logistics.models import BookItem, PickRecord, Shipment, TrackingEvent
from plugins.nansha_logistics.plugin import plugin
from saleor_ext.plugin_api import ListingView, MerchantView, VariantFacts, document

from .factories import book_item, facts, parcel

LISTING = ListingView(
    reference="l-1",
    merchant=MerchantView("bakery", "Bakery", "", ""),
    lane="bonded_1210",
    warehouse="nansha",
    category="bakery",
    variants=(facts(),),
    languages=frozenset({"zh-hans"}),
)


def missing(article: VariantFacts, **changes: Any) -> list[str]:
    listing = replace(LISTING, variants=(article,), **changes)
    return [entry.code for entry in requirements.of(listing) if not entry.met]


@pytest.mark.django_db
def test_a_listing_that_agrees_with_the_book_is_ready() -> None:
    book_item()
    assert missing(facts()) == []
    assert missing(facts(item_record_no="00001")) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"unit": "011"}, ["book_unit"]),
        ({"unit1": "036"}, ["book_legal_unit"]),
        ({"hs_code": "2204210000"}, ["book_hs"]),
        ({"origin": "142"}, ["book_origin"]),
        ({"sku": "TEA-1"}, ["book_item"]),
        ({"item_record_no": "00007"}, ["book_item"]),
        ({"net_g": 0}, ["weights"]),
        ({"gross_g": 100}, ["weights"]),
        ({"barcode": "6901234567891"}, ["barcode"]),
        ({"barcode": ""}, ["barcode"]),
        ({"barcode": "036000291452"}, ["barcode"]),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], codes: list[str]) -> None:
    book_item()
    assert missing(facts(**changes)) == codes


@pytest.mark.django_db
def test_what_the_book_says_is_told() -> None:
    book_item()
    with override("en"):
        entries = requirements.of(replace(LISTING, variants=(facts(unit="011"),)))
    entry = next(entry for entry in entries if entry.code == "book_unit")
    assert (str(entry.todo), entry.field, entry.sku) == ("The bonded book says 140.", "unit", "COOKIE-1")


@pytest.mark.django_db
def test_the_warehouse_must_be_nansha_and_other_lanes_are_not_asked() -> None:
    book_item()
    assert missing(facts(), warehouse="macau") == ["warehouse"]
    assert missing(facts(), lane="local") == ["lane"], "nobody could order on it yet"
    assert requirements.of(replace(LISTING, lane="somebody-elses")) == []


def test_lanes_say_what_works_now_and_what_they_demand() -> None:
    lanes = {lane.code: lane for lane in hooks.offered_lanes()}
    assert {code for code, lane in lanes.items() if lane.open} == {"bonded_1210"}
    bonded = lanes["bonded_1210"]
    assert bonded.needs_identity
    assert bonded.needs_payment_declaration
    assert bonded.needs_bonded_stock
    assert not lanes["postal"].needs_payment_declaration


@pytest.mark.django_db
def test_seeding_twice_changes_nothing() -> None:
    articles = [facts("A"), facts("B", item_record_no="00077")]
    assert seed.seed_book(articles) == {"A": "00001", "B": "00077"}
    assert seed.seed_book([*articles, facts("C")]) == {"A": "00001", "B": "00077", "C": "00003"}
    assert [item.available for item in BookItem.objects.all()] == [1000, 1000, 1000]
    assert ledger.reconcile() == []


@pytest.mark.django_db
def test_health_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "config", LogisticsConfig)
    configuration, book, parcels = checks.health()
    assert (configuration.status, "check_word" in str(configuration.message)) == ("error", True)
    assert (book.status, parcels.status) == ("error", "ok")


@pytest.mark.django_db
def test_health_tells_of_a_book_that_lies_and_of_stuck_parcels() -> None:
    item = book_item()
    checks.reconcile_book()
    assert [entry.status for entry in checks.health()] == ["ok", "ok", "ok"]
    BookItem.objects.filter(pk=item.pk).update(actl_inc=99)
    checks.reconcile_book()
    long_ago = timezone.now() - timedelta(days=4)
    values = {"number": "P1", "created_at": long_ago, "handed_over_at": long_ago}
    Shipment.objects.create(parcel="silent", waybill="A", **values)
    Shipment.objects.create(
        parcel="moving", waybill="B", status="in_transit", status_at=timezone.now(), **values
    )
    Shipment.objects.create(parcel="home", waybill="C", status="delivered", delivered_at=long_ago, **values)
    _, book, parcels = checks.health()
    assert (book.status, "00001 actl_inc" in str(book.message)) == ("error", True)
    assert (parcels.status, str(parcels.message).startswith("1 ")) == ("warning", True)


@pytest.mark.django_db
def test_pages_show_the_carriers_lines_and_the_operators_holds() -> None:
    item = book_item()
    view = parcel((facts(), 2))
    at = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
    shipment = Shipment.objects.create(
        parcel=view.id, number=view.number, carrier="sf", waybill="SF1", created_at=at
    )
    ledger.reserve(item.pk, 2, "140", key=f"{view.id}:1", parcel=view.id)
    PickRecord.objects.create(shipment=shipment, inventory_no="QD1", gross_g=640, at=at)
    TrackingEvent.objects.create(
        shipment=shipment,
        at=at,
        code="50",
        status="picked_up",
        place="广州",
        text="<b>已收件",
        received_at=at,
    )
    [piece] = hooks.shop_fragments("order", {"parcel": view})
    html = render_to_string(piece.template, dict(piece.context))
    assert "SF1" in html
    assert "&lt;b&gt;已收件" in html
    [console] = hooks.console_fragments("parcel", {"parcel": view})
    html = render_to_string(console.template, dict(console.context))
    assert "COOKIE-1" in html
    assert "2 (140)" in html
    assert "QD1" in html


@pytest.mark.django_db
def test_pages_without_a_waybill_show_nothing() -> None:
    assert hooks.shop_fragments("order", {"parcel": parcel()}) == []
    assert hooks.shop_fragments("product", {"facts": facts()}) == []
    assert hooks.console_fragments("parcel", {}) == []


def test_the_declaration_is_least_and_complete() -> None:
    app = plugin.saleor_app
    assert app is not None
    assert app.permissions == ("MANAGE_SHIPPING", "MANAGE_ORDERS")
    [webhook] = app.webhooks
    assert webhook.sync
    assert "ShippingListMethodsForCheckout" in document(app.package, webhook.query)
    assert plugin.config_model.secret_fields() == {"check_word", "push_secret"}
    for name, field in plugin.config_model.model_fields.items():
        assert field.title, name
        assert field.description, name


@pytest.mark.parametrize(
    "values",
    [
        {"book_number": "x"},
        {"carrier_url": "sf"},
        {"poll_minutes": 0},
        {"warehouse": "No Slug"},
        {"logistics_code": "1" * 19},
    ],
)
def test_a_wrong_configuration_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        LogisticsConfig(**values)
