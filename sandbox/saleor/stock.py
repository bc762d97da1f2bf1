"""Stock: what can be sold in a channel, and taking it under row locks."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, QuerySet

from sandbox.saleor.models import Allocation, Channel, OrderLine, ProductVariant, Shop, Stock
from sandbox.saleor.webhooks.events import emit


class NotEnough(Exception):
    """Stock does not suffice: variant keys → what is left."""

    def __init__(self, left: dict[int, int]) -> None:
        super().__init__("Insufficient stock")
        self.left = left


@dataclass(frozen=True)
class Want:
    variant: ProductVariant
    quantity: int
    line: OrderLine | None = None


def stocks_of(channel: Channel, variants: Iterable[int], country: str | None = None) -> QuerySet[Stock]:
    """Find the stock rows that serve a channel; in the legacy mode only of zones that cover the country."""
    rows = Stock.objects.filter(variant_id__in=list(variants), warehouse__channels=channel)
    if country and Shop.get().use_legacy_shipping_zone_stock_availability:
        rows = rows.filter(
            warehouse__shipping_zones__countries__contains=[country],
            warehouse__shipping_zones__channels=channel,
        ).distinct()
    return rows


def available(channel: Channel, variants: Iterable[int], country: str | None = None) -> dict[int, int]:
    """Sum what is free to sell per variant."""
    left: dict[int, int] = defaultdict(int)
    for row in stocks_of(channel, variants, country):
        left[row.variant_id] += max(row.quantity - row.quantity_allocated, 0)
    return left


def check(channel: Channel, wants: list[Want], country: str | None = None) -> None:
    """Raise NotEnough when the wants cannot be served now. It promises nothing: `allocate` does."""
    left = available(channel, [w.variant.pk for w in wants], country)
    needed: dict[int, int] = defaultdict(int)
    for want in wants:
        if want.variant.track_inventory:
            needed[want.variant.pk] += want.quantity
    short = {pk: left.get(pk, 0) for pk, quantity in needed.items() if quantity > left.get(pk, 0)}
    if short:
        raise NotEnough(short)


def allocate(channel: Channel, wants: list[Want], country: str | None = None, *, lock: bool = True) -> None:
    """Take stock for order lines. Rows are locked in key order, so that two baskets cannot deadlock.

    `lock=False` exists for the test that shows why the lock is there.
    """
    ids = list(stocks_of(channel, [w.variant.pk for w in wants], country).values_list("pk", flat=True))
    rows = Stock.objects.filter(pk__in=ids).order_by("pk")
    if lock:
        rows = rows.select_for_update()
    by_variant: dict[int, list[Stock]] = defaultdict(list)
    for row in rows:
        by_variant[row.variant_id].append(row)
    _check_rows(wants, by_variant)
    for want in wants:
        _take(want, by_variant[want.variant.pk])


def _check_rows(wants: list[Want], by_variant: dict[int, list[Stock]]) -> None:
    needed: dict[int, int] = defaultdict(int)
    for want in wants:
        if want.variant.track_inventory:
            needed[want.variant.pk] += want.quantity
    short = {}
    for pk, quantity in needed.items():
        left = sum(max(row.quantity - row.quantity_allocated, 0) for row in by_variant[pk])
        if quantity > left:
            short[pk] = left
    if short:
        raise NotEnough(short)


def _take(want: Want, rows: list[Stock]) -> None:
    rest = want.quantity
    for row in sorted(rows, key=lambda r: r.quantity - r.quantity_allocated, reverse=True):
        free = row.quantity - row.quantity_allocated
        take = min(rest, free if want.variant.track_inventory else rest)
        if take <= 0:
            continue
        row.quantity_allocated += take
        Stock.objects.filter(pk=row.pk).update(quantity_allocated=F("quantity_allocated") + take)
        if want.line is not None:
            Allocation.objects.create(order_line=want.line, stock=row, quantity=take)
        if row.quantity - row.quantity_allocated <= 0 and want.variant.track_inventory:
            emit("PRODUCT_VARIANT_OUT_OF_STOCK", product_variant=want.variant, warehouse=row.warehouse)
        rest -= take
        if not rest:
            return


def ship(line: OrderLine, warehouse_id: uuid.UUID, quantity: int, *, allow_exceeding: bool) -> Stock | None:
    """Take shipped goods out of stock, using up the line's allocations."""
    if line.variant_id is None:
        return None
    row = (
        Stock.objects.select_for_update()
        .filter(variant_id=line.variant_id, warehouse_id=warehouse_id)
        .first()
    )
    if row is None:
        raise NotEnough({line.variant_id: 0})
    tracked = line.variant is None or line.variant.track_inventory
    if tracked and quantity > row.quantity and not allow_exceeding:
        raise NotEnough({line.variant_id: row.quantity})
    freed = _use_allocations(line, row, quantity)
    row.refresh_from_db()
    row.quantity = max(row.quantity - quantity, 0) if tracked else row.quantity
    row.quantity_allocated = max(row.quantity_allocated - freed, 0)
    row.save(update_fields=["quantity", "quantity_allocated"])
    return row


def _use_allocations(line: OrderLine, row: Stock, quantity: int) -> int:
    """Use up allocations, first those of the same warehouse; return how many of `row` were freed."""
    freed = 0
    rest = quantity
    allocations = sorted(line.allocations.select_for_update(), key=lambda a: a.stock_id != row.pk)
    for allocation in allocations:
        used = min(rest, allocation.quantity)
        if allocation.stock_id == row.pk:
            freed += used
        else:
            Stock.objects.filter(pk=allocation.stock_id).update(
                quantity_allocated=F("quantity_allocated") - used
            )
        allocation.quantity -= used
        rest -= used
        if allocation.quantity:
            allocation.save(update_fields=["quantity"])
        else:
            allocation.delete()
        if not rest:
            break
    return freed


def release(line: OrderLine) -> None:
    """Give back what a line still holds."""
    for allocation in line.allocations.select_for_update():
        Stock.objects.filter(pk=allocation.stock_id).update(
            quantity_allocated=F("quantity_allocated") - allocation.quantity
        )
        allocation.delete()


def restock(row: Stock, quantity: int) -> None:
    Stock.objects.filter(pk=row.pk).update(quantity=F("quantity") + quantity)


def allocate_back(line: OrderLine, row: Stock, quantity: int) -> None:
    """Hold goods for a line again, after a fulfilment was taken back."""
    Allocation.objects.create(order_line=line, stock=row, quantity=quantity)
    Stock.objects.filter(pk=row.pk).update(quantity_allocated=F("quantity_allocated") + quantity)
