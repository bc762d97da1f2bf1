"""One declaration: where it stands, what can be mended and where, and starting it again."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from saleor_ext.core import audit
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Way

from .. import links, origins, retrying
from ..messages.statuses import codes_of
from ..models import Declaration
from . import desk, duties, frame, work
from .forms import CorrectionForm, ReasonForm
from .work import DocumentCell

AUDIT_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Mend:
    """A source of fields, which of them the reason names, and the place to mend them."""

    origin: origins.Origin
    elements: list[str]
    url: str


def show(request: HttpRequest, declaration_id: uuid.UUID) -> HttpResponse:
    return page(request, find(declaration_id))


@require_POST
def retry(request: HttpRequest, declaration_id: uuid.UUID) -> HttpResponse:
    """Start the stopped step again; the reason is kept."""
    declaration = find(declaration_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return page(request, declaration, reason=form, status=422)
    if retrying.retry(declaration, actor=frame.actor(request), reason=form.cleaned_data["reason"]):
        messages.success(request, _("The step was started again."))
    else:
        messages.error(request, _("The step is not failed any more, so there is nothing to retry."))
    return redirect("console:customs:declaration", declaration_id=declaration.pk)


def find(declaration_id: uuid.UUID) -> Declaration:
    return get_object_or_404(Declaration.objects.prefetch_related("documents"), pk=declaration_id)


def page(
    request: HttpRequest,
    declaration: Declaration,
    *,
    reason: ReasonForm | None = None,
    failed: CorrectionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    parcel = desk.parcel_of(declaration)
    step = desk.step_of(declaration, parcel)
    stopped = step is not None and step.state == "failed"
    why = declaration.stopped_text or (step.error if step and stopped else "")
    context = {
        "declaration": declaration,
        "look": frame.look_of_declaration(declaration.state),
        "parcel": parcel,
        "tax": Money(declaration.tax_total, "CNY"),
        "value": Money(declaration.dutiable_value, "CNY"),
        "owed": duties.of_declaration(declaration),
        "documents": [DocumentCell(one) for one in declaration.documents.order_by("-created_at")],
        "stopped": stopped,
        "why": why if stopped else "",
        "mends": _mends(declaration, why) if stopped else [],
        "missing": links.config().missing(declaration.lane) if stopped else [],
        "desk": desk.of(request, declaration, parcel, why if stopped else "", failed=failed),
        "form": reason or ReasonForm(),
        "refused": reason is not None,
        "entries": audit.entries_of("parcel", declaration.parcel_id)[:AUDIT_SHOWN],
        "trail": [work.back(), Way(declaration.order_no)],
    }
    return frame.page(request, "declaration", context, tab="work", status=status)


def _mends(declaration: Declaration, why: str) -> list[Mend]:
    """Return all sources with their places; those that the reason names come first."""
    named: dict[str, list[str]] = {code: [] for code in origins.ORIGINS}
    for element in origins.named_in(why):
        named[origins.of(element, line=True).code].append(element)
    for customs_code, _words in codes_of(why):
        if (origin := origins.of_code(customs_code)) is not None:
            named[origin.code].append(customs_code)
    parcel = reverse("console:parcel", args=[declaration.parcel_id])
    places: dict[str, Any] = {
        origins.CONFIGURATION: reverse("console:plugin", args=["customs_declaration"]),
        origins.ARTICLE: "#lines",
        origins.BUYER: "#lines",
        origins.PAYMENT: parcel,
        origins.WAYBILL: parcel,
        origins.BOOK: parcel,
        origins.ORDER: parcel,
    }
    found = [Mend(origins.ORIGINS[code], named[code], url) for code, url in places.items()]
    return sorted(found, key=lambda mend: not mend.elements)
