"""What becomes of the order, as the platform's own tables tell it."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from django.db import close_old_connections
from django.db.utils import InterfaceError, OperationalError

from saleor_ext.core.errors import PermanentError
from saleor_ext.link.clients import platform_client
from saleor_ext.orders import selectors
from saleor_ext.orders.models import Parcel, ParcelEvent, ParcelStep
from saleor_ext.orders.views_of import parcel_view
from saleor_ext.plugin_api import ParcelAction
from saleor_ext.plugin_api.registry import ask_first

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
CANCEL_ORDER = (
    "mutation WalkCancel($id: ID!)"
    " { orderCancel(id: $id) { order { status } errors { field message code } } }"
)
REFUNDED = "query WalkRefunded($id: ID!) { order(id: $id) { transactions { refundedAmount { amount } } } }"
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


def wait_for_failure(number: str, name: str, patience: float) -> str:
    """Wait until a step is left to a person; return why.

    :raises Stuck: when it is done or takes too long
    """

    def stopped() -> ParcelStep | None:
        step = ParcelStep.objects.get(parcel__number=number, name=name)
        if step.state == ParcelStep.State.DONE:
            raise Stuck(f"step {name} went through: the stand-ins do not know the walk's buyer")
        return step if step.state == ParcelStep.State.FAILED else None

    return _wait(stopped, patience, f"step {name} is not stopped").error


def wait_for_event(number: str, code: str, patience: float) -> str:
    """Wait until the buyer's timeline has an event; return the parcel's number.

    :raises Stuck: when a step failed meanwhile or it takes too long
    """

    def happened() -> ParcelEvent | None:
        return ParcelEvent.objects.filter(parcel__number=number, code=code).first()

    _wait(happened, patience, f"the parcel's timeline does not say {code!r}")
    return number


def act(number: str, action: ParcelAction) -> str:
    """Have the plugin that carries the parcel do something with it; return what it calls it.

    :raises Stuck: when no plugin takes it or it cannot be done
    """
    view = parcel_view(Parcel.objects.get(number=number))
    try:
        done = ask_first("parcel_action", parcel=view, action=action)
    except PermanentError as error:
        raise Stuck(f"{action.name}: {error.message}") from error
    if done is None:
        raise Stuck(f"no plugin can {action.name} a parcel of the lane {view.lane}")
    return str(done)


def cancel_order(number: str) -> str:
    """Cancel the order in Saleor, as staff would; return Saleor's number of it."""
    parcel = Parcel.objects.get(number=number)
    platform_client(parcel.api_url).execute(CANCEL_ORDER, {"id": parcel.order_id})
    return parcel.order_number


def wait_for_refund(number: str, patience: float, *, whole: bool) -> str:
    """Wait until Saleor tells of money that went back, all of what was paid or some; return how much.

    :raises Stuck: when it takes too long
    """
    parcel = Parcel.objects.get(number=number)
    wanted = parcel.actual_paid if whole else Decimal("0.01")

    def told() -> Decimal | None:
        order = platform_client(parcel.api_url).execute(REFUNDED, {"id": parcel.order_id})["order"]
        amounts = [Decimal(str(one["refundedAmount"]["amount"])) for one in order["transactions"]]
        return sum(amounts, Decimal(0)) if sum(amounts) >= wanted else None

    amount = _wait(told, patience, f"Saleor knows of no refund of {wanted}")
    return f"{amount:.2f} {parcel.currency}"


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
