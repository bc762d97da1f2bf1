"""Reading merchants and who may act for them."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api.types import MerchantView

from .models import Member, Merchant


def merchant(slug: str) -> Merchant:
    """Return a merchant.

    :raises PermanentError: there is none (code ``not_found``)
    """
    found = Merchant.objects.filter(slug=slug).first()
    if found is None:
        raise PermanentError(f"no merchant {slug}", code="not_found")
    return found


def merchant_view(slug: str) -> MerchantView:
    """Return a merchant as plugins see it, named as in declarations."""
    return view_of(merchant(slug))


def view_of(found: Merchant) -> MerchantView:
    return MerchantView(
        slug=found.slug,
        name=found.name("zh-hans"),
        customs_code=found.customs_code,
        customs_name=found.customs_name,
    )


def display_name(slug: str, language: str) -> str:
    """Return the name that people read; the slug where the merchant is not known."""
    found = Merchant.objects.filter(slug=slug).only("names").first()
    return found.name(language) if found else slug


def story(slug: str, language: str) -> str:
    """Return the merchant's story, empty where there is none."""
    found = Merchant.objects.filter(slug=slug).only("stories").first()
    return found.story(language) if found else ""


def all_merchants() -> QuerySet[Merchant]:
    """Return merchants for the console, with their members."""
    return Merchant.objects.prefetch_related("members")


def suspended_slugs(*, hold: Collection[str] | None = None) -> set[str]:
    """Return the merchants that may not sell now, and are not paid.

    With ``hold`` only those of them, whose state then stays as it is until the transaction ends.
    """
    if hold is None:
        return set(Merchant.objects.filter(state=Merchant.State.SUSPENDED).values_list("slug", flat=True))
    held = Merchant.objects.select_for_update(no_key=True).filter(slug__in=hold).order_by("slug")
    return {slug for slug, state in held.values_list("slug", "state") if state == Merchant.State.SUSPENDED}


def memberships(saleor_user_id: str) -> list[Member]:
    """Return for whom a signed-in person acts, by the Saleor user id that a sign-in has bound."""
    if not saleor_user_id:
        return []
    return list(
        Member.objects.filter(saleor_user_id=saleor_user_id)
        .select_related("merchant")
        .order_by("merchant__slug")
    )
