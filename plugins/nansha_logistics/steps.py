"""The steps of a parcel that are logistics' own; each is safe to run again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import ConfigurationError, PermanentError
from saleor_ext.plugin_api import Done, ParcelView, StepSpec, Wait, platform

from . import fulfilment, stock
from .carrier import carrier_of
from .carrier.port import CargoLine, WaybillRequest
from .lanes import BONDED
from .models import PickRecord, Shipment
from .settings import config
from .statuses import Status

#: Names the order number under which payment, order, waybill and list meet at customs.
PAYMENT_STEP = "declare_payment"
RELEASE_STEP = "declare_inventory"
#: Customs' status of a released inventory list (CEB622).
RELEASED = "800"
PHONE_TAIL = 4


def specs(parcel: ParcelView) -> list[StepSpec]:
    """Return the steps for a parcel of a lane that is open."""
    if parcel.lane != BONDED:
        return []
    return [
        StepSpec("reserve_stock", _("Reserve bonded stock"), reserve_stock),
        StepSpec(
            "obtain_waybill", _("Obtain waybill"), obtain_waybill, after=("reserve_stock", PAYMENT_STEP)
        ),
        StepSpec("gate_out", _("Pick and pass the gate"), gate_out, after=(RELEASE_STEP,)),
        StepSpec("fulfil", _("Report shipment to the shop"), fulfil, after=("gate_out",)),
        StepSpec("track", _("On the road"), track, after=("fulfil",)),
    ]


def reserve_stock(parcel: ParcelView) -> Done:
    """Hold the parcel's goods in the bonded book."""
    book = config().book_number
    return Done({"book_no": book, "lines": stock.hold_parcel(parcel, book)})


def obtain_waybill(parcel: ParcelView) -> Done:
    """Order the waybill that order, payment and inventory will name."""
    settings = config()
    if missing := settings.missing():
        raise ConfigurationError(f"the logistics plugin lacks {', '.join(missing)}", fields=missing)
    shipment = Shipment.objects.filter(pk=parcel.id).first()
    waybill, routing = (shipment.waybill if shipment else None), ""
    if not waybill:
        ordered = carrier_of(settings).create(_waybill_request(parcel))
        waybill, routing = ordered.number, ordered.routing_code
        _keep_waybill(parcel, waybill, carrier_of(settings).code)
    platform().add_event(parcel.id, "waybill", waybill=waybill)
    return Done({**waybill_facts(parcel, waybill), "routing_code": routing})


def gate_out(parcel: ParcelView) -> Done:
    """Pick, deduct the book and hand over; refused while customs have not released the list."""
    inventory_no = released_inventory(parcel)
    waybill = _waybill(parcel)
    with transaction.atomic():
        shipment = stock.lock(parcel)
        if shipment.cancelled_at is not None:
            raise PermanentError("the parcel was cancelled", code="cancelled")
        if shipment.packed_at is None:
            stock.deduct_parcel(parcel)
            _pick(parcel, shipment, inventory_no)
    platform().add_event(parcel.id, "packed")
    carrier_of(config()).hand_over(parcel.number, waybill, gross_kilograms(parcel))
    with transaction.atomic():
        shipment = stock.lock(parcel)
        if shipment.handed_over_at is None:
            shipment.handed_over_at = clock.now()
            shipment.save(update_fields=["handed_over_at"])
            audit.record("parcel.gate_out", "parcel", parcel.id, waybill=waybill, inventory_no=inventory_no)
    platform().add_event(parcel.id, "handed_over", waybill=waybill)
    return Done({"inventory_no": inventory_no, "gross_g": gross_grams(parcel)})


def fulfil(parcel: ParcelView) -> Done:
    """Tell Saleor what was shipped, once."""
    return Done({"fulfillment_id": fulfilment.ensure(parcel, _waybill(parcel), config().warehouse)})


def track(parcel: ParcelView) -> Done | Wait:
    """Wait for the carrier's word that the parcel was delivered, unless it has come already."""
    shipment = Shipment.objects.get(pk=parcel.id)
    if shipment.status == Status.DELIVERED:
        return Done({"delivered_at": shipment.delivered_at.isoformat() if shipment.delivered_at else ""})
    return Wait({"waybill": shipment.waybill})


