"""What a listing must satisfy to be stored, asked of the rules themselves."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean

from saleor_ext.demo.catalogue import products
from saleor_ext.demo.seed import listing_data
from saleor_ext.listings import rules
from saleor_ext.listings.data import ListingData, TextData, VariantData
from saleor_ext.listings.models import Category

pytestmark = pytest.mark.django_db


@pytest.fixture
def category(db: None) -> None:
    for slug in {product.category for product in products()}:
        Category.objects.create(slug=slug, names={"en": slug})


def minimal(**changes: object) -> ListingData:
    data = ListingData(
        category="biscuits",
        lane="bonded_1210",
        texts={"zh-hant": TextData(name="杏仁餅")},
        variants=(VariantData(sku="A-1"),),
    )
    return replace(data, **changes)


def test_every_product_of_the_demonstration_can_be_stored(category) -> None:
    for product in products():
        assert rules.problems(listing_data(product)) == {}, product.slug


def test_a_draft_needs_little(category) -> None:
    assert rules.problems(minimal()) == {}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"category": "nowhere"}, "category"),
        ({"lane": "nowhere"}, "lane"),
        ({"origin": "999"}, "origin"),
        ({"brand": "x" * 101}, "brand"),
        ({"texts": {"pt": TextData(short="sem nome")}}, "zh-hant-name"),
        ({"texts": {"pt": TextData(name="n", description="x" * 4001)}}, "pt-description"),
        ({"variants": ()}, "variants"),
        (
            {"variants": (VariantData(sku="A-1"), VariantData(sku="A-2", options={"pt": "b"}))},
            "variant-0-option-zh-hant",
        ),
        ({"variants": (VariantData(sku="A-1", unit="999"),)}, "variant-0-unit"),
        ({"variants": (VariantData(sku="A-1", qty1=Decimal(0)),)}, "variant-0-qty1"),
        ({"variants": (VariantData(sku="A-1", stock=-1),)}, "variant-0-stock"),
        ({"variants": (VariantData(sku="A" * 21),)}, "variant-0-sku"),
    ],
)
def test_each_rule_names_its_field(changes, field, category) -> None:
    assert list(rules.problems(minimal(**changes))) == [field]


@given(st.integers(0, 10**12 - 1))
def test_exactly_one_last_digit_fits(body: int) -> None:
    code = f"{body:012d}"
    fitting = [digit for digit in "0123456789" if rules.is_barcode(code + digit)]
    assert fitting == [ean.calc_check_digit(code)]


@pytest.mark.parametrize(
    "text", ["", "4006381333931 ", "４００６３８１３３３９３１", "400638133393", "abc", "40063813339310"]
)
def test_what_is_no_barcode(text: str) -> None:
    assert not rules.is_barcode(text)


@given(st.decimals(min_value="0.01", max_value="99999", places=2))
def test_prices_to_the_fen_are_prices(price: Decimal) -> None:
    assert rules._is_price(price)
    assert not rules._is_price(price + Decimal("0.001"))
