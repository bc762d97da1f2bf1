"""What a listing still needs before it can be sold: ours, and what each plugin's lane demands."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from saleor_ext.plugin_api.registry import ask
from saleor_ext.plugin_api.types import Requirement

from .models import LANGUAGES, Listing
from .selectors import listing_view


def requirements(listing: Listing) -> list[Requirement]:
    """Return the checklist: everything the listing needs, met or not, without network."""
    return [*_own(listing), *ask("listing_requirements", listing=listing_view(listing))]


def unmet(listing: Listing) -> list[Requirement]:
    return [one for one in requirements(listing) if not one.met]


def _own(listing: Listing) -> list[Requirement]:
    texts = {text.language: text for text in listing.texts.all()}
    simplified = texts.get("zh-hans")
    found = [
        Requirement(
            code="text",
            title=_("Name and description in Simplified Chinese"),
            met=bool(simplified and simplified.name and simplified.short and simplified.description),
            todo=_("Mainland buyers read Simplified Chinese: fill in name, short and full description."),
            field="zh-hans-name",
        ),
        Requirement(
            code="label",
            title=_("Electronic Chinese label"),
            met=bool(simplified and simplified.ingredients and listing.shelf_life_days),
            todo=_(
                "Give ingredients in Simplified Chinese and the shelf life: the shop shows them as the label."
            ),
            field="zh-hans-ingredients",
        ),
        Requirement(
            code="picture",
            title=_("At least one picture"),
            met=bool(listing.pictures.all()),
            todo=_("Upload a picture of the goods, square if you can."),
            field="pictures",
        ),
        Requirement(
            code="merchant",
            title=_("Merchant approved, with a domestic agent"),
            met=listing.merchant.state == "approved" and bool(listing.merchant.domestic_agent),
            todo=_("Ask the operator: the merchant is suspended or has no agent in the Mainland."),
        ),
    ]
    for variant in listing.variants.all():
        found.append(
            Requirement(
                code="price",
                title=_("Price without tax"),
                met=variant.price is not None,
                todo=_("Give the price in CNY without tax."),
                field="price",
                sku=variant.sku,
            )
        )
    return found


def missing_languages(listing: Listing) -> list[str]:
    """Return the languages without a name; they do not stop publishing."""
    named = {text.language for text in listing.texts.all() if text.name}
    return [language for language in LANGUAGES if language not in named]
