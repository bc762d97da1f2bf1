"""What a checkout costs: base prices, then the tax app's answer, kept until it expires or something changes."""

from __future__ import annotations

import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from sandbox.saleor.models import (
    Checkout,
    CheckoutLine,
    ProductVariantChannelListing,
    TaxClass,
    TaxConfiguration,
)

PRICES_TTL = datetime.timedelta(hours=1)
ZERO = Decimal(0)
CENT = Decimal("0.01")


def quantize(amount: Any) -> Decimal:
    """Round to the two digits that CNY, MOP, HKD and EUR have."""
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)


def tax_settings(channel_id: int, country: str | None) -> dict[str, Any]:
    """Merge a channel's tax configuration with its exception for the country."""
    base = TaxConfiguration.objects.get(channel_id=channel_id)
    own = base.countries.filter(country_code=country or "").first()
    return {
        "charge": own.charge_taxes if own else base.charge_taxes,
        "strategy": (own and own.tax_calculation_strategy) or base.tax_calculation_strategy,
        "app": (own and own.tax_app_id) or base.tax_app_id,
        "display_gross": own.display_gross_prices if own else base.display_gross_prices,
        "entered_with_tax": base.prices_entered_with_tax,
    }


def country_of(checkout: Checkout) -> str:
    """The country taxes are due in: shipping, else billing address, else the channel's default."""
    address = checkout.shipping_address or checkout.billing_address
    return (address and address.country_code) or checkout.channel.default_country_code


def unit_prices(checkout: Checkout, lines: list[CheckoutLine]) -> dict[int, Decimal]:
    """Map variants to their price in the checkout's channel."""
    listings = ProductVariantChannelListing.objects.filter(
        channel_id=checkout.channel_id, variant_id__in=[line.variant_id for line in lines]
    )
    return {listing.variant_id: listing.price_amount for listing in listings}


def set_base_prices(checkout: Checkout, lines: list[CheckoutLine]) -> None:
    """Price lines and shipping as listed, tax not looked at: net and gross alike."""
    listed = unit_prices(checkout, lines)
    for line in lines:
        override = line.price_override
        line.base_unit = override if override is not None else listed.get(line.variant_id, ZERO)
        line.total_net = line.total_gross = quantize(line.base_unit * line.quantity)
        line.tax_rate = ZERO
    delivery = checkout.assigned_delivery
    checkout.shipping_net = checkout.shipping_gross = quantize(delivery.price_amount) if delivery else ZERO
    checkout.shipping_tax_rate = ZERO


def sum_up(checkout: Checkout, lines: list[CheckoutLine]) -> None:
    """Totals are sums of lines."""
    checkout.subtotal_net = sum((line.total_net for line in lines), ZERO)
    checkout.subtotal_gross = sum((line.total_gross for line in lines), ZERO)
    checkout.total_net = checkout.subtotal_net + checkout.shipping_net
    checkout.total_gross = checkout.subtotal_gross + checkout.shipping_gross


def ensure(checkout: Checkout, *, may_ask_apps: bool, force: bool = False) -> None:
    """Bring the prices of a checkout up to date. Call it outside any transaction: it may ask an app."""
    if not force and checkout.price_expiration and checkout.price_expiration > timezone.now():
        return
    if not may_ask_apps:
        # An app is waiting for the very body we render: base prices, without keeping them.
        if checkout.price_expiration is None:
            lines = lines_of(checkout)
            set_base_prices(checkout, lines)
            sum_up(checkout, lines)
            checkout._lines = lines  # type: ignore[attr-defined]  # cache read by lines_of
        return
    lines = lines_of(checkout, fresh=True)
    set_base_prices(checkout, lines)
    checkout.tax_error = None
    settings = tax_settings(checkout.channel_id, country_of(checkout))
    if lines and settings["strategy"] == "TAX_APP" and (settings["charge"] or settings["entered_with_tax"]):
        _ask_tax_app(checkout, lines, settings)
    elif lines and settings["strategy"] == "FLAT_RATES" and settings["charge"]:
        _flat_rates(checkout, lines, settings)
    sum_up(checkout, lines)
    checkout.price_expiration = timezone.now() + PRICES_TTL
    _store(checkout, lines)


def lines_of(checkout: Checkout, *, fresh: bool = False) -> list[CheckoutLine]:
    """Load a checkout's lines once per object; price fields of lines must be the ones just computed."""
    lines = getattr(checkout, "_lines", None)
    if lines is None or fresh:
        lines = list(
            checkout.lines.select_related("variant__product__product_type", "variant__product__tax_class")
        )
        for line in lines:
            line.checkout = checkout
        checkout._lines = lines  # type: ignore[attr-defined]  # cache of this function
    return list(lines)


def _store(checkout: Checkout, lines: list[CheckoutLine]) -> None:
    """Keep prices, unless the checkout changed or went while the app was thinking: then they are history."""
    from sandbox.saleor.payments import refresh_checkout_status

    with transaction.atomic():
        now = Checkout.objects.select_for_update().filter(pk=checkout.pk).first()
        if now is None or now.updated_at != checkout.updated_at:
            return
        CheckoutLine.objects.bulk_update(lines, ["base_unit", "total_net", "total_gross", "tax_rate"])
        refresh_checkout_status(checkout, bool(lines))
        checkout.save(
            update_fields=[
                "subtotal_net",
                "subtotal_gross",
                "shipping_net",
                "shipping_gross",
                "shipping_tax_rate",
                "total_net",
                "total_gross",
                "price_expiration",
                "tax_error",
                "authorize_status",
                "charge_status",
            ]
        )


def _ask_tax_app(checkout: Checkout, lines: list[CheckoutLine], settings: dict[str, Any]) -> None:
    from sandbox.saleor.webhooks import sync

    answer, error = sync.checkout_taxes(checkout, lines, settings)
    if answer is None:
        checkout.tax_error = (error or "Empty tax data.")[:255]
        return
    for line, told in zip(lines, answer["lines"], strict=True):
        line.total_net, line.total_gross = quantize(told["net"]), quantize(told["gross"])
        line.tax_rate = told["rate"] / 100
    checkout.shipping_net = quantize(answer["shipping_net"])
    checkout.shipping_gross = quantize(answer["shipping_gross"])
    checkout.shipping_tax_rate = answer["shipping_rate"] / 100


def _flat_rates(checkout: Checkout, lines: list[CheckoutLine], settings: dict[str, Any]) -> None:
    country = country_of(checkout)
    for line in lines:
        product = line.variant.product
        rate = _rate(product.tax_class or product.product_type.tax_class, country)
        line.total_net, line.total_gross = split_tax(line.total_gross, rate, settings["entered_with_tax"])
        line.tax_rate = rate / 100
    delivery = checkout.assigned_delivery
    rate = _rate(delivery.built_in.tax_class if delivery and delivery.built_in else None, country)
    checkout.shipping_net, checkout.shipping_gross = split_tax(
        checkout.shipping_gross, rate, settings["entered_with_tax"]
    )
    checkout.shipping_tax_rate = rate / 100


def _rate(tax_class: TaxClass | None, country: str) -> Decimal:
    return Decimal(str(tax_class.rates.get(country, 0))) if tax_class else ZERO


def split_tax(amount: Decimal, rate: Decimal, entered_with_tax: bool) -> tuple[Decimal, Decimal]:
    """Split an amount into net and gross at `rate` percent."""
    if entered_with_tax:
        return quantize(amount * 100 / (100 + rate)), amount
    return amount, quantize(amount * (100 + rate) / 100)
