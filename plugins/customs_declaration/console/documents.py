"""One message: its fields, its XML, its receipts, and what changed since the version before."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from saleor_ext.core import audit
from saleor_ext.plugin_api import Way, needs

from .. import differences, masking, pages
from ..messages import MESSAGES
from ..messages.statuses import codes_of
from ..models import CustomsDocument, Receipt
from . import frame, work
from .forms import ReasonForm

FIELDS, XML, RECEIPTS, CHANGES = "fields", "xml", "receipts", "changes"


def show(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    return _page(request, _find(document_id), request.GET.get("view", FIELDS))


@require_POST
@needs(frame.PERSONS)
@sensitive_variables("body")
def raw(request: HttpRequest, document_id: uuid.UUID) -> HttpResponseBase:
    """Hand out the message as it was sent, persons and all: with permission and a reason, and audited."""
    document = _find(document_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, document, XML, form=form, status=422)
    with transaction.atomic():
        audit.record(
            "customs.message_opened", "parcel", document.declaration.parcel_id,
            actor=frame.actor(request), reason=form.cleaned_data["reason"],
            kind=document.kind, guid=document.guid, version=document.version,
        )  # fmt: skip
    body = document.body or ""
    return HttpResponse(
        body.encode(),
        content_type="application/xml",
        headers={
            "Content-Disposition": f'attachment; filename="{document.file_name}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


def receipt(request: HttpRequest, receipt_id: uuid.UUID) -> HttpResponse:
    """Show one receipt, also of a document that is not ours."""
    found = get_object_or_404(Receipt.objects.select_related("document__declaration"), pk=receipt_id)
    message = MESSAGES.get(found.message)
    labels = {field.name: field.label for field in message.head.fields} if message else {}
    context = {
        "receipt": found,
        "title": message.label if message else "",
        "fields": [
            (name, labels.get(name, ""), masking.shown(name, str(value))) for name, value in found.raw.items()
        ],
        "codes": codes_of(found.text),
        "trail": [work.back(), Way(f"{found.message} {found.status}")],
    }
    return frame.page(request, "receipt", context, tab="work")


def _find(document_id: uuid.UUID) -> CustomsDocument:
    return get_object_or_404(CustomsDocument.objects.select_related("declaration"), pk=document_id)


def _page(
    request: HttpRequest,
    document: CustomsDocument,
    view: str,
    *,
    form: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    siblings = CustomsDocument.objects.filter(declaration=document.declaration_id, kind=document.kind)
    earlier = siblings.filter(version__lt=document.version).exclude(body_sha256="")
    before = earlier.order_by("-version").first() if document.is_built else None
    receipts = list(document.receipts.order_by("returned_at", "received_at"))
    declaration = document.declaration
    address = reverse("console:customs:declaration", args=[declaration.pk])
    view = view if view in (FIELDS, XML, RECEIPTS, CHANGES) else FIELDS
    context: dict[str, Any] = {
        "document": document,
        "declaration": declaration,
        "look": frame.look_of_document(document.state),
        "title": MESSAGES[document.kind].label,
        "view": view,
        "views": [
            Way(_("Fields"), "?view=fields", view == FIELDS),
            Way("XML", "?view=xml", view == XML),
            Way(_("Receipts"), "?view=receipts", view == RECEIPTS, len(receipts)),
            Way(_("Changes"), "?view=changes", view == CHANGES),
        ],
        "versions": siblings.defer("body").order_by("version"),
        "before": before,
        "form": form or ReasonForm(),
        "refused": form is not None,
        "trail": [
            work.back(),
            Way(declaration.order_no, address),
            Way(f"{document.kind[3:6]} v{document.version}"),
        ],
    }
    if view == FIELDS:
        context["message"] = pages.view_of(document)
    elif view == XML:
        context["xml"] = masking.masked_xml(document.body) if document.is_built else ""
    elif view == RECEIPTS:
        context["receipts"] = [(one, codes_of(one.text)) for one in receipts]
    elif before is not None:
        context["changes"] = differences.between(before, document)
    return frame.page(request, "document", context, tab="work", status=status)
