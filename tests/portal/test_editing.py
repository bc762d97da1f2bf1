"""The editor: what is typed is stored, what is wrong is said at its field and kept."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from saleor_ext.listings.models import Listing, ListingVariant
from storefront.portal.forms import LANGUAGE_NAMES

pytestmark = pytest.mark.django_db


def url(listing: Listing) -> str:
    return reverse("portal:listing", args=[listing.pk])


def test_languages_stand_side_by_side(baker, bakery) -> None:
    page = baker.get(url(bakery)).content.decode()
    for code, name in LANGUAGE_NAMES.items():
        assert name in page
        assert f'name="{code}-description"' in page
    assert "炭香杏仁餅" in page
    assert "Bolachas de amêndoa tradicionais" in page
    assert "What Nansha still needs" in page


def test_a_change_is_stored_and_raises_the_version(baker, bakery, form_of) -> None:
    data = form_of(bakery) | {"pt-name": "Bolachas de amêndoa", "variant-0-price": "49.50"}
    assert baker.post(url(bakery), data).status_code == 302
    stored = Listing.objects.get(pk=bakery.pk)
    assert stored.version == bakery.version + 1
    assert stored.texts.get(language="pt").name == "Bolachas de amêndoa"
    assert stored.variants.get(sku="FAR-ALM-220").price == Decimal("49.50")
    assert stored.variants.count() == 2


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("variant-0-barcode", "2901000100018", "The last digit does not fit"),
        ("variant-0-hs_code", "19053100", "Ten digits"),
        ("variant-0-price", "-3", "A price above zero"),
        ("variant-0-price", "4.999", "A price above zero"),
        ("variant-0-net_g", "900", "cannot be below the net weight"),
        ("variant-0-gmodel", "品" * 511, "At most 510 characters."),
        ("variant-0-sku", "has space", "1 to 20 letters"),
        ("variant-1-sku", "FAR-ALM-220", "stands twice"),
        ("variant-0-stock", "many", "Enter a whole number."),
        ("lane", "teleport", "Choose one of those offered."),
        ("shelf_life_days", "0", "from 1 to 36,500"),
        ("pt-name", "x" * 121, "At most 120 characters."),
    ],
)
def test_wrong_input_is_named_and_kept(field, typed, said, baker, bakery, form_of) -> None:
    answer = baker.post(url(bakery), form_of(bakery) | {field: typed})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert f'href="#id_{field}"' in page or field == "variant-0-net_g"
    if field != "lane":
        assert typed in page
    assert Listing.objects.get(pk=bakery.pk).version == bakery.version


def test_messages_come_in_the_pages_language(baker, bakery, form_of) -> None:
    answer = baker.post(
        f"/pt{url(bakery).removeprefix('/en')}", form_of(bakery) | {"variant-0-stock": "many"}
    )
    assert (
        "Informe um número inteiro" in answer.content.decode() or "número inteiro" in answer.content.decode()
    )


def test_an_article_number_of_another_merchant_is_taken(baker, bakery, importer, form_of) -> None:
    answer = baker.post(url(bakery), form_of(bakery) | {"variant-0-sku": "DVL-VVD-1"})
    assert answer.status_code == 422
    assert "This article number is taken." in answer.content.decode()


def test_an_older_page_does_not_overwrite_a_newer_one(baker, bakery, form_of) -> None:
    old = form_of(bakery)
    assert baker.post(url(bakery), old | {"en-name": "First"}).status_code == 302
    answer = baker.post(url(bakery), old | {"en-name": "Second"})
    assert answer.status_code == 422
    assert "Someone else saved this listing" in answer.content.decode()
    assert Listing.objects.get(pk=bakery.pk).texts.get(language="en").name == "First"


def test_another_article_is_offered_without_losing_what_was_typed(baker, bakery, form_of) -> None:
    page = baker.post(url(bakery), form_of(bakery) | {"add_variant": "1", "en-name": "Not yet saved"})
    assert page.status_code == 200
    assert 'name="variant-2-sku"' in page.content.decode()
    assert "Not yet saved" in page.content.decode()
    data = form_of(bakery) | {
        "variants": "3",
        "variant-2-sku": "FAR-ALM-900",
        "variant-2-option-en": "Family tin",
    }
    assert baker.post(url(bakery), data).status_code == 302
    added = ListingVariant.objects.get(sku="FAR-ALM-900")
    assert (added.listing_id, added.position) == (bakery.pk, 2)


def test_articles_of_another_listing_cannot_be_pulled_over(baker, bakery, importer, form_of) -> None:
    """The hidden id names a row; one of another listing is not found."""
    theirs = importer.variants.get()
    data = form_of(bakery) | {"variant-0-id": str(theirs.pk), "variant-0-sku": "FAR-NEW-1"}
    assert baker.post(url(bakery), data).status_code == 302
    theirs.refresh_from_db()
    assert (theirs.listing_id, theirs.sku) == (importer.pk, "DVL-VVD-1")


def test_a_new_listing_begins_with_one_language(baker, bakery) -> None:
    data = {
        "zh-hant-name": "雞仔餅", "category": "biscuits", "lane": "bonded_1210", "origin": "121",
        "variants": "1", "variant-0-sku": "FAR-CHK-200",
    }  # fmt: skip  # the fields of the form
    answer = baker.post(reverse("portal:new"), data)
    assert answer.status_code == 302
    made = Listing.objects.get(variants__sku="FAR-CHK-200")
    assert (made.state, made.merchant, made.warehouse) == ("draft", bakery.merchant, "nansha")
    page = baker.get(answer["Location"]).content.decode()
    assert "Name and description in Simplified Chinese" in page
    assert 'href="#id_variant-0-price"' in page


def test_a_listing_without_any_name_is_refused(baker, bakery) -> None:
    answer = baker.post(reverse("portal:new"), {"variants": "1", "variant-0-sku": "FAR-X"})
    assert answer.status_code == 422
    assert b"This field is required." in answer.content


def picture(kind: str = "PNG", size: int = 320) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (size, size), "#f2b134").save(written, kind)
    return written.getvalue()


def test_pictures_are_told_by_their_content(baker, bakery) -> None:
    upload = reverse("portal:upload", args=[bakery.pk])
    fake = SimpleUploadedFile("cake.jpg", b"<svg onload=alert(1)>", content_type="image/jpeg")
    good = SimpleUploadedFile("cake.png", picture(), content_type="text/html")
    answer = baker.post(upload, {"pictures": [fake, good]})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<span>cake.jpg: Only JPEG, PNG and WebP pictures.</span>" in page
    assert 'aria-describedby="new-pictures-error"' in page
    assert "1 picture added." in page
    assert Listing.objects.get(pk=bakery.pk).pictures.count() == 3
    last = Listing.objects.get(pk=bakery.pk).pictures.last()
    shown = baker.get(reverse("portal:picture", args=[bakery.pk, last.pk]))
    assert b"".join(shown).startswith(b"\x89PNG")
    shown.close()
    assert shown["Content-Type"] == "image/png"
    assert shown["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        ("", "cake.jpg: 仅支持 JPEG、PNG 和 WebP 图片。"),
        ("/zh-hant", "cake.jpg: 只支援 JPEG、PNG 和 WebP 圖片。"),
        ("/pt", "cake.jpg: Só imagens JPEG, PNG e WebP."),
    ],
)
def test_a_refused_picture_is_told_in_the_pages_language(prefix, words, baker, bakery) -> None:
    fake = SimpleUploadedFile("cake.jpg", b"<html>", content_type="image/jpeg")
    answer = baker.post(f"{prefix}/portal/listings/{bakery.pk}/pictures/", {"pictures": [fake]})
    assert answer.status_code == 422
    assert words in answer.content.decode()


@pytest.mark.parametrize(("content", "status"), [(b"<html>", 422), (picture(), 200)])
def test_sending_a_picture_keeps_what_was_typed(content, status, baker, bakery, form_of) -> None:
    typed = form_of(bakery) | {"pt-name": "Biscoitos meio escritos", "variant-0-hs_code": "12"}
    typed["pictures"] = SimpleUploadedFile("cake.png", content)
    answer = baker.post(reverse("portal:upload", args=[bakery.pk]), typed)
    page = answer.content.decode()
    assert answer.status_code == status
    assert 'value="Biscoitos meio escritos"' in page
    assert "Ten digits" not in page, "what was not sent to be saved is not judged"
    assert Listing.objects.get(pk=bakery.pk).texts.get(language="pt").name != "Biscoitos meio escritos"
    # The page stands at another address now; saving goes to the listing all the same.
    assert f'<form method="post" action="{url(bakery)}" class="stack loose" id="listing-form"' in page
    # The version that the picture made is the one to go on with.
    version = Listing.objects.get(pk=bakery.pk).version
    assert f'name="version" value="{version}"' in page


def test_the_enter_key_saves(baker, bakery) -> None:
    page = baker.get(url(bakery)).content.decode()
    form = page[page.index('id="listing-form"') :]
    assert form.index("</svg>Save</button>") < form.index('name="add_variant"')


def test_a_refused_picture_loaded_again_is_the_listing(baker, bakery) -> None:
    assert baker.get(reverse("portal:upload", args=[bakery.pk])).url == url(bakery)
    first = bakery.pictures.all()[0]
    assert baker.get(reverse("portal:describe_picture", args=[bakery.pk, first.pk])).url == url(bakery)


def test_a_picture_does_not_hide_that_someone_else_saved(baker, bakery, form_of) -> None:
    typed = form_of(bakery)
    baker.post(url(bakery), form_of(bakery) | {"brand": "Meanwhile"})
    typed["pictures"] = SimpleUploadedFile("cake.png", picture())
    page = baker.post(reverse("portal:upload", args=[bakery.pk]), typed).content.decode()
    assert f'name="version" value="{typed["version"]}"' in page


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x" * 251, "English: At most 250 characters; there are 251 now."),
        ("a\0b", "English: There are characters in it that nobody can see. Type it again by hand."),
    ],
)
def test_a_description_that_cannot_be_kept_is_told_and_stays(text, words, baker, bakery) -> None:
    first = bakery.pictures.all()[0]
    describe = reverse("portal:describe_picture", args=[bakery.pk, first.pk])
    answer = baker.post(describe, {"alt-en": text, "alt-pt": "Cinco bolinhos"})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert 'value="Cinco bolinhos"' in answer.content.decode()
    first.refresh_from_db()
    assert first.alts.get("pt") != "Cinco bolinhos"


def test_a_picture_is_described_and_removed(baker, bakery, django_capture_on_commit_callbacks) -> None:
    picture = bakery.pictures.all()[0]
    path = picture.file.path
    baker.post(
        reverse("portal:describe_picture", args=[bakery.pk, picture.pk]),
        {"alt-en": "Five cookies in a stack"},
    )
    picture.refresh_from_db()
    assert picture.alts == {"en": "Five cookies in a stack"}
    with django_capture_on_commit_callbacks(execute=True):
        baker.post(reverse("portal:remove_picture", args=[bakery.pk, picture.pk]))
    assert Listing.objects.get(pk=bakery.pk).pictures.count() == 1
    from pathlib import Path

    assert not Path(path).exists()


def test_the_table_finds_by_name_number_and_barcode(baker, bakery) -> None:
    for word, there in [("almond", True), ("FAR-ALM", True), ("2901000100012", True), ("bacalhau", False)]:
        page = baker.get(reverse("portal:listings"), {"q": word}).content.decode()
        assert ("FAR-ALM-220" in page) is there, word


@pytest.mark.parametrize("language", ["", "zh-hant/", "pt/", "en/"])
def test_pages_open_in_every_language(language, baker, bakery) -> None:
    for path in (
        "portal/listings/",
        "portal/listings/new/",
        f"portal/listings/{bakery.pk}/",
        "portal/orders/",
    ):
        assert baker.get(f"/{language}{path}").status_code == 200


NUMBERS = ("price", "stock", "net_g", "content", "qty1")
MANY = "9" * 400


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        *((f"variant-0-{name}", typed) for name in NUMBERS for typed in (MANY, "1e999999999", "NaN", "-1")),
        *(
            (name, typed)
            for name in ("version", "shelf_life_days", "variants")
            for typed in (MANY, "-1", "😀")
        ),
        *((f"variant-0-{name}", "a\0b") for name in ("sku", "barcode", "hs_code", "unit", "id", "option-pt")),
        *(
            (name, "a\0b")
            for name in ("category", "lane", "origin", "allergens", "zh-hans-name", "pt-description")
        ),
    ],
    ids=lambda given: given[:24].replace("\0", "0"),
)
def test_nothing_typed_breaks_the_page(field, typed, baker, bakery, form_of) -> None:
    assert baker.post(url(bakery), form_of(bakery) | {field: typed}).status_code in {302, 422}


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("variant-0-stock", "１２", 12),
        ("variant-0-net_g", " 200 ", 200),
        ("variant-0-price", "４８.５", Decimal("48.50")),
    ],
)
def test_full_width_digits_and_blanks_are_understood(field, typed, kept, baker, bakery, form_of) -> None:
    assert baker.post(url(bakery), form_of(bakery) | {field: typed}).status_code == 302
    first = Listing.objects.get(pk=bakery.pk).variants.all()[0]
    assert getattr(first, field.removeprefix("variant-0-")) == kept


@pytest.mark.parametrize(
    "query", ["q=%00", "q=" + "x" * 5000, "state=%00", "page=-1", "page=" + "9" * 5000, "q=%25_%5C"]
)
def test_odd_searches_show_a_page(query, baker, bakery) -> None:
    assert baker.get(f"{reverse('portal:listings')}?{query}").status_code == 200


def test_odd_numbers_of_orders_are_not_found(baker, bakery) -> None:
    for number in ("%00", "x" * 500, "%F0%9F%98%80"):
        assert baker.get(f"/en/portal/orders/{number}/").status_code == 404
