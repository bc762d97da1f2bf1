"""The list of payments, one payment with its whole story, and what an operator does with it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from saleor_ext.core import audit
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Look, Way, console, needs, platform

from .. import desk, gateways, listing, sessions, story
from ..listing import Filters
from ..models import PaymentDeclaration, PaymentRefund, PaymentSession
from . import disputes, frame
from .forms import ReasonForm, RefundForm

FOUND = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A payment as the list shows it."""

    session: PaymentSession

    @property
    def look(self) -> Look:
        return frame.SESSION_LOOKS[PaymentSession.State(self.session.state)]

    @property
    def wallet(self) -> str:
        return _(gateways.title(self.session.gateway))


@dataclass(frozen=True, slots=True)
class RefundRow:
    refund: PaymentRefund

    @property
    def look(self) -> Look:
        return frame.REFUND_LOOKS[frame.R(self.refund.state)]


@dataclass(frozen=True, slots=True)
class DeclarationRow:
    declaration: PaymentDeclaration

    @property
    def look(self) -> Look:
        return frame.DECLARATION_LOOKS[frame.D(self.declaration.state)]


def table(request: HttpRequest) -> HttpResponse:
    """Show payments, the newest first; a number that names one payment leads straight to it."""
    query = "".join(request.GET.get("q", "").split()).replace("\x00", "").lstrip("#")[:80]
    filters = Filters.of(request.GET.dict())
    if query:
        found = story.find(query)[:FOUND]
        if len(found) == 1:
            return redirect("console:payments:payment", payment_id=found[0].pk)
        rows, newer, older = found, "", ""
    else:
        page = listing.page(filters, newer=request.GET.get("newer", ""), older=request.GET.get("older", ""))
        rows, newer, older = page.rows, page.newer, page.older
    words = [(listing.TROUBLE, _("Needs attention")), *PaymentSession.State.choices]
    context = {
        "query": query,
        "filters": filters,
        "rows": [Row(one) for one in rows],
        "states": [
            Way(_("All"), filters.query(state=""), not filters.state),
            *(
                Way(str(word), filters.query(state=value), filters.state == value, _count(value))
                for value, word in words
            ),
        ],
        "wallets": [(one, _(gateways.title(one))) for one in listing.used_gateways()],
        "newer_url": filters.query(newer=newer) if newer else "",
        "older_url": filters.query(older=older) if older else "",
    }
    return frame.page(request, "payments", context, tab="payments")


def _count(state: str) -> int | None:
    return listing.troubled() or None if state == listing.TROUBLE else None


def show(request: HttpRequest, payment_id: uuid.UUID) -> HttpResponse:
    return _page(request, _find(payment_id))


@require_POST
@needs(desk.PAYMENTS)
def refund(request: HttpRequest, payment_id: uuid.UUID) -> HttpResponse:
    """Give money back."""
    session = _find(payment_id)
    form = RefundForm(request.POST)
    if not form.is_valid():
        return _page(request, session, refund=form, status=422)
    values = form.cleaned_data
    amount = Money(values["amount"], session.currency)
    try:
        made = desk.refund(
            session, amount, str(values["token"]),
            operator=console().operator(request), reason=values["reason"],
        )  # fmt: skip
    except PermanentError as refused:
        form.add_error("amount", refused.message)
        return _page(request, session, refund=form, status=422)
    messages.success(request, _("Refund {number} is on its way.").format(number=made.refund_no))
    return redirect("console:payments:payment", payment_id=session.pk)


@require_POST
@needs(desk.PAYMENTS)
def ask(request: HttpRequest, payment_id: uuid.UUID) -> HttpResponse:
    """Ask the wallet again, or tell Saleor again."""

    def act(session: PaymentSession, reason: str) -> str:
        desk.ask(session, actor=console().operator(request).name, reason=reason)
        return _("The wallet is being asked.")

    return _with_reason(request, payment_id, "ask", act)


@require_POST
@needs(desk.PAYMENTS)
def declare(request: HttpRequest, payment_id: uuid.UUID) -> HttpResponse:
    """Start a stopped declaration again."""

    def act(session: PaymentSession, reason: str) -> str:
        name = console().operator(request).name
        if desk.declare_again(session, actor=name, reason=reason):
            return _("The payment is being declared anew.")
        return _("The step is not failed any more, so there is nothing to retry.")

    return _with_reason(request, payment_id, "declare", act)


def _with_reason(
    request: HttpRequest, payment_id: uuid.UUID, name: str, act: Callable[[PaymentSession, str], str]
) -> HttpResponse:
    session = _find(payment_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, session, reason=form, refused=name, status=422)
    messages.success(request, act(session, form.cleaned_data["reason"]))
    return redirect("console:payments:payment", payment_id=session.pk)


def _find(payment_id: uuid.UUID) -> PaymentSession:
    found = PaymentSession.objects.prefetch_related("refunds", "declarations", "disputes")
    return get_object_or_404(found, pk=payment_id)


def _page(
    request: HttpRequest,
    session: PaymentSession,
    *,
    refund: RefundForm | None = None,
    reason: ReasonForm | None = None,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    left = desk.left(session)
    context: dict[str, Any] = {
        "session": session,
        "row": Row(session),
        "refunds": [RefundRow(one) for one in session.refunds.all()],
        "disputes": [disputes.Row(one) for one in session.disputes.all()],
        "declarations": [DeclarationRow(one) for one in session.declarations.all()],
        "wire": story.wire_of(session),
        "ledger": console().ledger_of(session.api_url, session.transaction_id),
        "parcels": platform().parcels_numbered(session.transaction_id),
        "differ": listing.disagreements().filter(
            api_url=session.api_url, transaction_id=session.transaction_id
        ),
        "refunded": Money(story.refunded(session), session.currency),
        "left": left,
        "refund_form": refund or RefundForm(initial={"token": uuid.uuid4(), "amount": left.amount}),
        "refund_refused": refund is not None,
        "form": reason or ReasonForm(),
        "refused": refused,
        "can_ask": desk.can_ask(session),
        "stopped": desk.stopped(session),
        "entries": audit.entries_of(sessions.OBJECT, session.pk),
        "trail": [Way(_("Payments"), reverse("console:payments:payments")), Way(session.out_trade_no)],
    }
    return frame.page(request, "payment", context, tab="payments", status=status)
