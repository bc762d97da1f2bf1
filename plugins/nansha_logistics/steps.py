"""The steps of a parcel that are logistics' own; each is safe to run again."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import ConfigurationError, PermanentError
from saleor_ext.plugin_api import Done, ParcelView, StepSpec, Wait, platform

from . import fulfilment, stock, waybills
from .carrier import carrier_of
from .lanes import BONDED
from .models import PickRecord, Shipment
from .settings import config
from .statuses import Status

RELEASE_STEP = "declare_inventory"
#: Customs' status of a released inventory list (CEB622).
RELEASED = "800"


def specs(parcel: ParcelView) -> list[StepSpec]:
    """Return the steps for a parcel of a lane that is open."""
    if parcel.lane != BONDED:
        return []
    return [
        StepSpec("reserve_stock", _("Reserve bonded stock"), reserve_stock),
        StepSpec(
            waybills.STEP, _("Obtain waybill"), obtain_waybill, after=("reserve_stock", waybills.PAYMENT_STEP)
        ),
        StepSpec("gate_out", _("Pick and pass the gate"), gate_out, after=(RELEASE_STEP,), departs=True),
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
    waybill = waybills.obtain(carrier_of(settings), parcel)
    platform().add_event(parcel.id, "waybill", waybill=waybill.number)
    return Done(waybills.facts(parcel, waybill))


def gate_out(parcel: ParcelView) -> Done:
    """Pick, deduct the book and hand over; refused while customs have not released the list."""
    inventory_no = released_inventory(parcel)
    waybill = waybills.number(parcel)
    _listed(parcel, waybill)
    with transaction.atomic():
        shipment = stock.lock(parcel)
        if shipment.cancelled_at is not None:
            raise PermanentError("the parcel was cancelled", code="cancelled")
        if shipment.packed_at is None:
            stock.deduct_parcel(parcel)
            _pick(parcel, shipment, inventory_no)
    platform().add_event(parcel.id, "packed")
    order = waybills.order_id(shipment)
    carrier_of(config()).hand_over(order, waybill, waybills.gross_kilograms(parcel))
    with transaction.atomic():
        shipment = stock.lock(parcel)
        if shipment.handed_over_at is None:
            shipment.handed_over_at = clock.now()
            shipment.save(update_fields=["handed_over_at"])
            audit.record("parcel.gate_out", "parcel", parcel.id, waybill=waybill, inventory_no=inventory_no)
    platform().add_event(parcel.id, "handed_over", waybill=waybill)
    return Done({"inventory_no": inventory_no, "gross_g": waybills.gross_grams(parcel)})


def fulfil(parcel: ParcelView) -> Done:
    """Tell Saleor what was shipped, once."""
    return Done({"fulfillment_id": fulfilment.ensure(parcel, waybills.number(parcel), config().warehouse)})


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


def _listed(parcel: ParcelView, waybill: str) -> None:
    """Refuse a waybill that is not the one of the released list: customs would look for another parcel."""
    listed = str(parcel.step_data(RELEASE_STEP).get("logistics_no") or waybill)
    if listed != waybill:
        raise PermanentError(f"customs released the waybill {listed}, not {waybill}", code="other_waybill")


def _pick(parcel: ParcelView, shipment: Shipment, inventory_no: str) -> None:
    """Write down what was taken from the shelves; in the transaction that deducts it."""
    drawn = parcel.step_data("reserve_stock").get("lines", [])
    records = {line["gnum"]: line["item_record_no"] for line in drawn}
    PickRecord.objects.create(
        shipment=shipment,
        inventory_no=inventory_no,
        gross_g=waybills.gross_grams(parcel),
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
