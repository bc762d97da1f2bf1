"""Creating and editing listings. Every change raises the version and is audited."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from saleor_ext.core import audit, clock
from saleor_ext.merchants.models import Merchant

from . import pictures, rules
from .data import ListingChanged, ListingData, ListingInvalid, VariantData
from .models import Category, Listing, ListingPicture, ListingText, ListingVariant
from .requirements import unmet
from .selectors import lanes, whole_listing

OBJECT = "listing"
MOST_PICTURES = 12
BONDED_WAREHOUSE, HOME_WAREHOUSE = "nansha", "macau"


def create_listing(
    merchant: Merchant, data: ListingData, *, actor: str, reference: str = "", slug: str = ""
) -> Listing:
    """Store a new listing as a draft (or ready, when nothing is missing).

    :raises ListingInvalid: with the problems by form field
    """
    _refuse(rules.problems(data))
    listing_id = uuid.uuid4()
    now = clock.now()
    with transaction.atomic(), _taken_numbers():
        listing = Listing(
            id=listing_id,
            merchant=merchant,
            external_reference=reference or f"{merchant.slug}:{listing_id.hex[:12]}",
            slug=slug or _slug(merchant, data, listing_id),
            created_at=now,
        )
        _store(listing, data)
        audit.record("listing.created", OBJECT, listing.pk, actor=actor, merchant=merchant.slug)
        return _settle(listing)


def edit_listing(listing: Listing, data: ListingData, *, version: int, actor: str) -> Listing:
    """Store a changed listing.

    :raises ListingChanged: the stored version is not the one that was edited
    :raises ListingInvalid: with the problems by form field
    """
    _refuse(rules.problems(data, listing_id=str(listing.pk)))
    with transaction.atomic(), _taken_numbers():
        stored = Listing.objects.select_for_update().get(pk=listing.pk)
        if stored.version != version:
            raise ListingChanged(f"version {stored.version} is stored, {version} was edited")
        stored.version += 1
        _store(stored, data)
        audit.record("listing.changed", OBJECT, stored.pk, actor=actor, version=stored.version)
        return _settle(stored)


def add_picture(
    listing: Listing, content: bytes, *, alts: dict[str, str] | None = None, actor: str
) -> ListingPicture:
    """Add an uploaded picture, drawn anew; the same file twice is one picture.

    :raises ListingInvalid: no picture that can be taken, or too many
    """
    try:
        drawn, suffix = pictures.redrawn(content)
    except pictures.PictureRefused as refused:
        raise ListingInvalid({"pictures": [str(refused)]}) from refused
    return keep_picture(listing, drawn, suffix, digest=_digest(content), alts=alts, actor=actor)


def keep_picture(
    listing: Listing,
    content: bytes,
    suffix: str,
    *,
    digest: str = "",
    alts: dict[str, str] | None = None,
    actor: str,
) -> ListingPicture:
    """Keep a picture as it is: for pictures of the house's own making, others go through :func:`add_picture`.

    :raises ListingInvalid: too many
    """
    digest = digest or _digest(content)
    with transaction.atomic():
        stored = Listing.objects.select_for_update().get(pk=listing.pk)
        known = stored.pictures.filter(digest=digest).first()
        if known:
            return known
        position = stored.pictures.count()
        if position >= MOST_PICTURES:
            raise ListingInvalid({"pictures": [_("A listing has at most 12 pictures.")]})
        picture = ListingPicture(listing=stored, digest=digest, alts=alts or {}, position=position)
        picture.file.save(f"picture{suffix}", ContentFile(content), save=True)
        _touch(stored, "listing.picture_added", actor, picture)
    return picture


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def remove_picture(picture: ListingPicture, *, actor: str) -> None:
    """Take a picture off; the file goes once the change is committed."""
    storage, name = picture.file.storage, str(picture.file.name)
    with transaction.atomic():
        stored = Listing.objects.select_for_update().get(pk=picture.listing_id)
        reference = str(picture.pk)
        picture.delete()
        _touch(stored, "listing.picture_removed", actor, reference)
        transaction.on_commit(lambda: storage.delete(name))


def set_alts(listing: Listing, alts: dict[str, dict[str, str]], *, actor: str) -> None:
    """Set the alternative texts: picture id → language → text."""
    with transaction.atomic():
        stored = Listing.objects.select_for_update().get(pk=listing.pk)
        changed = False
        for picture in stored.pictures.all():
            wanted = {
                code: text.strip()[:250]
                for code, text in alts.get(str(picture.pk), {}).items()
                if text.strip()
            }
            if str(picture.pk) in alts and wanted != picture.alts:
                picture.alts = wanted
                picture.save(update_fields=["alts"])
                changed = True
        if changed:
            _touch(stored, "listing.alts_changed", actor, "")


def settle_state(listing: Listing) -> Listing:
    """Bring draft or ready up to date with what is missing; other states say what publishing did."""
    S = Listing.State
    whole = whole_listing(listing.pk)
    if whole.state in {S.DRAFT, S.READY}:
        wanted = S.DRAFT if unmet(whole) else S.READY
        if wanted != whole.state:
            Listing.objects.filter(pk=whole.pk, state__in=[S.DRAFT, S.READY]).update(state=wanted)
            whole.state = wanted
    return whole


def _settle(listing: Listing) -> Listing:
    if listing.state == Listing.State.FAILED:
        # A change may have mended what publishing failed at: it starts over as draft or ready.
        Listing.objects.filter(pk=listing.pk).update(state=Listing.State.DRAFT)
    return settle_state(listing)


def _refuse(problems: dict[str, list[Any]]) -> None:
    if problems:
        raise ListingInvalid(problems)


class _taken_numbers:  # a context manager used like a function
    """Turn a lost race for an article number into the same message the check gives."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, IntegrityError) and "sku" in str(error):
            raise ListingInvalid({"variant-0-sku": [_("This article number is taken.")]}) from error


