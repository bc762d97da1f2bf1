"""Sending a listing to Saleor by the outbox: one open run a listing, told step by step, resumed after a failure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from saleor_ext.core import audit, clock, outbox
from saleor_ext.core.errors import PonteError
from saleor_ext.core.locks import HeldElsewhere, alone
from saleor_ext.core.money import Money
from saleor_ext.core.settings import platform_settings
from saleor_ext.link.clients import platform_client
from saleor_ext.link.publishing import (
    ListingPublication,
    Publication,
    TextIn,
    VariantPublication,
    publish_listing,
)
from saleor_ext.link.publishing_media import MediaPublication
from saleor_ext.link.storefront import LANGUAGE_CODES
from saleor_ext.plugin_api.types import VariantFacts

from .allergens import NAMES as ALLERGENS
from .data import NotPublishable
from .models import Listing, ListingVariant, PublicationRun
from .requirements import unmet
from .selectors import DECLARED, facts, whole_listing

TOPIC = "listing.publish"
OBJECT = "listing"
R = PublicationRun.State
S = Listing.State


def publish(listing: Listing, *, actor: str) -> PublicationRun:
    """Promise to publish; while a run is open, the same run is returned.

    :raises NotPublishable: something is missing, or the merchant is suspended
    """
    with transaction.atomic():
        run, created = _open_run(listing, actor)
        if created:
            outbox.enqueue(TOPIC, {"run": str(run.pk)}, key=str(run.pk))
    return run


def publish_now(listing: Listing, *, actor: str) -> PublicationRun:
    """Publish in this process, for the demo's seed; raises what went wrong."""
    with transaction.atomic():
        run, _created = _open_run(listing, actor)
    try:
        work(run)
    except HeldElsewhere:
        raise  # the run is in good hands
    except PonteError as error:
        give_up({"run": str(run.pk)}, str(error))
        raise
    run.refresh_from_db()
    return run


def _open_run(listing: Listing, actor: str) -> tuple[PublicationRun, bool]:
    stored = Listing.objects.select_for_update().get(pk=listing.pk)
    known = stored.runs.filter(state__in=[R.PENDING, R.RUNNING]).first()
    if known:
        return known, False
    missing = unmet(whole_listing(stored.pk))
    if missing:
        raise NotPublishable(
            "; ".join(f"{one.sku} {one.title}".strip() for one in missing),
            codes=[one.code for one in missing],
        )
    run = PublicationRun.objects.create(listing=stored, actor=actor, created_at=clock.now())
    stored.state = S.PUBLISHING
    stored.save(update_fields=["state"])
    audit.record("listing.publish", OBJECT, stored.pk, actor=actor, run=str(run.pk), version=stored.version)
    return run, True


def _given_up(payload: dict[str, Any], error: str) -> None:
    give_up(payload, error)


@outbox.handler(TOPIC, on_dead=_given_up)
def run_publication(payload: dict[str, Any]) -> None:
    """Do a promised run; a run that is finished is left alone."""
    run = PublicationRun.objects.get(pk=payload["run"])
    if not run.open:
        return
    try:
        work(run)
    except PonteError as error:
        PublicationRun.objects.filter(pk=run.pk).update(error=error.message[:2000])
        raise


def give_up(payload: dict[str, Any], error: str) -> None:
    """Close a run that cannot succeed; the listing can be published again once it is mended."""
    with transaction.atomic():
        run = PublicationRun.objects.select_for_update().get(pk=payload["run"])
        if not run.open:
            return
        run.state, run.error, run.finished_at = R.FAILED, error[:2000], clock.now()
        run.save()
        Listing.objects.filter(pk=run.listing_id).update(state=S.FAILED)
        audit.record("listing.publish_failed", OBJECT, run.listing_id, run=str(run.pk), error=run.error)


def work(run: PublicationRun) -> Publication:
    """Send what is stored now and note what Saleor made of it.

    :raises HeldElsewhere: a slow worker, whose lease has run out, is still sending it: two would send pictures twice
    """
    with alone(f"{TOPIC}:{run.listing_id}", "another worker is still publishing this listing"):
        return _send(run)


