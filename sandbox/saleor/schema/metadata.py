"""Metadata: who may read and write it, and the mutations."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import uuid
from typing import Any

from sandbox.saleor import models as m
from sandbox.saleor.errors import Invalid, PermissionDenied
from sandbox.saleor.ids import split_global
from sandbox.saleor.sdl import error_type, mutation
from sandbox.saleor.webhooks.events import emit

error_type("MetadataError", "MetadataErrorCode")

CATALOGUE = ("MANAGE_PRODUCTS",)
SHIPPING = ("MANAGE_SHIPPING",)
TAXES = ("MANAGE_TAXES",)
ORDERS = ("MANAGE_ORDERS",)
# Type → permission to write public metadata; an empty tuple lets anybody who knows the id, as Saleor does.
PUBLIC: dict[str, tuple[str, ...]] = {
    "Checkout": (),
    "CheckoutLine": (),
    "Order": ORDERS,
    "OrderLine": ORDERS,
    "Fulfillment": ORDERS,
    "TransactionItem": ("HANDLE_PAYMENTS",),
    "Product": CATALOGUE,
    "ProductVariant": CATALOGUE,
    "ProductMedia": CATALOGUE,
    "Category": CATALOGUE,
    "Collection": CATALOGUE,
    "Warehouse": CATALOGUE,
    "ProductType": ("MANAGE_PRODUCT_TYPES_AND_ATTRIBUTES",),
    "Attribute": ("MANAGE_PRODUCT_TYPES_AND_ATTRIBUTES",),
    "Channel": ("MANAGE_CHANNELS",),
    "ShippingZone": SHIPPING,
    "ShippingMethodType": SHIPPING,
    "TaxClass": TAXES,
    "TaxConfiguration": TAXES,
    "User": ("MANAGE_USERS", "OWNER"),
    "App": ("MANAGE_APPS", "OWNER"),
    "Shop": ("MANAGE_SETTINGS",),
}
PRIVATE: dict[str, tuple[str, ...]] = {
    **PUBLIC,
    "Checkout": ("MANAGE_CHECKOUTS",),
    "CheckoutLine": ("MANAGE_CHECKOUTS",),
    "User": ("MANAGE_USERS", "MANAGE_STAFF"),
    "App": ("MANAGE_APPS", "OWNER"),
    "ShippingMethod": SHIPPING,
    "Address": ("MANAGE_USERS",),
}
# Reading is open on these; the rest is checked by what shows them.
CLOSED_TO_READ = {"App": ("MANAGE_APPS", "OWNER"), "TransactionItem": ()}
LOOKUP = {"TransactionItem": "token"}


def may_read_public(root: Any, context: Any) -> None:
    """Guard public metadata of the few types whose public part is not public."""
    needs = CLOSED_TO_READ.get(root.graph_type)
    if needs:
        context.require(*needs, root=root)


def may_use_private(root: Any, context: Any) -> None:
    needs = PRIVATE.get(root.graph_type)
    if not needs:
        raise PermissionDenied()
    context.require(*needs, root=root)


def _target(identifier: str) -> Any:
    try:
        kind, key = split_global(identifier)
    except ValueError:
        kind, key = _bare_token(identifier)
    if kind not in PUBLIC:
        raise Invalid("id", "NOT_FOUND", f"Couldn't resolve to a node: {identifier}")
    model = getattr(m, kind)
    column = LOOKUP.get(kind, "pk")
    pk_type = model._meta.pk.get_internal_type() if column == "pk" else "UUIDField"
    fits = _is_uuid(key) if pk_type == "UUIDField" else key.isascii() and key.isdigit() and len(key) < 10
    row = model.objects.select_for_update().filter(**{column: key}).first() if fits else None
    if row is None:
        raise Invalid("id", "NOT_FOUND", f"Couldn't resolve to a node: {identifier}")
    return row


def _bare_token(identifier: str) -> tuple[str, str]:
    """Accept a bare checkout or order token, as Saleor still does."""
    if _is_uuid(identifier):
        for kind in ("Order", "Checkout"):
            if getattr(m, kind).objects.filter(pk=identifier).exists():
                return kind, identifier
    raise Invalid("id", "NOT_FOUND", f"Couldn't resolve to a node: {identifier}")


def _is_uuid(value: str) -> bool:
    try:
        uuid.UUID(value)
    except ValueError:
        return False
    return True


def clean(items: list[dict[str, str]] | None, field: str = "input") -> dict[str, str]:
    """Read a list of `MetadataInput`; a blank key is refused."""
    out = {item["key"]: item["value"] for item in items or []}
    if any(not key.strip() for key in out):
        raise Invalid(field, "REQUIRED", "Metadata key cannot be empty.")
    return out


def set_both(row: Any, data: dict[str, Any]) -> None:
    """Merge the metadata of an input into a row (unsaved)."""
    row.metadata = {**row.metadata, **clean(data.get("metadata"), "metadata")}
    row.private_metadata = {**row.private_metadata, **clean(data.get("private_metadata"), "privateMetadata")}


def _write(info: Any, identifier: str, column: str, change: Any) -> dict[str, Any]:
    row = _target(identifier)
    needs = (PUBLIC if column == "metadata" else PRIVATE)[row.graph_type]
    if needs:
        info.context.require(*needs, root=row)
    before = getattr(row, column)
    after = change(before)
    if after != before:
        setattr(row, column, after)
        # `updatedAt` moves too: pollers look at it.
        row.save()
        _tell(row)
    return {"item": row}


EVENTS = {
    "Product": ("PRODUCT_METADATA_UPDATED", "product"),
    "ProductVariant": ("PRODUCT_VARIANT_METADATA_UPDATED", "product_variant"),
    "Checkout": ("CHECKOUT_METADATA_UPDATED", "checkout"),
    "Order": ("ORDER_METADATA_UPDATED", "order"),
    "Fulfillment": ("FULFILLMENT_METADATA_UPDATED", "fulfillment"),
    "TransactionItem": ("TRANSACTION_ITEM_METADATA_UPDATED", "transaction"),
}
LEGACY = {"Product": "PRODUCT_UPDATED", "ProductVariant": "PRODUCT_VARIANT_UPDATED", "Order": "ORDER_UPDATED"}


def _tell(row: Any) -> None:
    if row.graph_type not in EVENTS:
        return
    event, key = EVENTS[row.graph_type]
    values = {key: row, "order": row.order} if row.graph_type == "Fulfillment" else {key: row}
    emit(event, **values)
    if row.graph_type in LEGACY and m.Shop.get().use_legacy_update_webhook_emission:
        emit(LEGACY[row.graph_type], **values)


@mutation(
    "updateMetadata(id: ID!, input: [MetadataInput!]!): UpdateMetadata",
    "item: ObjectWithMetadata",
    errors="MetadataError",
)
def update_metadata(info, id, input):
    new = clean(input)
    return _write(info, id, "metadata", lambda old: {**old, **new})


@mutation(
    "deleteMetadata(id: ID!, keys: [String!]!): DeleteMetadata",
    "item: ObjectWithMetadata",
    errors="MetadataError",
)
def delete_metadata(info, id, keys):
    return _write(info, id, "metadata", lambda old: {k: v for k, v in old.items() if k not in keys})


@mutation(
    "updatePrivateMetadata(id: ID!, input: [MetadataInput!]!): UpdatePrivateMetadata",
    "item: ObjectWithMetadata",
    errors="MetadataError",
)
def update_private_metadata(info, id, input):
    new = clean(input)
    return _write(info, id, "private_metadata", lambda old: {**old, **new})


@mutation(
    "deletePrivateMetadata(id: ID!, keys: [String!]!): DeletePrivateMetadata",
    "item: ObjectWithMetadata",
    errors="MetadataError",
)
def delete_private_metadata(info, id, keys):
    return _write(info, id, "private_metadata", lambda old: {k: v for k, v in old.items() if k not in keys})
