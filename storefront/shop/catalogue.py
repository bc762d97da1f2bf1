"""Maps the catalogue projection into what shop pages show, in the language of the page."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.core.cache import cache
from django.core.paginator import Page, Paginator
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from saleor_ext.catalogue import selectors
from saleor_ext.core.money import Money
from saleor_ext.listings.allergens import NAMES as ALLERGENS
from saleor_ext.listings.models import Listing as MasterListing
from saleor_ext.merchants import selectors as merchants
from saleor_ext.merchants.models import Merchant
from saleor_ext.plugin_api.platform import platform
from saleor_ext.plugin_api.types import TaxQuote, TaxQuoteLine, VariantFacts
from storefront.ui.viewmodels import Breakdown, PriceLine

from . import checks, fragments, lanes, saleor
from .countries import country_name
from .session import BoxState
from .viewmodels import CategoryLink, Listing, Picture, ProductPage, ProductTile, VariantChoice

FEATURED = 8
#: How long a new category may be missing from the menu.
CATEGORY_SECONDS = 5
#: Below this many pieces the page says that few are left.
FEW = 10
#: The most pieces of one article that the product page offers at once.
MOST = 20
#: The electronic label of imported goods is a Chinese label.
LABEL_LANGUAGE = "zh-hans"
_ICONS = {
    "biscuits": "cookie",
    "sweets": "cookie",
    "baking": "home",
    "wine": "wine",
    "pantry": "oil",
    "skincare": "drop",
    "bath": "drop",
    "tea": "tea",
    "herbal": "tea",
}


@dataclass(frozen=True, slots=True)
class Brief:
    """What basket and order pages need of a product."""

    name: str
    picture: Picture | None
    variants: dict[str, str]


def categories() -> tuple[CategoryLink, ...]:
    """Return the categories that hold goods; every page shows them, so they are remembered for a moment."""
    language = saleor.language()
    key = f"shop-categories:{language}"
    found: tuple[CategoryLink, ...] | None = cache.get(key)
    if found is None:
        found = _categories(language)
        cache.set(key, found, CATEGORY_SECONDS)
    return found


def _categories(language: str) -> tuple[CategoryLink, ...]:
    return tuple(
        CategoryLink(entry.slug, entry.name, _ICONS.get(entry.slug, "tag"))
        for entry in selectors.categories(language)
    )


def featured() -> tuple[ProductTile, ...]:
    return _tiles(selectors.products(saleor.language(), per_page=FEATURED).items)


def listing(category: str = "", query: str = "", merchant: str = "", page: int = 1) -> Listing:
    found = selectors.products(
        saleor.language(), category=category, query=query, merchant=merchant, page=page
    )
    # The paginator only counts: the rows of this page are read already.
    paginator: Paginator[int] = Paginator(range(found.total), selectors.PER_PAGE)
    pages: Page[int] = paginator.page(found.page)
    return Listing(_tiles(found.items), pages, found.total)


def merchant_name(slug: str) -> str:
    """Return a merchant's name in the language of the page, as its shop sign says it."""
    return merchants.display_name(slug, saleor.language())


def merchant_names(slugs: set[str]) -> dict[str, str]:
    """Return the names of several merchants in one query."""
    return {found.slug: found.name(saleor.language()) for found in Merchant.objects.filter(slug__in=slugs)}


def picture_url(slug: str, number: int, source: str) -> str:
    """Return our own address of a Saleor picture; it changes when the picture does, so it may be cached for good."""
    suffix = source.rsplit(".", 1)[-1].lower() if "." in source.rsplit("/", 1)[-1] else "img"
    return f"/pictures/{slug}/{number}-{picture_mark(source)}.{suffix}"