def _send(run: PublicationRun) -> Publication:
    listing = whole_listing(run.listing_id)
    PublicationRun.objects.filter(pk=run.pk).update(state=R.RUNNING, version=listing.version)
    result = publish_listing(
        platform_client(platform_settings().saleor_api_url), publication(listing), on_step=_listener(run)
    )
    with transaction.atomic():
        stored = Listing.objects.select_for_update().get(pk=listing.pk)
        stored.state, stored.published_version = S.PUBLISHED, listing.version
        stored.saleor_product_id = result.product_id
        stored.save(update_fields=["state", "published_version", "saleor_product_id"])
        for variant in listing.variants.all():
            ListingVariant.objects.filter(pk=variant.pk).update(
                published_stock=variant.stock,
                saleor_variant_id=result.variant_ids.get(variant.external_reference, ""),
            )
        PublicationRun.objects.filter(pk=run.pk).update(
            state=R.DONE, error="", changed=list(result.changed), finished_at=clock.now()
        )
        audit.record(
            "listing.published",
            OBJECT,
            stored.pk,
            run=str(run.pk),
            version=listing.version,
            changed=list(result.changed),
        )
    return result


def _listener(run: PublicationRun) -> Callable[[str, int, int], None]:
    def told(step: str, number: int, total: int) -> None:
        PublicationRun.objects.filter(pk=run.pk).update(step=step, step_number=number, step_total=total)

    return told


# -- what is sent ----------------------------------------------------------------------------------------------


def publication(listing: Listing) -> ListingPublication:
    """Return the listing as Saleor shall show it; Simplified Chinese is the base language."""
    texts = {text.language: _text(listing, text.language) for text in listing.texts.all() if text.name}
    base = texts[DECLARED]
    category = listing.category
    assert category is not None  # a stored listing has one
    return ListingPublication(
        external_reference=listing.external_reference,
        slug=listing.slug,
        text=base,
        translations={LANGUAGE_CODES[code]: text for code, text in texts.items() if code != DECLARED},
        category_slug=category.slug,
        category_name=category.name(DECLARED),
        category_translations={
            LANGUAGE_CODES[code]: name for code, name in category.names.items() if code != DECLARED and name
        },
        variants=[_variant(variant, base.name) for variant in listing.variants.all()],
        media=[
            MediaPublication(Path(picture.file.path), picture.alts.get(DECLARED) or base.name)
            for picture in listing.pictures.all()
        ],
        metadata={
            "ponte.merchant": listing.merchant.slug,
            "ponte.lane": listing.lane,
            "ponte.origin": listing.origin,
            "ponte.warehouse": listing.warehouse,
        },
        channel=platform_settings().channel,
        warehouse=listing.warehouse,
    )


def _text(listing: Listing, language: str) -> TextIn:
    """Return one language: the description, and below it the facts of the label."""
    text = listing.text(language)
    assert text is not None  # asked only for languages there are
    lines = [text.description]
    with override(language):
        if text.ingredients:
            lines.append(_("Ingredients: %(list)s") % {"list": text.ingredients})
        if text.storage:
            lines.append(_("Storage: %(advice)s") % {"advice": text.storage})
        if listing.shelf_life_days:
            lines.append(_("Shelf life: %(days)d days") % {"days": listing.shelf_life_days})
        if listing.allergens:
            names = [str(ALLERGENS.get(code, code)) for code in listing.allergens]
            lines.append(_("Contains: %(list)s") % {"list": _(", ").join(names)})
    return TextIn(
        name=text.name,
        description="\n\n".join(line for line in lines if line),
        seo_title=text.name[:70],
        seo_description=text.short,
    )


def _variant(variant: ListingVariant, name: str) -> VariantPublication:
    assert variant.price is not None  # required before publishing
    known = facts(variant, name)
    changed = variant.published_stock != variant.stock
    return VariantPublication(
        external_reference=variant.external_reference,
        sku=variant.sku,
        name=variant.options.get(DECLARED) or variant.option(DECLARED) or name,
        price=Money(variant.price, "CNY"),
        weight_g=known.gross_g,
        # Saleor counts down from what it was told; telling it again would bring sold pieces back.
        stock=variant.stock if changed else None,
        metadata=_metadata(known),
        translations={
            LANGUAGE_CODES[code]: option
            for code, option in variant.options.items()
            if code != DECLARED and option
        },
    )


def _metadata(known: VariantFacts) -> dict[str, str]:
    values = {
        "hs_code": known.hs_code,
        "unit": known.unit,
        "unit1": known.unit1,
        "qty1": f"{known.qty1:f}",
        "unit2": known.unit2,
        "qty2": f"{known.qty2:f}" if known.qty2 is not None else "",
        "content": f"{known.content:f}" if known.content is not None else "",
        "net_g": str(known.net_g),
        "gross_g": str(known.gross_g),
        "barcode": known.barcode,
        "item_record_no": known.item_record_no,
    }
    return {f"ponte.{name}": value for name, value in values.items() if value}
