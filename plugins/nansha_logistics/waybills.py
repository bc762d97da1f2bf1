"""A parcel's waybill: ordered once, and ordered anew when the consignee is corrected before the hand-over.

Carriers do not change whom a waybill is for. So the carrier gets another order (``<number>-<n>``), the step
``obtain_waybill`` names no waybill until its number is there, and the one before is given up. While that lasts nothing
is declared with the old number: customs' list needs one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction

from saleor_ext.core import audit, clock, outbox
from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.plugin_api import ParcelView, platform

from . import stock
from .carrier.port import CargoLine, Carrier, Waybill, WaybillRequest
from .models import Shipment
from .settings import config

STEP = "obtain_waybill"
#: Names the order number under which payment, order, waybill and list meet at customs.
PAYMENT_STEP = "declare_payment"
RENEW, CANCEL = "logistics.renew_waybill", "logistics.cancel_waybill"
PHONE_TAIL = 4
#: Facts of the step that name a waybill.
_NUMBERS = ("waybill", "logistics_no", "routing_code")


def obtain(carrier: Carrier, parcel: ParcelView) -> Waybill:
    """Return the parcel's waybill, ordered at the first call.

    :raises TransientError: the consignee was corrected meanwhile, and it is being ordered anew
    """
    routing = ""
    if not Shipment.objects.filter(pk=parcel.id, waybill__isnull=False).exists():
        ordered = carrier.create(_request(parcel, parcel.number))
        keep(parcel, ordered.number, carrier.code)
        routing = ordered.routing_code
    return Waybill(number(parcel), routing)


def keep(parcel: ParcelView, waybill: str, carrier: str) -> None:
    """Store a parcel's first waybill; one that was ordered for an address corrected meanwhile is renewed."""
    with transaction.atomic():
        shipment = stock.lock(parcel)
        if shipment.waybill not in (None, waybill):
            raise PermanentError(f"the parcel has the waybill {shipment.waybill}", code="second_waybill")
        if shipment.waybill is None:
            _store(shipment, parcel, waybill, carrier, parcel.number)
            if platform().parcel(parcel.id).consignee != parcel.consignee:
                _promise(shipment)


def number(parcel: ParcelView) -> str:
    """Return the number of the parcel's waybill.

    :raises PermanentError: it has none
    :raises TransientError: it is being ordered anew
    """
    shipment = Shipment.objects.filter(pk=parcel.id).first()
    if shipment is None or not shipment.waybill:
        raise PermanentError("the parcel has no waybill", code="no_waybill")
    if shipment.carrier_order != order_id(shipment):
        raise TransientError("the waybill is being ordered anew", code="waybill_renewed")
    return shipment.waybill


def facts(parcel: ParcelView, waybill: Waybill) -> dict[str, Any]:
    """What the declarations need to know of the waybill, in the terms of CEB511 and CEB621."""
    settings = config()
    return {
        "waybill": waybill.number,
        "logistics_no": waybill.number,
        "logistics_code": settings.logistics_code,
        "logistics_name": settings.logistics_name,
        "gross_kg": f"{gross_kilograms(parcel):f}",
        "net_kg": f"{_grams(sum(line.quantity * line.facts.net_g for line in parcel.lines)):f}",
        "freight": f"{parcel.freight.amount:f}",
        "routing_code": waybill.routing_code,
    }


def renew_later(parcel: ParcelView) -> None:
    """Promise another waybill after a correction; call in the correcting transaction. Nothing once handed over."""
    shipment = stock.lock(parcel)
    if not shipment.waybill or shipment.handed_over_at is not None or shipment.cancelled_at is not None:
        return
    _promise(shipment)
    platform().update_step(parcel.id, STEP, dict.fromkeys(_NUMBERS, ""))


def renew(carrier: Carrier, parcel_id: str, count: int) -> None:
    """Order the waybill anew and give the one before up; a later correction's own promise goes before this one."""
    shipment = Shipment.objects.get(pk=parcel_id)
    done = shipment.carrier_order == order_id(shipment)
    if done or shipment.renewals != count or shipment.cancelled_at is not None:
        return
    parcel = platform().parcel(parcel_id)
    order = order_id(shipment)
    ordered = carrier.create(_request(parcel, order))
    with transaction.atomic():
        shipment = stock.lock(parcel)
        if shipment.renewals != count or shipment.cancelled_at is not None:
            give_up(order, ordered.number)
            return
        give_up(shipment.carrier_order, str(shipment.waybill))
        audit.record(
            "parcel.waybill_renewed", "parcel", parcel_id, before=shipment.waybill, after=ordered.number
        )
        _store(shipment, parcel, ordered.number, carrier.code, order)
        platform().update_step(parcel_id, STEP, facts(parcel, ordered))
        platform().add_event(parcel_id, "waybill", key=f"waybill:{ordered.number}", waybill=ordered.number)


def give_up(order: str, waybill: str) -> None:
    """Promise to cancel a waybill at the carrier."""
    outbox.enqueue(CANCEL, {"order_id": order, "waybill": waybill}, key=f"cancel:{order}")


def order_id(shipment: Shipment) -> str:
    """Return the number that the carrier knows the newest order of a parcel by."""
    return f"{shipment.number}-{shipment.renewals}" if shipment.renewals else shipment.number


def gross_grams(parcel: ParcelView) -> int:
    return sum(line.quantity * line.facts.gross_g for line in parcel.lines)


def gross_kilograms(parcel: ParcelView) -> Decimal:
    return _grams(gross_grams(parcel))


def _promise(shipment: Shipment) -> None:
    shipment.renewals += 1
    shipment.save(update_fields=["renewals"])
    outbox.enqueue(
        RENEW,
        {"parcel": shipment.pk, "count": shipment.renewals},
        key=f"{shipment.pk}:{shipment.renewals}",
    )


def _store(shipment: Shipment, parcel: ParcelView, waybill: str, carrier: str, order: str) -> None:
    shipment.carrier, shipment.waybill, shipment.waybill_at = carrier, waybill, clock.now()
    shipment.carrier_order = order
    shipment.phone_tail = parcel.consignee.phone[-PHONE_TAIL:]
    shipment.save(update_fields=["carrier", "waybill", "waybill_at", "carrier_order", "phone_tail"])


def _request(parcel: ParcelView, order: str) -> WaybillRequest:
    return WaybillRequest(
        order_id=order,
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


def _grams(grams: int) -> Decimal:
    return Decimal(grams).scaleb(-3)
