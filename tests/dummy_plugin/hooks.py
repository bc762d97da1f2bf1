"""Hooks of the dummy: what a test wants of it is set in ``behaviour``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from saleor_ext.core.money import Money
from saleor_ext.plugin_api import (
    DeliveryOption,
    DeliveryRequest,
    Done,
    Health,
    Lane,
    ListingView,
    ParcelView,
    Requirement,
    StepSpec,
    Wait,
    WebhookContext,
    hookimpl,
)

LANE = "dummy"
#: Step → what it does; a test replaces entries.
behaviour: dict[str, Callable[[ParcelView], Done | Wait]] = {}
objections: list[str] = []
cancelled: list[str] = []
failed: list[tuple[str, str, str, str]] = []
corrected: list[str] = []
ticks: list[int] = []


def _run(name: str) -> Callable[[ParcelView], Done | Wait]:
    return lambda parcel: behaviour.get(name, lambda parcel: Done({name: "done"}))(parcel)


@hookimpl
def lanes() -> list[Lane]:
    return [Lane(LANE, "Dummy", "At once", "truck", False, False, False, ("CN",))]


@hookimpl
def listing_requirements(listing: ListingView) -> list[Requirement]:
    if listing.lane != LANE:
        return []
    return [Requirement("brand", "Brand", all(v.brand for v in listing.variants), "Give a brand", "brand")]


@hookimpl
def delivery_options(request: DeliveryRequest) -> list[DeliveryOption]:
    return [DeliveryOption("dummy-day", "At once", Money(1, "CNY"), 0, 1)] if request.lane == LANE else []


@hookimpl
def parcel_steps(parcel: ParcelView) -> list[StepSpec]:
    if parcel.lane != LANE:
        return []
    return [
        StepSpec("last", "Last", _run("last"), after=("second", "not_there"), departs=True),
        StepSpec("first", "First", _run("first")),
        StepSpec("second", "Second", _run("second"), after=("first",)),
    ]


@hookimpl
def departure_objections(parcel: ParcelView) -> list[str]:
    return objections if parcel.lane == LANE else []


@hookimpl
def parcel_cancelled(parcel: ParcelView) -> None:
    if parcel.lane == LANE:
        cancelled.append(parcel.number)


@hookimpl
def buyer_corrected(parcel: ParcelView) -> None:
    if parcel.lane == LANE and parcel.buyer is not None:
        corrected.append(parcel.buyer.reference)


@hookimpl
def parcel_step_failed(parcel: ParcelView, step: str, code: str, message: str) -> None:
    if parcel.lane == LANE:
        failed.append((parcel.number, step, code, message))


@hookimpl
def health() -> list[Health]:
    return [Health("dummy", "ok", "fine")]


def order_updated(context: WebhookContext, payload: dict[str, Any]) -> None:
    """Nothing to do: the definition is what is tested."""


def tick() -> None:
    ticks.append(1)
