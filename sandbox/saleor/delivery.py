"""Delivery options of a checkout: asked for explicitly, kept as rows, stale after a day or a change."""

from __future__ import annotations

import base64
import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from sandbox.saleor import prices
from sandbox.saleor.ids import to_global
from sandbox.saleor.models import Checkout, CheckoutDelivery, ShippingMethodChannelListing
from sandbox.saleor.webhooks import sync

OPTIONS_TTL = datetime.timedelta(hours=24)


@dataclass
class Method:
    """A shipping method as shown to a buyer and to webhooks."""

    graph_id: str
    key: str
    name: str
    amount: Decimal
    currency: str
    description: Any = None
    minimum_delivery_days: int | None = None
    maximum_delivery_days: int | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    private_metadata: dict[str, str] = field(default_factory=dict)
    active: bool = True
    message: str | None = ""
    built_in_id: int | None = None
    graph_type: str = "ShippingMethod"

    @property
    def price(self) -> dict[str, Any]:
        return {"amount": self.amount, "currency": self.currency}


def external_id(app_identifier: str, method_id: str) -> str:
    """Wrap an app's own id the way clients see it."""
    return base64.b64encode(f"app:{app_identifier}:{method_id}".encode()).decode()


def built_in_methods(checkout: Checkout) -> list[Method]:
    """List the methods of the zones that cover the address."""
    address = checkout.shipping_address
    if address is None:
        return []
    listings = ShippingMethodChannelListing.objects.filter(
        channel_id=checkout.channel_id,
        shipping_method__shipping_zone__channels=checkout.channel_id,
        shipping_method__shipping_zone__countries__contains=[address.country_code],
    ).select_related("shipping_method")
    return [
        Method(
            graph_id=to_global("ShippingMethod", row.shipping_method_id),
            key=str(row.shipping_method_id),
            name=row.shipping_method.name,
            amount=row.price_amount,
            currency=checkout.currency,
            description=row.shipping_method.description,
            minimum_delivery_days=row.shipping_method.minimum_delivery_days,
            maximum_delivery_days=row.shipping_method.maximum_delivery_days,
            metadata=row.shipping_method.metadata,
            private_metadata=row.shipping_method.private_metadata,
            built_in_id=row.shipping_method_id,
        )
        for row in listings
    ]


def _external(app_identifier: str, item: dict[str, Any]) -> Method:
    wrapped = external_id(app_identifier, str(item["id"]))
    description = item.get("description")
    return Method(
        graph_id=wrapped,
        key=wrapped,
        name=str(item["name"]),
        amount=prices.quantize(str(item["amount"])),
        currency=str(item["currency"]),
        description=str(description)[:255] if description else None,
        minimum_delivery_days=_days(item.get("minimum_delivery_days")),
        maximum_delivery_days=_days(item.get("maximum_delivery_days")),
        metadata=_texts(item.get("metadata")),
        private_metadata=_texts(item.get("private_metadata")),
    )


def _days(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _texts(value: Any) -> dict[str, str]:
    """Take a map of strings; one value of another kind drops the whole map."""
    fits = isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
    return dict(value) if fits else {}


def calculate(checkout: Checkout) -> list[CheckoutDelivery]:
    """Ask apps for methods, then for exclusions, and keep the answer. Call it outside any transaction."""
    if not requires_shipping(checkout):
        methods: list[Method] = []
    else:
        methods = built_in_methods(checkout)
        methods += [_external(app.identifier, item) for app, item in sync.external_methods(checkout, methods)]
        for identifier, reason in sync.excluded_methods(checkout, methods).items():
            for method in methods:
                if identifier in (method.graph_id, method.key):
                    method.active, method.message = False, reason
    with transaction.atomic():
        locked = Checkout.objects.select_for_update().get(pk=checkout.pk)
        if locked.assigned_delivery_id != checkout.assigned_delivery_id:
            # Another request chose meanwhile: what it knows is newer.
            return list(locked.deliveries.filter(is_valid=True))
        _keep(locked, methods)
    checkout.refresh_from_db()
    return list(checkout.deliveries.filter(is_valid=True))


def requires_shipping(checkout: Checkout) -> bool:
    lines = checkout.lines.select_related("variant__product__product_type")
    return any(line.variant.product.product_type.is_shipping_required for line in lines)


def _keep(checkout: Checkout, methods: list[Method]) -> None:
    assigned = checkout.assigned_delivery
    fresh = {method.key: method for method in methods}
    if assigned is not None:
        _preserve(checkout, assigned, fresh.get(assigned.method_key))
    keep = [assigned.pk] if assigned else []
    checkout.deliveries.filter(is_valid=True).exclude(pk__in=keep).exclude(
        pk__in=[d.pk for d in checkout.deliveries.filter(is_valid=True) if d.method_key in fresh]
    ).delete()
    valid = {d.method_key: d for d in checkout.deliveries.filter(is_valid=True)}
    for key, method in fresh.items():
        row = valid.get(key) or CheckoutDelivery(checkout=checkout)
        _fill(row, method)
        row.save()
    checkout.delivery_methods_stale_at = timezone.now() + OPTIONS_TTL
    checkout.save(update_fields=["delivery_methods_stale_at", "updated_at"])


def _preserve(checkout: Checkout, assigned: CheckoutDelivery, method: Method | None) -> None:
    """Keep the chosen row as chosen; when its offer changed or went away, mark it invalid."""
    if method is None or _changed(assigned, method):
        CheckoutDelivery.objects.filter(pk=assigned.pk).update(is_valid=False)
    elif not assigned.is_valid:
        CheckoutDelivery.objects.filter(pk=assigned.pk).update(is_valid=True)


def _changed(row: CheckoutDelivery, method: Method) -> bool:
    return (row.name, row.price_amount, row.minimum_delivery_days, row.maximum_delivery_days) != (
        method.name,
        method.amount,
        method.minimum_delivery_days,
        method.maximum_delivery_days,
    )


def _fill(row: CheckoutDelivery, method: Method) -> None:
    row.external_shipping_method_id = None if method.built_in_id else method.key
    row.built_in_id = method.built_in_id
    row.name, row.description = method.name, method.description
    row.price_amount, row.currency = method.amount, method.currency
    row.minimum_delivery_days, row.maximum_delivery_days = (
        method.minimum_delivery_days,
        method.maximum_delivery_days,
    )
    row.metadata, row.private_metadata = method.metadata, method.private_metadata
    row.active, row.message, row.is_valid = method.active, method.message, True


def method_of(row: CheckoutDelivery) -> Method:
    """Show a delivery row as the shipping method it holds."""
    built_in = row.built_in_id
    return Method(
        graph_id=to_global("ShippingMethod", built_in) if built_in else str(row.external_shipping_method_id),
        key=row.method_key,
        name=row.name,
        amount=row.price_amount,
        currency=row.currency,
        description=row.description,
        minimum_delivery_days=row.minimum_delivery_days,
        maximum_delivery_days=row.maximum_delivery_days,
        metadata=row.metadata,
        private_metadata=row.private_metadata,
        active=row.active,
        message=row.message,
        built_in_id=built_in,
    )


def mark_stale(checkout: Checkout) -> None:
    """Say that the chosen delivery must be asked for again; without a choice there is nothing to distrust."""
    if checkout.assigned_delivery_id:
        checkout.delivery_methods_stale_at = timezone.now()


def is_stale(checkout: Checkout) -> bool:
    stale_at = checkout.delivery_methods_stale_at
    return bool(stale_at and stale_at < timezone.now())
