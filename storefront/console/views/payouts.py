"""Payouts to merchants: batches with their steps, the bank's files and word, and where merchants are paid."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from saleor_ext.core import audit
from saleor_ext.core.errors import PonteError
from saleor_ext.core.money import Money
from saleor_ext.merchants.selectors import all_merchants, suspended_slugs
from saleor_ext.plugin_api import Way, needs
from saleor_ext.settlement import bank_details, payouts
from saleor_ext.settlement.actors import spelled
from saleor_ext.settlement.models import BankDetails, Payout, PayoutBatch
from storefront.console.access import actor, staff_only
from storefront.console.forms import BankDetailsForm, PayoutDraftForm, ReasonForm
from storefront.console.shell import FINANCE, FINANCE_LEAD, leads_finance, page

SHOWN = 50
State = PayoutBatch.State
STATES = {
    State.DRAFT: (_("Draft"), "clock", ""),
    State.APPROVED: (_("Approved"), "check", "blue"),
    State.RELEASED: (_("Sent to the bank"), "upload", "blue"),
    State.PAID: (_("Paid"), "done", "green"),
    State.FAILED: (_("Failed"), "stop", "red"),
    State.WITHDRAWN: (_("Withdrawn"), "close", ""),
}
#: The endings of the files, by their format.
FILES = {"csv": ("text/csv", "csv"), "pain.001": ("application/xml", "xml")}


@staff_only
@needs(FINANCE)
def table(request: HttpRequest) -> HttpResponse:
    return _table(request)


@require_POST
@staff_only
@needs(FINANCE)
def draft(request: HttpRequest) -> HttpResponse:
    """Gather what merchants are to be paid on a day."""
    form = PayoutDraftForm(request.POST)
    if not form.is_valid():
        return _table(request, draft_form=form, status=422)
    try:
        made = payouts.draft(form.cleaned_data["day"], form.cleaned_data["currency"], actor=actor(request))
    except payouts.NothingPayable:
        messages.info(request, _("Nobody is to be paid in this currency now."))
        return redirect("console:payouts")
    return redirect("console:payout_batch", batch_id=made.pk)


@require_POST
@staff_only
@needs(FINANCE)
@needs(FINANCE_LEAD)
def details(request: HttpRequest) -> HttpResponse:
    """Enter where a merchant is paid; a change holds its payouts for some days."""
    form = BankDetailsForm(request.POST)
    if form.is_valid():
        try:
            bank_details.enter(**form.cleaned_data, actor=actor(request))
        except bank_details.BadDetails as refused:
            form.add_error("account", refused.message)
    if not form.is_valid():
        return _table(request, details_form=form, status=422)
    messages.success(request, _("The bank details were entered."))
    return redirect("console:payouts")


@staff_only
@needs(FINANCE)
def batch(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    return _batch(request, get_object_or_404(PayoutBatch, pk=batch_id))


@require_POST
@staff_only
@needs(FINANCE)
def approve(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    return _step(request, batch_id, payouts.approve)


@require_POST
@staff_only
@needs(FINANCE)
@needs(FINANCE_LEAD)
def release(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Book the payouts; refused to who drafted them."""
    return _step(request, batch_id, payouts.release)


