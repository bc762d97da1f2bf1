"""The bank's statements: taking them in, what does not agree with them, and a person's word on it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from saleor_ext.core.errors import ConfigurationError
from saleor_ext.plugin_api import needs
from saleor_ext.settlement.bank import importing, matching, reporting, told
from saleor_ext.settlement.bank.models import BankLine, BankStatement
from storefront.console.access import actor, staff_only
from storefront.console.forms import BankStatementForm, ReasonForm
from storefront.console.shell import FINANCE, page

OPEN_SHOWN, STATEMENTS_SHOWN = 200, 40
KINDS = {
    reporting.UNKNOWN: (_("On the statement, not known here"), "info"),
    reporting.MISSING: (_("Expected, not on the statement"), "clock"),
    reporting.GAP: (_("Days without a statement"), "alert"),
}


@staff_only
@needs(FINANCE)
def table(request: HttpRequest) -> HttpResponse:
    return _table(request)


@require_POST
@staff_only
@needs(FINANCE)
def take(request: HttpRequest) -> HttpResponse:
    """Take a statement in; a file that cannot be believed changes nothing and is told in full."""
    form = BankStatementForm(request.POST, request.FILES)
    if not form.is_valid():
        return _table(request, form=form, status=422)
    try:
        taken = importing.take(form.cleaned_data["file"].read(), actor=actor(request))
    except ConfigurationError:
        form.add_error("file", _("The number of our account is not set (PONTE_PAYOUT_DEBTOR_ACCOUNT)."))
        return _table(request, form=form, status=422)
    except told.Unreadable as refused:
        form.add_error("file", refused.message)
        return _table(request, form=form, status=422)
    for one in taken:
        words = _("{statement}: {new} entries taken in, {known} known already.")
        messages.success(request, words.format(statement=one.statement, new=one.new, known=one.known))
    return redirect("console:bank")


@require_POST
@staff_only
@needs(FINANCE)
def explain(request: HttpRequest, line_id: uuid.UUID) -> HttpResponse:
    """Take an entry of the bank off the queue, with a reason."""
    line, form = get_object_or_404(BankLine, pk=line_id), ReasonForm(request.POST)
    if not form.is_valid():
        return _table(request, refused=str(line.pk), reason=form, status=422)
    try:
        matching.explain(line, actor=actor(request), reason=form.cleaned_data["reason"])
    except matching.NotOpen:
        messages.info(request, _("It was off the queue already."))
    return redirect("console:bank")


@require_POST
@staff_only
@needs(FINANCE)
def give_up(request: HttpRequest, key: str) -> HttpResponse:
    """Take money off the queue that the bank does not show, with a reason."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _table(request, refused=key, reason=form, status=422)
    try:
        matching.give_up(matching.find(key), actor=actor(request), reason=form.cleaned_data["reason"])
    except matching.NotOpen:
        messages.info(request, _("It was off the queue already."))
    return redirect("console:bank")


def _table(
    request: HttpRequest,
    *,
    form: BankStatementForm | None = None,
    refused: str = "",
    reason: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    found = reporting.queue()
    context = {
        "rows": [
            {"open": one, "word": KINDS[one.kind][0], "icon": KINDS[one.kind][1]}
            for one in found[:OPEN_SHOWN]
        ],
        "more": max(0, len(found) - OPEN_SHOWN),
        "statements": BankStatement.objects.order_by("-last", "currency")[:STATEMENTS_SHOWN],
        "upload": form or BankStatementForm(),
        "refused": refused,
        "form": reason or ReasonForm(),
    }
    return page(request, "bank", context, place="bank", status=status)
