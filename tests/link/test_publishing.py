"""Publishing: what arrives, that a second run changes nothing, and that any failure is only a pause."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import Money
from saleor_ext.link.catalogue import read_by_reference
from saleor_ext.link.errors import SaleorUnavailable, SaleorUserError
from saleor_ext.link.publishing import (
    STEPS,
    ListingPublication,
    MediaPublication,
    TextIn,
    VariantPublication,
    publish_listing,
    unpublish_listing,
)
from saleor_ext.link.rich_text import editor_js, plain_text

from .fake_shop import FakeShop


@pytest.fixture
def listing(tmp_path: Path) -> ListingPublication:
    pictures = []
    for name in ("front", "back"):
        path = tmp_path / f"{name}.png"
        path.write_bytes(name.encode())
        pictures.append(MediaPublication(path, f"the {name}"))
    return ListingPublication(
        external_reference="listing-7",
        slug="almond-cookies",
        text=TextIn("杏仁饼", "第一段 <b>& 更多</b>\n\n第二段", "标题", "描述"),
        translations={"PT": TextIn("Bolachas de amêndoa", "Uma linha"), "EN": TextIn("Almond cookies")},
        category_slug="bakery",
        category_name="糕点",
        category_translations={"EN": "Bakery"},
        variants=(
            VariantPublication(
                "listing-7/a", "ALM-200", "200 g", Money("68.80", "CNY"), 250, 100,
                {"ponte.hs_code": "1905310000"}, {"EN": "200 g box"},
            ),
            VariantPublication(
                "listing-7/b", "ALM-400", "400 g", Money("128", "CNY"), 480, None, {}, {},
                cost_price=Money("60", "CNY"), quantity_limit=5,
            ),
        ),
        media=tuple(pictures),
        metadata={"ponte.merchant": "padaria", "ponte.lane": "bonded_1210"},
    )  # fmt: skip  # variants read as a table


def _state(shop: FakeShop) -> Any:
    """The catalogue without the numbers that differ from run to run."""
    return re.sub(r"(:|_)\d+(?=['.])", "", repr([shop.types, shop.categories, list(shop.products.values())]))


def _variant(shop: FakeShop, number: int = 0) -> Any:
    return next(iter(shop.products.values()))["variants"][number]


def test_everything_arrives(listing: ListingPublication) -> None:
    shop = FakeShop()
    steps: list[str] = []
    publication = publish_listing(shop, listing, on_step=lambda step, number, of: steps.append(step))
    assert tuple(steps) == STEPS
    assert publication.created and set(publication.variant_ids) == {"listing-7/a", "listing-7/b"}
    product = read_by_reference(shop, "listing-7")
    assert product is not None
    assert plain_text(product.description) == "第一段 <b>& 更多</b>\n第二段"
    assert product.metadata == {"ponte.merchant": "padaria", "ponte.lane": "bonded_1210"}
    assert [media.alt for media in product.media] == ["the front", "the back"]
    first, second = product.variants
    assert first.listing("cn").price == Money("68.80", "CNY")  # type: ignore[union-attr]  # it was just listed
    assert (first.weight_g, first.stocks[0].quantity, first.words("EN").name) == (250, 100, "200 g box")  # type: ignore[union-attr]  # it was just translated
    assert (second.quantity_limit_per_customer, second.stocks[0].quantity) == (5, 0)
    shown = product.listing("cn")
    assert shown is not None and shown.is_published and shown.visible_in_listings
    assert product.category is not None and product.category.slug == "bakery"


def test_it_is_shown_last(listing: ListingPublication) -> None:
    shop = FakeShop()
    publish_listing(shop, listing)
    assert shop.changes[-1] == "ProductChannelListingUpdate"
    assert shop.changes.index("VariantsCreate") < len(shop.changes) - 1


def test_a_second_run_changes_nothing(listing: ListingPublication) -> None:
    shop = FakeShop()
    publish_listing(shop, listing)
    shop.changes.clear()
    again = publish_listing(shop, listing)
    assert shop.changes == []
    assert (again.created, again.changed) == (False, ())


def _changes_of_a_clean_run(listing: ListingPublication) -> tuple[int, Any]:
    shop = FakeShop()
    publish_listing(shop, listing)
    return len(shop.changes), _state(shop)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_failure_at_any_change_is_resumed(listing: ListingPublication, moment: str) -> None:
    count, clean = _changes_of_a_clean_run(listing)
    assert count > 10
    for number in range(1, count + 1):
        shop = FakeShop()
        shop.fault = lambda n, m, at=number: (n, m) == (at, moment)  # type: ignore[misc]  # mypy knows no default here
        with pytest.raises(SaleorUnavailable):
            publish_listing(shop, listing)
        publish_listing(shop, listing)
        assert _state(shop) == clean, f"failure {moment} change {number}"
        shop.changes.clear()
        publish_listing(shop, listing)
        assert shop.changes == []


def test_only_what_differs_is_changed(listing: ListingPublication) -> None:
    shop = FakeShop()
    publish_listing(shop, listing)
    shop.changes.clear()
    first, second = listing.variants
    dearer = replace(first, price=Money("70.00", "CNY"), stock=90)
    result = publish_listing(shop, replace(listing, variants=(dearer, second)))
    assert result.changed == ("variants", "stock")
    assert shop.changes == ["VariantsUpdate", "StockUpdate"]
    assert _variant(shop)["channelListings"][0]["price"]["amount"] == 70
    assert _variant(shop)["stocks"][0]["quantity"] == 90


def test_stock_that_is_not_stated_is_left_alone(listing: ListingPublication) -> None:
    shop = FakeShop()
    publish_listing(shop, listing)
    _variant(shop, 1)["stocks"][0]["quantity"] = 33
    assert publish_listing(shop, listing).changed == ()


def test_a_withdrawn_variant_leaves_the_channel_and_comes_back(listing: ListingPublication) -> None:
    shop = FakeShop()
    publish_listing(shop, listing)
    publish_listing(shop, replace(listing, variants=listing.variants[:1]))
    assert _variant(shop, 1)["channelListings"] == []
    publish_listing(shop, listing)
    assert _variant(shop, 1)["channelListings"][0]["price"]["amount"] == 128


@pytest.mark.parametrize("renames", [False, True])
def test_pictures_are_exchanged(listing: ListingPublication, tmp_path: Path, renames: bool) -> None:
    shop = FakeShop()
    shop.renames = renames
    publish_listing(shop, listing)
    new = tmp_path / "new.webp"
    new.write_bytes(b"new")
    foreign = {"id": "ProductMedia:99", "url": "http://fake.test/media/products/by-hand.png", "alt": ""}
    product = next(iter(shop.products.values()))
    product["media"].append(foreign)
    publish_listing(shop, replace(listing, media=(listing.media[0], MediaPublication(new))))
    assert len(product["media"]) == 3
    assert foreign in product["media"], "a picture added by hand in the Dashboard stays"
    shop.changes.clear()
    publish_listing(shop, replace(listing, media=(listing.media[0], MediaPublication(new))))
    assert shop.changes == []


def test_a_file_that_is_no_picture_is_refused(listing: ListingPublication, tmp_path: Path) -> None:
    path = tmp_path / "x.svg"
    path.write_bytes(b"<svg/>")
    with pytest.raises(PermanentError) as caught:
        publish_listing(FakeShop(), replace(listing, media=(MediaPublication(path),)))
    assert caught.value.code == "media_type"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"channel": "xx"}, "channel_missing"),
        ({"warehouse": "xx"}, "warehouse_missing"),
    ],
)
def test_what_is_missing_is_named(listing: ListingPublication, change: dict[str, Any], code: str) -> None:
    with pytest.raises(PermanentError) as caught:
        publish_listing(FakeShop(), replace(listing, **change))
    assert caught.value.code == code


def test_another_currency_is_refused(listing: ListingPublication) -> None:
    foreign = replace(listing.variants[0], price=Money("10", "MOP"))
    shop = FakeShop()
    with pytest.raises(PermanentError) as caught:
        publish_listing(shop, replace(listing, variants=(foreign,)))
    assert caught.value.code == "currency_mismatch"
    assert shop.changes == []


def test_another_listings_slug_is_a_real_refusal(listing: ListingPublication) -> None:
    shop = FakeShop()
    publish_listing(shop, listing)
    with pytest.raises(SaleorUserError) as caught:
        publish_listing(shop, replace(listing, external_reference="listing-8"))
    assert (caught.value.code, caught.value.field) == ("UNIQUE", "slug")


def test_unpublishing_hides_and_publishing_shows_again(listing: ListingPublication) -> None:
    shop = FakeShop()
    assert unpublish_listing(shop, "listing-7") is False
    publish_listing(shop, listing)
    assert unpublish_listing(shop, "listing-7") is True
    assert unpublish_listing(shop, "listing-7") is False
    assert publish_listing(shop, listing).changed == ("publish",)


@pytest.mark.parametrize("text", ["", "one", "one\ntwo", 'a & b <c> "d"', "中文\nportuguês — é"])
def test_text_survives_the_rich_format(text: str) -> None:
    assert plain_text(editor_js(text)) == text


def test_foreign_rich_text_is_read() -> None:
    rich = '{"blocks": [{"type": "list", "data": {"items": ["a", {"content": "<b>b</b>"}]}}, {"data": {"text": "c"}}]}'
    assert plain_text(rich) == "a\nb\nc"
    assert plain_text("plain") == "plain"
    assert plain_text(None) == ""
