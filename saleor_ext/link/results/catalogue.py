"""Products as the shop asks for them, and as the projection and the publisher do."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from saleor_ext.core.money import Money

from .base import Maybe, Metadata, Nodes, Result, Slugged, TaxedMoney

#: Saleor's language codes of the four languages, by the alias the documents use.
LANGUAGES = {"zh_hans": "ZH_HANS", "zh_hant": "ZH_HANT", "pt": "PT", "en": "EN"}


class Category(Slugged):
    name: str = ""


class Words(Result):
    """A translation; fields that were not translated are None."""

    name: str | None = None
    description: str | None = None
    seo_title: str | None = None
    seo_description: str | None = None


class TranslatedCategory(Category):
    """A category with its name in the four languages."""

    zh_hans: Words | None = None
    zh_hant: Words | None = None
    pt: Words | None = None
    en: Words | None = None

    def words(self, language: str) -> Words | None:
        """Return the translation of a Saleor language code."""
        return _words(self, language)


class Image(Result):
    url: str
    alt: str | None = None


class Price(Result):
    price: TaxedMoney | None = None


class PriceRange(Result):
    start: TaxedMoney | None = None
    stop: TaxedMoney | None = None


class ProductPricing(Result):
    price_range: PriceRange | None = None


class ShopVariant(Result):
    id: str
    sku: str | None = None
    name: str = ""
    quantity_available: int | None = None
    translation: Words | None = None
    pricing: Price | None = None
    metadata: Metadata = {}


class Product(Result):
    """A product as a visitor sees it in one channel and language."""

    id: str
    slug: str
    name: str
    description: str | None = None
    translation: Words | None = None
    category: Category | None = None
    thumbnail: Image | None = None
    pricing: ProductPricing | None = None
    is_available: bool | None = None
    variants: Maybe[ShopVariant] = []
    metadata: Metadata = {}


class Media(Result):
    id: str
    url: str
    alt: str = ""
    type: str = "IMAGE"
    sort_order: int | None = None


class ProductListing(Result):
    """Where and how a product is shown."""

    id: str
    channel: Slugged
    is_published: bool = False
    visible_in_listings: bool = False
    is_available_for_purchase: bool | None = None


class VariantListing(Result):
    id: str
    channel: Slugged
    price: Money | None = None
    cost_price: Money | None = None


class Stock(Result):
    id: str
    quantity: int
    quantity_allocated: int = 0
    warehouse: Slugged


class _Weight(Result):
    unit: str
    value: Decimal


_GRAMS = {
    "G": Decimal(1),
    "KG": Decimal(1000),
    "LB": Decimal("453.59237"),
    "OZ": Decimal("28.349523125"),
    "TONNE": Decimal(1_000_000),
}


def _grams(value: object) -> object:
    if not isinstance(value, dict):
        return value
    weight = _Weight.model_validate(value)
    return int((weight.value * _GRAMS[weight.unit]).to_integral_value())


class MasterVariant(Result):
    """A variant with everything the publisher wrote."""

    id: str
    sku: str | None = None
    name: str = ""
    external_reference: str | None = None
    weight_g: Annotated[int | None, BeforeValidator(_grams)] = Field(default=None, alias="weight")
    quantity_limit_per_customer: int | None = None
    zh_hans: Words | None = None
    zh_hant: Words | None = None
    pt: Words | None = None
    en: Words | None = None
    channel_listings: Maybe[VariantListing] = []
    stocks: Maybe[Stock] = []
    metadata: Metadata = {}

    def listing(self, channel: str) -> VariantListing | None:
        return next((listing for listing in self.channel_listings if listing.channel.slug == channel), None)

    def words(self, language: str) -> Words | None:
        """Return the translation of a Saleor language code."""
        return _words(self, language)


class CatalogueProduct(Result):
    """A product in all languages, with prices, stock and media: what the projection and the publisher read."""

    id: str
    slug: str
    name: str
    description: str | None = None
    seo_title: str | None = None
    seo_description: str | None = None
    external_reference: str | None = None
    updated_at: datetime
    product_type: Slugged
    category: TranslatedCategory | None = None
    zh_hans: Words | None = None
    zh_hant: Words | None = None
    pt: Words | None = None
    en: Words | None = None
    media: Maybe[Media] = []
    channel_listings: Maybe[ProductListing] = []
    variants: Maybe[MasterVariant] = []
    metadata: Metadata = {}

    def listing(self, channel: str) -> ProductListing | None:
        return next((listing for listing in self.channel_listings if listing.channel.slug == channel), None)

    def words(self, language: str) -> Words | None:
        """Return the translation of a Saleor language code."""
        return _words(self, language)


def _words(item: CatalogueProduct | MasterVariant | TranslatedCategory, language: str) -> Words | None:
    alias = next((name for name, code in LANGUAGES.items() if code == language), None)
    words: Words | None = getattr(item, alias) if alias else None
    return words


class ListedChannel(Slugged):
    currency_code: str


class References(Result):
    """The things a listing refers to."""

    channels: Maybe[ListedChannel] = []
    warehouses: Nodes[Slugged] = []
    product_types: Nodes[Slugged] = []
    categories: Nodes[TranslatedCategory] = []
