"""Fulfilling, tracking, cancelling and refunding orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.saleor import models as m
from sandbox.saleor import payments, stock
from sandbox.saleor.auth import Context
from sandbox.saleor.errors import Invalid
from sandbox.saleor.ids import find
from sandbox.saleor.webhooks.events import emit

OPEN = ("UNFULFILLED", "PARTIALLY_FULFILLED")


def locked_order(identifier: str | None, field: str = "id") -> m.Order:
    """Load an order under its row lock."""
    return find(m.Order.objects.select_for_update(of=("self",)), identifier or "", "Order", field)


def fulfil(order: m.Order, data: dict[str, Any], context: Context) -> list[m.Fulfillment]:
    """Ship lines out of warehouses: one fulfilment per warehouse, as in Saleor."""
    if order.status not in OPEN:
        raise Invalid(
            "order",
            "CANNOT_FULFILL_UNPAID_ORDER" if order.status == "UNCONFIRMED" else "INVALID",
            f"Cannot fulfill an order with status {order.status}.",
        )
    shop = m.Shop.get()
    if not shop.fulfillment_allow_unpaid and order.charge_status not in ("FULL", "OVERCHARGED"):
        raise Invalid("order", "CANNOT_FULFILL_UNPAID_ORDER", "Cannot fulfill unpaid order.")
    plan = _plan(order, data)
    approved = shop.fulfillment_auto_approve
    made = []
    for warehouse, items in plan.items():
        made.append(_fulfilment(order, warehouse, items, data, approved))
    _refresh_status(order)
    for fulfilment in made:
        notify = bool(data.get("notify_customer"))
        emit("FULFILLMENT_CREATED", fulfillment=fulfilment, order=order, notify_customer=notify)
    payments.note(
        order, "FULFILLMENT_FULFILLED_ITEMS" if approved else "FULFILLMENT_AWAITS_APPROVAL", context
    )
    emit("ORDER_UPDATED", order=order)
    if order.status == "FULFILLED":
        for fulfilment in made:
            emit("FULFILLMENT_APPROVED", fulfillment=fulfilment, order=order, notify_customer=False)
        emit("ORDER_FULFILLED", order=order)
    return made


def _plan(order: m.Order, data: dict[str, Any]) -> dict[m.Warehouse, list[tuple[m.OrderLine, int]]]:
    plan: dict[m.Warehouse, list[tuple[m.OrderLine, int]]] = {}
    total = 0
    for item in data["lines"]:
        line = find(
            order.lines.select_related("variant"), item.get("order_line_id") or "", "OrderLine", "orderLineId"
        )
        line.order = order
        wanted = 0
        for part in item["stocks"]:
            warehouse = find(m.Warehouse.objects.all(), part["warehouse"], "Warehouse", "warehouse")
            if part["quantity"] > 0:
                plan.setdefault(warehouse, []).append((line, part["quantity"]))
                wanted += part["quantity"]
        left = line.quantity - line.quantity_fulfilled
        if wanted > left:
            message = f"Only {left} item{'s' if left != 1 else ''} remaining to fulfill."
            raise Invalid("orderLineId", "FULFILL_ORDER_LINE", message, order_lines=[line.graph_id])
        total += wanted
    if total <= 0:
        raise Invalid("lines", "ZERO_QUANTITY", "Total quantity must be larger than 0.")
    return plan


def _fulfilment(
    order: m.Order,
    warehouse: m.Warehouse,
    items: list[tuple[m.OrderLine, int]],
    data: dict[str, Any],
    approved: bool,
) -> m.Fulfillment:
    row = m.Fulfillment.objects.create(
        order=order,
        fulfillment_order=order.fulfillments.count() + 1,
        status="FULFILLED" if approved else "WAITING_FOR_APPROVAL",
        tracking_number=data.get("tracking_number") or "",
    )
    for line, quantity in items:
        taken = None
        if approved:
            taken = _ship(line, warehouse, quantity, bool(data.get("allow_stock_to_be_exceeded")))
        row.lines.create(order_line=line, warehouse=warehouse, stock=taken, quantity=quantity)
        line.quantity_fulfilled += quantity
        line.save(update_fields=["quantity_fulfilled"])
    return row


def _ship(line: m.OrderLine, warehouse: m.Warehouse, quantity: int, exceeding: bool) -> m.Stock | None:
    try:
        return stock.ship(line, warehouse.pk, quantity, allow_exceeding=exceeding)
    except stock.NotEnough as short:
        message = f"Insufficient product stock: {line.product_sku}"
        raise Invalid(
            "stocks", "INSUFFICIENT_STOCK", message, order_lines=[line.graph_id], warehouse=warehouse.graph_id
        ) from short


def _refresh_status(order: m.Order) -> None:
    shipped = total = 0
    for line in order.lines.all():
        waiting = sum(
            part.quantity
            for part in line.fulfillment_lines.filter(fulfillment__status="WAITING_FOR_APPROVAL")
        )
        shipped += line.quantity_fulfilled - waiting
        total += line.quantity
    order.status = (
        "FULFILLED" if shipped >= total else "PARTIALLY_FULFILLED" if shipped > 0 else "UNFULFILLED"
    )
    order.save(update_fields=["status", "updated_at"])


def locked_fulfilment(identifier: str) -> m.Fulfillment:
    rows = m.Fulfillment.objects.select_for_update(of=("self",)).select_related("order")
    return find(rows, identifier, "Fulfillment")


def approve(row: m.Fulfillment, notify: bool, exceeding: bool, context: Context) -> None:
    """Let a waiting fulfilment go out."""
    if row.status != "WAITING_FOR_APPROVAL":
        raise Invalid(
            "status", "INVALID", "Invalid fulfillment status, only WAITING_FOR_APPROVAL is accepted."
        )
    for part in row.lines.select_related("order_line__variant", "warehouse"):
        if part.warehouse is not None:
            part.stock = _ship(part.order_line, part.warehouse, part.quantity, exceeding)
            part.save(update_fields=["stock"])
    row.status = "FULFILLED"
    row.save(update_fields=["status"])
    _refresh_status(row.order)
    emit("FULFILLMENT_APPROVED", fulfillment=row, order=row.order, notify_customer=notify)
    emit("ORDER_UPDATED", order=row.order)
    if row.order.status == "FULFILLED":
        emit("ORDER_FULFILLED", order=row.order)


def track(row: m.Fulfillment, number: str, context: Context) -> None:
    row.tracking_number = number
    row.save(update_fields=["tracking_number"])
    row.order.save(update_fields=["updated_at"])
    payments.note(row.order, "TRACKING_UPDATED", context, number)
    emit("FULFILLMENT_TRACKING_NUMBER_UPDATED", fulfillment=row, order=row.order)
    emit("ORDER_UPDATED", order=row.order)


def cancel_fulfilment(row: m.Fulfillment, warehouse: m.Warehouse | None, context: Context) -> None:
    """Take a fulfilment back; shipped goods return to the warehouse given."""
    if row.status not in ("FULFILLED", "WAITING_FOR_APPROVAL"):
        raise Invalid("fulfillment", "CANNOT_CANCEL_FULFILLMENT", "This fulfillment can't be canceled")
    if row.status == "FULFILLED" and warehouse is None:
        raise Invalid("warehouseId", "REQUIRED", "Parameter 'warehouseId' is required.")
    for part in row.lines.select_related("order_line"):
        line = part.order_line
        line.quantity_fulfilled -= part.quantity
        line.save(update_fields=["quantity_fulfilled"])
        if row.status == "FULFILLED" and warehouse is not None and line.variant_id:
            target, _ = m.Stock.objects.get_or_create(variant_id=line.variant_id, warehouse=warehouse)
            stock.restock(target, part.quantity)
            stock.allocate_back(line, target, part.quantity)
    row.status = "CANCELED"
    row.save(update_fields=["status"])
    _refresh_status(row.order)
    payments.note(row.order, "FULFILLMENT_CANCELED", context)
    emit("FULFILLMENT_CANCELED", fulfillment=row, order=row.order)
    emit("ORDER_UPDATED", order=row.order)


def confirm(order: m.Order, context: Context) -> None:
    if order.status != "UNCONFIRMED":
        raise Invalid(
            "id", "INVALID", "Provided order id belongs to an order with status different than unconfirmed."
        )
    order.status = "UNFULFILLED"
    order.save(update_fields=["status", "updated_at"])
    payments.note(order, "CONFIRMED", context)
    emit("ORDER_CONFIRMED", order=order)
    emit("ORDER_UPDATED", order=order)


def cancel(order: m.Order, context: Context) -> None:
    """Cancel an order and free its stock. Money is another matter: nothing is refunded here."""
    active = order.fulfillments.exclude(
        status__in=("CANCELED", "REFUNDED", "RETURNED", "REFUNDED_AND_RETURNED")
    )
    if order.status in ("CANCELED", "DRAFT", "EXPIRED") or active.exists():
        raise Invalid("order", "CANNOT_CANCEL_ORDER", "This order can't be canceled.")
    for line in order.lines.all():
        stock.release(line)
    order.status = "CANCELED"
    order.save(update_fields=["status", "updated_at"])
    payments.note(order, "CANCELED", context)
    emit("ORDER_CANCELLED", order=order)
    emit("ORDER_UPDATED", order=order)


def mark_as_paid(order: m.Order, reference: str | None, context: Context) -> None:
    """Record a payment that happened elsewhere, as a charged transaction no app owns."""
    from django.utils import timezone

    if order.transactions.exists() or order.charge_status != "NONE":
        raise Invalid(
            "transactions",
            "TRANSACTION_ERROR",
            "Orders with transactions can not be manually marked as paid.",
        )
    item = m.TransactionItem.objects.create(
        order=order,
        currency=order.currency,
        user=context.user,
        name="Manual payment",
        psp_reference=reference or "",
        available_actions=["REFUND"],
    )
    before = payments.snapshot(item)
    m.TransactionEvent.objects.create(
        transaction=item,
        type="CHARGE_SUCCESS",
        amount_value=order.total_gross,
        currency=order.currency,
        psp_reference=reference or "",
        created_at=timezone.now(),
        message="Manual payment",
    )
    payments.recalculate(item)
    item.save()
    payments.order_paid_changes(order, item, before, context)
    payments.note(order, "ORDER_MARKED_AS_PAID", context)


def grant_refund(order: m.Order, data: dict[str, Any], context: Context) -> m.OrderGrantedRefund:
    """Promise a refund: an amount, or lines and shipping that make one up."""
    lines = [
        (find(order.lines.all(), item["id"], "OrderLine", "lines"), item["quantity"], item.get("reason"))
        for item in data.get("lines") or []
    ]
    shipping = bool(data.get("grant_refund_for_shipping"))
    if data.get("amount") is None and not lines and not shipping:
        raise Invalid(
            "amount", "REQUIRED", "At least amount, lines or grantRefundForShipping need to be provided."
        )
    if shipping and order.granted_refunds.filter(shipping_costs_included=True).exists():
        raise Invalid(
            "grantRefundForShipping", "SHIPPING_COSTS_ALREADY_GRANTED", "Shipping costs already granted."
        )
    for line, quantity, _ in lines:
        if not 0 < quantity <= line.quantity:
            raise Invalid("lines", "INVALID", "Cannot grant refund for more than ordered.")
    amount = data.get("amount")
    if amount is None:
        amount = sum((line.unit_gross * quantity for line, quantity, _ in lines), Decimal(0))
        amount += order.shipping_gross if shipping else 0
    item = find(
        order.transactions.all(), data["transaction_id"], "TransactionItem", "transactionId", column="token"
    )
    if amount > item.charged_value:
        raise Invalid(
            "amount", "AMOUNT_GREATER_THAN_AVAILABLE", "The amount is greater than what was charged."
        )
    row = order.granted_refunds.create(
        amount_value=amount,
        reason=data.get("reason") or "",
        shipping_costs_included=shipping,
        transaction_item_id=item.pk,
    )
    for line, quantity, reason in lines:
        row.lines.create(order_line=line, quantity=quantity, reason=reason)
    payments.refresh_order(order)
    order.save()
    emit("ORDER_UPDATED", order=order)
    return row
