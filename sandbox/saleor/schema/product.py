"""Catalogue types and queries. Lists load what a query selects in a fixed number of SQL statements."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

from collections import defaultdict

from django.utils import timezone

from sandbox.saleor import conf, stock
from sandbox.saleor import models as m
from sandbox.saleor.schema.common import PAGE, Money, paginate
from sandbox.saleor.schema.shop import KNOWN_CALLER, plain_price
from sandbox.saleor.sdl import error_type, obj, plain

UNPUBLISHED_TOO = ("MANAGE_ORDERS", "MANAGE_DISCOUNTS", "MANAGE_PRODUCTS")
PRODUCT_LIST = (
    "(filter: ProductFilterInput, where: ProductWhereInput, sortBy: ProductOrder, search: String, "
    f"channel: String, {PAGE}): ProductCountableConnection"
)

error_type("ProductError", "ProductErrorCode", "attributes: [ID!]")
error_type("BulkProductError", "ProductErrorCode")
error_type("BulkStockError", "ProductErrorCode", "index: Int")
error_type(
    "ProductChannelListingError", "ProductErrorCode", "attributes: [ID!] channels: [ID!] variants: [ID!]"
)
error_type("ProductVariantBulkError", "ProductVariantBulkErrorCode", "path: String")
error_type("StockBulkUpdateError", "StockBulkUpdateErrorCode")
error_type("AttributeError", "AttributeErrorCode")
error_type("CollectionError", "CollectionErrorCode")
error_type("TranslationError", "TranslationErrorCode")


def media_url(path: str | None) -> str | None:
    return f"{conf.public_url()}/media/{path}" if path else None


def in_channel(rows, channel):
    """Let rows remember the channel they are shown in."""
    for row in rows:
        row._channel = channel
    return rows


def channel_of(row):
    return getattr(row, "_channel", None)


def now_open(listing) -> bool:
    at = listing.available_for_purchase_at
    return bool(listing.is_published and at and at <= timezone.now())


@obj(
    "Attribute & Node & ObjectWithMetadata",
    """
    inputType: AttributeInputTypeEnum name: String! slug: String! type: AttributeTypeEnum!
    valueRequired: Boolean! externalReference: String
    """,
)
class Attribute:
    pass


@obj(
    "AttributeValue & Node",
    "name: String slug: String value: String plainText: String richText: JSONString boolean: Boolean "
    "date: Date dateTime: DateTime externalReference: String inputType: AttributeInputTypeEnum",
)
class AttributeValue:
    def resolve_input_type(root, info):
        return root.attribute.input_type

    def resolve_date(root, info):
        return root.date_time.date() if root.date_time else None


plain("SelectedAttribute", "attribute: Attribute! values: [AttributeValue!]!")
plain("AssignedVariantAttribute", "attribute: Attribute! variantSelection: Boolean!")


@obj(
    "ProductType & Node & ObjectWithMetadata",
    """
    name: String! slug: String! kind: ProductTypeKindEnum! isShippingRequired: Boolean! isDigital: Boolean!
    productAttributes: [Attribute!] taxClass: TaxClass
    assignedVariantAttributes(variantSelection: VariantAttributeScope): [AssignedVariantAttribute!]
    """,
)
class ProductType:
    def resolve_product_attributes(root, info):
        return root.product_attributes.all()

    def resolve_assigned_variant_attributes(root, info, variant_selection=None):
        if variant_selection == "VARIANT_SELECTION":
            return []
        return [{"attribute": a, "variant_selection": False} for a in root.variant_attributes.all()]


def translation(root, language_code):
    return next((t for t in root.translations.all() if t.language_code == language_code), None)


for kind in ("Product", "Category"):
    plain(
        f"{kind}Translation & Node",
        "name: String slug: String description: JSONString seoTitle: String seoDescription: String",
    )


@obj("ProductVariantTranslation & Node", "name: String!")
class ProductVariantTranslation:
    def resolve_name(root, info):
        return root.name or ""


@obj(
    "Category & Node & ObjectWithMetadata",
    f"""
    name: String! slug: String! description: JSONString seoTitle: String seoDescription: String parent: Category
    level: Int! products{PRODUCT_LIST} children({PAGE}): CategoryCountableConnection
    backgroundImage(size: Int, format: ThumbnailFormatEnum = ORIGINAL): Image
    translation(languageCode: LanguageCodeEnum!): CategoryTranslation updatedAt: DateTime!
    """,
)
class Category:
    def resolve_products(root, info, **arguments):
        tree, parents = [root.pk], [root.pk]
        while parents:
            parents = list(m.Category.objects.filter(parent__in=parents).values_list("pk", flat=True))
            tree += parents
        from sandbox.saleor.schema.product_queries import product_page

        return product_page(info, m.Product.objects.filter(category__in=tree), **arguments)

    def resolve_children(root, info, **page):
        return paginate(root.children.all(), page, what="children")

    def resolve_background_image(root, info, size=None, format=None):
        url = media_url(root.background_image)
        return {"url": url, "alt": root.background_image_alt} if url else None

    def resolve_translation(root, info, language_code):
        return translation(root, language_code)


@obj(
    "Collection & Node & ObjectWithMetadata",
    f"""
    name: String! slug: String! description: JSONString seoTitle: String seoDescription: String
    products(filter: ProductFilterInput, where: ProductWhereInput, search: String, sortBy: ProductOrder, {PAGE}):
      ProductCountableConnection
    """,
)
class Collection:
    def resolve_products(root, info, **arguments):
        from sandbox.saleor.schema.product_queries import product_page

        return product_page(info, root.products.all(), channel=channel_of(root), **arguments)


@obj(
    "ProductMedia & Node & ObjectWithMetadata",
    "sortOrder: Int alt: String! type: ProductMediaType! "
    "url(size: Int, format: ThumbnailFormatEnum = ORIGINAL): String!",
)
class ProductMedia:
    def resolve_url(root, info, size=None, format=None):
        return media_url(root.image) or root.external_url


@obj(
    "ProductChannelListing & Node",
    """
    channel: Channel! isPublished: Boolean! publishedAt: DateTime visibleInListings: Boolean!
    availableForPurchaseAt: DateTime isAvailableForPurchase: Boolean
    """,
)
class ProductChannelListing:
    def resolve_is_available_for_purchase(root, info):
        at = root.available_for_purchase_at
        return bool(at and at <= timezone.now())


@obj("ProductVariantChannelListing & Node", "channel: Channel! price: Money costPrice: Money")
class ProductVariantChannelListing:
    def resolve_price(root, info):
        return Money(root.price_amount, root.channel.currency_code)

    def resolve_cost_price(root, info):
        return (
            None
            if root.cost_price_amount is None
            else Money(root.cost_price_amount, root.channel.currency_code)
        )


STOCK_READER = "@need(any: [MANAGE_PRODUCTS, MANAGE_ORDERS])"


@obj(
    "Stock & Node",
    f"""
    warehouse: Warehouse! quantity: Int! {STOCK_READER} quantityAllocated: Int! {STOCK_READER}
    quantityReserved: Int! {STOCK_READER} productVariant: ProductVariant!
    """,
)
class Stock:
    def resolve_quantity_reserved(root, info):
        return 0

    def resolve_product_variant(root, info):
        return root.variant


plain("VariantPricingInfo", "onSale: Boolean price: TaxedMoney priceUndiscounted: TaxedMoney")
plain(
    "ProductPricingInfo",
    "onSale: Boolean displayGrossPrices: Boolean! priceRange: TaxedMoneyRange priceRangeUndiscounted: TaxedMoneyRange",
)


def listed_price(variant, channel):
    row = next((x for x in variant.channel_listings.all() if channel and x.channel_id == channel.pk), None)
    return row.price_amount if row else None


def free_quantity(variant, channel) -> int:
    """Sum what is free in the warehouses of the channel, or everywhere when no channel is meant."""
    if not variant.track_inventory:
        return 50
    total = sum(
        max(row.quantity - row.quantity_allocated, 0)
        for row in variant.stocks.all()
        if channel is None or row.warehouse_id in channel_warehouses(channel)
    )
    # Saleor never tells buyers more than the checkout limit.
    return min(total, 50)


def channel_warehouses(channel) -> set:
    if not hasattr(channel, "_warehouses"):
        channel._warehouses = set(channel.warehouses.values_list("pk", flat=True))
    return channel._warehouses


@obj(
    "ProductVariant & Node & ObjectWithMetadata",
    f"""
    name: String! sku: String product: Product! trackInventory: Boolean! quantityLimitPerCustomer: Int
    weight: Weight channel: String externalReference: String created: DateTime! updatedAt: DateTime!
    channelListings: [ProductVariantChannelListing!] {KNOWN_CALLER}
    pricing(address: AddressInput): VariantPricingInfo
    attributes(variantSelection: VariantAttributeScope): [SelectedAttribute!]!
    media: [ProductMedia!] translation(languageCode: LanguageCodeEnum!): ProductVariantTranslation
    stocks(address: AddressInput, countryCode: CountryCode): [Stock!] {STOCK_READER}
    quantityAvailable(address: AddressInput, countryCode: CountryCode): Int
    """,
)
class ProductVariant:
    def resolve_product(root, info):
        root.product._channel = channel_of(root)
        return root.product

    def resolve_weight(root, info):
        return None if root.weight_kg is None else {"unit": "KG", "value": root.weight_kg}

    def resolve_channel(root, info):
        channel = channel_of(root)
        return channel.slug if channel else None

    def resolve_channel_listings(root, info):
        return root.channel_listings.all()

    def resolve_pricing(root, info, address=None):
        channel = channel_of(root)
        amount = listed_price(root, channel)
        if amount is None:
            return None
        price = plain_price(amount, channel)
        return {"on_sale": False, "price": price, "price_undiscounted": price}

    def resolve_attributes(root, info, variant_selection=None):
        return grouped(root.assigned.all(), root.product.product_type.variant_attributes.all())

    def resolve_media(root, info):
        return root.media.all()

    def resolve_translation(root, info, language_code):
        return translation(root, language_code)

    def resolve_stocks(root, info, address=None, country_code=None):
        return root.stocks.all()

    def resolve_quantity_available(root, info, address=None, country_code=None):
        code = country_code or (address or {}).get("country")
        channel = channel_of(root)
        if (
            channel
            and code
            and root.track_inventory
            and m.Shop.get().use_legacy_shipping_zone_stock_availability
        ):
            return min(stock.available(channel, [root.pk], code).get(root.pk, 0), 50)
        return free_quantity(root, channel)


def grouped(assigned, attributes):
    """Show the attributes of the type, each with the values assigned here."""
    values = defaultdict(list)
    for row in assigned:
        values[row.attribute_id].append(row.value)
    return [{"attribute": a, "values": values[a.pk]} for a in attributes]


@obj(
    "Product & Node & ObjectWithMetadata",
    f"""
    name: String! slug: String! description: JSONString seoTitle: String seoDescription: String
    externalReference: String productType: ProductType! category: Category created: DateTime! updatedAt: DateTime!
    weight: Weight rating: Float channel: String defaultVariant: ProductVariant
    thumbnail(size: Int, format: ThumbnailFormatEnum = ORIGINAL): Image
    pricing(address: AddressInput): ProductPricingInfo isAvailable(address: AddressInput): Boolean
    isAvailableForPurchase: Boolean availableForPurchaseAt: DateTime
    attributes: [SelectedAttribute!]! channelListings: [ProductChannelListing!] @need(any: [MANAGE_PRODUCTS])
    variants: [ProductVariant!] media: [ProductMedia!] collections: [Collection!]
    translation(languageCode: LanguageCodeEnum!): ProductTranslation taxClass: TaxClass {KNOWN_CALLER}
    """,
)
class Product:
    def resolve_weight(root, info):
        return None if root.weight_kg is None else {"unit": "KG", "value": root.weight_kg}

    def resolve_channel(root, info):
        channel = channel_of(root)
        return channel.slug if channel else None

    def resolve_default_variant(root, info):
        return next(iter(visible_variants(root, info)), None)

    def resolve_thumbnail(root, info, size=None, format=None):
        first = next((x for x in root.media.all() if x.type == "IMAGE"), None)
        return {"url": media_url(first.image) or first.external_url, "alt": first.alt} if first else None

    def resolve_pricing(root, info, address=None):
        channel = channel_of(root)
        amounts = [a for a in (listed_price(v, channel) for v in root.variants.all()) if a is not None]
        if not amounts:
            return None
        span = {"start": plain_price(min(amounts), channel), "stop": plain_price(max(amounts), channel)}
        return {
            "on_sale": False,
            "display_gross_prices": True,
            "price_range": span,
            "price_range_undiscounted": span,
        }

    def resolve_is_available(root, info, address=None):
        channel = channel_of(root)
        listing = listing_in(root, channel)
        if not listing or not now_open(listing):
            return False
        return any(
            listed_price(v, channel) is not None and free_quantity(v, channel) > 0
            for v in root.variants.all()
        )

    def resolve_is_available_for_purchase(root, info):
        listing = listing_in(root, channel_of(root))
        return bool(listing and listing.available_for_purchase_at and now_open(listing))

    def resolve_available_for_purchase_at(root, info):
        listing = listing_in(root, channel_of(root))
        return listing.available_for_purchase_at if listing else None

    def resolve_attributes(root, info):
        return grouped(root.assigned.all(), root.product_type.product_attributes.all())

    def resolve_channel_listings(root, info):
        return root.channel_listings.all()

    def resolve_variants(root, info):
        return visible_variants(root, info)

    def resolve_media(root, info):
        return root.media.all()

    def resolve_collections(root, info):
        return root.collections.all()

    def resolve_translation(root, info, language_code):
        return translation(root, language_code)


def listing_in(product, channel):
    return next((x for x in product.channel_listings.all() if channel and x.channel_id == channel.pk), None)


def visible_variants(product, info):
    """List variants; buyers see those with a price in the channel."""
    channel = channel_of(product)
    rows = in_channel(list(product.variants.all()), channel)
    for row in rows:
        row.product = product
    if info.context.has(*UNPUBLISHED_TOO):
        return rows
    return [row for row in rows if listed_price(row, channel) is not None]