def _slug(merchant: Merchant, data: ListingData, listing_id: uuid.UUID) -> str:
    """Make an address from the English or Portuguese name; the number keeps it unique."""
    named = next(
        (data.texts[code].name for code in ("en", "pt") if code in data.texts and data.texts[code].name), ""
    )
    return f"{slugify(named)[:90] or merchant.slug}-{listing_id.hex[:6]}"


def warehouse_of(lane: str) -> str:
    """Return where the goods of a lane lie."""
    bonded = any(known.code == lane and known.needs_bonded_stock for known in lanes())
    return BONDED_WAREHOUSE if bonded else HOME_WAREHOUSE


def _store(listing: Listing, data: ListingData) -> None:
    listing.category = Category.objects.get(slug=data.category)
    listing.lane = data.lane
    listing.warehouse = warehouse_of(data.lane)
    listing.origin = data.origin
    listing.brand = data.brand.strip()
    listing.shelf_life_days = data.shelf_life_days
    listing.allergens = list(data.allergens)
    listing.changed_at = clock.now()
    listing.save()
    for language, text in data.texts.items():
        fields = {name: getattr(text, name).strip() for name in rules.TEXT_LIMITS}
        ListingText.objects.update_or_create(listing=listing, language=language, defaults=fields)
    _store_variants(listing, data.variants)


def _store_variants(listing: Listing, variants: tuple[VariantData, ...]) -> None:
    known = {str(row.pk): row for row in listing.variants.all()}
    # By number too, so that data without ids (an import, the demo) finds its rows again.
    by_sku = {row.sku: row for row in known.values()}
    for position, given in enumerate(variants):
        row = known.get(given.id) or by_sku.get(given.sku)
        if row is None:
            row = ListingVariant(
                listing=listing, external_reference=f"{listing.external_reference}:{given.sku}"
            )
        row.position = position
        row.options = {code: text.strip() for code, text in given.options.items() if text.strip()}
        for name in (
            "sku", "price", "hs_code", "unit", "unit1", "qty1", "unit2", "qty2", "content", "net_g", "gross_g",
            "barcode", "item_record_no", "stock",
        ):  # fmt: skip  # the plain fields
            setattr(row, name, getattr(given, name))
        row.gmodel = given.gmodel.strip()
        row.save()


def _touch(listing: Listing, action: str, actor: str, subject: object) -> None:
    listing.version += 1
    listing.changed_at = clock.now()
    listing.save(update_fields=["version", "changed_at"])
    audit.record(action, OBJECT, listing.pk, actor=actor, subject=str(subject), version=listing.version)
    settle_state(listing)
