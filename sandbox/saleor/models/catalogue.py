"""Attributes, product types, categories, products, variants, prices and stock."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from sandbox.saleor.models.base import Graph, WithMetadata, money, short
from sandbox.saleor.models.shop import Channel, TaxClass, Warehouse


class Attribute(WithMetadata):
    name = short()
    slug = models.SlugField(max_length=250, unique=True, allow_unicode=True)
    type = short(default="PRODUCT_TYPE")
    input_type = short(default="DROPDOWN")
    entity_type = models.CharField(max_length=50, null=True)
    unit = models.CharField(max_length=50, null=True)
    value_required = models.BooleanField(default=False)
    is_variant_only = models.BooleanField(default=False)
    visible_in_storefront = models.BooleanField(default=True)
    external_reference = models.CharField(max_length=250, null=True, unique=True)


class AttributeValue(Graph):
    attribute = models.ForeignKey(Attribute, on_delete=models.CASCADE, related_name="values")
    name = short()
    slug = short()
    value = short()
    plain_text = models.TextField(null=True)
    rich_text = models.JSONField(null=True)
    boolean = models.BooleanField(null=True)
    date_time = models.DateTimeField(null=True)
    external_reference = models.CharField(max_length=250, null=True, unique=True)

    class Meta:
        unique_together = [("attribute", "slug")]


class ProductType(WithMetadata):
    name = short()
    slug = models.SlugField(max_length=255, unique=True, allow_unicode=True)
    kind = short(default="NORMAL")
    is_shipping_required = models.BooleanField(default=True)
    is_digital = models.BooleanField(default=False)
    weight_kg = models.FloatField(default=0)
    tax_class = models.ForeignKey(TaxClass, null=True, on_delete=models.SET_NULL)
    product_attributes = models.ManyToManyField(Attribute, related_name="product_types")
    variant_attributes = models.ManyToManyField(Attribute, related_name="variant_types")


class Category(WithMetadata):
    name = short()
    slug = models.SlugField(max_length=255, unique=True, allow_unicode=True)
    description = models.JSONField(null=True)
    seo_title = models.CharField(max_length=70, null=True)
    seo_description = models.CharField(max_length=300, null=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="children")
    level = models.IntegerField(default=0)
    background_image = models.CharField(max_length=255, null=True)
    background_image_alt = short()
    updated_at = models.DateTimeField(auto_now=True)


class Collection(WithMetadata):
    name = short()
    slug = models.SlugField(max_length=255, unique=True, allow_unicode=True)
    description = models.JSONField(null=True)
    seo_title = models.CharField(max_length=70, null=True)
    seo_description = models.CharField(max_length=300, null=True)


class Product(WithMetadata):
    name = short()
    slug = models.SlugField(max_length=255, unique=True, allow_unicode=True)
    description = models.JSONField(null=True)
    seo_title = models.CharField(max_length=70, null=True)
    seo_description = models.CharField(max_length=300, null=True)
    external_reference = models.CharField(max_length=250, null=True, unique=True)
    product_type = models.ForeignKey(ProductType, on_delete=models.PROTECT, related_name="products")
    category = models.ForeignKey(Category, null=True, on_delete=models.SET_NULL, related_name="products")
    collections = models.ManyToManyField(Collection, related_name="products")
    tax_class = models.ForeignKey(TaxClass, null=True, on_delete=models.SET_NULL)
    weight_kg = models.FloatField(null=True)
    rating = models.FloatField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [GinIndex(fields=["metadata"], opclasses=["jsonb_path_ops"], name="sbx_product_meta")]


class ProductVariant(WithMetadata):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    name = short()
    sku = models.CharField(max_length=255, null=True, unique=True)
    external_reference = models.CharField(max_length=250, null=True, unique=True)
    track_inventory = models.BooleanField(default=True)
    quantity_limit_per_customer = models.IntegerField(null=True)
    weight_kg = models.FloatField(null=True)
    sort_order = models.IntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("sort_order", "id")


class AssignedValue(models.Model):
    """A value of an attribute on a product or on a variant."""

    product = models.ForeignKey(Product, null=True, on_delete=models.CASCADE, related_name="assigned")
    variant = models.ForeignKey(ProductVariant, null=True, on_delete=models.CASCADE, related_name="assigned")
    attribute = models.ForeignKey(Attribute, on_delete=models.CASCADE)
    value = models.ForeignKey(AttributeValue, on_delete=models.CASCADE)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.attribute_id}={self.value_id}"


class ProductMedia(WithMetadata):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="media")
    variants = models.ManyToManyField(ProductVariant, related_name="media")
    alt = short()
    type = short(default="IMAGE")
    image = short()  # path below the media directory; empty while an outside URL is shown
    external_url = short(max_length=500)
    sort_order = models.IntegerField(default=0)

    class Meta:
        ordering = ("sort_order", "id")


class ProductChannelListing(Graph):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="channel_listings")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE)
    is_published = models.BooleanField(default=False)
    published_at = models.DateTimeField(null=True)
    visible_in_listings = models.BooleanField(default=False)
    available_for_purchase_at = models.DateTimeField(null=True)

    class Meta:
        unique_together = [("product", "channel")]


class ProductVariantChannelListing(Graph):
    variant = models.ForeignKey(ProductVariant, on_delete=models.CASCADE, related_name="channel_listings")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE)
    price_amount = money()
    cost_price_amount = models.DecimalField(max_digits=14, decimal_places=3, null=True)

    class Meta:
        unique_together = [("variant", "channel")]


class Stock(Graph):
    variant = models.ForeignKey(ProductVariant, on_delete=models.CASCADE, related_name="stocks")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="stocks")
    quantity = models.IntegerField(default=0)
    # Kept beside the allocation rows, and under the same row lock, so that lists need no aggregation.
    quantity_allocated = models.IntegerField(default=0)

    class Meta:
        unique_together = [("variant", "warehouse")]
        constraints = [
            models.CheckConstraint(condition=models.Q(quantity__gte=0), name="sbx_stock_not_negative"),
            models.CheckConstraint(
                condition=models.Q(quantity_allocated__gte=0), name="sbx_allocated_not_negative"
            ),
        ]


class Translation(Graph):
    language_code = models.CharField(max_length=35)
    name = models.CharField(max_length=255, null=True)
    slug = models.CharField(max_length=255, null=True)
    description = models.JSONField(null=True)
    seo_title = models.CharField(max_length=70, null=True)
    seo_description = models.CharField(max_length=300, null=True)

    class Meta:
        abstract = True


class ProductTranslation(Translation):
    owner = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="translations")

    class Meta:
        unique_together = [("owner", "language_code")]


class ProductVariantTranslation(Translation):
    owner = models.ForeignKey(ProductVariant, on_delete=models.CASCADE, related_name="translations")

    class Meta:
        unique_together = [("owner", "language_code")]


class CategoryTranslation(Translation):
    owner = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="translations")

    class Meta:
        unique_together = [("owner", "language_code")]
