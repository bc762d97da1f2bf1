"""What the customs pages share: tabs, the way back, how states look, who may see persons."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from saleor_ext.plugin_api import Look, Way, console

from ..duties import bills
from ..models import Declaration, QuarantinedFile, RealtimeRequest
from ..states import DocumentState

PLACE = "customs"
#: Saleor's permission on customers' data: without it persons stay masked and files closed.
PERSONS = "MANAGE_USERS"


D, S = Declaration.State, DocumentState
DECLARATION_LOOKS = {
    D.NEW: Look("clock"),
    D.ORDER: Look("stamp", "blue"),
    D.LIST: Look("stamp", "blue"),
    D.RELEASED: Look("done", "green"),
    D.STOPPED: Look("alert", "red"),
    D.CANCELLED: Look("stop"),
}
DOCUMENT_LOOKS = {
    S.BUILT: Look("clock"),
    S.ACCEPTED: Look("done", "green"),
    S.REVIEW: Look("eye", "yellow"),
    S.REVIEWED: Look("done", "green"),
    S.INSPECTION: Look("eye", "yellow"),
    S.DETAINED: Look("alert", "yellow"),
    S.RELEASED: Look("done", "green"),
    S.CLOSED: Look("done", "green"),
    S.RETURNED: Look("return", "yellow"),
    S.REJECTED: Look("stop", "red"),
    S.ERROR: Look("alert", "red"),
}
ON_THE_WAY = Look("upload", "blue")


def look_of_declaration(state: str) -> Look:
    return DECLARATION_LOOKS.get(D(state), Look("info"))


def look_of_document(state: str) -> Look:
    return DOCUMENT_LOOKS.get(S(state), ON_THE_WAY)


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, tab: str, status: int = 200
) -> HttpResponse:
    """Render a page of the customs work place under one of its tabs."""
    operator = console().operator(request)
    around = {"tabs": tabs(tab), "may_see_persons": operator.may(PERSONS)}
    path = f"customs_declaration/console/{template}.html"
    return console().page(request, path, {**around, **context}, place=PLACE, status=status)


def tabs(current: str) -> list[Way]:
    """Return the parts of the work place, with what waits in them."""
    waiting = QuarantinedFile.objects.filter(state=QuarantinedFile.State.WAITING).count()
    differing = bills.differing().count()
    failed = RealtimeRequest.objects.filter(state=RealtimeRequest.State.FAILED).count()

    def tab(name: str, text: str, count: int = 0) -> Way:
        return Way(text, reverse(f"console:customs:{name}"), name == current, count or None)

    return [
        tab("work", _("Declarations")),
        tab("rejections", _("Causes of refusal")),
        tab("reconciliation", _("Reconciliation")),
        tab("tax_bills", _("Tax"), differing),
        tab("quarantine", _("Quarantine"), waiting),
        tab("payment_data", _("Payment data"), failed),
        tab("health", _("Certificate and port")),
    ]


def actor(request: HttpRequest) -> str:
    """Name the operator for the audit log."""
    return console().operator(request).name
