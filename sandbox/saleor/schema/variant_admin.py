"""Variants, listings in channels, prices and stock: mutations."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from sandbox.saleor import models as m
from sandbox.saleor.errors import Invalid
from sandbox.saleor.ids import find, key_of
from sandbox.saleor.schema.metadata import set_both
from sandbox.saleor.schema.product_admin import set_attributes
from sandbox.saleor.schema.shop_admin import assign
from sandbox.saleor.sdl import mutation, plain
from sandbox.saleor.webhooks.events import emit

plain("ProductVariantBulkResult", "productVariant: ProductVariant errors: [ProductVariantBulkError!]")
plain("StockBulkResult", "stock: Stock errors: [StockBulkUpdateError!]")


def _fill(row, data):
    assign(row, data, "name", "track_inventory")
    for column in ("sku", "external_reference", "quantity_limit_per_customer"):
        if column in data:
            value = data[column].strip() if isinstance(data[column], str) else data[column]
            setattr(row, column, value or None)
    for column, field in (("sku", "sku"), ("external_reference", "externalReference")):
        value = getattr(row, column)
        if value and m.ProductVariant.objects.filter(**{column: value}).exclude(pk=row.pk).exists():
            raise Invalid(field, "UNIQUE", f"Product variant with this {field} already exists.")
    if "weight" in data:
        row.weight_kg = data["weight"]
    set_both(row, data)


def _save(row, data):
    row.save()
    if data.get("attributes"):
        set_attributes(row, data["attributes"], list(row.product.product_type.variant_attributes.all()))
    for item in data.get("stocks") or []:
        warehouse = find(m.Warehouse.objects.all(), item["warehouse"], "Warehouse", "warehouses")
        if row.stocks.filter(warehouse=warehouse).exists():
            raise Invalid(
                "warehouse", "UNIQUE", "Stock for this warehouse already exists for this product variant."
            )
        row.stocks.create(warehouse=warehouse, quantity=_quantity(item["quantity"]))
    for item in data.get("channel_listings") or []:
        _list_variant(row, item)


def _quantity(value):
    if value < 0:
        raise Invalid("quantity", "INVALID", "Quantity cannot be negative.")
    return value


def _list_variant(row, data):
    channel = find(m.Channel.objects.all(), data["channel_id"], "Channel", "channelId")
    if not row.product.channel_listings.filter(channel=channel).exists():
        message = "Product not available in channels."
        raise Invalid("channelId", "PRODUCT_NOT_ASSIGNED_TO_CHANNEL", message, channels=[channel.graph_id])
    values = {"price_amount": data["price"]}
    if "cost_price" in data:
        values["cost_price_amount"] = data["cost_price"]
    row.channel_listings.update_or_create(channel=channel, defaults=values)
    # Open checkouts show the new price at their next reading.
    m.Checkout.objects.filter(channel=channel, lines__variant=row).update(price_expiration=None)


@mutation(
    "productVariantCreate(input: ProductVariantCreateInput!): ProductVariantCreate",
    "productVariant: ProductVariant",
    errors="ProductError",
    need="MANAGE_PRODUCTS",
)
def product_variant_create(info, input):
    product = find(m.Product.objects.all(), input["product"], "Product", "product")
    row = m.ProductVariant(product=product, sort_order=product.variants.count())
    _fill(row, input)
    _save(row, input)
    emit("PRODUCT_VARIANT_CREATED", product_variant=row)
    return {"product_variant": row}


@mutation(
    "productVariantBulkCreate(errorPolicy: ErrorPolicyEnum, product: ID!, "
    "variants: [ProductVariantBulkCreateInput!]!): ProductVariantBulkCreate",
    "count: Int! productVariants: [ProductVariant!]! results: [ProductVariantBulkResult!]!",
    errors="BulkProductError",
    need="MANAGE_PRODUCTS",
    count=0,
    product_variants=[],
    results=[],
)
def product_variant_bulk_create(info, product, variants, error_policy=None):
    """Create variants; a faulty one spoils all, unless the policy says otherwise."""
    owner = find(m.Product.objects.select_related("product_type"), product, "Product", "product")
    base = owner.variants.count()

    def make(index, data):
        row = m.ProductVariant(product=owner, sort_order=base + index)
        _fill(row, data)
        _save(row, data)
        return row

    results, made = _bulk(variants, make, error_policy)
    for row in made:
        emit("PRODUCT_VARIANT_CREATED", product_variant=row)
    return {"count": len(made), "product_variants": made, "results": results}


def _bulk(inputs, work, error_policy):
    """Work through rows; a faulty one is left out, or spoils all when the policy says so."""
    point = transaction.savepoint()
    results = []
    for index, data in enumerate(inputs):
        try:
            with transaction.atomic():
                results.append({"product_variant": work(index, data), "errors": []})
        except Invalid as error:
            errors = [{**e, "path": e["field"], "code": _bulk_code(e["code"])} for e in error.errors]
            results.append({"product_variant": None, "errors": errors})
    done = [r["product_variant"] for r in results if r["product_variant"]]
    if len(done) < len(results) and (error_policy or "REJECT_EVERYTHING") == "REJECT_EVERYTHING":
        transaction.savepoint_rollback(point)
        return [{"product_variant": None, "errors": r["errors"]} for r in results], []
    return results, done


@mutation(
    "productVariantBulkUpdate(errorPolicy: ErrorPolicyEnum, product: ID!, "
    "variants: [ProductVariantBulkUpdateInput!]!): ProductVariantBulkUpdate",
    "count: Int! results: [ProductVariantBulkResult!]!",
    errors="ProductVariantBulkError",
    need="MANAGE_PRODUCTS",
    count=0,
    results=[],
)
def product_variant_bulk_update(info, product, variants, error_policy=None):
    owner = find(m.Product.objects.select_related("product_type"), product, "Product", "product")

    def change(_index, data):
        rows = owner.variants.select_for_update(of=("self",))
        row = find(rows, data["id"], "ProductVariant")
        row.product = owner
        _fill(row, data)
        _save(row, {"attributes": data.get("attributes")})
        _change_stocks(row, data.get("stocks") or {})
        _change_listings(row, data.get("channel_listings") or {})
        return row

    results, done = _bulk(variants, change, error_policy)
    for row in done:
        emit("PRODUCT_VARIANT_UPDATED", product_variant=row)
    return {"count": len(done), "results": results}


def _change_stocks(row, changes):
    _save(row, {"stocks": changes.get("create")})
    for item in changes.get("update") or []:
        found = find(row.stocks.select_related("warehouse"), item["stock"], "Stock", "stocks")
        set_stock(row, found.warehouse, item["quantity"])
    gone = [key_of(value, "Stock", "stocks") for value in changes.get("remove") or []]
    row.stocks.filter(pk__in=gone).delete()


def _change_listings(row, changes):
    for item in changes.get("create") or []:
        _list_variant(row, item)
    for item in changes.get("update") or []:
        rows = row.channel_listings.select_related("channel")
        found = find(rows, item["channel_listing"], "ProductVariantChannelListing", "channelListings")
        price = item.get("price")
        values = {
            "channel_id": found.channel.graph_id,
            "price": found.price_amount if price is None else price,
        }
        if "cost_price" in item:
            values["cost_price"] = item["cost_price"]
        _list_variant(row, values)
    gone = [key_of(v, "ProductVariantChannelListing", "channelListings") for v in changes.get("remove") or []]
    row.channel_listings.filter(pk__in=gone).delete()


def _bulk_code(code):
    return (
        code
        if code
        in {
            "UNIQUE",
            "NOT_FOUND",
            "INVALID",
            "REQUIRED",
            "GRAPHQL_ERROR",
            "INVALID_PRICE",
            "PRODUCT_NOT_ASSIGNED_TO_CHANNEL",
            "ATTRIBUTE_CANNOT_BE_ASSIGNED",
        }
        else "INVALID"
    )


def _meant(id=None, sku=None, external_reference=None, field="id"):
    rows = m.ProductVariant.objects.select_for_update(of=("self",)).select_related("product__product_type")
    given = [x for x in (id, sku, external_reference) if x]
    if len(given) != 1:
        raise Invalid(
            field, "GRAPHQL_ERROR", "Exactly one of `id`, `sku` and `externalReference` is required."
        )
    if id:
        return find(rows, id, "ProductVariant", field)
    row = rows.filter(sku=sku).first() if sku else rows.filter(external_reference=external_reference).first()
    if row is None:
        name = "sku" if sku else "externalReference"
        raise Invalid(name, "NOT_FOUND", f"Couldn't resolve to a node: {given[0]}")
    return row


@mutation(
    "productVariantUpdate(externalReference: String, id: ID, input: ProductVariantInput!, sku: String): "
    "ProductVariantUpdate",
    "productVariant: ProductVariant",
    errors="ProductError",
    need="MANAGE_PRODUCTS",
)
def product_variant_update(info, input, **which):
    row = _meant(**which)
    _fill(row, input)
    _save(row, input)
    emit("PRODUCT_VARIANT_UPDATED", product_variant=row)
    return {"product_variant": row}


@mutation(
    "productVariantDelete(externalReference: String, id: ID, sku: String): ProductVariantDelete",
    "productVariant: ProductVariant",
    errors="ProductError",
    need="MANAGE_PRODUCTS",
)
def product_variant_delete(info, **which):
    row = _meant(**which)
    emit("PRODUCT_VARIANT_DELETED", product_variant=row)
    key = row.pk
    row.delete()
    row.pk = key
    return {"product_variant": row}


@mutation(
    "productChannelListingUpdate(id: ID!, input: ProductChannelListingUpdateInput!): ProductChannelListingUpdate",
    "product: Product",
    errors="ProductChannelListingError",
    need="MANAGE_PRODUCTS",
)
def product_channel_listing_update(info, id, input):
    product = find(m.Product.objects.select_for_update(of=("self",)), id, "Product")
    for data in input.get("update_channels") or []:
        _list_product(product, data)
    for value in input.get("remove_channels") or []:
        channel = find(m.Channel.objects.all(), value, "Channel", "removeChannels")
        product.channel_listings.filter(channel=channel).delete()
        m.ProductVariantChannelListing.objects.filter(variant__product=product, channel=channel).delete()
    product.save(update_fields=["updated_at"])
    emit("PRODUCT_UPDATED", product=product)
    return {"product": product}


def _list_product(product, data):
    channel = find(m.Channel.objects.all(), data["channel_id"], "Channel", "channelId")
    if data.get("is_published") and product.category_id is None:
        message = "You must select a category to be able to publish."
        raise Invalid("isPublished", "PRODUCT_WITHOUT_CATEGORY", message, channels=[channel.graph_id])
    row, _ = product.channel_listings.get_or_create(channel=channel)
    assign(row, data, "is_published", "visible_in_listings", "published_at")
    if row.is_published and not row.published_at:
        row.published_at = timezone.now()
    if data.get("is_available_for_purchase") is False:
        row.available_for_purchase_at = None
    elif data.get("is_available_for_purchase"):
        row.available_for_purchase_at = data.get("available_for_purchase_at") or timezone.now()
    row.save()
    for value in data.get("add_variants") or []:
        variant = find(product.variants.all(), value, "ProductVariant", "addVariants")
        variant.channel_listings.get_or_create(channel=channel)
    gone = [key_of(value, "ProductVariant", "removeVariants") for value in data.get("remove_variants") or []]
    m.ProductVariantChannelListing.objects.filter(variant__in=gone, channel=channel).delete()


@mutation(
    "productVariantChannelListingUpdate(id: ID, input: [ProductVariantChannelListingAddInput!]!, sku: String): "
    "ProductVariantChannelListingUpdate",
    "variant: ProductVariant",
    errors="ProductChannelListingError",
    need="MANAGE_PRODUCTS",
)
def product_variant_channel_listing_update(info, input, **which):
    row = _meant(**which)
    for data in input:
        _list_variant(row, data)
    row.save(update_fields=["updated_at"])
    emit("PRODUCT_VARIANT_UPDATED", product_variant=row)
    return {"variant": row}


def set_stock(row, warehouse, quantity):
    """Set a quantity and tell what that means for buyers."""
    found, _ = m.Stock.objects.select_for_update().get_or_create(variant=row, warehouse=warehouse)
    before = found.quantity - found.quantity_allocated
    found.quantity = _quantity(quantity)
    found.save(update_fields=["quantity"])
    after = found.quantity - found.quantity_allocated
    emit("PRODUCT_VARIANT_STOCK_UPDATED", product_variant=row, warehouse=warehouse)
    if before <= 0 < after:
        emit("PRODUCT_VARIANT_BACK_IN_STOCK", product_variant=row, warehouse=warehouse)
    if after <= 0 < before:
        emit("PRODUCT_VARIANT_OUT_OF_STOCK", product_variant=row, warehouse=warehouse)
    return found


def _stock_inputs(stocks):
    seen = set()
    for index, data in enumerate(stocks):
        warehouse = find(m.Warehouse.objects.all(), data["warehouse"], "Warehouse", "warehouse")
        if warehouse.pk in seen:
            raise Invalid("stocks", "UNIQUE", "Duplicated warehouse ID.", index=index)
        seen.add(warehouse.pk)
        if data["quantity"] < 0:
            raise Invalid("quantity", "INVALID", "Quantity cannot be negative.", index=index)
        yield index, warehouse, data["quantity"]


@mutation(
    "productVariantStocksCreate(stocks: [StockInput!]!, variantId: ID!): ProductVariantStocksCreate",
    "productVariant: ProductVariant",
    errors="BulkStockError",
    need="MANAGE_PRODUCTS",
)
def product_variant_stocks_create(info, stocks, variant_id):
    row = _meant(variant_id, field="variantId")
    for index, warehouse, quantity in _stock_inputs(stocks):
        if row.stocks.filter(warehouse=warehouse).exists():
            message = "Stock for this warehouse already exists for this product variant."
            raise Invalid("warehouse", "UNIQUE", message, index=index)
        set_stock(row, warehouse, quantity)
    return {"product_variant": row}


@mutation(
    "productVariantStocksUpdate(sku: String, stocks: [StockInput!]!, variantId: ID): ProductVariantStocksUpdate",
    "productVariant: ProductVariant",
    errors="BulkStockError",
    need="MANAGE_PRODUCTS",
)
def product_variant_stocks_update(info, stocks, sku=None, variant_id=None):
    row = _meant(variant_id, sku, field="variantId")
    for _, warehouse, quantity in _stock_inputs(stocks):
        set_stock(row, warehouse, quantity)
    return {"product_variant": row}


@mutation(
    "stockBulkUpdate(errorPolicy: ErrorPolicyEnum, stocks: [StockBulkUpdateInput!]!): StockBulkUpdate",
    "count: Int! results: [StockBulkResult!]!",
    errors="StockBulkUpdateError",
    need="MANAGE_PRODUCTS",
    count=0,
    results=[],
)
def stock_bulk_update(info, stocks, error_policy=None):
    point = transaction.savepoint()
    results = []
    for data in stocks:
        try:
            results.append({"stock": _bulk_stock(data), "errors": []})
        except Invalid as error:
            results.append({"stock": None, "errors": error.errors})
    good = [r for r in results if r["stock"]]
    if len(good) < len(results) and (error_policy or "REJECT_EVERYTHING") == "REJECT_EVERYTHING":
        transaction.savepoint_rollback(point)
        return {"count": 0, "results": [{"stock": None, "errors": r["errors"]} for r in results]}
    return {"count": len(good), "results": results}


def _bulk_stock(data):
    rows = m.Stock.objects.select_related("variant", "warehouse")
    for kind, name in (("variant", "ProductVariant"), ("warehouse", "Warehouse")):
        key, reference = data.get(f"{kind}_id"), data.get(f"{kind}_external_reference")
        if bool(key) == bool(reference):
            raise Invalid(
                f"{kind}Id", "INVALID", f"Exactly one of {kind}Id and {kind}ExternalReference is required."
            )
        if key:
            rows = rows.filter(**{f"{kind}_id": key_of(key, name, f"{kind}Id")})
        else:
            rows = rows.filter(**{f"{kind}__external_reference": reference})
    found = rows.first()
    if found is None:
        raise Invalid("variantId", "NOT_FOUND", "Stock was not found.")
    if data["quantity"] < 0:
        raise Invalid("quantity", "INVALID", "Quantity cannot be negative.")
    return set_stock(found.variant, found.warehouse, data["quantity"])