@require_POST
@staff_only
@needs(FINANCE)
def withdraw(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Take a batch back before its release, with a reason for the audit log."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _batch(request, get_object_or_404(PayoutBatch, pk=batch_id), withdraw_form=form, status=422)
    return _step(request, batch_id, functools.partial(payouts.withdraw, reason=form.cleaned_data["reason"]))


def _step(request: HttpRequest, batch_id: uuid.UUID, step: Callable[..., PayoutBatch]) -> HttpResponse:
    found = get_object_or_404(PayoutBatch, pk=batch_id)
    try:
        step(found.pk, actor=actor(request))
    except payouts.SameEyes:
        messages.error(request, _("A batch is released by somebody else than drafted it."))
    except payouts.WrongState:
        messages.error(request, _("The batch is not where this step begins any more."))
    return redirect("console:payout_batch", batch_id=found.pk)


@require_POST
@staff_only
@needs(FINANCE)
def decide(request: HttpRequest, payout_id: uuid.UUID, outcome: str) -> HttpResponse:
    """Write down the bank's word on one payout: its number, or why it failed."""
    payout = get_object_or_404(Payout.objects.select_related("batch"), pk=payout_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _batch(request, payout.batch, refused=payout, form=form, status=422)
    mark = {"paid": payouts.mark_paid, "failed": payouts.mark_failed}[outcome]
    try:
        mark(payout.pk, form.cleaned_data["reason"], actor=actor(request))
    except payouts.WrongState:
        messages.error(request, _("The payout was not released, or is decided already."))
    return redirect("console:payout_batch", batch_id=payout.batch_id)


@staff_only
@needs(FINANCE)
@needs(FINANCE_LEAD)
def file(request: HttpRequest, batch_id: uuid.UUID, form: str) -> HttpResponse:
    """Hand out a batch's file for the bank; it has merchants' account numbers in clear."""
    found = get_object_or_404(PayoutBatch, pk=batch_id)
    kind, ending = FILES[form]
    try:
        content = payouts.bank_file(found.pk, form)
    except PonteError as refused:
        messages.error(request, refused.message)
        return redirect("console:payout_batch", batch_id=found.pk)
    audit.record("payout.file", payouts.OBJECT, found.pk, actor=actor(request), format=form)
    name = f"payouts-{found.day}-{found.currency}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type=kind, headers=headers)


def _table(
    request: HttpRequest,
    *,
    draft_form: PayoutDraftForm | None = None,
    details_form: BankDetailsForm | None = None,
    status: int = 200,
) -> HttpResponse:
    merchants = [(one.slug, one.name("en") or one.slug) for one in all_merchants()]
    latest = BankDetails.objects.order_by("merchant", "currency", "-entered_at", "-id")
    context = {
        "batches": [_shown(one) for one in PayoutBatch.objects.all()[:SHOWN]],
        "details": latest.distinct("merchant", "currency"),
        "merchants": merchants,
        "draft_form": draft_form or PayoutDraftForm(),
        "details_form": details_form or BankDetailsForm(),
        "details_refused": details_form is not None,
        "suspended": sorted(suspended_slugs()),
        "lead": leads_finance(request),
    }
    return page(request, "payouts", context, place="payouts", status=status)


def _shown(one: PayoutBatch) -> dict[str, Any]:
    found = list(one.payouts.all())
    total = Money.sum((Money(each.amount, each.currency) for each in found), one.currency)
    return {"batch": one, "count": len(found), "total": total, **_look(one.state)}


def _look(state: str) -> dict[str, Any]:
    word, icon, tone = STATES[State(state)]
    return {"word": word, "icon": icon, "tone": tone}


def _batch(
    request: HttpRequest,
    found: PayoutBatch,
    *,
    refused: Payout | None = None,
    form: ReasonForm | None = None,
    withdraw_form: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    open_, suspended = found.state in payouts.OPEN, suspended_slugs()
    rows = [
        {
            "payout": one,
            "money": Money(one.amount, one.currency),
            "suspended": open_ and one.merchant in suspended,
            **_look(one.state),
        }
        for one in found.payouts.select_related("details")
    ]
    context = {
        **_shown(found),
        "rows": rows,
        "mine": found.drafted_by == spelled(actor(request)),
        "released": found.released_at is not None,
        "lead": leads_finance(request),
        "open": open_,
        "refused": refused,
        "withdraw_form": withdraw_form,
        "form": form or ReasonForm(),
        "entries": audit.entries_of(payouts.OBJECT, found.pk),
        "trail": [Way(str(_("Payouts")), reverse("console:payouts")), Way(f"{found.day} {found.currency}")],
    }
    return page(request, "payout_batch", context, place="payouts", status=status)
