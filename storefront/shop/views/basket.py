"""The basket: looking at it, adding, changing."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from saleor_ext.core.errors import TransientError
from storefront.ui.errors import RETRY_SECONDS

from .. import basket, session
from ..forms import AddForm, ChangeForm


@never_cache
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show every box; when Saleor is away what was chosen is still counted."""
    try:
        boxes = basket.read(request)
    except TransientError:
        context = {"boxes": [], "unavailable": bool(session.boxes(request)), "place": "basket"}
        answer = render(request, "shop/basket.html", context, status=503)
        answer["Retry-After"] = str(RETRY_SECONDS)
        return answer
    return render(request, "shop/basket.html", {"boxes": boxes, "place": "basket"})


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    form = AddForm(request.POST)
    if not form.is_valid():
        wrong_number = "quantity" in form.errors
        messages.error(request, gettext("Choose how many, from 1 to 99.") if wrong_number else basket.gone())
        known = form.cleaned_data.get("slug")
        return redirect("shop:product", slug=known) if known else redirect("shop:basket")
    slug = form.cleaned_data["slug"]
    try:
        basket.add(request, slug, form.cleaned_data["variant"], form.cleaned_data["quantity"] or 1)
    except basket.CannotAdd as refused:
        messages.error(request, str(refused))
        return redirect("shop:product", slug=slug)
    messages.success(request, gettext("It is in your basket."), extra_tags=reverse("shop:basket"))
    return redirect("shop:product", slug=slug)


@require_POST
def change(request: HttpRequest, key: str) -> HttpResponse:
    form = ChangeForm(request.POST)
    if form.is_valid():
        try:
            basket.change(request, key, form.cleaned_data["line"], form.cleaned_data["quantity"])
        except basket.CannotAdd as refused:
            messages.error(request, str(refused))
    else:
        messages.error(request, gettext("Choose how many, from 1 to 99."))
    return redirect("shop:basket")
