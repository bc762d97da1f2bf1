"""Every page of the portal, tried by a stranger, an account without merchant, another merchant and a reader."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from saleor_ext.listings.models import Listing
from saleor_ext.merchants.models import Member

pytestmark = pytest.mark.django_db

# name, what its address needs, whether it changes something
PAGES = [
    ("home", (), False),
    ("account", (), False),
    ("choose", (), True),
    ("listings", (), False),
    ("new", (), False),
    ("listing", ("listing",), False),
    ("publish", ("listing",), True),
    ("progress", ("listing",), False),
    ("upload", ("listing",), True),
    ("picture", ("listing", "picture"), False),
    ("remove_picture", ("listing", "picture"), True),
    ("describe_picture", ("listing", "picture"), True),
    ("money", (), False),
    ("statement", (), False),
    ("orders", (), False),
    ("order", ("order",), False),
]
OPEN = {"sign_in", "sign_out"}


def address(name: str, needs: tuple[str, ...], listing: Listing) -> str:
    values = {"listing": listing.pk, "picture": listing.pictures.all()[0].pk, "order": "PTNOSUCHORDER"}
    return reverse(f"portal:{name}", args=[values[need] for need in needs])


def test_the_table_covers_every_page() -> None:
    portal = next(
        one
        for pattern in get_resolver().url_patterns
        if getattr(pattern, "url_patterns", None)
        for one in pattern.url_patterns
        if getattr(one, "app_name", "") == "portal"
    )
    assert {one.name for one in portal.url_patterns} == {name for name, *_ in PAGES} | OPEN


@pytest.mark.parametrize(("name", "needs", "posts"), PAGES)
def test_nobody_signed_in_is_sent_to_the_sign_in(name, needs, posts, bakery) -> None:
    url = address(name, needs, bakery)
    answer = Client().post(url) if posts else Client().get(url)
    assert answer.status_code == 302
    assert answer["Location"].split("?")[0] == reverse("portal:sign_in")


@pytest.mark.parametrize(("name", "needs", "posts"), PAGES)
def test_an_account_without_merchant_is_refused(name, needs, posts, bakery, stranger) -> None:
    url = address(name, needs, bakery)
    answer = stranger.post(url) if posts else stranger.get(url)
    assert answer.status_code == 403
    assert b"almond" not in answer.content.lower()


@pytest.mark.parametrize(("name", "needs", "posts"), [page for page in PAGES if "listing" in page[1]])
def test_another_merchants_member_finds_nothing(name, needs, posts, bakery, importer_client) -> None:
    url = address(name, needs, bakery)
    before = Listing.objects.values_list("version", "state").get(pk=bakery.pk)
    answer = importer_client.post(url) if posts else importer_client.get(url)
    assert answer.status_code == 404
    assert Listing.objects.values_list("version", "state").get(pk=bakery.pk) == before
    assert bakery.pictures.count() == 2


def test_another_merchants_picture_under_my_listing_is_not_there(bakery, importer, importer_client) -> None:
    url = reverse("portal:picture", args=[importer.pk, bakery.pictures.first().pk])
    assert importer_client.get(url).status_code == 404


def test_saving_another_merchants_listing_changes_nothing(bakery, importer_client, form_of) -> None:
    answer = importer_client.post(reverse("portal:listing", args=[bakery.pk]), form_of(bakery))
    assert answer.status_code == 404
    assert Listing.objects.get(pk=bakery.pk).version == bakery.version


def test_lists_show_only_ones_own(baker, importer_client, bakery, importer) -> None:
    mine = baker.get(reverse("portal:listings")).content.decode()
    assert "Traditional almond cookies" in mine
    assert "Vinho Verde" not in mine
    assert "almond cookies" not in importer_client.get(reverse("portal:listings")).content.decode()


@pytest.mark.parametrize(
    "name", ["new", "publish", "upload", "remove_picture", "describe_picture", "listing"]
)
def test_a_reader_changes_nothing(name, bakery, reader, form_of) -> None:
    needs = next(needs for page, needs, _ in PAGES if page == name)
    assert reader.post(address(name, needs, bakery), form_of(bakery)).status_code == 403
    assert bakery.pictures.count() == 2
    assert not bakery.runs.exists()


def test_a_reader_may_look(bakery, reader) -> None:
    page = reader.get(reverse("portal:listing", args=[bakery.pk]))
    assert page.status_code == 200
    assert b"You may look, but not change anything." in page.content


def test_a_member_who_was_removed_is_out_at_once(bakery, baker) -> None:
    assert baker.get(reverse("portal:listings")).status_code == 200
    Member.objects.filter(merchant=bakery.merchant).delete()
    assert baker.get(reverse("portal:listings")).status_code == 403


def test_a_membership_belongs_to_the_account_not_to_the_address(bakery, baker) -> None:
    from .conftest import signed_in

    assert baker.get(reverse("portal:listings")).status_code == 200  # binds the address to this account
    later_owner = signed_in("VXNlcjo4OA==", "baker@ponte.example")
    assert later_owner.get(reverse("portal:listings")).status_code == 403


def test_acting_for_another_merchant_needs_membership(baker, importer) -> None:
    assert baker.post(reverse("portal:choose"), {"merchant": "duas-velas"}).status_code == 404


def test_a_progress_request_of_a_stranger_does_not_swap_a_page_in(bakery) -> None:
    answer = Client(headers={"hx-request": "true"}).get(reverse("portal:progress", args=[bakery.pk]))
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == reverse("portal:sign_in")
