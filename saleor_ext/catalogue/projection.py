"""Writes the projection: one product as Saleor has it now, or all of them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import Value

from saleor_ext.core import clock, outbox
from saleor_ext.core.money import Money
from saleor_ext.core.settings import platform_settings
from saleor_ext.link import catalogue as reader
from saleor_ext.link.clients import platform_client
from saleor_ext.link.results.catalogue import CatalogueProduct, MasterVariant
from saleor_ext.listings.selectors import variant_facts
from saleor_ext.plugin_api.registry import ask_first
from saleor_ext.plugin_api.types import TaxQuoteLine, TaxQuoteRequest, VariantFacts

from .models import Category, Product
from .words import words

TOPIC = "catalogue.product"
#: Django's language code → Saleor's.
LANGUAGES = {"zh-hans": "ZH_HANS", "zh-hant": "ZH_HANT", "pt": "PT", "en": "EN"}
BASE = "zh-hans"


@outbox.handler(TOPIC)
def refresh(payload: dict[str, Any]) -> None:
    """Read one product again and write what the shop shows of it."""
    settings = platform_settings()
    product = reader.read_product(platform_client(settings.saleor_api_url), payload["product"])
    if product is None:
        Product.objects.filter(saleor_id=payload["product"]).update(published=False)
        return
    project(product, settings.channel)


def sync(progress: Callable[[str], None] = lambda line: None) -> int:
    """Read the whole catalogue again; what Saleor no longer lists is taken off the shop. Safe to repeat."""
    settings = platform_settings()
    started = clock.now()
    count = 0
    for product in reader.read_all(platform_client(settings.saleor_api_url)):
        project(product, settings.channel)
        count += 1
        if count % 25 == 0:
            progress(f"catalogue: {count} products")
    gone = Product.objects.filter(synced_at__lt=started, published=True).update(published=False)
    progress(f"catalogue: {count} products in step with Saleor, {gone} taken off")
    return count


def project(product: CatalogueProduct, channel: str) -> Product | None:
    """Write one product; None when it has no price in the channel yet."""
    listing = product.listing(channel)
    priced = [variant for variant in product.variants if (entry := variant.listing(channel)) and entry.price]
    published = bool(listing and listing.is_published and listing.visible_in_listings and priced)
    if not priced:
        Product.objects.filter(saleor_id=product.id).update(published=False, synced_at=clock.now())
        return None
    facts = variant_facts([variant.sku for variant in priced if variant.sku])
    lane = product.metadata.get("ponte.lane", "")
    variants = [_variant(variant, channel, facts.get(variant.sku or ""), lane) for variant in priced]
    cheapest = min(variants, key=lambda entry: Decimal(entry["net"]))
    texts = {language: _text(product, code) for language, code in LANGUAGES.items()}
    with transaction.atomic():
        row, _ = Product.objects.update_or_create(
            saleor_id=product.id,
            defaults={
                "slug": product.slug,
                "category": _category(product),
                "merchant": product.metadata.get("ponte.merchant", ""),
                "lane": lane,
                "warehouse": product.metadata.get("ponte.warehouse", ""),
                "origin": product.metadata.get("ponte.origin", ""),
                "texts": texts,
                "variants": variants,
                "pictures": _pictures(product, texts),
                "currency": cheapest["currency"],
                "net_from": Decimal(cheapest["net"]),
                "gross_from": Decimal(cheapest["gross"]),
                "in_stock": any(entry["stock"] > 0 for entry in variants),
                "published": published,
                "saleor_updated_at": product.updated_at,
                "synced_at": clock.now(),
            },
        )
        _index(row, facts)
    return row


def _text(product: CatalogueProduct, code: str) -> dict[str, str]:
    """Return name, short and long description of a language; Saleor's own text stands for zh-Hans."""
    translated = product.words(code)
    base = code == LANGUAGES[BASE]
    name = (translated and translated.name) or (product.name if base else "")
    short = (translated and translated.seo_description) or (product.seo_description if base else "")
    description = (translated and translated.description) or (product.description if base else "")
    return {"name": name or "", "short": short or "", "description": description or ""}


def _variant(variant: MasterVariant, channel: str, facts: VariantFacts | None, lane: str) -> dict[str, Any]:
    entry = variant.listing(channel)
    assert entry is not None and entry.price is not None
    names = {
        language: (w.name if (w := variant.words(code)) and w.name else "")
        for language, code in LANGUAGES.items()
    }
    names[BASE] = names[BASE] or variant.name
    stock = sum(stock.quantity - stock.quantity_allocated for stock in variant.stocks)
    return {
        "id": variant.id,
        "sku": variant.sku or "",
        "names": names,
        "net": f"{entry.price.amount:f}",
        "gross": f"{_gross(entry.price, facts, lane).amount:f}",
        "currency": entry.price.currency,
        "stock": max(stock, 0),
    }


def _gross(net: Money, facts: VariantFacts | None, lane: str) -> Money:
    """Return the price of one piece with import tax and without delivery, as lists show it."""
    if facts is None:
        return net.quantize()
    line = TaxQuoteLine(
        sku=facts.sku,
        hs_code=facts.hs_code,
        quantity=1,
        unit_price=net,
        content=facts.content,
        qty1=facts.qty1,
    )
    request = TaxQuoteRequest(
        lane=lane, lines=(line,), freight=Money.zero(net.currency), on=clock.china_today()
    )
    quote = ask_first("tax_quote", request=request)
    return (net + quote.total if quote else net).quantize()


def _pictures(product: CatalogueProduct, texts: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    media = sorted(product.media, key=lambda item: item.sort_order or 0)
    alt = {language: text["name"] for language, text in texts.items()}
    return [{"url": item.url, "alt": alt} for item in media if item.type == "IMAGE"]


def _category(product: CatalogueProduct) -> Category | None:
    if product.category is None:
        return None
    row, _ = Category.objects.update_or_create(
        saleor_id=product.category.id,
        defaults={"slug": product.category.slug, "names": _category_names(product)},
    )
    return row


def _category_names(product: CatalogueProduct) -> dict[str, str]:
    assert product.category is not None
    category = product.category
    translated = {
        language: words.name
        for language, code in LANGUAGES.items()
        if (words := getattr(category, code.lower(), None)) and words.name
    }
    return {BASE: category.name, **translated}


def _index(row: Product, facts: dict[str, VariantFacts]) -> None:
    """Index names above brand and codes, both above descriptions."""
    names = " ".join(text["name"] for text in row.texts.values())
    codes = " ".join(f"{item.brand} {item.barcode} {item.sku}" for item in facts.values())
    rest = " ".join(f"{text['short']} {text['description']}" for text in row.texts.values())
    vector = (
        SearchVector(Value(" ".join(words(names))), weight="A", config="simple")
        + SearchVector(Value(" ".join(words(codes))), weight="B", config="simple")
        + SearchVector(Value(" ".join(words(rest))), weight="C", config="simple")
    )
    Product.objects.filter(pk=row.pk).update(search=vector)
