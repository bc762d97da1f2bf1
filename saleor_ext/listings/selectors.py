"""Reading listings: for plugins, for the portal, for publishing."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.utils.functional import Promise

from saleor_ext.merchants.models import Merchant
from saleor_ext.merchants.selectors import view_of
from saleor_ext.plugin_api.registry import ask
from saleor_ext.plugin_api.types import Lane, ListingView, VariantFacts

from .models import Category, Listing, ListingVariant, PublicationRun

#: The language of declarations.
DECLARED = "zh-hans"
ITEM_NAME_LENGTH = 250  # itemName of CEB messages


#: A fixed statement: Saleor waits for the tax of a checkout, and making this query anew took longer than running it.
_FACTS = """
    SELECT v.sku, t.name, v.options ->> %s, m.slug, l.lane, l.warehouse, v.hs_code, v.gmodel, l.origin,
        v.unit, v.unit1, v.qty1, v.unit2, v.qty2, v.net_g, v.gross_g, v.barcode, v.content, v.item_record_no, l.brand
    FROM listings_listingvariant v
    JOIN listings_listing l ON l.id = v.listing_id
    JOIN merchants_merchant m ON m.id = l.merchant_id
    LEFT JOIN listings_listingtext t ON t.listing_id = l.id AND t.language = %s
    WHERE v.sku = ANY(%s)
"""


def variant_facts(skus: Iterable[str]) -> dict[str, VariantFacts]:
    """Return what is known of articles by SKU, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, [DECLARED, DECLARED, list(set(skus))])
        return {row[0]: _facts(*row) for row in cursor.fetchall()}


def _facts(
    sku: str, name: str | None, option: str | None, merchant: str, lane: str, warehouse: str, hs_code: str,
    gmodel: str, origin: str, unit: str, unit1: str, qty1: Decimal | None, unit2: str, qty2: Decimal | None,
    net_g: int | None, gross_g: int | None, barcode: str, content: Decimal | None, item_record_no: str, brand: str,
) -> VariantFacts:  # fmt: skip
    return VariantFacts(
        sku=sku,
        name=f"{name or ''} {option or ''}".strip()[:ITEM_NAME_LENGTH],
        merchant=merchant,
        lane=lane,
        warehouse=warehouse,
        hs_code=hs_code,
        gmodel=gmodel,
        origin=origin,
        unit=unit,
        unit1=unit1,
        qty1=_plain(qty1) or Decimal(0),
        unit2=unit2,
        qty2=_plain(qty2),
        net_g=net_g or 0,
        gross_g=gross_g or 0,
        barcode=barcode,
        content=_plain(content),
        item_record_no=item_record_no,
        brand=brand,
    )


def facts(variant: ListingVariant, name: str) -> VariantFacts:
    """Return one article as plugins see it; ``name`` is the listing's in the language of declarations."""
    listing = variant.listing
    return _facts(
        variant.sku, name, variant.options.get(DECLARED), listing.merchant.slug, listing.lane, listing.warehouse,
        variant.hs_code, variant.gmodel, listing.origin, variant.unit, variant.unit1, variant.qty1, variant.unit2,
        variant.qty2, variant.net_g, variant.gross_g, variant.barcode, variant.content, variant.item_record_no,
        listing.brand,
    )  # fmt: skip


def _plain(value: Decimal | None) -> Decimal | None:
    """Drop zeros that only the column's scale added."""
    if value is None:
        return None
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


def listing_view(listing: Listing) -> ListingView:
    """Return a listing as plugins see it, for the question what it still needs."""
    text = listing.text(DECLARED)
    name = text.name if text else ""
    return ListingView(
        reference=listing.external_reference,
        merchant=view_of(listing.merchant),
        lane=listing.lane,
        warehouse=listing.warehouse,
        category=listing.category.slug if listing.category else "",
        variants=tuple(facts(variant, name) for variant in listing.variants.all()),
        languages=frozenset(text.language for text in listing.texts.all() if text.name),
    )


def lanes() -> list[Lane]:
    """Return the lanes that plugins carry."""
    return ask("lanes")


def lane_name(code: str) -> str | Promise:
    return next((lane.name for lane in lanes() if lane.code == code), code)


def categories() -> QuerySet[Category]:
    return Category.objects.all()


def listings_of(merchant: Merchant, *, state: str = "", query: str = "") -> QuerySet[Listing]:
    """Return a merchant's listings for the table, newest change first, with price range and stock."""
    found = _whole(Listing.objects.filter(merchant=merchant).order_by("-changed_at", "slug")).annotate(
        price_from=Min("variants__price"),
        price_to=Max("variants__price"),
        stock_sum=Sum("variants__stock", default=0),
        articles=Count("variants"),
    )
    if state:
        found = found.filter(state=state)
    if query:
        hits = Listing.objects.filter(
            Q(texts__name__icontains=query) | Q(variants__sku__icontains=query) | Q(variants__barcode=query)
        )
        found = found.filter(pk__in=hits.values("pk"))
    return found


def counts_by_state(merchant: Merchant) -> dict[str, int]:
    rows = Listing.objects.filter(merchant=merchant).order_by().values_list("state").annotate(n=Count("pk"))
    return dict(rows)


def listing_of(merchant: Merchant, listing_id: str | uuid.UUID) -> Listing | None:
    """Return a listing of this very merchant with everything that belongs to it, else None."""
    return _whole(Listing.objects.filter(merchant=merchant, pk=listing_id)).first()


def whole_listing(listing_id: str | uuid.UUID) -> Listing:
    return _whole(Listing.objects.filter(pk=listing_id)).get()


def _whole(found: QuerySet[Listing]) -> QuerySet[Listing]:
    return found.select_related("merchant", "category").prefetch_related("texts", "variants", "pictures")


def latest_run(listing: Listing) -> PublicationRun | None:
    """Return the newest publishing of a listing, None when there was none."""
    return listing.runs.order_by("-created_at").first()
