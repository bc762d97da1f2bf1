"""Merchants: who sells, in which state, with which members."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from saleor_ext.core import audit
from saleor_ext.merchants import services
from saleor_ext.merchants.models import Merchant
from saleor_ext.merchants.selectors import all_merchants
from saleor_ext.orders import selectors
from storefront.ui.viewmodels import Link

from .. import shell
from ..access import actor, staff_only
from ..forms import ReasonForm
from .parcels import named

PARCELS_SHOWN = 10


@staff_only
def table(request: HttpRequest) -> HttpResponse:
    language = get_language() or "zh-hans"
    rows = [(merchant, merchant.name(language), merchant.members.all()) for merchant in all_merchants()]
    return shell.page(request, "merchants", {"rows": rows}, place="merchants")


@staff_only
def show(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, get_object_or_404(Merchant, slug=slug))


@require_POST
@staff_only
def change_state(request: HttpRequest, slug: str) -> HttpResponse:
    """Suspend a merchant or let it publish again; the reason is kept, and told to the merchant."""
    merchant = get_object_or_404(Merchant, slug=slug)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, merchant, form=form, status=422)
    reason = form.cleaned_data["reason"]
    if merchant.state == Merchant.State.APPROVED:
        services.suspend(merchant, reason=reason, actor=actor(request))
        messages.success(request, _("The merchant is suspended and can no longer publish."))
    else:
        services.reinstate(merchant, reason=reason, actor=actor(request))
        messages.success(request, _("The merchant may publish again."))
    return redirect("console:merchant", slug=slug)


def _page(
    request: HttpRequest, merchant: Merchant, *, form: ReasonForm | None = None, status: int = 200
) -> HttpResponse:
    language = get_language() or "zh-hans"
    context = {
        "merchant": merchant,
        "name": merchant.name(language),
        "names": sorted(merchant.names.items()),
        "members": merchant.members.all(),
        "parcels": named(selectors.parcels_of_merchant(merchant.slug)[:PARCELS_SHOWN]),
        "entries": audit.entries_of(services.OBJECT, merchant.pk),
        "form": form or ReasonForm(),
        "back": Link(_("Merchants"), reverse("console:merchants")),
    }
    return shell.page(request, "merchant", context, place="merchants", status=status)
