"""Orders from the platform's side: reading them whole, fulfilling, tracking."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime

from pydantic import ValidationError

from .client import GraphQLClient, Operation
from .errors import SaleorRefused, SaleorUserError
from .results.base import Page, Slugged
from .results.orders import Fulfillment, Order
from .storefront import COMPLETE

log = logging.getLogger(__name__)

PAGE = 20
READ: Operation[Order | None] = Operation("platform/order_admin", Order | None, ("order",))
FULFIL: Operation[list[Fulfillment]] = Operation(
    "platform/order_fulfill", list[Fulfillment], ("orderFulfill", "fulfillments")
)
TRACKING: Operation[Fulfillment] = Operation(
    "platform/fulfillment_update_tracking",
    Fulfillment,
    ("orderFulfillmentUpdateTracking", "fulfillment"),
    idempotent=True,
)
CHANGED: Operation[Page[Order]] = Operation("platform/orders_changed", Page[Order], ("orders",))


def read_order(client: GraphQLClient, order_id: str) -> Order | None:
    """Return an order with its payments."""
    return client.run(READ, id=order_id)


def complete_checkout(client: GraphQLClient, checkout_id: str) -> Order:
    """Turn a paid checkout into an order, whoever left the page; safe to repeat."""
    return client.run(COMPLETE, id=checkout_id)


def fulfil(
    client: GraphQLClient, order_id: str, lines: Mapping[str, int], *, warehouse_id: str, tracking: str
) -> str:
    """Fulfil lines (order line id → quantity) from a warehouse and return the fulfilment's id.

    A repeat with the same tracking number finds the fulfilment that is already there.
    """
    if found := _fulfilled(client, order_id, tracking):
        return found
    given = {
        "lines": [
            {"orderLineId": line, "stocks": [{"quantity": quantity, "warehouse": warehouse_id}]}
            for line, quantity in lines.items()
        ],
        "notifyCustomer": False,
        "trackingNumber": tracking,
    }
    try:
        made = client.run(FULFIL, order=order_id, input=given)
    except SaleorUserError:
        # Two of us at once: the other's fulfilment leaves nothing to fulfil for this one.
        if found := _fulfilled(client, order_id, tracking):
            return found
        raise
    return made[0].id


def update_tracking(client: GraphQLClient, fulfilment_id: str, tracking: str) -> Fulfillment:
    """Set a fulfilment's tracking number without writing to the buyer."""
    return client.run(TRACKING, id=fulfilment_id, tracking=tracking, notify=False)


def warehouse_id(client: GraphQLClient, slug: str) -> str:
    """Return the id of a warehouse by slug.

    :raises SaleorRefused: when there is none
    """
    data = client.execute("query WarehouseIds { warehouses(first: 100) { edges { node { id slug } } } }")
    for edge in data["warehouses"]["edges"]:
        found = Slugged.model_validate(edge["node"])
        if found.slug == slug:
            return found.id
    raise SaleorRefused(
        f"Saleor has no warehouse {slug!r}; run `ponte saleor setup`", code="WAREHOUSE_MISSING"
    )


def changed_since(client: GraphQLClient, since: datetime) -> Iterator[tuple[Order | None, dict[str, object]]]:
    """Yield orders changed since an instant, oldest change first, typed and as Saleor told it.

    One that cannot be read comes as None: it must not keep those after it from being seen.
    """
    after: str | None = None
    while True:
        variables = {"since": since.isoformat(), "first": PAGE, "after": after}
        orders = client.execute(CHANGED.text, variables)["orders"]
        for edge in orders["edges"]:
            yield _typed(edge["node"]), edge["node"]
        if not orders["pageInfo"]["hasNextPage"]:
            return
        after = orders["pageInfo"]["endCursor"]


def _typed(told: Mapping[str, object]) -> Order | None:
    try:
        return Order.model_validate(told)
    except ValidationError as error:
        log.error("order %s cannot be read: %s", told.get("id"), error)
        return None


def _fulfilled(client: GraphQLClient, order_id: str, tracking: str) -> str | None:
    order = read_order(client, order_id)
    if order is None:
        raise SaleorRefused(f"Saleor has no order {order_id}", code="NOT_FOUND")
    live = (
        f
        for f in order.fulfillments
        if f.tracking_number == tracking and f.status not in {"CANCELED", "REFUNDED"}
    )
    return next((f.id for f in live), None)
