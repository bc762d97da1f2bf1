"""Interfaces, money, connections: what every part of the schema builds on."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from sandbox.saleor.errors import bad_query
from sandbox.saleor.schema import inputs  # noqa: F401 - declares enums, scalars and inputs first
from sandbox.saleor.schema.enums import COUNTRY_NAMES
from sandbox.saleor.sdl import interface, obj, plain

PAGE = "before: String, after: String, first: Int, last: Int"
PAGE_LIMIT = 100


@dataclass(frozen=True)
class Money:
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class TaxedMoney:
    net_amount: Decimal
    gross_amount: Decimal
    currency: str

    @property
    def net(self) -> Money:
        return Money(self.net_amount, self.currency)

    @property
    def gross(self) -> Money:
        return Money(self.gross_amount, self.currency)

    @property
    def tax(self) -> Money:
        return Money(self.gross_amount - self.net_amount, self.currency)


def pairs(data: dict[str, str]) -> list[dict[str, str]]:
    """Show stored metadata as key and value items, in key order."""
    return [{"key": key, "value": data[key]} for key in sorted(data)]


def country(code: str) -> dict[str, str]:
    """Show a country by code and name."""
    return {"code": code, "country": COUNTRY_NAMES.get(code, code)}


@interface("Node", "id: ID!")
class Node:
    def resolve_id(root, info):
        return root["graph_id"] if isinstance(root, dict) else root.graph_id


plain("MetadataItem", "key: String! value: String!")


@interface(
    "ObjectWithMetadata",
    """
    privateMetadata: [MetadataItem!]! privateMetafield(key: String!): String
    metadata: [MetadataItem!]! metafield(key: String!): String
    """,
)
class ObjectWithMetadata:
    def resolve_metadata(root, info):
        return pairs(_public(root, info).metadata)

    def resolve_metafield(root, info, key):
        return _public(root, info).metadata.get(key)

    def resolve_private_metadata(root, info):
        return pairs(_private(root, info).private_metadata)

    def resolve_private_metafield(root, info, key):
        return _private(root, info).private_metadata.get(key)


def _public(root: Any, info: Any) -> Any:
    from sandbox.saleor.schema.metadata import may_read_public

    may_read_public(root, info.context)
    return root


def _private(root: Any, info: Any) -> Any:
    from sandbox.saleor.schema.metadata import may_use_private

    may_use_private(root, info.context)
    return root


plain("Money", "currency: String! amount: Float!")
plain("TaxedMoney", "currency: String! gross: Money! net: Money! tax: Money!")
plain("TaxedMoneyRange", "start: TaxedMoney stop: TaxedMoney")
plain("CountryDisplay", "code: String! country: String!")
plain("Weight", "unit: WeightUnitsEnum! value: Float!")
plain("Image", "url: String! alt: String")
plain(
    "PageInfo",
    "hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String",
)


@obj(
    "Address & Node & ObjectWithMetadata",
    """
    firstName: String! lastName: String! companyName: String! streetAddress1: String! streetAddress2: String!
    city: String! cityArea: String! postalCode: String! country: CountryDisplay! countryArea: String!
    phone: String isDefaultShippingAddress: Boolean isDefaultBillingAddress: Boolean
    """,
)
class Address:
    def resolve_country(root, info):
        return country(root.country_code)

    def resolve_is_default_shipping_address(root, info):
        user = info.context.user
        return user.default_shipping_address_id == root.pk if user else None

    def resolve_is_default_billing_address(root, info):
        user = info.context.user
        return user.default_billing_address_id == root.pk if user else None


def connection(node: str, name: str = "") -> None:
    """Declare the connection and edge types of a node type, which bear its name unless another is given."""
    name = name or node
    plain(f"{name}CountableEdge", f"node: {node}! cursor: String!")

    class Resolvers:
        def resolve_total_count(root, info):
            return root.total_count

    obj(
        f"{name}CountableConnection",
        f"pageInfo: PageInfo! edges: [{name}CountableEdge!]! totalCount: Int",
    )(Resolvers)


@dataclass
class Page:
    """One page of a queryset; the count is only taken when asked for."""

    edges: list[dict[str, Any]]
    page_info: dict[str, Any]
    everything: QuerySet[Any] | list[Any]

    @property
    def total_count(self) -> int:
        return (
            len(self.everything) if isinstance(self.everything, list) else self.everything.order_by().count()
        )


def _pack(row: Any, column: str) -> str:
    value = row
    for part in column.split("__"):
        value = getattr(value, part, None)
    return base64.b64encode(json.dumps([str(value), str(row.pk)]).encode()).decode()


def _unpack(cursor: str) -> tuple[str, str]:
    try:
        value, pk = json.loads(base64.b64decode(cursor))
    except ValueError as error:
        raise bad_query("Received cursor is invalid.") from error
    return value, pk


def paginate(
    rows: QuerySet[Any],
    arguments: dict[str, Any],
    *,
    by: str = "pk",
    descending: bool = False,
    what: str = "",
) -> Page:
    """Cut a page by key set: rows written meanwhile neither repeat nor vanish from the pages after."""
    first, last = arguments.get("first"), arguments.get("last")
    size = first or last
    if not size or (first and last):
        raise bad_query(
            f"You must provide a `first` or `last` value to properly paginate the `{what}` connection."
        )
    if not 0 < size <= PAGE_LIMIT:
        raise bad_query(
            f"Requesting {size} records on the `{what}` connection exceeds the limit of 100 records."
        )
    cut = rows
    for cursor, forwards in ((arguments.get("after"), True), (arguments.get("before"), False)):
        if cursor:
            cut = cut.filter(_beyond(cursor, by, forwards != descending))
    backwards = bool(last)
    sign = "-" if descending != backwards else ""
    found = list(cut.order_by(f"{sign}{by}", f"{sign}pk")[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    edges = [{"node": row, "cursor": _pack(row, by)} for row in found]
    info = {
        "has_next_page": bool(arguments.get("before")) if backwards else more,
        "has_previous_page": more if backwards else bool(arguments.get("after")),
        "start_cursor": edges[0]["cursor"] if edges else None,
        "end_cursor": edges[-1]["cursor"] if edges else None,
    }
    return Page(edges, info, rows)


def _beyond(cursor: str, by: str, greater: bool) -> Q:
    value, pk = _unpack(cursor)
    side = "gt" if greater else "lt"
    if by == "pk":
        return Q(**{f"pk__{side}": pk})
    return Q(**{f"{by}__{side}": value}) | Q(**{by: value, f"pk__{side}": pk})
