"""What the shop shows. Prices here are shown, never charged: Saleor charges."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class Category(models.Model):
    """A category of Saleor; ``names`` maps language code to name."""

    saleor_id = models.CharField(max_length=120, unique=True)
    slug = models.SlugField(max_length=255, unique=True, allow_unicode=True)
    names = models.JSONField(default=dict)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "slug"]

    def __str__(self) -> str:
        return self.slug


class Product(models.Model):
    """A published product with its variants folded in, so that a page needs one row.

    ``texts``: language → {name, short, description, label: {…}}; ``variants``: list of {id, sku, names, net, gross,
    currency, stock}; ``pictures``: list of {url, alt}; ``names`` and ``alt`` map language to text. Amounts are strings.
    """

    saleor_id = models.CharField(max_length=120, unique=True)
    slug = models.SlugField(max_length=255, unique=True, allow_unicode=True)
    category = models.ForeignKey(Category, on_delete=models.SET_NULL, null=True, related_name="products")
    merchant = models.CharField(max_length=80, db_index=True)
    lane = models.CharField(max_length=20, db_index=True)
    warehouse = models.CharField(max_length=80)
    origin = models.CharField(max_length=3)
    texts = models.JSONField(default=dict)
    variants = models.JSONField(default=list)
    pictures = models.JSONField(default=list)
    currency = models.CharField(max_length=3)
    #: Lowest net price and the same with tax, of the variants.
    net_from = models.DecimalField(max_digits=12, decimal_places=2)
    gross_from = models.DecimalField(max_digits=12, decimal_places=2)
    in_stock = models.BooleanField(default=True)
    published = models.BooleanField(default=True)
    sales = models.PositiveIntegerField(default=0)
    search = SearchVectorField(null=True)
    saleor_updated_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField()

    class Meta:
        indexes = [
            GinIndex(fields=["search"], name="product_search"),
            models.Index(fields=["published", "-sales", "slug"], name="product_listing"),
        ]

    def __str__(self) -> str:
        return self.slug
