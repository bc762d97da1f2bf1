"""Filters of lists: the older `filter` and the newer `where`, as far as the contract carries them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from sandbox.saleor import models as m
from sandbox.saleor.errors import bad_query
from sandbox.saleor.ids import key_of, split_global

Rows = QuerySet[Any]


def _keys(values: list[str] | None, typename: str) -> list[str]:
    return [key_of(value, typename, "ids") for value in values or []]


def _metadata(pairs: list[dict[str, Any]] | None) -> Q:
    """All pairs must match; a pair without value asks for the key alone."""
    found = Q()
    for pair in pairs or []:
        value = pair.get("value")
        found &= (
            Q(metadata__has_key=pair["key"]) if value is None else Q(metadata__contains={pair["key"]: value})
        )
    return found


def _span(column: str, span: dict[str, Any] | None) -> Q:
    """Between `gte` and `lte`, both included and both optional."""
    found = Q()
    for side in ("gte", "lte"):
        if span and span.get(side) is not None:
            found &= Q(**{f"{column}__{side}": span[side]})
    return found


def _choice(column: str, wanted: dict[str, Any], typename: str | None = None) -> Q:
    """Read `{eq}` or `{oneOf}`; ids are decoded when a type is given."""
    values = [wanted["eq"]] if "eq" in wanted else wanted.get("one_of") or []
    if "range" in wanted:
        return _span(column, wanted["range"])
    if typename:
        values = [split_global(value)[1] for value in values]
    return Q(**{f"{column}__in": [v for v in values if v is not None]})


def _stock(rows: Rows, wanted: str | None, channel: m.Channel | None) -> Rows:
    if not wanted:
        return rows
    stocks = m.Stock.objects.filter(variant__product=OuterRef("pk"), quantity__gt=F("quantity_allocated"))
    if channel:
        stocks = stocks.filter(warehouse__channels=channel)
    return rows.filter(Exists(stocks) if wanted == "IN_STOCK" else ~Exists(stocks))


def products(rows: Rows, wanted: dict[str, Any] | None, channel: m.Channel | None) -> Rows:
    """Apply `ProductFilterInput`."""
    for key, value in (wanted or {}).items():
        if value is None:
            continue
        if key == "ids":
            rows = rows.filter(pk__in=_keys(value, "Product"))
        elif key == "slugs":
            rows = rows.filter(slug__in=value)
        elif key == "categories":
            rows = rows.filter(category__in=_keys(value, "Category"))
        elif key == "collections":
            rows = rows.filter(collections__in=_keys(value, "Collection")).distinct()
        elif key == "product_types":
            rows = rows.filter(product_type__in=_keys(value, "ProductType"))
        elif key == "metadata":
            rows = rows.filter(_metadata(value))
        elif key == "updated_at":
            rows = rows.filter(_span("updated_at", value))
        elif key == "search":
            rows = search_products(rows, value)
        elif key == "stock_availability":
            rows = _stock(rows, value, channel)
        elif key == "is_published":
            rows = _published(rows, value, channel)
    return rows


def _published(rows: Rows, wanted: bool, channel: m.Channel | None) -> Rows:
    listings = m.ProductChannelListing.objects.filter(product=OuterRef("pk"), is_published=True)
    if channel:
        listings = listings.filter(channel=channel)
    return rows.filter(Exists(listings) if wanted else ~Exists(listings))


def products_where(rows: Rows, wanted: dict[str, Any] | None, channel: m.Channel | None) -> Rows:
    """Apply `ProductWhereInput`, with AND and OR of the same."""
    if not wanted:
        return rows
    for key in ("is_published", "stock_availability"):
        if wanted.get(key) is not None:
            rows = products(rows, {key: wanted[key]}, channel)
    return rows.filter(_product_q(wanted)).distinct()


def _product_q(wanted: dict[str, Any]) -> Q:
    found = Q()
    for key, value in wanted.items():
        if value is None:
            continue
        if key == "and":
            for part in value:
                found &= _product_q(part)
        elif key == "or":
            found &= _any([_product_q(part) for part in value])
        elif key == "ids":
            found &= Q(pk__in=_keys(value, "Product"))
        elif key == "metadata":
            found &= _metadata(value)
        elif key in ("name", "slug", "updated_at"):
            found &= _choice(key, value)
        elif key == "product_type":
            found &= _choice("product_type", value, "ProductType")
        elif key == "category":
            found &= _choice("category", value, "Category")
        elif key == "collection":
            found &= _choice("collections", value, "Collection")
    return found


def _any(parts: list[Q]) -> Q:
    found = Q(pk__in=[])
    for part in parts:
        found |= part
    return found


def search_products(rows: Rows, text: str | None) -> Rows:
    """Find words in names, translations and SKUs. Saleor's full-text search segments no Chinese; neither do we."""
    for word in (text or "").split():
        rows = rows.filter(
            Q(name__icontains=word)
            | Q(slug__icontains=word)
            | Q(pk__in=m.ProductVariant.objects.filter(sku__icontains=word).values("product"))
            | Q(pk__in=m.ProductTranslation.objects.filter(name__icontains=word).values("owner"))
        )
    return rows


