"""Payments that banks take back: the ones to answer first. Evidence is handed in at the payment company."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from saleor_ext.plugin_api import Look

from .. import listing
from ..models import PaymentDispute
from . import frame

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Row:
    dispute: PaymentDispute

    @property
    def look(self) -> Look:
        return frame.DISPUTE_LOOKS[frame.Q(self.dispute.state)]


def table(request: HttpRequest) -> HttpResponse:
    """List disputes: open ones by the day evidence is due, then the latest that are over."""
    return frame.page(
        request, "disputes", {"rows": [Row(one) for one in listing.disputes()[:SHOWN]]}, tab="disputes"
    )
