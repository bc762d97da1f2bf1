"""The demonstration catalogue is complete and would pass a declaration's formal checks."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

import pytest
from stdnum import ean

from saleor_ext.demo.catalogue import (
    LANGUAGES,
    DemoProduct,
    merchants,
    products,
    statutory_quantity,
    tax_inputs,
    words,
)

LANES = {"bonded_1210", "direct_9610", "postal", "local"}
# Customs country and unit codes that the goods use, from the public code tables.
COUNTRIES = {"121", "142", "311"}
UNITS = {"011", "012", "017", "035", "095", "122", "136", "140", "142"}
FORBIDDEN_CLAIMS = re.compile(
    r"治療|治疗(?!用途)|療效(?!，)|根治|特效|消炎|殺菌|杀菌|降血|抗癌|預防疾病|预防疾病|最佳|第一品牌|"
    r"\bcures?\b(?! )|\bheals?\b|anti-inflammat|trata a dor|\bcura a\b",
    re.IGNORECASE,
)
ALL = products()


def test_size_of_the_catalogue() -> None:
    assert len(merchants()) == 4
    assert 38 <= len(ALL) <= 46
    lanes = Counter(product.lane for product in ALL)
    assert set(lanes) == LANES
    assert lanes["bonded_1210"] > len(ALL) * 0.7


@pytest.mark.parametrize(
    "texts", [*words().categories.values(), *words().storage.values(), *words().allergens.values()]
)
def test_shared_words_have_four_languages(texts: dict[str, str]) -> None:
    assert set(texts) == set(LANGUAGES)
    assert all(texts.values())


def test_merchants_are_complete() -> None:
    for merchant in merchants():
        assert set(merchant.name) == set(merchant.story) == set(LANGUAGES)
        assert re.fullmatch(r"[A-Z0-9]{10}", merchant.customs_code)
        assert re.fullmatch(r"#[0-9a-f]{6}", merchant.colour)
        assert merchant.member.endswith("@ponte.example")


@pytest.mark.parametrize("product", ALL, ids=lambda product: product.slug)
def test_product_is_complete(product: DemoProduct) -> None:
    for texts in (product.name, product.short, product.text, product.ingredients):
        assert set(texts) == set(LANGUAGES)
        assert all(text.strip() for text in texts.values())
    assert product.category in words().categories
    assert product.storage in words().storage
    assert set(product.allergens) <= set(words().allergens)
    assert product.lane in LANES
    assert product.origin in COUNTRIES
    assert product.unit in UNITS
    assert re.fullmatch(r"\d{10}", product.hs_code)
    assert 1 <= len(product.gmodel) <= 510
    assert product.shelf_life_days > 0
    written = " ".join([*product.name.values(), *product.short.values(), *product.text.values()])
    assert not FORBIDDEN_CLAIMS.search(written.replace("不作治療用途", "").replace("不作治疗用途", ""))


@pytest.mark.parametrize("product", ALL, ids=lambda product: product.slug)
def test_variants_would_pass_a_declaration(product: DemoProduct) -> None:
    for variant in product.variants:
        assert ean.is_valid(variant.barcode), variant.barcode
        assert 20 <= int(variant.barcode[:2]) <= 29  # numbers for use inside a company
        assert len(variant.sku) <= 20
        assert variant.price == variant.price.quantize(Decimal("0.01"))
        assert variant.price > 0
        assert 0 < variant.net_g <= variant.gross_g
        assert variant.stock > 0
        assert {variant.unit1, variant.unit2} - {""} <= UNITS
        assert variant.qty1 > 0
        assert bool(variant.item_record_no) == (product.lane == "bonded_1210")
        if len(product.variants) > 1:
            assert set(variant.option) == set(LANGUAGES)
    if tax_inputs()[product.hs_code].threshold is not None:
        assert product.content_unit == tax_inputs()[product.hs_code].threshold_unit
        assert all(variant.content for variant in product.variants)


@pytest.mark.parametrize("field", ["sku", "barcode"])
def test_unique_numbers(field: str) -> None:
    values = [getattr(variant, field) for product in ALL for variant in product.variants]
    assert len(values) == len(set(values))


def test_unique_slugs_and_record_numbers() -> None:
    assert len({product.slug for product in ALL}) == len(ALL)
    numbers = [v.item_record_no for product in ALL for v in product.variants if v.item_record_no]
    assert len(numbers) == len(set(numbers))


def test_the_consumption_tax_threshold_is_met_on_both_sides() -> None:
    """The demo shows goods above and below the threshold of ten yuan a gram or fifteen a piece."""
    sides = set()
    for product in ALL:
        threshold = tax_inputs()[product.hs_code].threshold
        for variant in product.variants:
            if threshold and variant.content:
                sides.add(variant.price / variant.content >= threshold)
    assert sides == {True, False}


def test_tax_inputs_say_where_they_come_from() -> None:
    for row in tax_inputs().values():
        assert row.status in {"published", "sample"}
        assert row.source
        assert 0 < row.vat < 1


@pytest.mark.parametrize(
    ("unit", "net", "content", "expected"),
    [
        ("035", 220, None, "0.22000"),
        ("095", 750, Decimal(750), "0.75000"),
        ("011", 30, Decimal(30), "1.00000"),
    ],
)
def test_statutory_quantities(unit: str, net: int, content: Decimal | None, expected: str) -> None:
    assert statutory_quantity(unit, net, content) == Decimal(expected)


def test_a_litre_code_needs_the_content() -> None:
    with pytest.raises(ValueError, match="millilitres"):
        statutory_quantity("095", 750, None)
