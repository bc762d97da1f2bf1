"""The queue of what does not agree with the statements: oldest first, with what it may belong to."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from saleor_ext.core import clock
from saleor_ext.core.errors import PonteError
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import console, needs

from .. import desk, listing, matching, statements
from ..models import PaymentRefund, PaymentSession, PaymentStatement, ReconciliationItem
from . import frame
from .forms import DayForm, ReasonForm

SHOWN, DAYS = 200, 14


def table(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
@needs(desk.PAYMENTS)
def compare(request: HttpRequest) -> HttpResponse:
    """Fetch and compare a day now."""
    form = DayForm(request.POST)
    if not form.is_valid():
        return _page(request, day=form, status=422)
    day = form.cleaned_data["day"]
    for gateway in statements.sources():
        try:
            statements.fetch(gateway, day)
        except PonteError as error:
            messages.warning(request, f"{gateway.account}: {error.message}")
        found = len(matching.compare(gateway, day)["differences"])
        messages.info(
            request,
            _("{account}, {day}: {count} differences.").format(account=gateway.account, day=day, count=found),
        )
    return redirect("console:payments:reconciliation")


@require_POST
@needs(desk.PAYMENTS)
def take_off(request: HttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """Take an item off the queue, with a reason."""
    item = get_object_or_404(ReconciliationItem, pk=item_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, refused=item, reason=form, status=422)
    if matching.take_off(item, actor=console().operator(request).name, reason=form.cleaned_data["reason"]):
        messages.success(request, _("Taken off the queue."))
    return redirect("console:payments:reconciliation")


def _page(
    request: HttpRequest,
    *,
    day: DayForm | None = None,
    refused: ReconciliationItem | None = None,
    reason: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    items = list(listing.unreconciled()[:SHOWN])
    payments = _payments(items)
    context = {
        "rows": [_row(one, payments) for one in items],
        "days": PaymentStatement.objects.order_by("-day", "gateway", "account")[:DAYS],
        "lacking": [(one, day) for one in statements.sources() for day in statements.lacking(one, late=True)],
        "day_form": day or DayForm(),
        "refused": refused,
        "form": reason or ReasonForm(),
    }
    return frame.page(request, "reconciliation", context, tab="reconciliation", status=status)


def _payments(items: list[ReconciliationItem]) -> dict[str, uuid.UUID]:
    """Return the payments that items are about, by our number of the payment or refund."""
    subjects = [one.subject for one in items]
    found = dict(PaymentSession.objects.filter(out_trade_no__in=subjects).values_list("out_trade_no", "pk"))
    refunds = PaymentRefund.objects.filter(refund_no__in=subjects)
    return found | dict(refunds.values_list("refund_no", "session_id"))


def _row(item: ReconciliationItem, payments: dict[str, uuid.UUID]) -> dict[str, Any]:
    return {
        "item": item,
        "days": (clock.now() - item.found_at).days,
        "payment": payments.get(item.subject),
        "money": Money(item.amount, item.currency) if item.amount is not None else None,
        "suggestions": matching.suggestions(item),
    }
