"""Publishing a listing to Saleor: compare what is there with what should be, and do what is missing.

Every step reads the difference from Saleor itself, so a run that died in the middle is simply run again;
external references tie our rows to Saleor's. A finished listing published again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import Money

from . import publishing_operations as ops
from .catalogue import read_by_reference
from .client import GraphQLClient
from .errors import SaleorUserError
from .publishing_media import MediaPublication, publish_media
from .publishing_variants import publish_stock, publish_variant_translations, publish_variants
from .results.catalogue import CatalogueProduct, References, Words
from .rich_text import editor_js, plain_text
from .storefront import METADATA, pairs


@dataclass(frozen=True, slots=True)
class TextIn:
    """What a product is called and said to be, in one language; ``description`` is plain text."""

    name: str
    description: str = ""
    seo_title: str = ""
    seo_description: str = ""


@dataclass(frozen=True, slots=True)
class VariantPublication:
    """An article. ``price`` is net of tax; ``stock`` None leaves Saleor's figure alone.

    ``translations`` maps Saleor's language code to the variant's name.
    """

    external_reference: str
    sku: str
    name: str
    price: Money
    weight_g: int
    stock: int | None
    metadata: Mapping[str, str]
    translations: Mapping[str, str] = field(default_factory=dict)
    cost_price: Money | None = None
    quantity_limit: int | None = None


@dataclass(frozen=True, slots=True)
class ListingPublication:
    """A listing as Saleor shall show it. ``translations``: Saleor language code → text."""

    external_reference: str
    slug: str
    text: TextIn
    translations: Mapping[str, TextIn]
    category_slug: str
    category_name: str
    variants: Sequence[VariantPublication]
    media: Sequence[MediaPublication]
    metadata: Mapping[str, str]
    channel: str = "cn"
    warehouse: str = "nansha"
    product_type: str = "ponte-goods"
    published: bool = True
    category_translations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Publication:
    """What came of publishing: ids in Saleor, and the steps that had something to do."""

    product_id: str
    slug: str
    variant_ids: Mapping[str, str]
    created: bool
    changed: tuple[str, ...]


#: Told before each step: its name, its number from 1, how many there are.
StepListener = Callable[[str, int, int], None]
STEPS = (
    "references", "product_type", "category", "product", "media", "channel_listing",
    "variants", "stock", "translations", "metadata", "publish",
)  # fmt: skip  # reads as a sequence


def publish_listing(
    client: GraphQLClient, listing: ListingPublication, *, on_step: StepListener | None = None
) -> Publication:
    """Make Saleor show the listing; safe to repeat after any failure.

    :raises PermanentError: the channel or warehouse is missing, or Saleor refused a value (``SaleorUserError``)
    :raises TransientError: Saleor did not answer; run it again
    """
    run = _Run(client, listing)
    changed = []
    for number, step in enumerate(STEPS, start=1):
        if on_step:
            on_step(step, number, len(STEPS))
        if getattr(run, f"do_{step}")():
            changed.append(step)
            run.reload(step)
    product = run.product
    return Publication(
        product_id=product.id,
        slug=product.slug,
        variant_ids={v.external_reference: v.id for v in product.variants if v.external_reference},
        created=run.created,
        changed=tuple(changed),
    )


def unpublish_listing(client: GraphQLClient, external_reference: str, channel: str = "cn") -> bool:
    """Take a product out of sale; return whether it was on sale."""
    product = read_by_reference(client, external_reference)
    listing = product.listing(channel) if product else None
    if product is None or listing is None or not listing.is_published:
        return False
    entry = {"channelId": listing.channel.id, "isPublished": False, "isAvailableForPurchase": False}
    client.run(ops.CHANNEL_LISTING, id=product.id, input={"updateChannels": [entry]})
    return True


def set_stock(client: GraphQLClient, quantities: Mapping[str, int], warehouse: str = "nansha") -> None:
    """Set the stock on sale: variant external reference → pieces in the warehouse (external reference = slug)."""
    stocks = [
        {"variantExternalReference": reference, "warehouseExternalReference": warehouse, "quantity": quantity}
        for reference, quantity in quantities.items()
    ]
    if stocks:
        client.run(ops.STOCK, stocks=stocks)


class _Run:
    """One publishing: what is known so far, and a method per step that returns whether it changed something."""

    def __init__(self, client: GraphQLClient, listing: ListingPublication) -> None:
        self.client = client
        self.listing = listing
        self.created = False
        self._references: References | None = None
        self._product: CatalogueProduct | None = None

    @property
    def found(self) -> References:
        assert self._references is not None, "the step `references` comes first"  # order of STEPS
        return self._references

    @property
    def product(self) -> CatalogueProduct:
        assert self._product is not None, "the step `product` comes first"  # order of STEPS
        return self._product

    @property
    def channel_id(self) -> str:
        return next(c.id for c in self.found.channels if c.slug == self.listing.channel)

    @property
    def warehouse_id(self) -> str:
        return next(w.id for w in self.found.warehouses if w.slug == self.listing.warehouse)

    def reload(self, step: str) -> None:
        """Read again what the step changed."""
        if step in {"product_type", "category"}:
            self._read_references()
        elif STEPS.index(step) >= STEPS.index("product"):
            self._product = read_by_reference(self.client, self.listing.external_reference)

    def _read_references(self) -> None:
        self._references = self.client.run(
            ops.REFERENCES,
            types={"slugs": [self.listing.product_type]},
            categories={"slugs": [self.listing.category_slug]},
        )

    # -- steps

    def do_references(self) -> bool:
        self._read_references()
        channel = next((c for c in self.found.channels if c.slug == self.listing.channel), None)
        if channel is None:
            raise PermanentError(f"Saleor has no channel {self.listing.channel!r}", code="channel_missing")
        if not any(w.slug == self.listing.warehouse for w in self.found.warehouses):
            raise PermanentError(
                f"Saleor has no warehouse {self.listing.warehouse!r}", code="warehouse_missing"
            )
        for variant in self.listing.variants:
            if variant.price.currency != channel.currency_code:
                raise PermanentError(
                    f"{variant.sku} is priced in {variant.price.currency}; "
                    f"the channel sells in {channel.currency_code}",
                    code="currency_mismatch",
                )
        self._product = read_by_reference(self.client, self.listing.external_reference)
        return False

    def do_product_type(self) -> bool:
        if self.found.product_types:
            return False
        given = {
            "name": "Ponte goods",
            "slug": self.listing.product_type,
            "isShippingRequired": True,
            "isDigital": False,
        }
        _unless_taken(lambda: self.client.run(ops.PRODUCT_TYPE, input=given))
        return True

    def do_category(self) -> bool:
        changed = False
        if not self.found.categories:
            given = {"name": self.listing.category_name, "slug": self.listing.category_slug}
            _unless_taken(lambda: self.client.run(ops.CATEGORY, input=given))
            self._read_references()
            changed = True
        category = self.found.categories[0]
        for language, name in self.listing.category_translations.items():
            words = category.words(language)
            if words is None or words.name != name:
                self.client.run(
                    ops.CATEGORY_TRANSLATE, id=category.id, language=language, input={"name": name}
                )
                changed = True
        return changed

    def _product_input(self) -> dict[str, object]:
        text = self.listing.text
        return {
            "name": text.name,
            "slug": self.listing.slug,
            "description": editor_js(text.description),
            "seo": {"title": text.seo_title, "description": text.seo_description},
            "category": self.found.categories[0].id,
        }

    def _product_moved(self, known: CatalogueProduct) -> bool:
        text = self.listing.text
        return (
            (known.name, known.slug, plain_text(known.description))
            != (text.name, self.listing.slug, _paragraphs(text.description))
            or (known.seo_title or "", known.seo_description or "") != (text.seo_title, text.seo_description)
            or known.category is None
            or known.category.slug != self.listing.category_slug
        )

    def _create_product(self) -> None:
        given = {
            **self._product_input(),
            "productType": self.found.product_types[0].id,
            "externalReference": self.listing.external_reference,
            "metadata": pairs(self.listing.metadata),
        }
        try:
            self.client.run(ops.PRODUCT_CREATE, input=given)
            self.created = True
        except SaleorUserError as error:
            # A lost answer or a twin run: then it is there under our reference. Another's slug is a real refusal.
            if (
                not error.has("UNIQUE")
                or read_by_reference(self.client, self.listing.external_reference) is None
            ):
                raise

    def do_product(self) -> bool:
        if self._product is None:
            self._create_product()
            return True
        if not self._product_moved(self._product):
            return False
        self.client.run(ops.PRODUCT_UPDATE, id=self._product.id, input=self._product_input())
        return True

    def do_media(self) -> bool:
        return publish_media(self.client, self.listing.media, self.product)

    def do_channel_listing(self) -> bool:
        if self.product.listing(self.listing.channel):
            return False
        # Hidden at first: a product that is shown before its variants have prices cannot be bought.
        entry = {"channelId": self.channel_id, "isPublished": False, "visibleInListings": False}
        self.client.run(ops.CHANNEL_LISTING, id=self.product.id, input={"updateChannels": [entry]})
        return True

    def do_variants(self) -> bool:
        return publish_variants(self.client, self.listing, self.product, self.channel_id, self.warehouse_id)

    def do_stock(self) -> bool:
        return publish_stock(self.client, self.listing, self.product, self.warehouse_id)

    def do_translations(self) -> bool:
        changed = False
        for language, text in self.listing.translations.items():
            if _words_differ(self.product.words(language), text):
                given = {
                    "name": text.name,
                    "description": editor_js(text.description),
                    "seoTitle": text.seo_title or None,
                    "seoDescription": text.seo_description or None,
                }
                self.client.run(ops.PRODUCT_TRANSLATE, id=self.product.id, language=language, input=given)
                changed = True
        return publish_variant_translations(self.client, self.listing, self.product) or changed

    def do_metadata(self) -> bool:
        missing = {k: v for k, v in self.listing.metadata.items() if self.product.metadata.get(k) != v}
        if missing:
            self.client.run(METADATA, id=self.product.id, pairs=pairs(missing))
        return bool(missing)

    def do_publish(self) -> bool:
        wanted = self.listing.published
        known = self.product.listing(self.listing.channel)
        if known and {
            known.is_published,
            known.visible_in_listings,
            bool(known.is_available_for_purchase),
        } == {wanted}:
            return False
        entry = {
            "channelId": self.channel_id,
            "isPublished": wanted,
            "visibleInListings": wanted,
            "isAvailableForPurchase": wanted,
        }
        self.client.run(ops.CHANNEL_LISTING, id=self.product.id, input={"updateChannels": [entry]})
        return True


def _paragraphs(text: str) -> str:
    return "\n".join(part.strip() for part in text.split("\n") if part.strip())


def _words_differ(known: Words | None, text: TextIn) -> bool:
    if known is None:
        return True
    return (
        known.name or "",
        plain_text(known.description),
        known.seo_title or "",
        known.seo_description or "",
    ) != (text.name, _paragraphs(text.description), text.seo_title, text.seo_description)


def _unless_taken(create: Callable[[], object]) -> None:
    """Create; somebody who was faster is as good."""
    try:
        create()
    except SaleorUserError as error:
        if not error.has("UNIQUE"):
            raise
