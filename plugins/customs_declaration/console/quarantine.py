"""Files that could not be read: why, a look at their beginning, the whole with permission, and another try."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from saleor_ext.core import audit
from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import Look, Way, needs

from .. import links, oversized, quarantine
from ..models import QuarantinedFile
from ..transport.folder import ERROR
from . import frame
from .forms import ReasonForm

PER_PAGE = 50
#: Shown of the masked beginning.
HEAD_SHOWN = 4000
State = QuarantinedFile.State
LOOKS = {
    State.WAITING: Look("alert", "red"),
    State.READ: Look("done", "green"),
    State.DELETED: Look("stop"),
}


def table(request: HttpRequest) -> HttpResponse:
    """List the files, those not readable first asked for."""
    state = request.GET.get("state", State.WAITING)
    state = state if state in State.values else State.WAITING
    files = QuarantinedFile.objects.defer("head").filter(state=state)
    page = Paginator(files, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "files": [(one, LOOKS[State(one.state)]) for one in page],
        "states": [
            Way(
                str(word),
                f"?state={value}",
                value == state,
                QuarantinedFile.objects.filter(state=value).count(),
            )
            for value, word in State.choices
        ],
        "days": links.config().quarantine_days,
    }
    return frame.page(request, "quarantine", context, tab="quarantine")


def show(request: HttpRequest, file_id: uuid.UUID) -> HttpResponse:
    return _page(request, get_object_or_404(QuarantinedFile, pk=file_id))


@require_POST
def again(request: HttpRequest, file_id: uuid.UUID) -> HttpResponse:
    """Read a file anew, after what was wrong has been mended."""
    row = get_object_or_404(QuarantinedFile, pk=file_id)
    if not row.kept or row.state != State.WAITING:
        messages.error(request, _("There is nothing to read: the file was not kept, or is read already."))
    elif quarantine.try_again(row, actor=frame.actor(request)):
        messages.success(request, _("The file can be read now, and is being worked."))
    else:
        messages.error(request, _("The file still cannot be read."))
    return redirect("console:customs:quarantined", file_id=row.pk)


@require_POST
@needs(frame.PERSONS)
def download(request: HttpRequest, file_id: uuid.UUID) -> HttpResponseBase:
    """Hand out a file as it came: with permission and a reason, and audited."""
    row = get_object_or_404(QuarantinedFile, pk=file_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form=form, status=422)
    if not row.kept and not row.aside:
        messages.error(request, _("The file was not kept."))
        return redirect("console:customs:quarantined", file_id=row.pk)
    try:
        body = oversized.pieces(row) if row.aside else quarantine.pieces(row)
    except PermanentError as error:
        messages.error(request, error.message)
        return redirect("console:customs:quarantined", file_id=row.pk)
    with transaction.atomic():
        audit.record(
            "customs.quarantine_opened", "file", row.pk, actor=frame.actor(request),
            reason=form.cleaned_data["reason"], name=row.name, sha256=row.sha256,
        )  # fmt: skip
    return StreamingHttpResponse(
        body,
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": f'attachment; filename="{row.sha256[:16]}.bin"',
            "Content-Length": str(row.size),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


@require_POST
@needs(frame.PERSONS)
def delete(request: HttpRequest, file_id: uuid.UUID) -> HttpResponseBase:
    """Delete a file for good: with permission and a reason, and audited."""
    row = get_object_or_404(QuarantinedFile, pk=file_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, row, deleting=form, status=422)
    try:
        quarantine.delete(row, actor=frame.actor(request), reason=form.cleaned_data["reason"])
    except PermanentError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The file is deleted."))
    return redirect("console:customs:quarantined", file_id=row.pk)


def _page(
    request: HttpRequest,
    row: QuarantinedFile,
    *,
    form: ReasonForm | None = None,
    deleting: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    head = bytes(row.head)[:HEAD_SHOWN].decode("utf-8", "replace")
    context = {
        "file": row,
        "look": LOOKS[State(row.state)],
        "head": "".join(sign if sign.isprintable() or sign in "\n\t" else "\ufffd" for sign in head),
        "cut": row.size > HEAD_SHOWN,
        "form": form or ReasonForm(),
        "refused": form is not None,
        "deleting": deleting or ReasonForm(),
        "delete_refused": deleting is not None,
        "there": row.kept or bool(row.aside),
        "folder": ERROR,
        "entries": audit.entries_of("file", row.pk)[:50],
        "trail": [Way(_("Quarantine"), reverse("console:customs:quarantine")), Way(row.name)],
    }
    return frame.page(request, "quarantined", context, tab="quarantine", status=status)
