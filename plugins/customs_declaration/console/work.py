"""The work list, the search, and how certificate and port are."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from saleor_ext.plugin_api import Look, Way

from .. import checks, exporting, retrying, selectors, work_files
from ..config import TRADE_MODES
from ..exporting import Form
from ..messages import MESSAGES
from ..models import CustomsDocument, Declaration, RetryRun
from ..selectors import Filters
from ..states import DocumentState
from . import frame

#: The latest runs of the bulk retry, so that their results are found again.
RUNS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class DocumentCell:
    """The newest message of a kind, short: ``311 v2``."""

    document: CustomsDocument

    @property
    def short(self) -> str:
        number = self.document.kind.removeprefix("CEB").removesuffix("Message")
        return f"{number} v{self.document.version}" if self.document.version > 1 else number

    @property
    def look(self) -> Look:
        return frame.look_of_document(self.document.state)


@dataclass(frozen=True, slots=True)
class WorkRow:
    """A declaration as the list shows it."""

    declaration: Declaration
    documents: list[DocumentCell]

    @property
    def look(self) -> Look:
        return frame.look_of_declaration(self.declaration.state)

    @property
    def stopped(self) -> bool:
        return self.declaration.state == Declaration.State.STOPPED

    @property
    def reason(self) -> str:
        """Why it stopped; of one from before that was kept, what customs said last."""
        if not self.stopped or self.declaration.stopped_text:
            return self.declaration.stopped_text if self.stopped else ""
        refused = [one.document for one in self.documents if one.look.tone == "red"]
        return refused[0].status_text if refused else ""


def rows_of(declarations: list[Declaration]) -> list[WorkRow]:
    return [
        WorkRow(one, [DocumentCell(document) for document in selectors.current_documents(one)])
        for one in declarations
    ]


def table(request: HttpRequest) -> HttpResponse:
    """Show declarations by state and age, the oldest first."""
    filters = Filters.of(request.GET.dict())
    page = selectors.page(filters, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    counts = selectors.counts(filters)
    rows = rows_of(page.rows)
    context = {
        "filters": filters,
        "rows": rows,
        "any_stopped": any(row.stopped for row in rows),
        "stopped_count": counts[Declaration.State.STOPPED],
        "most_retried": retrying.MOST,
        "states": _states(filters, counts),
        "choices": choices(),
        "before_url": filters.query(before=page.before) if page.before else "",
        "after_url": filters.query(after=page.after) if page.after else "",
        "token": uuid.uuid4(),
        "runs": RetryRun.objects.annotate(number=Count("items"))[:RUNS_SHOWN],
        "faults": [one for one in checks.key_health() if one.status != "ok"],
    }
    return frame.page(request, "work", context, tab="work")


def download(request: HttpRequest, form: Form) -> HttpResponseBase:
    """Hand out every declaration that fits the filters."""
    return exporting.response(work_files.table(Filters.of(request.GET.dict())), form)


def _states(filters: Filters, counts: dict[str, selectors.Counted]) -> list[dict[str, Any]]:
    """Return the tabs of states, each with its count and address."""
    words = [(selectors.OPEN, _("Open")), *Declaration.State.choices]
    order = [selectors.OPEN, *selectors.OPEN_STATES, *selectors.FINISHED]
    return [
        {
            "text": word,
            "url": filters.query(state=state),
            "current": filters.state == state,
            "count": counts[state],
        }
        for state, word in sorted(words, key=lambda pair: order.index(pair[0]))
    ]


def choices() -> dict[str, list[tuple[str, str]]]:
    """Return what the filters offer."""
    return {
        "kinds": [(kind, f"{kind[3:6]} {MESSAGES[kind].label}") for kind in selectors.KINDS],
        "documents": [(value, str(word)) for value, word in DocumentState.choices],
        "lanes": [(lane, lane) for lane in TRADE_MODES],
        "merchants": [(slug, slug) for slug in selectors.merchants()],
        "ages": [(age, str(word)) for age, word in selectors.AGE_WORDS.items()],
    }


def find(request: HttpRequest) -> HttpResponse:
    """Search by any number; the whole number of one declaration leads straight to it."""
    query = request.GET.get("q", "").strip()[:80]
    found = selectors.search(query)
    if len(found.declarations) == 1 and not found.documents and not found.receipts:
        return redirect("console:customs:declaration", declaration_id=found.declarations[0].pk)
    if len(found.documents) == 1 and not found.declarations and not found.receipts:
        return redirect("console:customs:document", document_id=found.documents[0].pk)
    context = {
        "query": query,
        "found": found,
        "rows": rows_of(found.declarations),
        "documents": [DocumentCell(one) for one in found.documents],
        "too_short": 0 < len(query) < selectors.LEAST,
        "least": selectors.LEAST,
    }
    return frame.page(request, "search", context, tab="work")


#: How a check looks: icon, colour.
HEALTH_LOOKS = {"ok": Look("done", "green"), "warning": Look("alert", "yellow"), "error": Look("stop", "red")}


def health(request: HttpRequest) -> HttpResponse:
    """Show the plugin's checks: configuration, certificate, key, port, tariff."""
    words = {"ok": _("Good"), "warning": _("Mind"), "error": _("Broken")}
    rows = [(one, HEALTH_LOOKS[one.status], words[one.status]) for one in checks.health()]
    return frame.page(request, "health", {"rows": rows, "facts": checks.certificate_of_today()}, tab="health")


def back() -> Way:
    """Return the way back to the work list."""
    return Way(_("Declarations"), reverse("console:customs:work"))