def categories(rows: Rows, wanted: dict[str, Any] | None, where: dict[str, Any] | None) -> Rows:
    for key, value in (wanted or {}).items():
        if key == "ids" and value is not None:
            rows = rows.filter(pk__in=_keys(value, "Category"))
        elif key == "slugs" and value is not None:
            rows = rows.filter(slug__in=value)
        elif key == "metadata" and value:
            rows = rows.filter(_metadata(value))
        elif key == "updated_at":
            rows = rows.filter(_span("updated_at", value))
        elif key == "search" and value:
            rows = rows.filter(Q(name__icontains=value) | Q(slug__icontains=value))
    return rows.filter(_category_q(where)) if where else rows


def _category_q(where: dict[str, Any]) -> Q:
    found = Q()
    if where.get("ids") is not None:
        found &= Q(pk__in=_keys(where["ids"], "Category"))
    for part in where.get("and") or []:
        found &= _category_q(part)
    if where.get("or"):
        found &= _any([_category_q(part) for part in where["or"]])
    return found


def product_types(rows: Rows, wanted: dict[str, Any] | None) -> Rows:
    for key, value in (wanted or {}).items():
        if value is None:
            continue
        if key == "ids":
            rows = rows.filter(pk__in=_keys(value, "ProductType"))
        elif key == "slugs":
            rows = rows.filter(slug__in=value)
        elif key == "kind":
            rows = rows.filter(kind=value)
        elif key == "search":
            rows = rows.filter(Q(name__icontains=value) | Q(slug__icontains=value))
    return rows


STATUS_FILTERS = {
    "READY_TO_FULFILL": Q(
        status__in=("UNFULFILLED", "PARTIALLY_FULFILLED"), charge_status__in=("FULL", "OVERCHARGED")
    ),
    "READY_TO_CAPTURE": Q(authorize_status__in=("PARTIAL", "FULL"), charge_status__in=("NONE", "PARTIAL")),
}


def orders(rows: Rows, wanted: dict[str, Any] | None) -> Rows:
    """Apply `OrderFilterInput`."""
    for key, value in (wanted or {}).items():
        if value is None:
            continue
        rows = rows.filter(ORDER_FILTERS[key](value))
    return rows


def order_search(text: str) -> Q:
    found = Q(user_email__icontains=text) | Q(lines__product_sku__iexact=text)
    found |= Q(transactions__psp_reference=text)
    return found | Q(number=text.lstrip("#")) if _is_number(text.lstrip("#")) else found


def _is_number(text: str) -> bool:
    """Tell plain digits from what else Python calls digits; longer ones are no order's number."""
    return text.isascii() and text.isdigit() and len(text) < 10


