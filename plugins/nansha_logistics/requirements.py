"""What a listing needs before Nansha takes it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from stdnum import ean
from stdnum.exceptions import ValidationError

from saleor_ext.plugin_api import ListingView, Requirement, VariantFacts

from .lanes import LANES
from .models import BookItem
from .settings import config
from .stock import item_of


def of(listing: ListingView) -> list[Requirement]:
    """Return the checklist of a listing; lanes that are not open yet keep it a draft."""
    lane = next((lane for lane in LANES if lane.code == listing.lane), None)
    if lane is None:
        return []
    if not lane.open:
        return [_not_open()]
    settings = config()
    found = [_warehouse(listing, settings.warehouse)]
    for facts in listing.variants:
        found += [_weights(facts), _barcode(facts), *_book(facts, item_of(facts, settings.book_number))]
    return found


def _not_open() -> Requirement:
    return Requirement(
        code="lane",
        title=_("The lane carries orders"),
        met=False,
        todo=_("This lane is not open yet. The listing is kept; choose the bonded lane to sell now."),
        field="lane",
    )


def _warehouse(listing: ListingView, warehouse: str) -> Requirement:
    return Requirement(
        code="warehouse",
        title=_("Stored in the Nansha warehouse"),
        met=listing.warehouse == warehouse,
        todo=_("Choose the Nansha warehouse for this lane."),
        field="warehouse",
    )


def _weights(facts: VariantFacts) -> Requirement:
    return Requirement(
        code="weights",
        title=_("Net and gross weight"),
        met=0 < facts.net_g <= facts.gross_g,
        todo=_("Give both weights in grams; gross includes the packing and cannot be less than net."),
        field="gross_g",
        sku=facts.sku,
    )


def _barcode(facts: VariantFacts) -> Requirement:
    return Requirement(
        code="barcode",
        title=_("Barcode for the warehouse's scanners"),
        met=_is_barcode(facts.barcode),
        todo=_("Give the 8- or 13-digit number under the bars; its last digit must fit the others."),
        field="barcode",
        sku=facts.sku,
    )


def _book(facts: VariantFacts, item: BookItem | None) -> list[Requirement]:
    """The article is in the bonded book, and the book says of it what the listing says."""
    known = Requirement(
        code="book_item",
        title=_("Registered in the bonded book"),
        met=item is not None,
        todo=_("Ask the Nansha warehouse to register this article, then enter its record number."),
        field="item_record_no",
        sku=facts.sku,
    )
    if item is None:
        return [known]
    pairs = (
        ("book_unit", "unit", _("Unit as in the bonded book"), facts.unit, item.dcl_unit),
        ("book_legal_unit", "unit1", _("Legal unit as in the bonded book"), facts.unit1, item.lawf_unit),
        ("book_hs", "hs_code", _("HS code as in the bonded book"), facts.hs_code, item.hs_code),
        ("book_origin", "origin", _("Origin as in the bonded book"), facts.origin, item.origin),
    )
    return [known] + [
        Requirement(
            code=code,
            title=title,
            met=ours == books,
            todo=_("The bonded book says %(value)s.") % {"value": books},
            field=field,
            sku=facts.sku,
        )
        for code, field, title, ours, books in pairs
    ]


def _is_barcode(text: str) -> bool:
    try:
        return len(ean.validate(text)) in (8, 13)
    except ValidationError:
        return False
