"""Listings: table, editor with languages side by side, checklist, publishing with progress."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from saleor_ext.core.money import Money
from saleor_ext.listings import publishing, services
from saleor_ext.listings.data import ListingChanged, ListingInvalid, NotPublishable
from saleor_ext.listings.models import Listing, PublicationRun
from saleor_ext.listings.requirements import missing_languages, requirements
from saleor_ext.listings.selectors import counts_by_state, lane_name, latest_run, listing_of, listings_of
from saleor_ext.plugin_api.types import Requirement
from storefront.ui.viewmodels import Link

from ..access import PortalRequest, editor_page, member_page
from ..forms import LANGUAGE_NAMES, ListingEditor
from ..shell import language, page

PER_PAGE = 25
STEP_NAMES = {
    "references": gettext_lazy("Looking at what is there"),
    "product_type": gettext_lazy("Kind of goods"),
    "category": gettext_lazy("Category"),
    "product": gettext_lazy("Product"),
    "media": gettext_lazy("Pictures"),
    "channel_listing": gettext_lazy("Sales channel"),
    "variants": gettext_lazy("Articles and prices"),
    "stock": gettext_lazy("Stock"),
    "translations": gettext_lazy("Languages"),
    "metadata": gettext_lazy("Customs facts"),
    "publish": gettext_lazy("On sale"),
}


def own_listing(request: PortalRequest, listing_id: uuid.UUID) -> Listing:
    """Return a listing of the member's merchant; any other one does not exist for them."""
    listing = listing_of(request.member.merchant, listing_id)
    if listing is None:
        raise Http404
    return listing


# -- table -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    url: str
    name: str
    picture: str
    articles: str
    lane: Any
    price: Money | None
    price_to: Money | None
    stock: int
    state: str
    changed: bool
    missing: list[str]
    changed_at: Any


@require_GET
@member_page
def table(request: PortalRequest) -> HttpResponse:
    """Show the merchant's listings, by state and search."""
    merchant = request.member.merchant
    state, query = request.GET.get("state", ""), request.GET.get("q", "").strip()[:100]
    found = listings_of(merchant, state=state if state in Listing.State.values else "", query=query)
    shown = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "rows": [_row(listing) for listing in shown],
        "page": shown,
        "query": query,
        "state": state,
        "tabs": _tabs(counts_by_state(merchant), state),
    }
    return page(request, "listings.html", "listings", context)


def _tabs(counts: dict[str, int], current: str) -> tuple[Link, ...]:
    base = reverse("portal:listings")
    tabs = [Link(_("All"), base, current=not current, count=sum(counts.values()))]
    for state in Listing.State:
        if counts.get(state) or state == current:
            tabs.append(
                Link(
                    state.label, f"{base}?state={state}", current=state == current, count=counts.get(state, 0)
                )
            )
    return tuple(tabs)


def _row(listing: Any) -> Row:
    """Build a line from a listing annotated by ``listings_of``."""
    picture = next(iter(listing.pictures.all()), None)
    first, last = listing.price_from, listing.price_to
    skus = [variant.sku for variant in listing.variants.all()]
    more = (
        ngettext("and %(n)d more", "and %(n)d more", len(skus) - 1) % {"n": len(skus) - 1}
        if len(skus) > 1
        else ""
    )
    return Row(
        url=reverse("portal:listing", args=[listing.pk]),
        name=listing.name(language()),
        picture=reverse("portal:picture", args=[listing.pk, picture.pk]) if picture else "",
        articles=f"{skus[0]} {more}".strip() if skus else "",
        lane=lane_name(listing.lane),
        price=Money(first, "CNY") if first is not None else None,
        price_to=Money(last, "CNY") if last is not None and last != first else None,
        stock=listing.stock_sum,
        state=listing.state,
        changed=listing.changed_since_published,
        missing=[LANGUAGE_NAMES[code] for code in missing_languages(listing)],
        changed_at=listing.changed_at,
    )


# -- editor ----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@editor_page
def new(request: PortalRequest) -> HttpResponse:
    """Enter a new listing."""
    if request.method == "GET":
        return _editor_page(request, ListingEditor(), None)
    if "add_variant" in request.POST:
        return _editor_page(request, ListingEditor(request.POST, extra=1), None)
    editor = ListingEditor(request.POST)
    if editor.is_valid():
        try:
            listing = services.create_listing(
                request.member.merchant, editor.listing_data(), actor=request.member.email
            )
        except ListingInvalid as error:
            editor.refuse(error.problems)
        else:
            messages.success(request, _("Saved. Now add pictures and see what is still missing."))
            return redirect("portal:listing", listing.pk)
    return _editor_page(request, editor, None, status=422)


@require_http_methods(["GET", "POST"])
@member_page
def edit(request: PortalRequest, listing_id: uuid.UUID) -> HttpResponseBase:
    """Show and change a listing."""
    listing = own_listing(request, listing_id)
    if request.method == "GET":
        return _editor_page(request, ListingEditor(listing=listing), listing)
    return _save(request, listing_id)


