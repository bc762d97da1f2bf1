"""The variants of a listing: articles, prices, stock, names in other languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import publishing_operations as ops
from .client import GraphQLClient
from .results.catalogue import CatalogueProduct, MasterVariant
from .storefront import pairs

if TYPE_CHECKING:
    from .publishing import ListingPublication, VariantPublication


def publish_variants(
    client: GraphQLClient,
    listing: ListingPublication,
    product: CatalogueProduct,
    channel_id: str,
    warehouse_id: str,
) -> bool:
    """Create, change and withdraw variants; a withdrawn one only leaves the channel, as old orders point to it."""
    known = {variant.external_reference: variant for variant in product.variants}
    wanted = {variant.external_reference: variant for variant in listing.variants}
    new = [_new(v, channel_id, warehouse_id) for reference, v in wanted.items() if reference not in known]
    if new:
        client.run(ops.VARIANTS_CREATE, product=product.id, variants=new)
    changes = [
        change
        for reference, variant in known.items()
        if (change := _change(variant, wanted.get(reference or ""), listing.channel, channel_id))
    ]
    if changes:
        client.run(ops.VARIANTS_UPDATE, product=product.id, variants=changes)
    return bool(new or changes)


def _weight(grams: int) -> dict[str, Any]:
    return {"unit": "G", "value": grams}


def _new(variant: VariantPublication, channel_id: str, warehouse_id: str) -> dict[str, Any]:
    listing: dict[str, Any] = {"channelId": channel_id, "price": variant.price.amount}
    if variant.cost_price:
        listing["costPrice"] = variant.cost_price.amount
    return {
        "attributes": [],
        "externalReference": variant.external_reference,
        "sku": variant.sku,
        "name": variant.name,
        "trackInventory": True,
        "weight": _weight(variant.weight_g),
        "quantityLimitPerCustomer": variant.quantity_limit,
        "metadata": pairs(variant.metadata),
        "stocks": [{"warehouse": warehouse_id, "quantity": variant.stock or 0}],
        "channelListings": [listing],
    }


def _change(
    known: MasterVariant, wanted: VariantPublication | None, channel: str, channel_id: str
) -> dict[str, Any] | None:
    """Return the input that brings a variant to what is wanted, or None when it is there."""
    listed = known.listing(channel)
    if wanted is None:
        return {"id": known.id, "channelListings": {"remove": [listed.id]}} if listed else None
    change: dict[str, Any] = {}
    if (known.sku, known.name) != (wanted.sku, wanted.name):
        change |= {"sku": wanted.sku, "name": wanted.name}
    if known.weight_g != wanted.weight_g:
        change["weight"] = _weight(wanted.weight_g)
    if known.quantity_limit_per_customer != wanted.quantity_limit:
        change["quantityLimitPerCustomer"] = wanted.quantity_limit
    if missing := {key: value for key, value in wanted.metadata.items() if known.metadata.get(key) != value}:
        change["metadata"] = pairs(missing)
    cost = wanted.cost_price.amount if wanted.cost_price else None
    if listed is None:
        price = {"channelId": channel_id, "price": wanted.price.amount, "costPrice": cost}
        change["channelListings"] = {"create": [price]}
    elif listed.price != wanted.price or (wanted.cost_price and listed.cost_price != wanted.cost_price):
        price = {"channelListing": listed.id, "price": wanted.price.amount}
        change["channelListings"] = {"update": [{**price, "costPrice": cost} if wanted.cost_price else price]}
    return {"id": known.id, **change} if change else None


def publish_stock(
    client: GraphQLClient, listing: ListingPublication, product: CatalogueProduct, warehouse_id: str
) -> bool:
    """Set the stock of variants whose listing states one."""
    known = {variant.external_reference: variant for variant in product.variants}
    moved: list[dict[str, Any]] = []
    first: list[dict[str, Any]] = []
    for wanted in listing.variants:
        variant = known.get(wanted.external_reference)
        if wanted.stock is None or variant is None:
            continue
        stock = next((stock for stock in variant.stocks if stock.warehouse.slug == listing.warehouse), None)
        entry = {"warehouse": warehouse_id, "quantity": wanted.stock}
        if stock is None:
            first.append({"id": variant.id, "stocks": {"create": [entry]}})
        elif stock.quantity != wanted.stock:
            moved.append({"variantId": variant.id, "warehouseId": warehouse_id, "quantity": wanted.stock})
    if first:
        client.run(ops.VARIANTS_UPDATE, product=product.id, variants=first)
    if moved:
        client.run(ops.STOCK, stocks=moved)
    return bool(first or moved)


def publish_variant_translations(
    client: GraphQLClient, listing: ListingPublication, product: CatalogueProduct
) -> bool:
    """Translate the names of variants where they differ."""
    known = {variant.external_reference: variant for variant in product.variants}
    changed = False
    for wanted in listing.variants:
        variant = known.get(wanted.external_reference)
        for language, name in wanted.translations.items() if variant else ():
            words = variant.words(language) if variant else None
            if variant and (words is None or words.name != name):
                client.run(ops.VARIANT_TRANSLATE, id=variant.id, language=language, input={"name": name})
                changed = True
    return changed