def released_inventory(parcel: ParcelView) -> str:
    """Return the number of the released inventory list: the gate's key.

    :raises PermanentError: ``not_released`` unless customs answered 800 and the step is done
    """
    step = parcel.steps.get(RELEASE_STEP)
    status = str(step.data.get("status", "")) if step else ""
    if step is None or step.state != "done" or status != RELEASED:
        raise PermanentError(
            "customs have not released this parcel: it stays inside",
            code="not_released",
            step=step.state if step else "absent",
            status=status,
        )
    return str(step.data.get("invt_no") or "")


def waybill_facts(parcel: ParcelView, waybill: str) -> dict[str, Any]:
    """What the declarations need to know of the waybill, in the terms of CEB511 and CEB621."""
    settings = config()
    return {
        "waybill": waybill,
        "logistics_no": waybill,
        "logistics_code": settings.logistics_code,
        "logistics_name": settings.logistics_name,
        "gross_kg": f"{gross_kilograms(parcel):f}",
        "net_kg": f"{_grams(sum(line.quantity * line.facts.net_g for line in parcel.lines)):f}",
        "freight": f"{parcel.freight.amount:f}",
    }


def gross_grams(parcel: ParcelView) -> int:
    return sum(line.quantity * line.facts.gross_g for line in parcel.lines)


def gross_kilograms(parcel: ParcelView) -> Decimal:
    return _grams(gross_grams(parcel))


def _grams(grams: int) -> Decimal:
    return Decimal(grams).scaleb(-3)


def _waybill_request(parcel: ParcelView) -> WaybillRequest:
    return WaybillRequest(
        order_id=parcel.number,
        customs_order_no=str(parcel.step_data(PAYMENT_STEP).get("orderNo") or parcel.number),
        customs_address=parcel.consignee.line,
        receiver=parcel.consignee,
        kilograms=gross_kilograms(parcel),
        cargo=tuple(
            CargoLine(
                name=line.facts.name,
                quantity=line.quantity,
                kilograms=_grams(line.facts.gross_g),
                value=line.unit_price,
                origin=line.facts.origin,
            )
            for line in parcel.lines
        ),
    )


def _keep_waybill(parcel: ParcelView, waybill: str, carrier: str) -> None:
    with transaction.atomic():
        shipment = stock.lock(parcel)
        if shipment.waybill not in (None, waybill):
            raise PermanentError(f"the parcel has the waybill {shipment.waybill}", code="second_waybill")
        if shipment.waybill is None:
            shipment.carrier, shipment.waybill, shipment.waybill_at = carrier, waybill, clock.now()
            shipment.phone_tail = parcel.consignee.phone[-PHONE_TAIL:]
            shipment.save(update_fields=["carrier", "waybill", "waybill_at", "phone_tail"])


def _waybill(parcel: ParcelView) -> str:
    waybill = Shipment.objects.filter(pk=parcel.id).values_list("waybill", flat=True).first()
    if not waybill:
        raise PermanentError("the parcel has no waybill", code="no_waybill")
    return str(waybill)


def _pick(parcel: ParcelView, shipment: Shipment, inventory_no: str) -> None:
    """Write down what was taken from the shelves; in the transaction that deducts it."""
    drawn = parcel.step_data("reserve_stock").get("lines", [])
    records = {line["gnum"]: line["item_record_no"] for line in drawn}
    PickRecord.objects.create(
        shipment=shipment,
        inventory_no=inventory_no,
        gross_g=gross_grams(parcel),
        at=clock.now(),
        lines=[
            {
                "gnum": line.gnum,
                "sku": line.facts.sku,
                "name": line.facts.name,
                "barcode": line.facts.barcode,
                "quantity": line.quantity,
                "item_record_no": records.get(line.gnum, ""),
            }
            for line in parcel.lines
        ],
    )
    shipment.packed_at = clock.now()
    shipment.save(update_fields=["packed_at"])
