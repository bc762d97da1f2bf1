"""Catalogue queries. Lists load what a query selects in a fixed number of SQL statements."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

from decimal import Decimal

from django.db.models import Min, Prefetch, Q
from django.utils import timezone

from sandbox.saleor import models as m
from sandbox.saleor.ids import key_of
from sandbox.saleor.schema import filters
from sandbox.saleor.schema.common import PAGE, connection, paginate
from sandbox.saleor.schema.product import PRODUCT_LIST, UNPUBLISHED_TOO, in_channel
from sandbox.saleor.sdl import query


def selected(info) -> set[str]:
    """Name every field the query mentions, fragments included: enough to choose what to prefetch."""
    if "names" not in info.context.cache:
        names: set[str] = set()
        stack = [info.operation, *info.fragments.values()]
        while stack:
            node = stack.pop()
            for part in node.selection_set.selections if node.selection_set else ():
                if part.kind == "field":
                    names.add(part.name.value)
                if getattr(part, "selection_set", None):
                    stack.append(part)
        info.context.cache["names"] = names
    return info.context.cache["names"]


for node in ("Product", "Category", "ProductType"):
    connection(node)


def fitted(info, rows):
    """Add to a product query what the fields of the GraphQL query will need."""
    names = selected(info)
    variants = m.ProductVariant.objects.prefetch_related(
        Prefetch("channel_listings", m.ProductVariantChannelListing.objects.select_related("channel"))
    )
    if names & {"isAvailable", "quantityAvailable", "stocks"}:
        variants = variants.prefetch_related(Prefetch("stocks", m.Stock.objects.select_related("warehouse")))
    if "variants" in names:
        variants = variants.prefetch_related(
            "translations", "media", "assigned__value", "assigned__attribute"
        )
    rows = rows.select_related("product_type", "category", "tax_class").prefetch_related(
        Prefetch("channel_listings", m.ProductChannelListing.objects.select_related("channel")),
        "translations",
        "media",
    )
    if names & {"variants", "pricing", "isAvailable", "defaultVariant"}:
        rows = rows.prefetch_related(Prefetch("variants", variants))
    if "attributes" in names:
        rows = rows.prefetch_related(
            "assigned__value",
            "product_type__product_attributes",
            "product_type__variant_attributes",
        )
    return rows.prefetch_related("collections") if "collections" in names else rows


def visible_products(info, rows, channel):
    """Keep what the caller may see: staff and apps everything, buyers what is published in the channel."""
    if info.context.has(*UNPUBLISHED_TOO):
        return rows.filter(channel_listings__channel=channel).distinct() if channel else rows
    if channel is None or not channel.is_active:
        return rows.none()
    return rows.filter(
        channel_listings__in=m.ProductChannelListing.objects.filter(
            Q(published_at__isnull=True) | Q(published_at__lte=timezone.now()),
            channel=channel,
            is_published=True,
        )
    )


SORTS = {
    "NAME": "name",
    "DATE": "updated_at",
    "LAST_MODIFIED": "updated_at",
    "LAST_MODIFIED_AT": "updated_at",
    "CREATED_AT": "created",
    "MINIMAL_PRICE": "least_price",
    "PRICE": "least_price",
}


def product_page(info, rows, channel=None, filter=None, where=None, sort_by=None, search=None, **page):
    """Serve any connection of products."""
    if isinstance(channel, str):
        channel = m.Channel.objects.filter(slug=channel).first()
        if channel is None:
            rows = rows.none()
    rows = visible_products(info, rows, channel)
    staff = info.context.has(*UNPUBLISHED_TOO)
    if not staff:
        rows = rows.filter(channel_listings__channel=channel, channel_listings__visible_in_listings=True)
    rows = filters.products(rows, filter, channel)
    rows = filters.products_where(rows, where, channel)
    rows = filters.search_products(rows, search)
    column = SORTS.get((sort_by or {}).get("field") or "", "slug")
    if column == "least_price":
        rows = rows.annotate(
            least_price=Min(
                "variants__channel_listings__price_amount",
                filter=Q(variants__channel_listings__channel=channel),
                default=Decimal(0),
            )
        )
    descending = (sort_by or {}).get("direction") == "DESC"
    found = paginate(fitted(info, rows), page, by=column, descending=descending, what="products")
    in_channel([edge["node"] for edge in found.edges], channel)
    return found


@query(f"products{PRODUCT_LIST}")
def products(info, **arguments):
    return product_page(info, m.Product.objects.all(), **arguments)


@query(
    "product(id: ID, slug: String, slugLanguageCode: LanguageCodeEnum, externalReference: String, "
    "channel: String): Product"
)
def product(info, id=None, slug=None, slug_language_code=None, external_reference=None, channel=None):
    row = m.Channel.objects.filter(slug=channel).first() if channel else None
    rows = visible_products(info, m.Product.objects.all(), row)
    if id:
        rows = rows.filter(pk=key_of(id, "Product"))
    elif external_reference:
        rows = rows.filter(external_reference=external_reference)
    elif slug_language_code:
        rows = rows.filter(translations__slug=slug, translations__language_code=slug_language_code)
    else:
        rows = rows.filter(slug=slug)
    found = fitted(info, rows).first()
    return in_channel([found], row)[0] if found else None


@query("productVariant(id: ID, sku: String, externalReference: String, channel: String): ProductVariant")
def product_variant(info, id=None, sku=None, external_reference=None, channel=None):
    row = m.Channel.objects.filter(slug=channel).first() if channel else None
    rows = m.ProductVariant.objects.select_related("product__product_type")
    if id:
        rows = rows.filter(pk=key_of(id, "ProductVariant"))
    elif external_reference:
        rows = rows.filter(external_reference=external_reference)
    else:
        rows = rows.filter(sku=sku)
    rows = rows.filter(product__in=visible_products(info, m.Product.objects.all(), row))
    found = rows.first()
    return in_channel([found], row)[0] if found else None


@query(
    "categories(filter: CategoryFilterInput, where: CategoryWhereInput, level: Int, "
    f"{PAGE}): CategoryCountableConnection"
)
def categories(info, filter=None, where=None, level=None, **page):
    rows = m.Category.objects.prefetch_related("translations")
    if level is not None:
        rows = rows.filter(level=level)
    rows = filters.categories(rows, filter, where)
    return paginate(rows, page, what="categories")


@query("category(id: ID, slug: String, slugLanguageCode: LanguageCodeEnum): Category")
def category(info, id=None, slug=None, slug_language_code=None):
    rows = m.Category.objects.all()
    if id:
        return rows.filter(pk=key_of(id, "Category")).first()
    if slug_language_code:
        return rows.filter(translations__slug=slug, translations__language_code=slug_language_code).first()
    return rows.filter(slug=slug).first()


@query("collection(id: ID, slug: String, channel: String): Collection")
def collection(info, id=None, slug=None, channel=None):
    row = m.Channel.objects.filter(slug=channel).first() if channel else None
    rows = m.Collection.objects.all()
    found = rows.filter(pk=key_of(id, "Collection")).first() if id else rows.filter(slug=slug).first()
    return in_channel([found], row)[0] if found else None


@query(f"productTypes(filter: ProductTypeFilterInput, {PAGE}): ProductTypeCountableConnection")
def product_types(info, filter=None, **page):
    rows = m.ProductType.objects.prefetch_related("product_attributes", "variant_attributes")
    return paginate(filters.product_types(rows, filter), page, what="productTypes")