def picture_mark(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def _picture(entry: selectors.ProductEntry) -> Picture | None:
    if not entry.pictures:
        return None
    return Picture(picture_url(entry.slug, 1, entry.pictures[0].url), entry.pictures[0].alt)


def _tiles(entries: tuple[selectors.ProductEntry, ...]) -> tuple[ProductTile, ...]:
    names = merchant_names({entry.merchant for entry in entries})
    return tuple(_tile(entry, names.get(entry.merchant, entry.merchant)) for entry in entries)


def _tile(entry: selectors.ProductEntry, merchant: str) -> ProductTile:
    return ProductTile(
        slug=entry.slug,
        name=entry.name,
        merchant=merchant,
        price=entry.gross_from,
        picture=_picture(entry),
        lane=lanes.note(entry.lane),
        in_stock=entry.in_stock,
        many_prices=entry.many_prices,
    )


def briefs(saleor_ids: set[str]) -> dict[str, Brief]:
    """Return products by Saleor id, also those taken off the shop since."""
    found = selectors.by_saleor_ids(sorted(saleor_ids), saleor.language())
    return {
        key: Brief(
            entry.name,
            _picture(entry),
            # An only article bears its product's name, which need not stand there twice.
            {v.sku: "" if v.name == entry.name else v.name for v in entry.variants},
        )
        for key, entry in found.items()
    }


def group_of(slug: str, variant_id: str) -> BoxState | None:
    """Return the box that a variant belongs into; None when the shop does not sell it."""
    entry = selectors.product(slug, saleor.language())
    if entry is None or variant_id not in {variant.id for variant in entry.variants}:
        return None
    return BoxState(merchant=entry.merchant, lane=entry.lane, warehouse=entry.warehouse)


def product(slug: str, sku: str = "") -> ProductPage | None:
    """Gather the page of one product, with one of its variants chosen."""
    entry = selectors.product(slug, saleor.language())
    if entry is None:
        return None
    chosen = _chosen(entry, sku)
    facts = platform().variant_facts([chosen.sku]).get(chosen.sku) if chosen else None
    quote = _quote(facts, chosen.net) if chosen and facts else None
    about = merchants.story(entry.merchant, saleor.language())
    return ProductPage(
        slug=entry.slug,
        name=entry.name,
        summary=entry.short,
        description=plain_text(entry.description),
        category=CategoryLink(entry.category.slug, entry.category.name) if entry.category else None,
        merchant=merchant_name(entry.merchant),
        merchant_slug=entry.merchant,
        merchant_about=about,
        pictures=tuple(
            Picture(picture_url(entry.slug, number, picture.url), picture.alt)
            for number, picture in enumerate(entry.pictures, 1)
        ),
        price=_breakdown(chosen, quote) if chosen and quote else None,
        shown_price=chosen.net + quote.total
        if chosen and quote
        else chosen.gross
        if chosen
        else entry.gross_from,
        lane=lanes.note(entry.lane),
        variants=tuple(
            VariantChoice(v.id, v.sku, v.name or v.sku, v == chosen, v.stock > 0) for v in entry.variants
        ),
        variant_id=chosen.id if chosen else "",
        stock_state=_stock_state(chosen),
        most=min(MOST, chosen.stock) if chosen else 0,
        facts=_facts(entry, chosen, facts),
        label=_label(entry, facts),
        tax_refusal=quote.rule if quote and quote.outcome == "refused" else "",
        pieces=fragments.of("product", facts=facts) if facts else (),
    )


def _chosen(entry: selectors.ProductEntry, sku: str) -> selectors.VariantEntry | None:
    """Choose the named variant, else the first that is there, else the first."""
    named = next((variant for variant in entry.variants if variant.sku == sku), None)
    there = next((variant for variant in entry.variants if variant.stock > 0), None)
    return named or there or next(iter(entry.variants), None)


def _stock_state(chosen: selectors.VariantEntry | None) -> str:
    if chosen is None or chosen.stock < 1:
        return "sold_out"
    return "low_stock" if chosen.stock <= FEW else "in_stock"


def _quote(facts: VariantFacts, net: Money) -> TaxQuote | None:
    line = TaxQuoteLine(
        sku=facts.sku,
        hs_code=facts.hs_code,
        quantity=1,
        unit_price=net,
        content=facts.content,
        qty1=facts.qty1,
        name=facts.name,
    )
    return checks.quote(facts.lane, (line,), Money.zero(net.currency))


def _breakdown(chosen: selectors.VariantEntry, quote: TaxQuote) -> Breakdown:
    """Take the price of one piece apart; each tax that is not nil has its line."""
    lines = [PriceLine(_("Goods"), chosen.net)]
    parts = (
        (_("Customs duty"), Money.sum((line.duty for line in quote.lines), chosen.net.currency)),
        (
            _("Consumption tax"),
            Money.sum((line.consumption_tax for line in quote.lines), chosen.net.currency),
        ),
        (_("Value-added tax"), Money.sum((line.vat for line in quote.lines), chosen.net.currency)),
    )
    lines += [PriceLine(word, amount, _rate(amount, chosen.net)) for word, amount in parts if amount]
    lines.append(PriceLine(_("Delivery charge"), None, gettext("by place and weight, told before you pay")))
    return Breakdown(
        total=chosen.net + quote.total,
        lines=tuple(lines),
        rule=str(quote.rule),
        source=str(quote.source),
        read_on=None,
        label=gettext("Price, tax included"),
    )


def _rate(tax: Money, base: Money) -> str:
    """Write the effective rate of a tax on the goods, as customs compute it on this piece."""
    if not base:
        return ""
    text = f"{(tax.amount / base.amount * 100):.2f}".rstrip("0").rstrip(".")
    return gettext("%(rate)s%% of the goods") % {"rate": text}


def _facts(
    entry: selectors.ProductEntry, chosen: selectors.VariantEntry | None, facts: VariantFacts | None
) -> tuple[tuple[Any, Any], ...]:
    shown: list[tuple[Any, Any]] = [(_("Origin"), country_name(entry.origin))]
    if facts and facts.brand:
        shown.append((_("Brand"), facts.brand))
    if chosen and chosen.name:
        shown.append((_("Size"), chosen.name))
    if facts:
        shown.append((_("Net weight"), grams(facts.net_g)))
    if facts and facts.barcode:
        shown.append((_("Barcode"), facts.barcode))
    shown.append((_("Sent from"), lanes.note(entry.lane).name))
    if chosen:
        shown.append((_("Article"), chosen.sku))
    return tuple(shown)


def grams(weight: int) -> str:
    return f"{weight / 1000:g} kg" if weight >= 1000 else f"{weight} g"


def _label(entry: selectors.ProductEntry, facts: VariantFacts | None) -> tuple[tuple[Any, Any], ...]:
    """Write the electronic label from the declared facts; it is Chinese in every language, as the rule asks."""
    label: list[tuple[Any, Any]] = [("品名", facts.name if facts else entry.name)]
    declared = [] if facts is None else [part.partition("：")[::2] for part in facts.gmodel.split("|")]
    written = label_of_listing(entry.slug)
    # The merchant's own list of ingredients says more than the one declared to customs.
    twice = {"成分"} if "配料" in dict(written) else set()
    label += [(name, value) for name, value in declared if value and name not in twice]
    if facts:
        label.append(("净含量", grams(facts.net_g)))
    label += written
    label.append(("原产国（地区）", country_name(entry.origin, LABEL_LANGUAGE)))
    if facts and facts.barcode:
        label.append(("条形码", facts.barcode))
    label += label_of_seller(entry.merchant)
    label.append(("提示", "跨境电商零售进口商品，仅限个人自用，不得再次销售。"))
    return tuple(label)


def label_of_listing(slug: str) -> list[tuple[Any, Any]]:
    """Return what the merchant wrote for the label: ingredients, allergens, storage, shelf life."""
    found = MasterListing.objects.filter(slug=slug).prefetch_related("texts").first()
    if found is None:
        return []
    text = found.text(LABEL_LANGUAGE)
    with override(LABEL_LANGUAGE):
        allergens = "、".join(str(ALLERGENS.get(code, code)) for code in found.allergens)
    days = found.shelf_life_days
    parts = [
        ("配料", text.ingredients if text else ""),
        ("致敏物质", allergens),
        ("贮存条件", text.storage if text else ""),
        ("保质期", f"{days} 天" if days else ""),
    ]
    return [(name, value) for name, value in parts if value]


def label_of_seller(slug: str) -> list[tuple[Any, Any]]:
    """Return who answers for the goods abroad and in the Mainland (Shangcaifa [2018] 486)."""
    found = Merchant.objects.filter(slug=slug).first()
    if found is None:
        return [("境外商家", slug)]
    seller = [("境外商家", found.customs_name or found.name(LABEL_LANGUAGE))]
    return [*seller, ("境内服务商", found.domestic_agent)] if found.domestic_agent else list(seller)


@lru_cache(maxsize=512)
def plain_text(description: str) -> str:
    """Return the paragraphs of a description; Saleor keeps them as EditorJS blocks."""
    if not description.lstrip().startswith("{"):
        return description
    try:
        blocks = json.loads(description).get("blocks", [])
    except ValueError:
        return ""
    paragraphs = [str(block.get("data", {}).get("text", "")) for block in blocks]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
