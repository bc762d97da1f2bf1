"""Storing, finding and reading listings and merchants."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from saleor_ext.core.audit import entries_of
from saleor_ext.core.errors import PermanentError
from saleor_ext.demo.catalogue import merchants as demo_merchants
from saleor_ext.demo.seed import enter_all, listing_data, settle_all
from saleor_ext.listings import recent, services
from saleor_ext.listings.data import ListingChanged, ListingInvalid, TextData
from saleor_ext.listings.models import Listing
from saleor_ext.listings.requirements import missing_languages, requirements, unmet
from saleor_ext.listings.selectors import listing_view, variant_facts, whole_listing
from saleor_ext.merchants import selectors as merchants
from saleor_ext.merchants import services as merchant_services

pytestmark = pytest.mark.django_db
DATA = listing_data(demo_merchants()[0].products[0])


def test_facts_of_articles_come_in_one_query(listing, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        found = variant_facts(["FAR-ALM-220", "FAR-ALM-450", "NONE"])
    assert set(found) == {"FAR-ALM-220", "FAR-ALM-450"}
    fact = found["FAR-ALM-220"]
    assert fact.name == "炭香杏仁饼 盒装 220 克"
    assert (fact.merchant, fact.lane, fact.warehouse) == ("farolim", "bonded_1210", "nansha")
    assert (fact.unit1, fact.qty1, fact.net_g) == ("035", Decimal("0.22"), 220)
    assert f"{fact.qty1:f}" == "0.22"


def test_facts_change_with_the_listing(listing) -> None:
    variants = (replace(DATA.variants[0], hs_code="1905900000"), DATA.variants[1])
    services.edit_listing(listing, replace(DATA, variants=variants), version=listing.version, actor="test")
    assert variant_facts(["FAR-ALM-220"])["FAR-ALM-220"].hs_code == "1905900000"


def test_recent_facts_are_read_once_in_some_seconds(listing, django_assert_num_queries, monkeypatch) -> None:
    now = 100.0
    monkeypatch.setattr(recent.time, "monotonic", lambda: now)
    with django_assert_num_queries(1):
        first = recent.recent_facts(["FAR-ALM-220", "NONE"])
    with django_assert_num_queries(0):
        assert recent.recent_facts(["FAR-ALM-220"]) == first
    variants = (replace(DATA.variants[0], hs_code="1905900000"), DATA.variants[1])
    services.edit_listing(listing, replace(DATA, variants=variants), version=listing.version, actor="test")
    assert recent.recent_facts(["FAR-ALM-220"]) == first
    now += recent.SECONDS
    with django_assert_num_queries(1):
        assert recent.recent_facts(["FAR-ALM-220"])["FAR-ALM-220"].hs_code == "1905900000"


def test_recent_facts_do_not_grow_without_end(listing, monkeypatch) -> None:
    monkeypatch.setattr(recent, "MOST", 1)
    recent.recent_facts(["FAR-ALM-220"])
    recent.recent_facts(["FAR-ALM-450"])
    assert list(recent._kept) == ["FAR-ALM-450"]


def test_the_view_of_plugins(listing) -> None:
    view = listing_view(listing)
    assert view.merchant.customs_code == "MO98F0001A"
    assert view.languages == {"zh-hans", "zh-hant", "pt", "en"}
    assert [fact.sku for fact in view.variants] == ["FAR-ALM-220", "FAR-ALM-450"]


def test_the_checklist_asks_the_plugins(listing) -> None:
    codes = {one.code for one in requirements(listing)}
    assert {"picture", "hs_code", "tariff", "book_item", "weights"} <= codes
    assert {one.code for one in unmet(listing)} == {"book_item"}
    settle_all([listing])
    assert unmet(whole_listing(listing.pk)) == []
    assert Listing.objects.get(pk=listing.pk).state == "ready"


def test_a_lost_language_is_told_but_does_not_stop(listing) -> None:
    texts = {**DATA.texts, "pt": TextData()}
    stored = services.edit_listing(listing, replace(DATA, texts=texts), version=listing.version, actor="test")
    assert missing_languages(stored) == ["pt"]
    assert "text" not in {one.code for one in unmet(stored)}


def test_a_stale_version_is_refused_and_nothing_stored(listing) -> None:
    services.edit_listing(listing, DATA, version=listing.version, actor="test")
    with pytest.raises(ListingChanged):
        services.edit_listing(listing, replace(DATA, brand="X"), version=listing.version, actor="test")
    assert Listing.objects.get(pk=listing.pk).brand == "灯塔饼家"


def test_a_taken_article_number_is_refused(listing) -> None:
    with pytest.raises(ListingInvalid) as caught:
        services.create_listing(listing.merchant, DATA, actor="test")
    assert set(caught.value.problems) == {"variant-0-sku", "variant-1-sku"}


def test_every_change_is_in_the_audit_log(listing) -> None:
    services.edit_listing(listing, DATA, version=listing.version, actor="baker@ponte.example")
    actions = [entry.action for entry in entries_of("listing", listing.pk)]
    assert actions[0] == "listing.changed"
    assert actions.count("listing.picture_added") == 2
    assert actions[-1] == "listing.created"


def test_the_same_picture_twice_is_one(listing) -> None:
    with listing.pictures.all()[0].file.open("rb") as file:
        content = file.read()
    services.add_picture(listing, content, actor="test")
    assert Listing.objects.get(pk=listing.pk).pictures.count() == 2


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"RIFF0000WAVE", b"<html>"])
def test_what_is_no_picture(content, listing) -> None:
    with pytest.raises(ListingInvalid):
        services.add_picture(listing, content, actor="test")


def test_the_demonstration_is_entered_once_and_keeps_what_people_changed(listing) -> None:
    first = enter_all(lambda line: None)
    changed = Listing.objects.get(pk=listing.pk)
    services.edit_listing(changed, replace(DATA, brand="Mine"), version=changed.version, actor="test")
    second = enter_all(lambda line: None)
    assert [one.pk for one in first] == [one.pk for one in second]
    assert len(second) == Listing.objects.count() == 42
    assert Listing.objects.get(pk=listing.pk).brand == "Mine"
    states = set(Listing.objects.values_list("state", flat=True))
    assert states <= {"ready", "draft"}
    assert Listing.objects.filter(state="ready").count() == 37


def test_names_and_stories_fall_back_to_a_language_there_is(listing) -> None:
    assert merchants.display_name("farolim", "pt") == "Pastelaria Farolim"
    assert merchants.display_name("farolim", "fr") == "灯塔饼家"
    assert merchants.display_name("nobody", "pt") == "nobody"
    assert merchants.story("nobody", "pt") == ""
    with pytest.raises(PermanentError):
        merchants.merchant_view("nobody")


def test_signing_in_binds_the_address_once(listing) -> None:
    members = merchant_services.sign_in("VXNlcjox", "Baker@ponte.example")
    assert [member.merchant.slug for member in members] == ["farolim"]
    assert merchant_services.sign_in("VXNlcjoy", "baker@ponte.example") == []
    assert [member.merchant.slug for member in merchants.memberships("VXNlcjox")] == ["farolim"]


def test_suspending_and_reinstating(listing) -> None:
    merchant = listing.merchant
    merchant_services.suspend(merchant, reason="papers", actor="operator")
    assert (merchant.state, merchant.state_reason) == ("suspended", "papers")
    merchant_services.reinstate(merchant, reason="papers came", actor="operator")
    assert (merchant.state, merchant.state_reason) == ("approved", "")
    assert [entry.reason for entry in entries_of("merchant", merchant.pk)][:2] == ["papers came", "papers"]
