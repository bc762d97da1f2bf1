"""Keeps Saleor's fulfilment in step with the parcel: one fulfilment, with the waybill as tracking number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import ParcelView, SaleorClient, document, platform

from .plugin import APP, PACKAGE

#: States of a fulfilment that no longer counts.
VOID = frozenset({"CANCELED", "REFUNDED", "RETURNED", "REPLACED", "REFUNDED_AND_RETURNED"})


def ensure(parcel: ParcelView, waybill: str, warehouse: str) -> str:
    """Return the id of the order's fulfilment, making it where it is missing.

    Saleor has no idempotency key here, so what is there is read first; a fulfilment made by a call whose
    answer was lost is found and taken over.
    """
    saleor = platform().saleor(parcel.api_url, APP)
    order = saleor.execute(_text("order_for_fulfilment"), {"id": parcel.order_id})["order"]
    if order is None:
        raise PermanentError(f"Saleor knows no order {parcel.order_number}", code="not_found")
    existing = [entry for entry in order["fulfillments"] if entry["status"] not in VOID]
    for entry in existing:
        if entry["trackingNumber"] == waybill:
            return str(entry["id"])
    if existing and not _open_lines(order):
        return _set_tracking(saleor, existing[0], waybill)
    return _create(saleor, order, waybill, _warehouse_id(saleor, warehouse))


def _open_lines(order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [line for line in order["lines"] if line["quantityToFulfill"] > 0]


def _create(saleor: SaleorClient, order: Mapping[str, Any], waybill: str, warehouse_id: str) -> str:
    lines = [
        {
            "orderLineId": line["id"],
            "stocks": [{"warehouse": warehouse_id, "quantity": line["quantityToFulfill"]}],
        }
        for line in _open_lines(order)
    ]
    if not lines:
        raise PermanentError(f"order {order['number']} has nothing left to ship", code="nothing_to_ship")
    payload = {"lines": lines, "notifyCustomer": True, "trackingNumber": waybill}
    # What customs released must leave, even where Saleor's own count of the shelf lags behind.
    payload["allowStockToBeExceeded"] = True
    answer = saleor.execute(_text("order_fulfill"), {"order": order["id"], "input": payload})
    made = answer["orderFulfill"]["fulfillments"]
    return str(made[0]["id"])


def _set_tracking(saleor: SaleorClient, fulfilment: Mapping[str, Any], waybill: str) -> str:
    """Take over a fulfilment that somebody made by hand without a tracking number."""
    if fulfilment["trackingNumber"]:
        message = f"the order was shipped already, with tracking number {fulfilment['trackingNumber']}"
        raise PermanentError(message, code="shipped_otherwise")
    saleor.execute(
        _text("fulfillment_update_tracking"),
        {"id": fulfilment["id"], "input": {"trackingNumber": waybill, "notifyCustomer": True}},
        idempotent=True,
    )
    return str(fulfilment["id"])


def _warehouse_id(saleor: SaleorClient, slug: str) -> str:
    answer = saleor.execute(_text("warehouses"), {"first": 100})
    for edge in answer["warehouses"]["edges"]:
        if slug in (edge["node"]["slug"], edge["node"]["externalReference"]):
            return str(edge["node"]["id"])
    raise PermanentError(f"Saleor has no warehouse {slug!r}: run `ponte saleor setup`", code="no_warehouse")


def _text(name: str) -> str:
    return document(PACKAGE, f"graphql/{name}.graphql")
