"""The merchant's part of the walk: put new stock on a listing and publish it."""

from __future__ import annotations

import time

from saleor_ext.listings import publishing, selectors, services
from saleor_ext.listings.data import ListingData, NotPublishable, TextData, VariantData
from saleor_ext.listings.models import Listing, PublicationRun
from saleor_ext.listings.requirements import unmet

from .browser import Stuck

ACTOR = "ponte walk"
#: Pieces put on sale; the last one varies, so that every walk has something to publish.
RESTOCK = 200
LOOK = 0.2
_TEXTS = ("name", "short", "description", "ingredients", "storage")
_ARTICLE = (
    "sku", "options", "price", "hs_code", "gmodel", "unit", "unit1", "qty1", "unit2", "qty2", "content", "net_g",
    "gross_g", "barcode", "item_record_no",
)  # fmt: skip  # one line a table


def publish(lane: str, slug: str, patience: float) -> str:
    """Restock and publish a listing of the lane; return its address in the shop once Saleor has it.

    :raises Stuck: no listing fits, something is missing, or publishing failed
    """
    listing = _restocked(_choose(lane, slug))
    try:
        run = publishing.publish(listing, actor=ACTOR)
    except NotPublishable as error:
        raise Stuck(f"{listing.slug} cannot be published: {error.message}") from error
    deadline = time.monotonic() + patience
    while run.open:
        if time.monotonic() > deadline:
            raise Stuck(
                f"{listing.slug} is not published after {patience:.0f} s: {run.error or run.step or 'waiting'}"
            )
        time.sleep(LOOK)
        run.refresh_from_db()
    if run.state != PublicationRun.State.DONE:
        raise Stuck(f"{listing.slug} was not published: {run.error}")
    return listing.slug


def _choose(lane: str, slug: str) -> Listing:
    """Find the listing named, else the first of the lane that lacks nothing."""
    carried = {known.code: known for known in selectors.lanes()}
    if lane not in carried:
        raise Stuck(f"no plugin carries the lane {lane!r}; there are {', '.join(sorted(carried))}")
    if not carried[lane].open:
        raise Stuck(f"the lane {lane} is announced but carries no orders yet")
    found = Listing.objects.filter(lane=lane).order_by("slug")
    if slug:
        found = found.filter(slug=slug)
    for listing in found:
        whole = selectors.whole_listing(listing.pk)
        if slug or not unmet(whole):
            return whole
    raise Stuck(f"no listing of {lane} {'named ' + slug if slug else 'is complete'}; `ponte seed` adds some")


def _restocked(listing: Listing) -> Listing:
    """Store the listing anew with fresh stock, as the portal's form would."""
    variants = tuple(
        VariantData(
            id=str(variant.pk),
            stock=RESTOCK + 1 if variant.stock == RESTOCK else RESTOCK,
            **{name: getattr(variant, name) for name in _ARTICLE},
        )
        for variant in listing.variants.all()
    )
    data = ListingData(
        category=listing.category.slug if listing.category else "",
        lane=listing.lane,
        variants=variants,
        texts={
            text.language: TextData(**{name: getattr(text, name) for name in _TEXTS})
            for text in listing.texts.all()
        },
        origin=listing.origin,
        brand=listing.brand,
        shelf_life_days=listing.shelf_life_days,
        allergens=tuple(listing.allergens),
    )
    return services.edit_listing(listing, data, version=listing.version, actor=ACTOR)
