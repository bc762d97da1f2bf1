"""Console pages of policy tables: what is in force, proposing an edition, its difference, approving it.

Every operator may look; proposing and deciding need Saleor's permission to handle taxes, and who proposes cannot
approve. Texts that the database keeps (sources, codes) are shown as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from saleor_ext.core import audit, clock
from saleor_ext.plugin_api import ConsolePage, console, needs

from .. import tables
from . import deciding, in_force, kinds
from .deciding import PolicyRefused
from .forms import ProposalForm, RefusalForm, today
from .models import PolicyEdition

PLACE = "customs-policies"
#: Saleor's permission that proposing and deciding need.
PERMISSION = "HANDLE_TAXES"
CHANGES_SHOWN = 200
HISTORY_SHOWN = 30
Kind = PolicyEdition.Kind
State = PolicyEdition.State

LOOKS: dict[str, tuple[str, str]] = {
    State.DRAFT: ("eye", "yellow"),
    State.APPROVED: ("done", "green"),
    State.SUPERSEDED: ("return", ""),
    State.REFUSED: ("stop", "red"),
}
#: Why an edition cannot be proposed or decided so, in the operator's language; ``unreadable`` names its place itself.
REASONS: dict[str, Any] = {
    "past": gettext_lazy("The day it is to be in force from is over."),
    "read_later": gettext_lazy("The source cannot have been read in the future."),
    "unchanged": gettext_lazy("The edition changes nothing."),
    "too_large": gettext_lazy("The table is too large."),
    "own_proposal": gettext_lazy(
        "Who proposes an edition cannot approve it: another person has to look at it."
    ),
    "other_content": gettext_lazy("This is not the content that you have looked at. Look again."),
    "not_draft": gettext_lazy("The edition does not wait for a decision any more."),
}


@dataclass(frozen=True, slots=True)
class TableRow:
    """One policy table: what is in force today and what else there is of it."""

    kind: str
    title: Any
    edition: in_force.Approved | None
    source: str
    since: date | None
    coming: list[PolicyEdition]
    waiting: list[PolicyEdition]


def menu() -> list[ConsolePage]:
    """Return the entry of the console's menu, with how many editions wait for a second person."""
    waiting = PolicyEdition.objects.filter(state=State.DRAFT).count()
    return [ConsolePage(PLACE, _("Policy tables"), "console:customs:policies", "stamp", waiting)]


def table(request: HttpRequest) -> HttpResponse:
    """Show every table: in force, approved for later, proposed; and what was decided last."""
    recent = PolicyEdition.objects.exclude(state=State.DRAFT).defer("content").order_by("-decided_at")
    context = {
        "rows": [_row(kind) for kind in Kind],
        "recent": _looked(recent[:HISTORY_SHOWN]),
        "may_propose": console().operator(request).may(PERMISSION),
    }
    return _page(request, "policies", context)


@needs(PERMISSION)
def propose(request: HttpRequest, kind: str) -> HttpResponse:
    """Take a new edition; what was typed stays when it is refused."""
    known = _kind(kind)
    tabular = known not in kinds.VALUES
    if request.method == "POST":
        form = ProposalForm(request.POST, request.FILES, tabular=tabular)
        if form.is_valid() and (made := _proposed(request, known, form)) is not None:
            messages.success(request, _("Proposed. It holds when another person has approved it."))
            return redirect("console:customs:policy", edition_id=made.pk)
        return _proposal(request, known, form, status=422)
    day = clock.china_today()
    initial = {"effective_from": today(), "read_on": today()}
    if not tabular:
        initial["content"] = kinds.write(known, in_force.content(known, day))
    return _proposal(request, known, ProposalForm(initial=initial, tabular=tabular))


def in_force_content(request: HttpRequest, kind: str) -> HttpResponse:
    """Give out a table as it is in force today, as a file to start from."""
    known, day = _kind(kind), clock.china_today()
    edition = in_force.edition(known, day)
    if edition is not None:
        return _download(PolicyEdition.objects.get(pk=edition.pk))
    path = in_force.base_file(known, day)
    text = tables.as_csv(path) if path else kinds.write(known, in_force.content(known, day))
    return _file(text, f"{known.value}-{day}", known)


def show(request: HttpRequest, edition_id: UUID) -> HttpResponse:
    """Show an edition: facts, what it changes, and the decision that is asked for."""
    return _edition(request, _found(edition_id))


def content(request: HttpRequest, edition_id: UUID) -> HttpResponse:
    """Give out the whole table of an edition."""
    return _download(_found(edition_id))


