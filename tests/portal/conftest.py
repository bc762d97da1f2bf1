"""Two merchants with a listing each, and browsers signed in as their members."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict

import pytest
from django.test import Client
from django.utils import translation

from saleor_ext.demo.catalogue import merchants as demo_merchants
from saleor_ext.demo.catalogue import words
from saleor_ext.demo.seed import enter_listing, enter_merchant
from saleor_ext.listings.models import Category, Listing
from saleor_ext.merchants import services
from saleor_ext.merchants.models import Member
from storefront.accounts import Account

pytestmark = pytest.mark.django_db


@pytest.fixture
def categories(db: None) -> None:
    for position, (slug, names) in enumerate(words().categories.items()):
        Category.objects.get_or_create(slug=slug, defaults={"names": dict(names), "position": position})


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(autouse=True)
def english():
    """Addresses are reversed in English, so that pages come in English."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def plain_static_files(settings):
    """Files are collected when the platform starts, not for its tests."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


def _enter(number: int, product: int) -> Listing:
    demo = demo_merchants()[number]
    return enter_listing(enter_merchant(demo), demo.products[product])


@pytest.fixture
def bakery(categories: None, media: None) -> Listing:
    """A listing of the bakery with two articles."""
    return _enter(0, 0)


@pytest.fixture
def importer(categories: None, media: None) -> Listing:
    """A listing of the importer."""
    return _enter(1, 1)


def signed_in(user_id: str, email: str) -> Client:
    """Return a browser of an account that Saleor has just confirmed."""
    client = Client(headers={"accept-language": "en"})
    session = client.session
    session["work"] = asdict(
        Account(
            user_id=user_id,
            email=email,
            name=email,
            is_staff=False,
            token="t",
            refresh="r",
            checked_at=time.time(),
        )
    )
    session.save()
    return client


@pytest.fixture
def baker(bakery: Listing) -> Client:
    return signed_in("VXNlcjox", "baker@ponte.example")


@pytest.fixture
def reader(bakery: Listing) -> Client:
    services.add_member(bakery.merchant, "apprentice@ponte.example", role=Member.Role.READER, actor="test")
    return signed_in("VXNlcjo5", "apprentice@ponte.example")


@pytest.fixture
def importer_client(importer: Listing) -> Client:
    return signed_in("VXNlcjoy", "wine@ponte.example")


@pytest.fixture
def stranger() -> Client:
    """An account of Saleor that acts for no merchant."""
    return signed_in("VXNlcjo3", "lin@ponte.example")


@pytest.fixture
def form_of() -> Callable[[Listing], dict[str, str]]:
    """Return a listing as the browser would send its form back."""
    from storefront.portal.forms import ListingEditor

    def build(listing: Listing) -> dict[str, str]:
        editor = ListingEditor(listing=Listing.objects.get(pk=listing.pk))
        sent: dict[str, object] = {"variants": str(editor.variant_count)}
        for form in editor.parts:
            for bound in form:
                value = bound.value()
                sent[bound.html_name] = "" if value is None else value
        return sent  # type: ignore[return-value]  # lists stand for several values of one name

    return build
