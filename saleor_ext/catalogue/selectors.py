"""Reading the catalogue in one language, with the shop's default language where a text is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import Count, F, Q, QuerySet

from saleor_ext.core.money import Money

from .models import Category, Product
from .projection import BASE
from .words import query_words

PER_PAGE = 24


@dataclass(frozen=True, slots=True)
class CategoryEntry:
    slug: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class PictureEntry:
    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class VariantEntry:
    """``net`` without tax, ``gross`` with import tax of one piece without delivery."""

    id: str
    sku: str
    name: str
    net: Money
    gross: Money
    stock: int


@dataclass(frozen=True, slots=True)
class ProductEntry:
    """A product in one language; ``fallback`` tells that its text is in the default language."""

    saleor_id: str
    slug: str
    name: str
    short: str
    description: str
    fallback: bool
    category: CategoryEntry | None
    merchant: str
    lane: str
    warehouse: str
    origin: str
    net_from: Money
    gross_from: Money
    in_stock: bool
    pictures: tuple[PictureEntry, ...]
    variants: tuple[VariantEntry, ...]

    @property
    def many_prices(self) -> bool:
        return len({variant.net for variant in self.variants}) > 1


@dataclass(frozen=True, slots=True)
class Page:
    items: tuple[ProductEntry, ...]
    total: int
    page: int
    pages: int


def categories(language: str) -> list[CategoryEntry]:
    """Return the categories that hold published products."""
    rows = Category.objects.annotate(n=Count("products", filter=Q(products__published=True))).filter(n__gt=0)
    return [CategoryEntry(row.slug, _pick(row.names, language), row.n) for row in rows]


def products(
    language: str,
    *,
    category: str = "",
    query: str = "",
    merchant: str = "",
    page: int = 1,
    per_page: int = PER_PAGE,
) -> Page:
    """Return a page of published products; with a ``query`` the best match first. Two SQL queries."""
    found = Product.objects.filter(published=True).select_related("category")
    if category:
        found = found.filter(category__slug=category)
    if merchant:
        found = found.filter(merchant=merchant)
    found = _matching(found, query) if query.strip() else found.order_by("-in_stock", "-sales", "slug")
    total = found.count()
    pages = max(1, -(-total // per_page))
    page = min(max(page, 1), pages)
    rows = found[(page - 1) * per_page : page * per_page]
    return Page(tuple(_entry(row, language) for row in rows), total, page, pages)


def product(slug: str, language: str) -> ProductEntry | None:
    row = Product.objects.filter(published=True, slug=slug).select_related("category").first()
    return _entry(row, language) if row else None


def by_saleor_ids(ids: list[str], language: str) -> dict[str, ProductEntry]:
    """Return products by Saleor id, published or not: a basket may hold what was taken off since."""
    rows = Product.objects.filter(saleor_id__in=ids).select_related("category")
    return {row.saleor_id: _entry(row, language) for row in rows}


def _matching(found: QuerySet[Product], text: str) -> QuerySet[Product]:
    wanted = query_words(text)
    if not wanted:
        return found.none()
    # Latin words match by their beginning, so that a shopper need not finish typing.
    raw = " & ".join(f"'{word}':*" if word[0].isascii() else f"'{word}'" for word in wanted)
    query = SearchQuery(raw, search_type="raw", config="simple")
    return found.filter(search=query).order_by(
        SearchRank(F("search"), query).desc(), "-in_stock", "-sales", "slug"
    )


def _pick(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or texts.get(BASE) or next(filter(None, texts.values()), "")


def _entry(row: Product, language: str) -> ProductEntry:
    text: Mapping[str, str] = row.texts.get(language) or {}
    base: Mapping[str, str] = row.texts.get(BASE) or {}
    return ProductEntry(
        saleor_id=row.saleor_id,
        slug=row.slug,
        name=text.get("name") or base.get("name", ""),
        short=text.get("short") or base.get("short", ""),
        description=text.get("description") or base.get("description", ""),
        fallback=not text.get("name"),
        category=CategoryEntry(row.category.slug, _pick(row.category.names, language), 0)
        if row.category
        else None,
        merchant=row.merchant,
        lane=row.lane,
        warehouse=row.warehouse,
        origin=row.origin,
        net_from=Money(row.net_from, row.currency),
        gross_from=Money(row.gross_from, row.currency),
        in_stock=row.in_stock,
        pictures=tuple(PictureEntry(entry["url"], _pick(entry["alt"], language)) for entry in row.pictures),
        variants=tuple(_variant(entry, language, base, text) for entry in row.variants),
    )


def _variant(
    entry: Mapping[str, Any], language: str, base: Mapping[str, str], text: Mapping[str, str]
) -> VariantEntry:
    name = _pick(entry["names"], language)
    # An only article bears its product's name in the base language; in others it is the product's there.
    if name == base.get("name"):
        name = text.get("name") or name
    return VariantEntry(
        id=entry["id"],
        sku=entry["sku"],
        name=name,
        net=Money(Decimal(entry["net"]), entry["currency"]),
        gross=Money(Decimal(entry["gross"]), entry["currency"]),
        stock=entry["stock"],
    )
