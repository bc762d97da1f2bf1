"""Customs' demands for payment data (announcement 2018/179): what was answered, uploaded, and when it is tried next."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from saleor_ext.core import audit
from saleor_ext.core.models import OutboxMessage
from saleor_ext.plugin_api import Look, Way

from ..models import RealtimeRequest
from ..realtime import requests
from ..realtime.wire import RECEIVED
from . import frame
from .forms import ReasonForm

PER_PAGE = 50
State = RealtimeRequest.State
LOOKS = {
    State.ASKED: Look("clock", "blue"),
    State.UPLOADED: Look("done", "green"),
    State.FAILED: Look("alert", "red"),
}


@dataclass(frozen=True, slots=True)
class Demand:
    """A demand with when its upload is tried next, None when it is not."""

    request: RealtimeRequest
    next_try: datetime | None

    @property
    def look(self) -> Look:
        return LOOKS[State(self.request.state)]

    @property
    def failed(self) -> bool:
        return self.request.state == State.FAILED


def table(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
def again(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """Start a failed upload again; the reason is kept."""
    row = get_object_or_404(RealtimeRequest.objects.select_related("declaration"), pk=request_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, failed=row, form=form, status=422)
    with transaction.atomic():
        started = requests.again(row)
        if started:
            audit.record(
                "customs.realtime_again", "parcel", row.declaration.parcel_id, actor=frame.actor(request),
                reason=form.cleaned_data["reason"], session=row.session_id,
            )  # fmt: skip
    if started:
        messages.success(request, _("The data are made and uploaded anew."))
    else:
        messages.error(
            request, _("The upload has not failed (any more), so there is nothing to start again.")
        )
    return redirect("console:customs:payment_data")


def _page(
    request: HttpRequest,
    *,
    failed: RealtimeRequest | None = None,
    form: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    state = request.GET.get("state", "")
    state = state if state in State.values else ""
    found = RealtimeRequest.objects.select_related("declaration").defer("body")
    if state:
        found = found.filter(state=state)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    tries = next_tries([row.pk for row in page])
    context = {
        "page": page,
        "demands": [Demand(row, tries.get(str(row.pk))) for row in page],
        "received": RECEIVED,
        "states": [
            Way(_("All"), "?", not state),
            *(Way(str(word), f"?state={value}", value == state) for value, word in State.choices),
        ],
        "failed_id": failed.pk if failed else None,
        "form": form or ReasonForm(),
    }
    return frame.page(request, "payment_data", context, tab="payment_data", status=status)


def next_tries(keys: list[uuid.UUID]) -> dict[str, datetime]:
    """Return by demand when its upload is due, for those that are promised."""
    promised = OutboxMessage.objects.filter(
        topic=requests.UPLOAD,
        state=OutboxMessage.State.PENDING,
        payload__request__in=[str(key) for key in keys],
    )
    return {row.payload["request"]: row.run_at for row in promised.order_by("-run_at")}
