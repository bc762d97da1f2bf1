"""What becomes of the order, as the platform's own tables tell it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import close_old_connections
from django.db.utils import InterfaceError, OperationalError

from saleor_ext.orders import selectors
from saleor_ext.orders.models import Parcel, ParcelStep

from .browser import Stuck

LOOK = 0.2
#: Which fact that a step left is told as its reference; the parcel's number where there is none.
REFERENCES = {
    "reserve_stock": "book_no",
    "declare_payment": "orderNo",
    "obtain_waybill": "waybill",
    "declare_inventory": "invt_no",
    "gate_out": "inventory_no",
    "fulfil": "fulfillment_id",
    "track": "waybill",
}
T = TypeVar("T")


def wait_for_parcel(api_url: str, order_id: str, patience: float) -> str:
    """Wait until the paid order has become a parcel; return the parcel's number."""

    def seen() -> Parcel | None:
        return selectors.parcel_of_order(api_url, order_id)

    return _wait(seen, patience, "the paid order has not become a parcel").number


def step_names(number: str) -> list[str]:
    """Names of the parcel's steps in their order."""
    steps = ParcelStep.objects.filter(parcel__number=number).order_by("position")
    return list(steps.values_list("name", flat=True))


def wait_for_step(number: str, name: str, patience: float) -> str:
    """Wait until a step is done; return its reference.

    :raises Stuck: when it failed, was cancelled or takes too long
    """

    def done() -> ParcelStep | None:
        step = ParcelStep.objects.get(parcel__number=number, name=name)
        if step.state in (ParcelStep.State.FAILED, ParcelStep.State.CANCELLED):
            raise Stuck(f"step {name} is {step.state}: {step.error or 'no reason kept'}")
        return step if step.state == ParcelStep.State.DONE else None

    step = _wait(done, patience, f"step {name} is not done")
    return str(step.data.get(REFERENCES.get(name, "")) or number)


def _wait(look: Callable[[], T | None], patience: float, complaint: str) -> T:
    deadline = time.monotonic() + patience
    while True:
        try:
            found = look()
        except (OperationalError, InterfaceError):
            close_old_connections()  # the database is starting again
            found = None
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise Stuck(f"{complaint} after {patience:.0f} s")
        time.sleep(LOOK)
