"""Events: what they are called, who may get them, and how one becomes rows of deliveries."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps as django_apps
from django.db.models import Model
from django.utils import timezone

from sandbox.jobs import schedule
from sandbox.saleor import VERSION
from sandbox.saleor.models import App, EventDelivery, Webhook

# Families by prefix: (permission an app must hold, whether the body is built only when it leaves).
FAMILIES: tuple[tuple[str, str | None, bool], ...] = (
    ("ORDER_CALCULATE_TAXES", "HANDLE_TAXES", False),
    ("CHECKOUT_CALCULATE_TAXES", "HANDLE_TAXES", False),
    ("SHIPPING_LIST_METHODS_FOR_CHECKOUT", "MANAGE_SHIPPING", False),
    ("CHECKOUT_FILTER_SHIPPING_METHODS", "MANAGE_CHECKOUTS", False),
    ("CHECKOUT_FULLY", "MANAGE_CHECKOUTS", False),
    ("CHECKOUT_", "MANAGE_CHECKOUTS", True),
    ("ORDER_", "MANAGE_ORDERS", True),
    ("FULFILLMENT_CREATED", "MANAGE_ORDERS", False),
    ("FULFILLMENT_APPROVED", "MANAGE_ORDERS", False),
    ("FULFILLMENT_", "MANAGE_ORDERS", True),
    ("PRODUCT_", "MANAGE_PRODUCTS", False),
    ("CATEGORY_", "MANAGE_PRODUCTS", False),
    ("TRANSACTION_", "HANDLE_PAYMENTS", False),
    ("PAYMENT_", "HANDLE_PAYMENTS", False),
    ("ACCOUNT_", "MANAGE_USERS", False),
    ("CHANNEL_", "MANAGE_CHANNELS", False),
    ("APP_", "MANAGE_APPS", False),
)
# Questions whose bodies may not hold taxed prices; those about payment may.
WITHOUT_TAXED_PRICES = frozenset(
    {
        "CHECKOUT_CALCULATE_TAXES",
        "CHECKOUT_FILTER_SHIPPING_METHODS",
        "ORDER_CALCULATE_TAXES",
        "SHIPPING_LIST_METHODS_FOR_CHECKOUT",
    }
)
TYPE_NAMES = {
    "CHECKOUT_CALCULATE_TAXES": "CalculateTaxes",
    "ORDER_CALCULATE_TAXES": "CalculateTaxes",
}


@dataclass
class Event:
    """One happening, as the root of a webhook's subscription sees it."""

    name: str
    recipient: App
    values: dict[str, Any]
    issued_at: datetime.datetime = field(default_factory=timezone.now)
    version: str = VERSION

    @property
    def graph_type(self) -> str:
        return type_name(self.name)

    def __getattr__(self, key: str) -> Any:
        try:
            return self.__dict__["values"][key]
        except KeyError:
            raise AttributeError(key) from None


def type_name(event: str) -> str:
    """Name the GraphQL type of an event."""
    return TYPE_NAMES.get(event) or "".join(part.title() for part in event.split("_"))


def family(event: str) -> tuple[str | None, bool]:
    """Tell the permission an event needs and whether its body is deferred; an unknown event needs none."""
    for prefix, permission, deferred in FAMILIES:
        if event.startswith(prefix):
            return permission, deferred
    return None, False


def webhooks_for(event: str, *, sync: bool = False, app: App | None = None) -> list[Webhook]:
    """Find who listens: active webhooks of active apps that hold the permission, in order of installation."""
    column = "sync_events" if sync else "async_events"
    rows = Webhook.objects.select_related("app").filter(
        is_active=True, app__is_active=True, app__is_installed=True, **{f"{column}__contains": [event]}
    )
    if app is not None:
        rows = rows.filter(app=app)
    permission, _ = family(event)
    # Lifecycle events go to the app they are about, which needs no permission for that.
    own = event.startswith("APP_")
    return [w for w in rows.order_by("pk") if own or permission is None or permission in w.app.permissions]


def emit(event: str, *, only: App | None = None, **values: Any) -> None:
    """Record deliveries of an asynchronous event; they leave after the surrounding transaction commits."""
    listeners = webhooks_for(event, app=only)
    if not listeners:
        return
    from sandbox.saleor.webhooks import payload

    stored = {key: pack(value) for key, value in values.items()}
    _, deferred = family(event)
    for webhook in listeners:
        body = None if deferred else payload.render(webhook, revive(event, webhook.app, stored))
        delivery = EventDelivery.objects.create(webhook=webhook, event_type=event, event=stored, payload=body)
        schedule("saleor.deliver", {"delivery": delivery.pk})


def pack(value: Any) -> Any:
    """Store a row as its model and key; anything else as it is."""
    return {"model": type(value).__name__, "pk": str(value.pk)} if isinstance(value, Model) else value


def unpack(value: Any) -> Any:
    """Load what `pack` stored, in its present state; None when it has gone."""
    if isinstance(value, dict) and set(value) == {"model", "pk"}:
        model = django_apps.get_model("sandbox_saleor", value["model"])
        return model.objects.filter(pk=value["pk"]).first()
    return value


def revive(event: str, app: App, stored: dict[str, Any]) -> Event:
    return Event(event, app, {key: unpack(value) for key, value in stored.items()})
