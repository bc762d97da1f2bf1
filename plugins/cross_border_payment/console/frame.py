"""What the payment pages share: tabs, how states look, who may act."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from saleor_ext.plugin_api import Look, Way, console

from .. import desk, listing
from ..models import PaymentSession
from ..port import DeclarationState, DisputeState, RefundState

PLACE = "payments"
State, R, D, Q = PaymentSession.State, RefundState, DeclarationState, DisputeState
SESSION_LOOKS = {
    State.NEW: Look("clock"),
    State.WAITING: Look("clock", "blue"),
    State.PAID: Look("done", "green"),
    State.CLOSED: Look("stop"),
    State.FAILED: Look("stop", "yellow"),
    State.SUSPECT: Look("alert", "red"),
}
REFUND_LOOKS = {
    R.PROCESSING: Look("clock", "blue"),
    R.SUCCESS: Look("done", "green"),
    R.FAILED: Look("stop", "red"),
    R.CLOSED: Look("stop", "red"),
}
DECLARATION_LOOKS = {
    D.UNDECLARED: Look("clock"),
    D.SUBMITTED: Look("upload", "blue"),
    D.PROCESSING: Look("clock", "blue"),
    D.SUCCESS: Look("done", "green"),
    D.FAIL: Look("stop", "red"),
    D.EXCEPT: Look("alert", "yellow"),
}
DISPUTE_LOOKS = {
    Q.INQUIRY: Look("clock", "yellow"),
    Q.NEEDS_RESPONSE: Look("alert", "red"),
    Q.UNDER_REVIEW: Look("clock", "blue"),
    Q.WON: Look("done", "green"),
    Q.LOST: Look("stop", "red"),
    Q.CLOSED: Look("stop"),
    Q.OTHER: Look("alert", "yellow"),
}


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, tab: str, status: int = 200
) -> HttpResponse:
    """Render a page of the payment part under one of its tabs."""
    around = {"tabs": tabs(tab), "may_act": console().operator(request).may(desk.PAYMENTS)}
    path = f"cross_border_payment/console/{template}.html"
    return console().page(request, path, {**around, **context}, place=PLACE, status=status)


def tabs(current: str) -> list[Way]:
    """Return the parts of the payment pages, with what waits in them."""
    counts = {
        "disagreements": listing.disagreements().count(),
        "reconciliation": listing.unreconciled().count(),
        "disputes": listing.unanswered().count(),
    }
    words = {
        "payments": _("Payments"),
        "disagreements": _("Saleor and wallet differ"),
        "disputes": _("Disputes"),
        "reconciliation": _("Reconciliation"),
    }
    return [
        Way(word, reverse(f"console:payments:{name}"), name == current, counts.get(name) or None)
        for name, word in words.items()
    ]
