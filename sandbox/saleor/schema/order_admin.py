"""Order mutations of staff and apps."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

from typing import Any

from sandbox.saleor import fulfilment, payments
from sandbox.saleor import models as m
from sandbox.saleor.errors import Invalid
from sandbox.saleor.ids import find
from sandbox.saleor.sdl import mutation

STAFF: dict[str, Any] = {"errors": "OrderError", "need": "MANAGE_ORDERS"}


@mutation("orderConfirm(id: ID!): OrderConfirm", "order: Order", **STAFF)
def order_confirm(info, id):
    order = fulfilment.locked_order(id)
    fulfilment.confirm(order, info.context)
    return {"order": order}


@mutation("orderCancel(id: ID!): OrderCancel", "order: Order", **STAFF)
def order_cancel(info, id):
    order = fulfilment.locked_order(id)
    fulfilment.cancel(order, info.context)
    return {"order": order}


@mutation(
    "orderFulfill(input: OrderFulfillInput!, order: ID): OrderFulfill",
    "fulfillments: [Fulfillment!] order: Order",
    **STAFF,
)
def order_fulfill(info, input, order=None):
    row = fulfilment.locked_order(order, "order")
    return {"fulfillments": fulfilment.fulfil(row, input, info.context), "order": row}


@mutation(
    "orderFulfillmentApprove(allowStockToBeExceeded: Boolean = false, id: ID!, notifyCustomer: Boolean!): "
    "FulfillmentApprove",
    "fulfillment: Fulfillment order: Order",
    **STAFF,
)
def order_fulfillment_approve(info, id, notify_customer, allow_stock_to_be_exceeded=False):
    row = fulfilment.locked_fulfilment(id)
    fulfilment.approve(row, notify_customer, allow_stock_to_be_exceeded, info.context)
    return {"fulfillment": row, "order": row.order}


@mutation(
    "orderFulfillmentUpdateTracking(id: ID!, input: FulfillmentUpdateTrackingInput!): FulfillmentUpdateTracking",
    "fulfillment: Fulfillment order: Order",
    **STAFF,
)
def order_fulfillment_update_tracking(info, id, input):
    row = fulfilment.locked_fulfilment(id)
    fulfilment.track(row, input.get("tracking_number") or "", info.context)
    return {"fulfillment": row, "order": row.order}


@mutation(
    "orderFulfillmentCancel(id: ID!, input: FulfillmentCancelInput): FulfillmentCancel",
    "fulfillment: Fulfillment order: Order",
    **STAFF,
)
def order_fulfillment_cancel(info, id, input=None):
    row = fulfilment.locked_fulfilment(id)
    given = (input or {}).get("warehouse_id")
    warehouse = find(m.Warehouse.objects.all(), given, "Warehouse", "warehouseId") if given else None
    fulfilment.cancel_fulfilment(row, warehouse, info.context)
    return {"fulfillment": row, "order": row.order}


@mutation("orderMarkAsPaid(id: ID!, transactionReference: String): OrderMarkAsPaid", "order: Order", **STAFF)
def order_mark_as_paid(info, id, transaction_reference=None):
    order = fulfilment.locked_order(id)
    fulfilment.mark_as_paid(order, transaction_reference, info.context)
    return {"order": order}


@mutation(
    "orderNoteAdd(order: ID!, input: OrderNoteInput!): OrderNoteAdd",
    "order: Order event: OrderEvent",
    errors="OrderNoteAddError",
    need="MANAGE_ORDERS",
)
def order_note_add(info, order, input):
    row = fulfilment.locked_order(order)
    message = input["message"].strip()
    if not message:
        raise Invalid("message", "REQUIRED", "Message can't be empty.")
    return {"order": row, "event": payments.note(row, "NOTE_ADDED", info.context, message)}


@mutation(
    "orderGrantRefundCreate(id: ID!, input: OrderGrantRefundCreateInput!): OrderGrantRefundCreate",
    "order: Order grantedRefund: OrderGrantedRefund",
    errors="OrderGrantRefundCreateError",
    need="MANAGE_ORDERS",
)
def order_grant_refund_create(info, id, input):
    order = fulfilment.locked_order(id)
    return {"order": order, "granted_refund": fulfilment.grant_refund(order, input, info.context)}
