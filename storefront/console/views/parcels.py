"""Parcels: the table, and one parcel with everything that is known of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from saleor_ext.core import audit
from saleor_ext.identity.services import masked
from saleor_ext.merchants.selectors import display_name
from saleor_ext.orders import selectors, steps
from saleor_ext.orders.models import Parcel, ParcelStep
from saleor_ext.orders.views_of import parcel_view
from saleor_ext.plugin_api import Fragment, ParcelView, StepSpec
from saleor_ext.plugin_api.registry import ask
from storefront.ui.viewmodels import Event, Link

from .. import shell
from ..access import actor, staff_only
from ..forms import ReasonForm

PER_PAGE = 50
AUDIT_SHOWN = 100
ICONS = {
    "paid": "wallet",
    "payment_declared": "stamp",
    "waybill": "parcel",
    "declared": "stamp",
    "accepted": "stamp",
    "review": "eye",
    "inspection": "eye",
    "released": "done",
    "rejected": "stop",
    "packed": "parcel",
    "handed_over": "truck",
    "in_transit": "truck",
    "out_for_delivery": "truck",
    "delivered": "home",
    "exception": "alert",
    "cancelled": "stop",
}


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step with its title from the plugin that takes it."""

    step: ParcelStep
    title: Any

    @property
    def may_retry(self) -> bool:
        return self.step.state == ParcelStep.State.FAILED


@staff_only
def table(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()
    state = request.GET.get("state", "")
    state = state if state in Parcel.State.values else ""
    attention = request.GET.get("attention") == "1"
    page = Paginator(selectors.search(query, state, attention), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": named(page),
        "query": query,
        "state": state,
        "attention": attention,
        "states": Parcel.State.choices,
        "filtered": bool(query or state or attention),
    }
    return shell.page(request, "parcels", context, place="parcels")


def named(parcels: Iterable[Parcel]) -> list[Parcel]:
    """Return parcels with ``merchant_name`` in the page's language."""
    rows, names, language = list(parcels), dict[str, str](), get_language() or "zh-hans"
    for parcel in rows:
        if parcel.merchant not in names:
            names[parcel.merchant] = display_name(parcel.merchant, language)
        parcel.merchant_name = names[parcel.merchant]  # type: ignore[attr-defined]  # for the template only
    return rows


@staff_only
def show(request: HttpRequest, parcel_id: uuid.UUID) -> HttpResponse:
    parcel = get_object_or_404(Parcel.objects.select_related("buyer"), pk=parcel_id)
    return _page(request, parcel)


@require_POST
@staff_only
def retry(request: HttpRequest, parcel_id: uuid.UUID) -> HttpResponse:
    """Start a failed step again; the reason is kept."""
    parcel = get_object_or_404(Parcel, pk=parcel_id)
    form = ReasonForm(request.POST)
    name = request.POST.get("step", "")
    if name not in {step.name for step in parcel.steps.all()}:
        messages.error(request, _("This parcel has no such step."))
        return redirect("console:parcel", parcel_id=parcel.pk)
    if not form.is_valid():
        return _page(request, parcel, form=form, failed_step=name, status=422)
    try:
        steps.retry(parcel.pk, name, actor=actor(request), reason=form.cleaned_data["reason"])
        messages.success(request, _("The step was started again."))
    except steps.StepNotAllowed:
        messages.error(request, _("The step is not failed any more, so there is nothing to retry."))
    return redirect("console:parcel", parcel_id=parcel.pk)


def _page(
    request: HttpRequest,
    parcel: Parcel,
    *,
    form: ReasonForm | None = None,
    failed_step: str = "",
    status: int = 200,
) -> HttpResponse:
    view = parcel_view(parcel)
    specs: list[StepSpec] = ask("parcel_steps", parcel=view)
    titles = {spec.name: spec.title for spec in specs}
    context = {
        "parcel": parcel,
        "view": view,
        "merchant": display_name(parcel.merchant, get_language() or "zh-hans"),
        "buyer": masked(parcel.buyer) if parcel.buyer else None,
        "steps": [StepRow(step, titles.get(step.name, step.name)) for step in parcel.steps.all()],
        "events": timeline(parcel),
        "fragments": fragments(request, view),
        "entries": audit.entries_of("parcel", parcel.pk)[:AUDIT_SHOWN],
        "form": form or ReasonForm(),
        "failed_step": failed_step,
        "back": Link(_("Parcels"), url=reverse("console:parcels")),
    }
    return shell.page(request, "parcel", context, place="parcels", status=status)


def fragments(request: HttpRequest, view: ParcelView) -> list[tuple[Any, str]]:
    """Return what the plugins show of a parcel, each rendered with its own context only."""
    pieces: list[Fragment] = ask("console_fragments", place="parcel", context={"parcel": view})
    return [
        (piece.title, render_to_string(piece.template, dict(piece.context), request))
        for piece in sorted(pieces, key=lambda piece: piece.order)
    ]


def timeline(parcel: Parcel) -> list[Event]:
    """Return the buyer's timeline as the component shows it; the next station reached counts as now."""
    events = []
    seen_next = False
    for entry in selectors.timeline(parcel):
        place = "trouble" if entry.alarm else "done" if entry.reached else "next"
        if not entry.reached and not seen_next:
            seen_next, place = True, "now"
        events.append(Event(str(entry.title), ICONS.get(entry.code, "info"), place, entry.at))
    return events
