"""Starting many stopped declarations again, and watching what becomes of them."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from saleor_ext.plugin_api import Look, Way

from .. import retrying, selectors
from ..models import Declaration, RetryItem, RetryRun
from ..selectors import Filters
from . import frame, work
from .forms import ReasonForm

SHOWN = 500
ITEM_LOOKS = {
    RetryItem.State.WAITING: Look("clock"),
    RetryItem.State.STARTED: Look("done", "green"),
    RetryItem.State.SKIPPED: Look("right", "yellow"),
}


@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Start the chosen declarations again, or all stopped ones of the list; the same form sent twice is one run."""
    filters = Filters.of(request.POST.dict())
    form = ReasonForm(request.POST)
    token = _uuid(request.POST.get("token", ""))
    if not form.is_valid() or token is None:
        messages.error(request, _("Say why: the audit log needs a reason."))
        return redirect(_list(filters))
    known = RetryRun.objects.filter(token=token).first()
    if known is not None:
        return redirect("console:customs:retry_run", run_id=known.pk)
    chosen = _chosen(request, filters)
    if not chosen:
        messages.error(request, _("Choose the declarations that are to be started again."))
        return redirect(_list(filters))
    run, _new = retrying.begin(
        chosen, token=token, actor=frame.actor(request), reason=form.cleaned_data["reason"]
    )
    return redirect("console:customs:retry_run", run_id=run.pk)


def _list(filters: Filters) -> str:
    return f"{work.back().url}{filters.query()}"


def _chosen(request: HttpRequest, filters: Filters) -> list[Declaration]:
    """Return the stopped ones among what was chosen, oldest first, at most one run's worth."""
    stopped = Filters(**{**filters.given, "state": Declaration.State.STOPPED})
    found = selectors.matching(stopped).prefetch_related("documents").order_by("created_at", "pk")
    if request.POST.get("all") != "1":
        keys = [key for key in map(_uuid, request.POST.getlist("declaration")) if key is not None]
        found = found.filter(pk__in=keys[: retrying.MOST])
    return list(found[: retrying.MOST])


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def show(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Show a run's progress and what came of each declaration."""
    run = get_object_or_404(RetryRun, pk=run_id)
    states = dict(run.items.order_by().values_list("state").annotate(number=Count("pk")))
    items = run.items.select_related("declaration")[:SHOWN]
    waiting = states.get(RetryItem.State.WAITING, 0)
    total = sum(states.values())
    context = {
        "run": run,
        "items": [(item, ITEM_LOOKS[RetryItem.State(item.state)]) for item in items],
        "total": total,
        "done": total - waiting,
        "started": states.get(RetryItem.State.STARTED, 0),
        "skipped": states.get(RetryItem.State.SKIPPED, 0),
        "waiting": waiting,
        "shown": SHOWN,
        "trail": [work.back(), Way(_("Started again"))],
    }
    return frame.page(request, "retry_run", context, tab="work")