ORDER_FILTERS: dict[str, Callable[[Any], Q]] = {
    "status": lambda value: _any([STATUS_FILTERS.get(v, Q(status=v)) for v in value]),
    "metadata": _metadata,
    "created": lambda value: _span("created__date", value),
    "updated_at": lambda value: _span("updated_at", value),
    "authorize_status": lambda value: Q(authorize_status__in=value),
    "charge_status": lambda value: Q(charge_status__in=value),
    "customer": lambda value: Q(user_email__icontains=value),
    "search": order_search,
    "channels": lambda value: Q(channel__in=_keys(value, "Channel")),
    "ids": lambda value: Q(pk__in=_keys(value, "Order")),
    "numbers": lambda value: Q(number__in=[n for n in value if _is_number(n)]),
    "checkout_ids": lambda value: Q(checkout_token__in=_keys(value, "Checkout")),
    "checkout_tokens": lambda value: Q(checkout_token__in=value),
}


def orders_where(wanted: dict[str, Any] | None) -> Q:
    """Read `OrderWhereInput` or `CustomerOrderWhereInput`, with AND and OR of the same."""
    found = Q()
    for key, value in (wanted or {}).items():
        if value is None:
            continue
        if key == "and":
            for part in value:
                found &= orders_where(part)
        elif key == "or":
            found &= _any([orders_where(part) for part in value])
        else:
            found &= _order_where(key, value)
    return found


def _order_where(key: str, value: Any) -> Q:
    ids = {
        "channel_id": ("channel", "Channel"),
        "user": ("user", "User"),
        "checkout_id": ("checkout_token", "Checkout"),
    }
    if key in ids:
        return _choice(ids[key][0], value, ids[key][1])
    if key == "ids":
        return Q(pk__in=_keys(value, "Order"))
    if key == "metadata":
        return _metadata_where(value)
    if key in ("created_at", "updated_at"):
        return _span("created" if key == "created_at" else key, value)
    return _choice(key, value)  # number, userEmail, statuses, checkoutToken


def transactions_where(wanted: dict[str, Any] | None) -> Q:
    """Read `TransactionWhereInput`; as with Saleor, AND and OR stand alone in their object."""
    given = {key: value for key, value in (wanted or {}).items() if value is not None}
    if len(given) > 1 and {"and", "or"} & given.keys():
        raise bad_query("Cannot mix operators with other filter inputs.")
    found = Q()
    for key, value in given.items():
        if key == "and":
            for part in value:
                found &= transactions_where(part)
        elif key == "or":
            found &= _any([transactions_where(part) for part in value])
        elif key == "ids":
            found &= Q(token__in=_keys(value, "TransactionItem"))
        elif key == "events":
            found &= _events(value)
        elif key in ("created_at", "modified_at"):
            found &= _span(key, value)
        else:
            found &= _choice(key, value)  # pspReference, appIdentifier
    return found


def _events(conditions: list[dict[str, Any]]) -> Q:
    """Each condition must be met by one event; none at all, or an empty one, finds nothing."""
    found = Q() if conditions else Q(pk__in=[])
    for condition in conditions:
        events = m.TransactionEvent.objects.filter(transaction=OuterRef("pk"))
        if not condition:
            return Q(pk__in=[])
        if condition.get("created_at"):
            events = events.filter(_span("created_at", condition["created_at"]))
        if condition.get("type"):
            events = events.filter(_choice("type", condition["type"]))
        found &= Q(Exists(events))
    return found


def _metadata_where(wanted: dict[str, Any]) -> Q:
    value = wanted.get("value")
    if not value:
        return Q(metadata__has_key=wanted["key"])
    values = [value["eq"]] if value.get("eq") is not None else value.get("one_of") or []
    return _any([Q(metadata__contains={wanted["key"]: v}) for v in values])
