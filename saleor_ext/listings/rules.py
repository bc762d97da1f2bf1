"""What a listing must satisfy to be stored at all; what it needs to be sold is in ``requirements``."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from stdnum import ean
from stdnum.exceptions import ValidationError

from saleor_ext.plugin_api.registry import ask

from .codes import ORIGINS, UNITS
from .data import ListingData, Problems, VariantData
from .models import LANGUAGES, Category, ListingVariant

SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}\Z")
HS_CODE = re.compile(r"[0-9]{10}\Z")
FEN = Decimal("0.01")
TEXT_LIMITS = {"name": 120, "short": 200, "description": 4000, "ingredients": 1000, "storage": 200}
MOST = Decimal("9999999999.99")
MOST_AMOUNT = Decimal(1_000_000)
AMOUNT_RULE = _("More than zero and at most 1,000,000.")
SKU_RULE = _("1 to 20 letters, digits, dots, dashes or underscores.")
HS_RULE = _("Ten digits: the 8-digit heading and the 2-digit suffix.")
WEIGHT_RULE = _("The gross weight includes the packing and cannot be below the net weight.")
BARCODE_RULE = _("The last digit does not fit: check the number under the bars (8, 12, 13 or 14 digits).")


def problems(data: ListingData, *, listing_id: str = "") -> Problems:
    """Return what forbids storing, by form field; empty when nothing does."""
    found: Problems = {}

    def tell(field: str, message: Any) -> None:
        found.setdefault(field, []).append(message)

    _check_head(data, tell)
    _check_texts(data, tell)
    if not data.variants:
        tell("variants", _("A listing has at least one article."))
    for number, variant in enumerate(data.variants):
        for field, message in _variant_problems(variant, len(data.variants) > 1):
            tell(f"variant-{number}-{field}", message)
    _check_numbers(data, listing_id, tell)
    return found


def _check_head(data: ListingData, tell: Any) -> None:
    if not Category.objects.filter(slug=data.category).exists():
        tell("category", _("Choose a category."))
    if data.lane not in {lane.code for lane in ask("lanes")}:
        tell("lane", _("Choose how the goods reach the buyer."))
    if data.origin and data.origin not in ORIGINS:
        tell("origin", _("Choose where the goods were made."))
    if len(data.brand) > 100:
        tell("brand", _("At most %(most)d characters.") % {"most": 100})
    if data.shelf_life_days is not None and not 0 < data.shelf_life_days <= 36500:
        tell("shelf_life_days", _("Give the shelf life in days, from 1 to 36,500."))


def _check_texts(data: ListingData, tell: Any) -> None:
    if not any(text.name.strip() for text in data.texts.values()):
        tell("zh-hant-name", _("Give a name in at least one language."))
    for language, text in data.texts.items():
        if language not in LANGUAGES:
            tell("variants", _("This language is not offered."))
        for field, most in TEXT_LIMITS.items():
            if len(getattr(text, field)) > most:
                tell(f"{language}-{field}", _("At most %(most)d characters.") % {"most": most})


def _variant_problems(variant: VariantData, has_siblings: bool) -> list[tuple[str, Any]]:
    v = variant
    units = {name: getattr(v, name) for name in ("unit", "unit1", "unit2")}
    amounts = {name: getattr(v, name) for name in ("qty1", "qty2", "content", "net_g", "gross_g")}
    told = not has_siblings or any(v.options.values())
    checks: list[tuple[str, bool, Any]] = [
        ("sku", bool(SKU.match(v.sku)), SKU_RULE),
        ("price", v.price is None or _is_price(v.price), _("A price above zero with at most two decimals.")),
        ("hs_code", not v.hs_code or bool(HS_CODE.match(v.hs_code)), HS_RULE),
        ("gmodel", len(v.gmodel) <= 510, _("At most %(most)d characters.") % {"most": 510}),
        *((name, not code or code in UNITS, _("Choose a unit.")) for name, code in units.items()),
        *(
            (name, amount is None or 0 < amount <= MOST_AMOUNT, AMOUNT_RULE)
            for name, amount in amounts.items()
        ),
        ("gross_g", _weights_fit(v), WEIGHT_RULE),
        ("barcode", not v.barcode or is_barcode(v.barcode), BARCODE_RULE),
        ("item_record_no", len(v.item_record_no) <= 30, _("At most %(most)d characters.") % {"most": 30}),
        ("stock", 0 <= v.stock <= 1_000_000, _("From 0 to 1,000,000.")),
        ("option-zh-hant", told, _("Say what sets this article apart, in at least one language.")),
    ]
    return [(field, message) for field, holds, message in checks if not holds]


def _is_price(price: Decimal) -> bool:
    return 0 < price <= MOST and price == price.quantize(FEN)


def _weights_fit(variant: VariantData) -> bool:
    return variant.net_g is None or variant.gross_g is None or variant.net_g <= variant.gross_g


def is_barcode(text: str) -> bool:
    """Tell whether this is a GTIN-8, -12, -13 or -14 with a fitting check digit."""
    if not (text.isascii() and text.isdigit() and len(text) in {8, 12, 13, 14}):
        return False
    try:
        ean.validate(text)
    except ValidationError:
        return False
    return True


def _check_numbers(data: ListingData, listing_id: str, tell: Any) -> None:
    """Article numbers are unique within the listing and among all merchants: Saleor and customs match by them."""
    seen: set[str] = set()
    for number, variant in enumerate(data.variants):
        if variant.sku in seen:
            tell(f"variant-{number}-sku", _("This article number stands twice in the listing."))
        seen.add(variant.sku)
    taken = ListingVariant.objects.filter(sku__in=seen)
    if listing_id:
        taken = taken.exclude(listing_id=listing_id)
    for sku in taken.values_list("sku", flat=True):
        number = next(n for n, variant in enumerate(data.variants) if variant.sku == sku)
        tell(f"variant-{number}-sku", _("This article number is taken."))
