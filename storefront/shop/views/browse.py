"""Finding goods: home, lists, search, one product, one merchant, help."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from storefront.ui.viewmodels import Link

from .. import catalogue

#: The day the rules on the help page were last read at their source.
RULES_READ_ON = date(2026, 11, 23)
SEARCH_LENGTH = 80


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    context = {"tiles": catalogue.featured(), "categories": catalogue.categories(), "place": "home"}
    return render(request, "shop/home.html", context)


@require_GET
def everything(request: HttpRequest) -> HttpResponse:
    return _list(request, gettext("All goods"), "all", catalogue.listing(page=_page_number(request)))


@require_GET
def category(request: HttpRequest, slug: str) -> HttpResponse:
    found = next((one for one in catalogue.categories() if one.slug == slug), None)
    if found is None:
        raise Http404
    return _list(request, found.name, slug, catalogue.listing(category=slug, page=_page_number(request)))


@require_GET
def merchant(request: HttpRequest, slug: str) -> HttpResponse:
    listing = catalogue.listing(merchant=slug, page=_page_number(request))
    if not listing.total:
        raise Http404
    return _list(request, catalogue.merchant_name(slug), "", listing)


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").replace("\0", "").strip()[:SEARCH_LENGTH]
    listing = catalogue.listing(query=query, page=_page_number(request))
    heading = gettext("“%(query)s”") % {"query": query} if query else gettext("All goods")
    return _list(request, heading, "all", listing, query)


def _list(request: HttpRequest, heading: str, place: str, listing: object, query: str = "") -> HttpResponse:
    context = {
        "heading": heading,
        "place": place,
        "listing": listing,
        "query": query,
        "home_link": Link(gettext("Home"), reverse("shop:home")),
    }
    return render(request, "shop/listing.html", context)


@require_GET
def product(request: HttpRequest, slug: str) -> HttpResponse:
    found = catalogue.product(slug, request.GET.get("v", ""))
    if found is None:
        raise Http404
    trail = [Link(gettext("Home"), reverse("shop:home"))]
    if found.category:
        trail.append(Link(found.category.name, reverse("shop:category", args=[found.category.slug])))
    context = {
        "product": found,
        "crumb_links": [*trail, Link(found.name)],
        "place": found.category.slug if found.category else "",
        "origin": f"{request.scheme}://{request.get_host()}",
    }
    return render(request, "shop/product.html", context)


@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "shop/help.html", {"read_on": RULES_READ_ON})
