"""From checkout to order: checks, allocation, copy. A checkout completes once; asking again gives the same order."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, transaction
from django.utils import timezone

from sandbox.jobs import schedule
from sandbox.saleor import delivery, payments, prices, stock
from sandbox.saleor.auth import Context
from sandbox.saleor.errors import Invalid, InvalidMany
from sandbox.saleor.ids import to_global
from sandbox.saleor.models import (
    Checkout,
    CheckoutLine,
    Order,
    OrderLine,
    OrderNumber,
    ProductChannelListing,
    TransactionItem,
)
from sandbox.saleor.webhooks.events import emit

DEFAULT_DELAY_MINUTES = 30
# How often a checkout may change under our hands before completing gives up.
ATTEMPTS = 3


def complete(
    checkout_id: Any,
    context: Context | None,
    metadata: dict[str, str] | None = None,
    redirect: str | None = None,
) -> Order:
    """Complete a checkout. Call it outside any transaction: taxes may be asked for."""
    for _ in range(ATTEMPTS):
        done = Order.objects.filter(checkout_token=checkout_id).first()
        if done:
            return done
        try:
            order = _try(checkout_id, context, metadata or {}, redirect)
        except (Invalid, ObjectDoesNotExist, DatabaseError):
            # Another request may have completed it under our hands: checkout, lines and delivery are gone then.
            order = Order.objects.filter(checkout_token=checkout_id).first()
            if order is None:
                raise
        if order:
            return order
    raise Invalid("id", "INVALID", "The checkout keeps changing; try again.")


def _try(
    checkout_id: Any, context: Context | None, metadata: dict[str, str], redirect: str | None
) -> Order | None:
    """Complete once; None when the checkout changed after its prices were looked at."""
    checkout = Checkout.objects.select_related("channel").filter(pk=checkout_id).first()
    if checkout is None:
        if done := Order.objects.filter(checkout_token=checkout_id).first():
            return done
        raise Invalid("id", "NOT_FOUND", f"Couldn't resolve to a node: {to_global('Checkout', checkout_id)}")
    lines = prices.lines_of(checkout, fresh=True)
    _check(checkout, lines)
    prices.ensure(checkout, may_ask_apps=True, force=checkout.tax_error is not None)
    if checkout.tax_error is not None:
        raise Invalid(None, "TAX_ERROR", "Configured Tax App returned invalid response.")
    try:
        with transaction.atomic():
            return _complete(checkout, context, metadata, redirect)
    except stock.NotEnough as short:
        raise _insufficient(short) from short


def _insufficient(short: stock.NotEnough) -> InvalidMany:
    variants = [to_global("ProductVariant", pk) for pk in short.left]
    message = (
        "Could not add items. Only " + ", ".join(str(n) for n in short.left.values()) + " remaining in stock."
    )
    return InvalidMany(
        [{"field": None, "code": "INSUFFICIENT_STOCK", "message": message, "variants": variants}]
    )


def _check(checkout: Checkout, lines: list[CheckoutLine]) -> None:
    """Refuse a checkout that lacks something."""
    if not checkout.channel.is_active:
        raise Invalid("channel", "CHANNEL_INACTIVE", "Cannot complete checkout with inactive channel.")
    if not lines:
        raise Invalid("lines", "NO_LINES", "Cannot complete checkout without lines.")
    _check_variants(checkout, lines)
    if not checkout.email:
        raise Invalid("email", "EMAIL_NOT_SET", "Checkout email must be set.")
    if delivery.requires_shipping(checkout):
        _check_shipping(checkout)
    if checkout.billing_address is None:
        raise Invalid("billingAddress", "BILLING_ADDRESS_NOT_SET", "Billing address is not set")


def _check_variants(checkout: Checkout, lines: list[CheckoutLine]) -> None:
    listed = prices.unit_prices(checkout, lines)
    now = timezone.now()
    open_for_sale = set(
        ProductChannelListing.objects.filter(
            channel_id=checkout.channel_id, is_published=True, available_for_purchase_at__lte=now
        ).values_list("product_id", flat=True)
    )
    gone = [
        line
        for line in lines
        if line.variant_id not in listed or line.variant.product_id not in open_for_sale
    ]
    if gone:
        raise Invalid(
            "lines",
            "UNAVAILABLE_VARIANT_IN_CHANNEL",
            "Some of the checkout lines variants are unavailable.",
            variants=[line.variant.graph_id for line in gone],
        )


def _check_shipping(checkout: Checkout) -> None:
    if checkout.shipping_address is None:
        raise Invalid("shippingAddress", "SHIPPING_ADDRESS_NOT_SET", "Shipping address is not set")
    chosen = checkout.assigned_delivery
    if chosen is None:
        raise Invalid("shippingMethod", "SHIPPING_METHOD_NOT_SET", "Shipping method is not set")
    if not chosen.is_valid or not chosen.active:
        raise Invalid(
            "shippingMethod",
            "INVALID_SHIPPING_METHOD",
            "Delivery method is not valid for your shipping address",
        )


def _complete(
    checkout: Checkout, context: Context | None, metadata: dict[str, str], redirect: str | None
) -> Order | None:
    locked = Checkout.objects.select_for_update().filter(pk=checkout.pk).first()
    if locked is None:
        # Another request completed it while we asked for taxes.
        return Order.objects.get(checkout_token=checkout.pk)
    if locked.price_expiration is None or locked.price_expiration < timezone.now():
        return None
    lines = list(
        locked.lines.select_for_update(of=("self",)).select_related("variant__product__product_type")
    )
    payments.refresh_checkout_status(locked, bool(lines))
    if locked.authorize_status != "FULL" and not locked.channel.allow_unpaid_orders:
        raise Invalid(
            "id",
            "CHECKOUT_NOT_FULLY_PAID",
            "The authorized amount doesn't cover the checkout's total amount.",
        )
    order = _order_of(locked, metadata, redirect)
    order_lines = _lines_of(order, lines)
    wants = [
        stock.Want(line.variant, line.quantity, order_line)
        for line, order_line in zip(lines, order_lines, strict=True)
    ]
    stock.allocate(locked.channel, wants, prices.country_of(locked))
    TransactionItem.objects.filter(checkout=locked).update(order=order, checkout=None)
    payments.refresh_order(order)
    order.save()
    locked.delete()
    _announce(order, context)
    return order


def _order_of(checkout: Checkout, metadata: dict[str, str], redirect: str | None) -> Order:
    channel = checkout.channel
    has_transaction = checkout.transactions.exists()
    confirmed = channel.automatically_confirm_all_new_orders and has_transaction
    chosen = checkout.assigned_delivery
    shipping: dict[str, Any] | None = None
    private = dict(checkout.private_metadata)
    if chosen is not None:
        method = delivery.method_of(chosen)
        shipping = {**method.__dict__, "amount": str(method.amount)}
        if chosen.external_shipping_method_id:
            private["external_app_shipping_id"] = chosen.external_shipping_method_id
    settings = prices.tax_settings(channel.pk, prices.country_of(checkout))
    return Order.objects.create(
        number=OrderNumber.objects.create().pk,
        status="UNFULFILLED" if confirmed else "UNCONFIRMED",
        channel=channel,
        user=checkout.user,
        user_email=checkout.email or "",
        currency=checkout.currency,
        language_code=checkout.language_code,
        checkout_token=checkout.pk,
        shipping_address=checkout.shipping_address.copy() if checkout.shipping_address else None,
        billing_address=checkout.billing_address.copy() if checkout.billing_address else None,
        shipping_method=shipping,
        customer_note=checkout.note,
        redirect_url=redirect or checkout.redirect_url,
        display_gross_prices=settings["display_gross"],
        metadata={**checkout.metadata, **metadata},
        private_metadata=private,
        shipping_net=checkout.shipping_net,
        shipping_gross=checkout.shipping_gross,
        shipping_tax_rate=checkout.shipping_tax_rate,
        subtotal_net=checkout.subtotal_net,
        subtotal_gross=checkout.subtotal_gross,
        total_net=checkout.total_net,
        total_gross=checkout.total_gross,
    )


def _lines_of(order: Order, lines: list[CheckoutLine]) -> list[OrderLine]:
    rows = []
    for position, line in enumerate(lines):
        product, variant = line.variant.product, line.variant
        rows.append(
            OrderLine(
                order=order,
                variant=variant,
                product_name=product.name,
                variant_name=variant.name,
                translated_product_name=_translated(product, order.language_code),
                translated_variant_name=_translated(variant, order.language_code),
                product_sku=variant.sku,
                is_shipping_required=product.product_type.is_shipping_required,
                quantity=line.quantity,
                unit_net=prices.quantize(line.total_net / line.quantity),
                unit_gross=prices.quantize(line.total_gross / line.quantity),
                undiscounted_unit_net=prices.quantize(line.total_net / line.quantity),
                undiscounted_unit_gross=prices.quantize(line.total_gross / line.quantity),
                total_net=line.total_net,
                total_gross=line.total_gross,
                tax_rate=line.tax_rate,
                metadata=line.metadata,
                private_metadata=line.private_metadata,
                position=position,
            )
        )
    return OrderLine.objects.bulk_create(rows)


def _translated(row: Any, language: str) -> str:
    found = row.translations.filter(language_code=language).first()
    return (found and found.name) or ""


def _announce(order: Order, context: Context | None) -> None:
    """Emit what a new order emits, in Saleor's order."""
    kind = "PLACED" if context else "PLACED_AUTOMATICALLY_FROM_PAID_CHECKOUT"
    payments.note(order, kind, context)
    emit("ORDER_CREATED", order=order)
    if order.charge_status in ("FULL", "OVERCHARGED"):
        payments.note(order, "ORDER_FULLY_PAID", context)
        emit("ORDER_PAID", order=order)
        emit("ORDER_FULLY_PAID", order=order)
        emit("ORDER_UPDATED", order=order)
    if order.channel.automatically_confirm_all_new_orders:
        payments.note(order, "CONFIRMED", context)
        emit("ORDER_CONFIRMED", order=order)


def schedule_automatic(checkout: Checkout) -> None:
    """Plan the safety net: a paid checkout whose buyer never comes back becomes an order by itself."""
    channel = checkout.channel
    if not channel.automatically_complete:
        return
    delay = channel.automatic_completion_delay
    minutes = DEFAULT_DELAY_MINUTES if delay is None else float(delay)
    schedule("saleor.complete", {"checkout": str(checkout.pk)}, minutes * 60)


def complete_automatically(checkout_id: str) -> Order | None:
    """Run the safety net; None when there is nothing left to do or the checkout cannot complete."""
    checkout = Checkout.objects.select_related("channel").filter(pk=checkout_id).first()
    if checkout is None or checkout.authorize_status != "FULL":
        return None
    cut_off = checkout.channel.automatic_completion_cut_off_date
    if not checkout.channel.automatically_complete or (cut_off and checkout.created < cut_off):
        return None
    try:
        return complete(checkout.pk, None)
    except Invalid:
        return None
