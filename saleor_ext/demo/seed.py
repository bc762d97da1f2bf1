"""Fills a demonstration whose Saleor is set up: merchants, listings, bonded stock, accounts. Safe to repeat."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection

from plugins.nansha_logistics.seed import seed_book
from saleor_ext.core.errors import PermanentError, PonteError
from saleor_ext.core.settings import platform_settings
from saleor_ext.link.errors import SaleorUserError
from saleor_ext.link.setup import SHOP, staff_client
from saleor_ext.link.storefront import storefront
from saleor_ext.listings import services
from saleor_ext.listings.data import ListingData, TextData, VariantData
from saleor_ext.listings.models import Category, Listing
from saleor_ext.listings.publishing import publish_now
from saleor_ext.listings.selectors import variant_facts, whole_listing
from saleor_ext.merchants import services as merchants
from saleor_ext.merchants.models import Merchant

from .accounts import ACCOUNTS, PASSWORD
from .catalogue import LANGUAGES, DemoMerchant, DemoProduct, DemoVariant, words
from .catalogue import merchants as demo_merchants

ACTOR = "demo"
BONDED = "bonded_1210"
Progress = Callable[[str], None]


def seed(progress: Progress = lambda line: None, only: Collection[str] = ()) -> None:
    """Add everything, or of the listings those in ``only`` (slugs); what is there stays as people have changed it."""
    listings = enter_all(progress, only)
    enter_accounts(progress)
    publish_all(listings, progress)


def enter_all(progress: Progress, only: Collection[str] = ()) -> list[Listing]:
    """Enter categories, merchants with members, listings with pictures, and their bonded stock.

    :raises PermanentError: ``only`` names a listing that the demonstration does not have
    """
    known = {product.slug for demo in demo_merchants() for product in demo.products}
    if unknown := set(only) - known:
        raise PermanentError(
            f"no demo listing {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}"
        )
    for position, (slug, names) in enumerate(words().categories.items()):
        Category.objects.get_or_create(slug=slug, defaults={"names": dict(names), "position": position})
    entered = []
    for demo in demo_merchants():
        merchant = enter_merchant(demo)
        wanted = [product for product in demo.products if not only or product.slug in only]
        entered += [enter_listing(merchant, product) for product in wanted]
    articles = settle_all(entered)
    progress(
        f"{len(demo_merchants())} merchants, {len(entered)} listings, {articles} articles in the bonded book"
    )
    return entered


def settle_all(listings: list[Listing]) -> int:
    """Open the bonded book for the bonded articles, then see what is ready; returns how many articles."""
    bonded = [listing for listing in listings if listing.lane == BONDED]
    skus = [variant.sku for listing in bonded for variant in listing.variants.all()]
    seed_book(variant_facts(skus).values())
    for listing in listings:
        services.settle_state(listing)
    return len(skus)


def enter_merchant(demo: DemoMerchant) -> Merchant:
    """Enter one firm and its member."""
    merchant = merchants.enter_merchant(
        demo.slug,
        names=demo.name,
        stories=demo.story,
        customs_code=demo.customs_code,
        customs_name=demo.customs_name,
        domestic_agent=demo.domestic_agent,
        domestic_agent_code=demo.domestic_agent_code,
        colour=demo.colour,
        actor=ACTOR,
    )
    merchants.add_member(merchant, demo.member, actor=ACTOR)
    return merchant


def enter_listing(merchant: Merchant, product: DemoProduct) -> Listing:
    """Enter one listing with its pictures, unless it is there."""
    reference = f"{merchant.slug}:{product.slug}"
    listing = Listing.objects.filter(external_reference=reference).first()
    if listing is None:
        listing = services.create_listing(
            merchant, listing_data(product), actor=ACTOR, reference=reference, slug=product.slug
        )
    if not listing.pictures.exists():
        for path in product.picture_files():
            alts = dict(product.name)
            services.keep_picture(listing, path.read_bytes(), path.suffix, alts=alts, actor=ACTOR)
    return whole_listing(listing.pk)


def listing_data(product: DemoProduct) -> ListingData:
    """Return a demonstration product as the editor would hand it in."""
    storage = words().storage[product.storage]
    return ListingData(
        category=product.category,
        lane=product.lane,
        origin=product.origin,
        brand=product.brand,
        shelf_life_days=product.shelf_life_days,
        allergens=product.allergens,
        texts={
            code: TextData(
                name=product.name[code],
                short=product.short[code],
                description=product.text[code],
                ingredients=product.ingredients[code],
                storage=storage[code],
            )
            for code in LANGUAGES
        },
        variants=tuple(_variant(product, variant) for variant in product.variants),
    )


def _variant(product: DemoProduct, variant: DemoVariant) -> VariantData:
    return VariantData(
        sku=variant.sku,
        options=variant.option,
        price=variant.price,
        hs_code=product.hs_code,
        gmodel=product.gmodel,
        unit=product.unit,
        unit1=variant.unit1,
        qty1=variant.qty1,
        unit2=variant.unit2,
        qty2=variant.qty2,
        content=variant.content,
        net_g=variant.net_g,
        gross_g=variant.gross_g,
        barcode=variant.barcode,
        item_record_no=variant.item_record_no,
        stock=variant.stock,
    )


def enter_accounts(progress: Progress) -> None:
    """Register the demonstration's people with Saleor; the operator is Saleor's own staff member."""
    client = staff_client(
        platform_settings().saleor_api_url,
        token=os.environ.get("SALEOR_TOKEN"),
        email=os.environ.get("SALEOR_EMAIL"),
        password=os.environ.get("SALEOR_PASSWORD"),
    )
    # Nobody delivers mail in a demonstration, so an account must work without the link in a letter.
    client.run(SHOP, input={"enableAccountConfirmationByEmail": False})
    shop = storefront()
    for account in ACCOUNTS:
        if account.role == "operator":
            continue
        try:
            shop.account_register(
                account.email,
                PASSWORD,
                platform_settings().public_url,
                first_name=account.first_name,
                last_name=account.last_name,
            )
        except SaleorUserError as error:
            if not error.has("UNIQUE"):
                raise
    progress(f"{len(ACCOUNTS)} accounts")


def publish_all(listings: list[Listing], progress: Progress) -> None:
    """Publish what is ready and not yet on sale; a listing that lacks something stays a draft."""
    done = 0
    for number, listing in enumerate(listings, 1):
        whole = whole_listing(listing.pk)
        if whole.state in {Listing.State.PUBLISHED, Listing.State.DRAFT}:
            continue
        try:
            publish_now(whole, actor=ACTOR)
        except PonteError as error:
            progress(f"not published: {whole.external_reference}: {error}")
            continue
        done += 1
        if done % 10 == 0:
            progress(f"published {number} of {len(listings)}")
    drafts = Listing.objects.filter(state=Listing.State.DRAFT).values_list("external_reference", flat=True)
    progress(f"{done} listings published" + (f"; still drafts: {', '.join(drafts)}" if drafts else ""))