@editor_page
def _save(request: PortalRequest, listing_id: uuid.UUID) -> HttpResponse:
    listing = own_listing(request, listing_id)
    if "add_variant" in request.POST:
        return _editor_page(request, ListingEditor(request.POST, listing=listing, extra=1), listing)
    editor = ListingEditor(request.POST, listing=listing)
    if editor.is_valid():
        version = editor.head.cleaned_data["version"] or 0
        try:
            services.edit_listing(listing, editor.listing_data(), version=version, actor=request.member.email)
        except ListingInvalid as error:
            editor.refuse(error.problems)
        except ListingChanged:
            editor.head.add_error(
                None,
                _("Someone else saved this listing meanwhile. Open it in a second window and compare."),
            )
        else:
            messages.success(request, _("Saved."))
            return redirect("portal:listing", listing.pk)
    return _editor_page(request, editor, listing, status=422)


def keep_typing(
    request: PortalRequest,
    listing_id: uuid.UUID,
    *,
    version: int | None = None,
    refused: list[str],
    alts: dict[str, dict[str, str]] | None = None,
) -> HttpResponse:
    """Show the editor with what was typed after something beside it was sent, and why that was refused.

    ``version`` is the one before: whoever typed on it goes on with the one that the pictures made.
    """
    listing = own_listing(request, listing_id)
    editor = ListingEditor(listing=listing)
    if "variants" in request.POST:
        typed = request.POST.copy()
        if typed.get("version") == str(version):
            typed["version"] = str(listing.version)
        editor = ListingEditor(typed, listing=listing).unjudged()
    more = {"picture_errors": refused, "typed_alts": alts or {}}
    return _editor_page(request, editor, listing, status=422 if refused else 200, **more)


def _editor_page(
    request: PortalRequest, editor: ListingEditor, listing: Listing | None, *, status: int = 200, **more: Any
) -> HttpResponse:
    context: dict[str, Any] = {"editor": editor, "listing": listing, "languages": LANGUAGE_NAMES, **more}
    if listing:
        context.update(
            heading=listing.name(language()),
            pictures=_pictures(listing, more.get("typed_alts", {})),
            checklist=_checklist(listing),
            **_progress_context(listing),
        )
    return page(request, "edit.html", "listings", context, status=status)


def _pictures(listing: Listing, typed: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    return [
        {
            "id": str(picture.pk),
            "url": reverse("portal:picture", args=[listing.pk, picture.pk]),
            "remove": reverse("portal:remove_picture", args=[listing.pk, picture.pk]),
            "describe": reverse("portal:describe_picture", args=[listing.pk, picture.pk]),
            "alts": [
                (code, name, typed.get(str(picture.pk), picture.alts).get(code, ""))
                for code, name in LANGUAGE_NAMES.items()
            ],
            "opened": str(picture.pk) in typed,
            "alt": picture.alts.get(language(), ""),
        }
        for picture in listing.pictures.all()
    ]


# -- what Nansha still needs -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CheckGroup:
    """Requirements of the listing (no ``sku``) or of one article."""

    sku: str
    todo: list[tuple[Requirement, str]]
    met: list[Requirement]


def _checklist(listing: Listing) -> dict[str, Any]:
    found = requirements(listing)
    skus = [variant.sku for variant in listing.variants.all()]
    groups = [_group(listing, sku, [one for one in found if one.sku == sku]) for sku in ["", *skus]]
    missing = sum(len(group.todo) for group in groups)
    return {
        "groups": [group for group in groups if group.todo or group.met],
        "missing": missing,
        "total": len(found),
    }


def _group(listing: Listing, sku: str, found: list[Requirement]) -> CheckGroup:
    todo = [(one, _anchor(listing, one)) for one in found if not one.met]
    return CheckGroup(sku, todo, [one for one in found if one.met])


def _anchor(listing: Listing, one: Requirement) -> str:
    """Return the id of the field that mends it, empty when none does."""
    if not one.field or one.field == "pictures":
        return one.field
    if one.sku:
        skus = [variant.sku for variant in listing.variants.all()]
        if one.field == "origin":
            return "id_origin"
        return f"id_variant-{skus.index(one.sku)}-{one.field}" if one.sku in skus else ""
    if one.field == "name":
        return "id_zh-hans-name"
    return "id_lane" if one.field == "warehouse" else f"id_{one.field}"


# -- publishing ------------------------------------------------------------------------------------------------


@require_POST
@editor_page
def publish(request: PortalRequest, listing_id: uuid.UUID) -> HttpResponse:
    """Start publishing what is stored."""
    listing = own_listing(request, listing_id)
    try:
        publishing.publish(listing, actor=request.member.email)
    except NotPublishable:
        messages.error(request, _("Not published: the checklist says what is still missing."))
    return redirect(f"{reverse('portal:listing', args=[listing.pk])}#publish")


@require_GET
@member_page
def progress(request: PortalRequest, listing_id: uuid.UUID) -> HttpResponse:
    """Show how far publishing is; the page asks again while it runs."""
    listing = own_listing(request, listing_id)
    context = {"listing": listing, "may_edit": request.member.may_edit, **_progress_context(listing)}
    response = render(request, "portal/progress.html", context)
    run: PublicationRun | None = context["run"]
    if run and not run.open:
        # The state beside the heading and the checklist changed too.
        response.headers["HX-Refresh"] = "true"
    return response


def _progress_context(listing: Listing) -> dict[str, Any]:
    run = latest_run(listing)
    return {"run": run, "step_name": STEP_NAMES.get(run.step, "") if run else ""}