@require_POST
@needs(PERMISSION)
def approve(request: HttpRequest, edition_id: UUID) -> HttpResponse:
    """Approve what was looked at; the form carries its digest."""
    edition = _found(edition_id)
    try:
        deciding.approve(edition.pk, actor=_actor(request), sha256=request.POST.get("sha256", ""))
    except PolicyRefused as refused:
        messages.error(request, _reason(refused))
    else:
        messages.success(request, _("Approved. It is in force from its day on."))
    return redirect("console:customs:policy", edition_id=edition.pk)


@require_POST
@needs(PERMISSION)
def refuse(request: HttpRequest, edition_id: UUID) -> HttpResponse:
    """Refuse an edition, or take one's own back, with a reason."""
    edition = _found(edition_id)
    form = RefusalForm(request.POST)
    if not form.is_valid():
        return _edition(request, edition, form, status=422)
    try:
        deciding.refuse(edition.pk, actor=_actor(request), reason=form.cleaned_data["reason"])
    except PolicyRefused as refused:
        messages.error(request, _reason(refused))
    else:
        messages.success(request, _("Refused. It will not hold."))
    return redirect("console:customs:policies")


def _row(kind: Kind) -> TableRow:
    day = clock.china_today()
    edition = in_force.edition(kind, day)
    editions = PolicyEdition.objects.filter(kind=kind).defer("content").order_by("effective_from")
    source, since = (
        ("", None) if edition is None else (f"{edition.source} ({edition.read_on})", edition.since)
    )
    if edition is None and (found := in_force.content(kind, day)) is not None:
        source, since = getattr(found, "source", ""), getattr(found, "since", None)
    return TableRow(
        kind=kind.value,
        title=kind.label,
        edition=edition,
        source=source,
        since=since,
        coming=list(editions.filter(state=State.APPROVED, effective_from__gt=day)),
        waiting=list(editions.filter(state=State.DRAFT)),
    )


def _proposed(request: HttpRequest, kind: Kind, form: ProposalForm) -> PolicyEdition | None:
    data = form.cleaned_data
    try:
        return deciding.propose(
            kind,
            effective_from=data["effective_from"],
            source=data["source"],
            read_on=data["read_on"],
            content=data["table"],
            actor=_actor(request),
        )
    except PolicyRefused as refused:
        field = {"past": "effective_from", "read_later": "read_on"}.get(refused.code, "content")
        form.add_error(field, _reason(refused))
        return None


def _proposal(request: HttpRequest, kind: Kind, form: ProposalForm, status: int = 200) -> HttpResponse:
    context = {"kind": kind.value, "title": kind.label, "form": form, "columns": kinds.COLUMNS.get(kind, ())}
    return _page(request, "policy_propose", context, status=status)


def _edition(
    request: HttpRequest, edition: PolicyEdition, form: RefusalForm | None = None, status: int = 200
) -> HttpResponse:
    operator = console().operator(request)
    changes = deciding.changes(edition) if edition.state == State.DRAFT else []
    context = {
        "edition": _looked([edition])[0],
        "changes": changes[:CHANGES_SHOWN],
        "count": len(changes),
        "more": max(len(changes) - CHANGES_SHOWN, 0),
        "waits": edition.state == State.DRAFT,
        "may_decide": operator.may(PERMISSION),
        "own": edition.proposed_by == operator.name,
        "form": form or RefusalForm(),
        "refused": form is not None,
        "entries": audit.entries_of(deciding.OBJECT, edition.pk),
    }
    return _page(request, "policy", context, status=status)


def _looked(editions: Any) -> list[PolicyEdition]:
    """Give editions the icon and colour of their state, for the template."""
    rows = list(editions)
    for row in rows:
        row.icon, row.tone = LOOKS[row.state]
    return rows


def _page(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    around = {"back_url": reverse("console:customs:policies")}
    path = f"customs_declaration/policies/{template}.html"
    return console().page(request, path, {**around, **context}, place=PLACE, status=status)


def _found(edition_id: UUID) -> PolicyEdition:
    return get_object_or_404(PolicyEdition, pk=edition_id)


def _kind(kind: str) -> Kind:
    if kind not in Kind.values:
        raise Http404
    return Kind(kind)


def _reason(refused: PolicyRefused) -> str:
    return str(REASONS.get(refused.code, refused.message))


def _actor(request: HttpRequest) -> str:
    return console().operator(request).name


def _download(edition: PolicyEdition) -> HttpResponse:
    return _file(edition.content, f"{edition.kind}-{edition.effective_from}", Kind(edition.kind))


def _file(text: str, name: str, kind: Kind) -> HttpResponse:
    tabular = kind not in kinds.VALUES
    answer = HttpResponse(
        ("\ufeff" if tabular else "") + text,
        content_type="text/csv; charset=utf-8" if tabular else "text/plain; charset=utf-8",
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}.{"csv" if tabular else "toml"}"'
    return answer
