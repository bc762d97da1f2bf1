"""Periodic work of the settlement."""

from __future__ import annotations

from celery import shared_task

from . import events, holding
from .bank import matching


@shared_task(name="ponte.settle_parcels", ignore_result=True)
def settle_parcels() -> None:
    """Assign the money of new parcels, let go what was held long enough, and look for it on the bank's statements."""
    events.assign_new()
    holding.release_due()
    matching.match()
