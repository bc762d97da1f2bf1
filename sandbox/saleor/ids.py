"""Global ids: base64 of `Type:pk`, as GraphQL clients of Saleor know them."""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from sandbox.saleor.errors import Invalid

M = TypeVar("M", bound=Model)


def to_global(typename: str, pk: Any) -> str:
    """Encode a type name and key."""
    return base64.b64encode(f"{typename}:{pk}".encode()).decode()


def split_global(value: str) -> tuple[str, str]:
    """Decode an id; raise ValueError when it is not one."""
    try:
        kind, _, pk = base64.b64decode(str(value), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(f"Invalid ID: {value}.") from error
    if not kind or not pk:
        raise ValueError(f"Invalid ID: {value}.")
    return kind, pk


def key_of(value: str, typename: str, field: str = "id") -> str:
    """Take the key out of an id of the expected type; a wrong one is a payload error."""
    try:
        kind, pk = split_global(value)
    except ValueError as error:
        raise Invalid(field, "GRAPHQL_ERROR", str(error)) from error
    if kind != typename:
        raise Invalid(field, "GRAPHQL_ERROR", f"Invalid ID: {value}. Expected: {typename}, received: {kind}.")
    return pk


def find(queryset: QuerySet[M], value: str, typename: str, field: str = "id", **keywords: str) -> M:
    """Load one row by global id, or refuse with NOT_FOUND on the field the id came in."""
    pk = key_of(value, typename, field)
    column = keywords.get("column", "pk")
    row = queryset.filter(**{column: pk}).first() if _key_fits(queryset, column, pk) else None
    if row is None:
        raise Invalid(field, "NOT_FOUND", f"Couldn't resolve to a node: {value}")
    return row


def find_many(queryset: QuerySet[M], values: list[str] | None, typename: str, field: str) -> list[M]:
    """Load several rows by global id, keeping the order asked for."""
    return [find(queryset, value, typename, field) for value in values or []]


def _key_fits(queryset: QuerySet[Any], column: str, pk: str) -> bool:
    model = queryset.model
    kind = (model._meta.pk if column == "pk" else model._meta.get_field(column)).get_internal_type()
    if kind == "UUIDField":
        try:
            uuid.UUID(pk)
        except ValueError:
            return False
        return True
    return pk.isascii() and pk.isdigit() and len(pk) < 10
