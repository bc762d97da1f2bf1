"""What Saleor and a wallet say differently of a payment, the oldest first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from .. import listing, story
from . import frame

SHOWN = 200


def table(request: HttpRequest) -> HttpResponse:
    """List open disagreements; they close by themselves when both agree again."""
    rows = [
        (one, next(iter(story.find(one.transaction_id)), None)) for one in listing.disagreements()[:SHOWN]
    ]
    return frame.page(request, "disagreements", {"rows": rows}, tab="disagreements")
