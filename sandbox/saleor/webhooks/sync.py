"""Synchronous questions to apps. None of these may run inside a transaction: the app may call back."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.db import connection

from sandbox.saleor.ids import to_global
from sandbox.saleor.models import App, Checkout, CheckoutLine, Order, TransactionItem, Webhook
from sandbox.saleor.webhooks import payload, transport
from sandbox.saleor.webhooks.events import Event, webhooks_for

if TYPE_CHECKING:
    from sandbox.saleor.delivery import Method

OFFLINE = "Failed to delivery request."


def ask(webhook: Webhook, event: str, values: dict[str, Any]) -> tuple[Any, str | None]:
    """Ask one app: (its JSON, None), or (None, why there is none)."""
    if connection.in_atomic_block:
        raise RuntimeError(f"{event} asked inside a transaction")
    body = payload.render(webhook, Event(event, webhook.app, values), may_ask_apps=False)
    answer = transport.send(webhook, event, body)
    data = transport.as_json(answer) if answer.ok else None
    if data is None:
        transport.note_failed_call(webhook, event, body, answer)
        return None, OFFLINE if answer.status is None else f"App answered with HTTP {answer.status}."
    return data, None


def checkout_taxes(
    checkout: Checkout, lines: list[CheckoutLine], settings: dict[str, Any]
) -> tuple[dict[str, Any] | None, str | None]:
    """Ask the tax app of the channel."""
    hooks = webhooks_for("CHECKOUT_CALCULATE_TAXES", sync=True)
    if settings["app"]:
        hooks = [w for w in hooks if w.app.identifier == settings["app"]]
    if not hooks:
        return None, "No tax app is configured for the channel."
    values = {"tax_base": tax_base(checkout, lines, settings)}
    problem: str | None = None
    for hook in hooks:
        data, problem = ask(hook, "CHECKOUT_CALCULATE_TAXES", values)
        if data is not None:
            parsed, problem = parse_taxes(data, len(lines))
            if parsed:
                return parsed, None
    return None, problem


def tax_base(checkout: Checkout, lines: list[CheckoutLine], settings: dict[str, Any]) -> dict[str, Any]:
    """The `taxBase` object, on base prices."""

    def money(amount: Decimal) -> dict[str, Any]:
        return {"amount": amount, "currency": checkout.currency}

    return {
        "source_object": checkout,
        "prices_entered_with_tax": settings["entered_with_tax"],
        "currency": checkout.currency,
        "channel": checkout.channel,
        "address": checkout.shipping_address or checkout.billing_address,
        "shipping_price": money(checkout.shipping_net),
        "discounts": [],
        "lines": [
            {
                "source_line": line,
                "quantity": line.quantity,
                "charge_taxes": settings["charge"],
                "product_name": line.variant.product.name,
                "variant_name": line.variant.name,
                "product_sku": line.variant.sku,
                "unit_price": money(line.base_unit),
                "total_price": money(line.total_net),
            }
            for line in lines
        ],
    }


def parse_taxes(data: Any, line_count: int) -> tuple[dict[str, Any] | None, str | None]:
    """Check a tax answer: same number of lines, nothing negative, rates in percent."""
    try:
        lines = [
            {
                "net": _amount(line["total_net_amount"]),
                "gross": _amount(line["total_gross_amount"]),
                "rate": _amount(line["tax_rate"]),
            }
            for line in data["lines"]
        ]
        parsed = {
            "lines": lines,
            "shipping_net": _amount(data["shipping_price_net_amount"]),
            "shipping_gross": _amount(data["shipping_price_gross_amount"]),
            "shipping_rate": _amount(data["shipping_tax_rate"]),
        }
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        return None, f"Invalid tax data: {type(error).__name__}: {error}"
    if len(lines) != line_count:
        return None, "Number of lines from tax data doesn't match the line number from order."
    return parsed, None


def _amount(value: Any) -> Decimal:
    number = Decimal(str(value))
    if not number.is_finite() or number < 0:
        raise ValueError(f"{value!r} is not an amount")
    return number


def external_methods(checkout: Checkout, built_in: list[Method]) -> Iterator[tuple[App, dict[str, Any]]]:
    """Ask every shipping app what it offers; a bad body counts as no offer, a bad item is skipped."""
    for hook in webhooks_for("SHIPPING_LIST_METHODS_FOR_CHECKOUT", sync=True):
        values = {"checkout": checkout, "shipping_methods": built_in}
        data, _ = ask(hook, "SHIPPING_LIST_METHODS_FOR_CHECKOUT", values)
        for item in data if isinstance(data, list) else []:
            if _method_fits(item, checkout.currency):
                yield hook.app, item


def _method_fits(item: Any, currency: str) -> bool:
    try:
        return (
            0 < len(str(item["name"])) <= 100
            and bool(str(item["id"]))
            and item["currency"] == currency
            and _amount(item["amount"]) >= 0
        )
    except (KeyError, TypeError, ValueError, InvalidOperation):
        return False


def excluded_methods(checkout: Checkout, methods: list[Method]) -> dict[str, str]:
    """Ask the filters: method id → reason it cannot be chosen."""
    found: dict[str, str] = {}
    if not methods:
        return found
    for hook in webhooks_for("CHECKOUT_FILTER_SHIPPING_METHODS", sync=True):
        values = {"checkout": checkout, "shipping_methods": methods}
        data, _ = ask(hook, "CHECKOUT_FILTER_SHIPPING_METHODS", values)
        items = data.get("excluded_methods") if isinstance(data, dict) else None
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict) and item.get("id"):
                found.setdefault(str(item["id"]), str(item.get("reason") or "")[:255])
    return found


def gateways(
    source: Checkout | Order, amount: Decimal, wanted: dict[str, Any] | None
) -> list[tuple[str, Any, str | None]]:
    """Ask payment apps for what a page needs to start: (app id, data, problem)."""
    event = "PAYMENT_GATEWAY_INITIALIZE_SESSION"
    out: list[tuple[str, Any, str | None]] = []
    hooks = webhooks_for(event, sync=True)
    for hook in hooks:
        name = hook.app.identifier
        if wanted is not None and name not in wanted:
            continue
        values = {"source_object": source, "amount": amount, "data": (wanted or {}).get(name)}
        data, problem = ask(hook, event, values)
        if data is not None and not (isinstance(data, dict) and "data" in data):
            data, problem = None, "Missing `data` in the response."
        out.append((name, data["data"] if data else None, problem))
    known = {name for name, _, _ in out}
    missing = [name for name in (wanted or {}) if name not in known]
    return out + [(name, None, f"Unable to process a payment gateway: {name}") for name in missing]


def session(
    kind: str, app: App, item: TransactionItem, source: Checkout | Order, **values: Any
) -> tuple[Any, str | None]:
    """Ask a payment app to initialize or process; `kind` is INITIALIZE or PROCESS."""
    event = f"TRANSACTION_{kind}_SESSION"
    hooks = webhooks_for(event, sync=True, app=app)
    if not hooks:
        return None, f"Unable to process a transaction {kind.lower()} session."
    reference = to_global("TransactionItem", item.token)
    return ask(
        hooks[0],
        event,
        {"transaction": item, "source_object": source, "merchant_reference": reference, **values},
    )
