"""What the plugin answers when the platform asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from saleor_ext.plugin_api import (
    BookBalance,
    DeliveryOption,
    DeliveryRequest,
    Fragment,
    Health,
    Lane,
    ListingView,
    ParcelView,
    Requirement,
    StepSpec,
    hookimpl,
)

from . import checks, delivery, lanes, pages, requirements, steps, stock, waybills
from .models import Shipment


@hookimpl(specname="lanes")
def offered_lanes() -> list[Lane]:
    return list(lanes.LANES)


@hookimpl
def listing_requirements(listing: ListingView) -> list[Requirement]:
    return requirements.of(listing)


@hookimpl
def delivery_options(request: DeliveryRequest) -> list[DeliveryOption]:
    return delivery.options(request)


@hookimpl
def parcel_steps(parcel: ParcelView) -> list[StepSpec]:
    return steps.specs(parcel)


@hookimpl
def bonded_balances(parcels: Sequence[ParcelView]) -> Mapping[str, Mapping[int, BookBalance]]:
    return stock.balances([one for one in parcels if one.lane == lanes.BONDED])


@hookimpl
def parcel_cancelled(parcel: ParcelView) -> None:
    if parcel.lane != lanes.BONDED:
        return
    stock.free_parcel(parcel, reason="the parcel was cancelled")
    shipment = Shipment.objects.get(pk=parcel.id)
    if shipment.waybill and shipment.handed_over_at is None:
        waybills.give_up(shipment.carrier_order, shipment.waybill)


@hookimpl
def consignee_corrected(parcel: ParcelView) -> None:
    if parcel.lane == lanes.BONDED:
        waybills.renew_later(parcel)


@hookimpl
def parcel_returned(parcel: ParcelView, lines: Mapping[int, int], key: str, document: str) -> None:
    if parcel.lane == lanes.BONDED:
        stock.take_back(parcel, lines, ground=key, document=document)


@hookimpl
def shop_fragments(place: str, context: dict[str, Any]) -> list[Fragment]:
    return pages.shop(place, context)


@hookimpl
def console_fragments(place: str, context: dict[str, Any]) -> list[Fragment]:
    return pages.console(place, context)


@hookimpl
def health() -> list[Health]:
    return checks.health()
