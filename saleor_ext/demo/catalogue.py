"""Typed loader of the demonstration catalogue (TOML files beside this module, no Django needed)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("zh-hant", "zh-hans", "pt", "en")
MERCHANT_FILES = ("farolim", "duas-velas", "ilheu", "wo-lou")
DATA = Path(__file__).parent / "data"
PICTURES = Path(__file__).parent / "pictures"

Texts = Mapping[str, str]


@dataclass(frozen=True)
class TaxInput:
    """What one commodity code asks of the tax calculation; rates are fractions."""

    hs_code: str
    title: str
    unit1: str
    unit2: str
    vat: Decimal
    duty: Decimal
    consumption: str
    consumption_rate: Decimal
    threshold: Decimal | None
    threshold_unit: str
    source: str
    status: str


@dataclass(frozen=True)
class DemoVariant:
    """One sellable unit; price is CNY without tax, weights are grams."""

    sku: str
    barcode: str
    item_record_no: str
    option: Texts
    price: Decimal
    content: Decimal | None
    net_g: int
    gross_g: int
    stock: int
    unit1: str
    qty1: Decimal
    unit2: str
    qty2: Decimal | None


@dataclass(frozen=True)
class DemoProduct:
    """One listing of a demonstration merchant, in all four languages."""

    slug: str
    merchant: str
    category: str
    lane: str
    warehouse: str
    origin: str
    brand: str
    hs_code: str
    unit: str
    content_unit: str
    gmodel: str
    storage: str
    shelf_life_days: int
    allergens: tuple[str, ...]
    pictures: tuple[str, ...]
    name: Texts
    short: Texts
    text: Texts
    ingredients: Texts
    variants: tuple[DemoVariant, ...]

    def picture_files(self) -> list[Path]:
        """Paths of the drawn pictures, in order of display."""
        return [PICTURES / f"{self.slug}-{number}.webp" for number in range(1, len(self.pictures) + 1)]


@dataclass(frozen=True)
class DemoMerchant:
    """One invented firm with its member account."""

    slug: str
    colour: str
    customs_code: str
    customs_name: str
    domestic_agent: str
    domestic_agent_code: str
    member: str
    member_name: str
    name: Texts
    story: Texts
    products: tuple[DemoProduct, ...]


@dataclass(frozen=True)
class Words:
    """Shared words: each maps a key to its texts per language."""

    categories: Mapping[str, Texts]
    storage: Mapping[str, Texts]
    allergens: Mapping[str, Texts]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def words() -> Words:
    """Load category names, storage advice and allergen names."""
    return Words(**_read("common"))


@cache
def tax_inputs() -> dict[str, TaxInput]:
    """Load the tax inputs by ten-digit commodity code."""
    return {row["hs_code"]: _tax(row) for row in _read("tax")["rates"]}


def _tax(row: dict[str, Any]) -> TaxInput:
    threshold = row.get("threshold")
    return TaxInput(
        hs_code=row["hs_code"],
        title=row["title"],
        unit1=row["unit1"],
        unit2=row.get("unit2", ""),
        vat=Decimal(row["vat"]),
        duty=Decimal(row["duty"]),
        consumption=row["consumption"],
        consumption_rate=Decimal(row.get("consumption_rate", "0")),
        threshold=Decimal(threshold) if threshold else None,
        threshold_unit=row.get("threshold_unit", ""),
        source=row["source"],
        status=row["status"],
    )


@cache
def merchants() -> tuple[DemoMerchant, ...]:
    """Load all merchants with their products."""
    return tuple(_merchant(_read(name)) for name in MERCHANT_FILES)


def products() -> list[DemoProduct]:
    """Every product of every merchant, in file order."""
    return [product for merchant in merchants() for product in merchant.products]


def _merchant(raw: dict[str, Any]) -> DemoMerchant:
    head = raw["merchant"]
    goods = tuple(_product(row, head) for row in raw["products"])
    return DemoMerchant(**head, products=goods)


def _product(row: dict[str, Any], head: dict[str, Any]) -> DemoProduct:
    tax = tax_inputs()[row["hs_code"]]
    content_unit = row.get("content_unit", "")
    return DemoProduct(
        slug=row["slug"],
        merchant=head["slug"],
        category=row["category"],
        lane=row["lane"],
        # Bonded goods lie in the Nansha zone; everything else leaves from the shop in Macau.
        warehouse="nansha" if row["lane"] == "bonded_1210" else "macau",
        origin=row["origin"],
        brand=row.get("brand", head["name"]["zh-hans"]),
        hs_code=row["hs_code"],
        unit=row["unit"],
        content_unit=content_unit,
        gmodel=row["gmodel"],
        storage=row["storage"],
        shelf_life_days=row["shelf_life_days"],
        allergens=tuple(row["allergens"]),
        pictures=tuple(row["pictures"]),
        name=row["name"],
        short=row["short"],
        text=row["text"],
        ingredients=row["ingredients"],
        variants=tuple(_variant(item, tax, content_unit) for item in row["variants"]),
    )


def _variant(row: dict[str, Any], tax: TaxInput, content_unit: str) -> DemoVariant:
    content = Decimal(row["content"]) if "content" in row else None
    pieces = content if content and content_unit == "piece" else Decimal(1)
    return DemoVariant(
        sku=row["sku"],
        barcode=row["barcode"],
        item_record_no=row.get("item_record_no", ""),
        option=row.get("option", {}),
        price=Decimal(row["price"]),
        content=content,
        net_g=row["net_g"],
        gross_g=row["gross_g"],
        stock=row["stock"],
        unit1=tax.unit1,
        qty1=statutory_quantity(tax.unit1, row["net_g"], content, pieces),
        unit2=tax.unit2,
        qty2=statutory_quantity(tax.unit2, row["net_g"], content, pieces) if tax.unit2 else None,
    )


def statutory_quantity(
    unit: str, net_g: int, content: Decimal | None, pieces: Decimal = Decimal(1)
) -> Decimal:
    """Quantity of one sales unit in a statutory unit: 035 kilogram, 095 litre (content in ml), otherwise pieces."""
    if unit == "035":
        return (Decimal(net_g) / 1000).quantize(Decimal("0.00001"))
    if unit == "095":
        if content is None:
            raise ValueError("a litre-based commodity code needs the content in millilitres")
        return (content / 1000).quantize(Decimal("0.00001"))
    return pieces.quantize(Decimal("0.00001"))
