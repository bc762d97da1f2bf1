"""Bringing a Saleor to the state the shop needs: channel, warehouses, zone, product type, taxes. Safe to repeat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from saleor_ext.core.errors import PermanentError
from saleor_ext.core.settings import platform_settings

from . import installing
from .client import GraphQLClient, Operation
from .errors import SaleorUserError
from .results.setup import Channel, Situation
from .storefront import TOKEN_CREATE

Progress = Callable[[str], None]

CURRENCY = "CNY"
PRODUCT_TYPE = "ponte-goods"
ZONE = "Mainland China"
TAX_APP = "ponte.customs"
#: Minutes until Saleor completes a paid checkout whose buyer never came back.
COMPLETION_DELAY = 5
#: Warehouse slug → name and address; the external reference is the slug.
WAREHOUSES: dict[str, dict[str, Any]] = {
    "nansha": {
        "name": "Nansha bonded zone",
        "address": {
            "companyName": "Nansha bonded zone",
            "streetAddress1": "南沙综合保税区",
            "city": "广州市",
            "cityArea": "南沙区",
            "countryArea": "广东省",
            "postalCode": "511458",
            "country": "CN",
        },
    },
    "macau": {
        "name": "Macau",
        "address": {"companyName": "Macau", "streetAddress1": "澳門", "city": "澳門", "country": "MO"},
    },
}

SITUATION: Operation[Situation] = Operation("admin/situation", Situation)
SHOP: Operation[Any] = Operation("admin/shop_settings_update", Any, idempotent=True)
CHANNEL_CREATE: Operation[Any] = Operation("admin/channel_create", Any)
CHANNEL_UPDATE: Operation[Any] = Operation("admin/channel_update", Any, idempotent=True)
WAREHOUSE: Operation[Any] = Operation("admin/warehouse_create", Any)
ZONE_CREATE: Operation[Any] = Operation("admin/shipping_zone_create", Any)
ZONE_UPDATE: Operation[Any] = Operation("admin/shipping_zone_update", Any, idempotent=True)
TYPE_CREATE: Operation[Any] = Operation("platform/product_type_create", Any)
TAXES: Operation[Any] = Operation("admin/tax_configuration_update", Any, idempotent=True)


@dataclass
class SetupReport:
    """What the set-up changed, and what it could not do; both empty when all was in place."""

    changed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def staff_client(
    api_url: str, *, token: str | None = None, email: str | None = None, password: str | None = None
) -> GraphQLClient:
    """Return a client that may set Saleor up: a token as it is, or a staff member's by e-mail and password.

    :raises PermanentError: neither was given, or Saleor does not know the person
    """
    if email and password:
        try:
            return GraphQLClient(
                api_url, GraphQLClient(api_url).run(TOKEN_CREATE, email=email, password=password).token
            )
        except SaleorUserError as error:
            raise PermanentError(f"{api_url} does not let {email} in: {error.problems[0].message}") from error
    if token:
        return GraphQLClient(api_url, token)
    raise PermanentError("give --token, or --email and --password of a Saleor staff member")


def set_up(
    client: GraphQLClient, *, app_url: str = "", progress: Progress = lambda line: None
) -> SetupReport:
    """Do everything: the shop, then the apps, then the taxes that one of the apps answers for."""
    report = SetupReport()

    def changed(line: str) -> None:
        report.changed.append(line)
        progress(line)

    def missing(line: str) -> None:
        report.missing.append(line)
        progress(line)

    set_up_shop(client, changed)
    ours = platform_settings()
    installing.install_apps(
        client,
        app_url=app_url or ours.apps_base_url,
        answers_url=app_url or ours.answers_base_url,
        changed=changed,
        missing=missing,
        progress=progress,
    )
    if not any(TAX_APP in line for line in report.missing):
        _taxes(client, client.run(SITUATION), changed)
    progress("nothing to change" if not report.changed else f"{len(report.changed)} changes")
    return report


def set_up_shop(client: GraphQLClient, changed: Progress) -> None:
    """Make channel, warehouses, shipping zone and product type."""
    before = client.run(SITUATION)
    if before.shop.use_legacy_shipping_zone_stock_availability is not False:
        client.run(SHOP, input={"useLegacyShippingZoneStockAvailability": False})
        changed("stock availability: by the channel's warehouses")
    _warehouses(client, before, changed)
    now = client.run(SITUATION)
    _channel(client, now, changed)
    _zone(client, client.run(SITUATION), changed)
    if not any(kind.slug == PRODUCT_TYPE for kind in now.product_types):
        client.run(
            TYPE_CREATE,
            input={
                "name": "Ponte goods",
                "slug": PRODUCT_TYPE,
                "isShippingRequired": True,
                "isDigital": False,
            },
        )
        changed(f"product type {PRODUCT_TYPE}")


def _warehouses(client: GraphQLClient, now: Situation, changed: Progress) -> None:
    known = {warehouse.slug for warehouse in now.warehouses}
    for slug, given in WAREHOUSES.items():
        if slug not in known:
            client.run(WAREHOUSE, input={"slug": slug, "externalReference": slug, **given})
            changed(f"warehouse {slug}")


def _settings() -> dict[str, Any]:
    return {
        "orderSettings": {
            "automaticallyConfirmAllNewOrders": True,
            "allowUnpaidOrders": False,
            "markAsPaidStrategy": "TRANSACTION_FLOW",
        },
        "paymentSettings": {"defaultTransactionFlowStrategy": "CHARGE"},
        "checkoutSettings": {"automaticCompletion": {"enabled": True, "delay": COMPLETION_DELAY}},
    }


def _channel(client: GraphQLClient, now: Situation, changed: Progress) -> None:
    slug = platform_settings().channel
    channel = next((candidate for candidate in now.channels if candidate.slug == slug), None)
    ids = [warehouse.id for warehouse in now.warehouses if warehouse.slug in WAREHOUSES]
    if channel is None:
        given = {
            "name": "Mainland China",
            "slug": slug,
            "currencyCode": CURRENCY,
            "defaultCountry": "CN",
            "isActive": True,
            "addWarehouses": ids,
        }
        client.run(CHANNEL_CREATE, input={**given, **_settings()})
        changed(f"channel {slug} ({CURRENCY})")
        return
    if channel.currency_code != CURRENCY:
        raise PermanentError(
            f"the channel {slug!r} sells in {channel.currency_code}; name another one in PONTE_CHANNEL"
        )
    linked = {warehouse.id for warehouse in channel.warehouses}
    missing = [warehouse for warehouse in ids if warehouse not in linked]
    if missing or not _settled(channel):
        client.run(CHANNEL_UPDATE, id=channel.id, input={"addWarehouses": missing, **_settings()})
        changed(f"channel {slug}: settings and warehouses")


def _settled(channel: Channel) -> bool:
    orders, checkout, payment = channel.order_settings, channel.checkout_settings, channel.payment_settings
    return (
        orders.automatically_confirm_all_new_orders is True
        and orders.allow_unpaid_orders is False
        and orders.mark_as_paid_strategy == "TRANSACTION_FLOW"
        and payment.default_transaction_flow_strategy == "CHARGE"
        and checkout.automatically_complete_fully_paid_checkouts is True
        and checkout.automatic_completion_delay == COMPLETION_DELAY
    )


def _zone(client: GraphQLClient, now: Situation, changed: Progress) -> None:
    slug = platform_settings().channel
    channel = next(candidate.id for candidate in now.channels if candidate.slug == slug)
    warehouses = [warehouse.id for warehouse in now.warehouses if warehouse.slug in WAREHOUSES]
    zone = next((candidate for candidate in now.shipping_zones if candidate.name == ZONE), None)
    if zone is None:
        client.run(
            ZONE_CREATE,
            input={"name": ZONE, "countries": ["CN"], "addWarehouses": warehouses, "addChannels": [channel]},
        )
        changed(f"shipping zone {ZONE}")
        return
    more = {
        "addWarehouses": [w for w in warehouses if w not in {known.id for known in zone.warehouses}],
        "addChannels": [c for c in (channel,) if c not in {known.id for known in zone.channels}],
    }
    if any(more.values()):
        client.run(ZONE_UPDATE, id=zone.id, input=more)
        changed(f"shipping zone {ZONE}: warehouses and channel")


def _taxes(client: GraphQLClient, now: Situation, changed: Progress) -> None:
    """Prices are entered without tax; the customs app works the tax out, and the shop shows prices with it."""
    wanted = {
        "chargeTaxes": True,
        "taxCalculationStrategy": "TAX_APP",
        "displayGrossPrices": True,
        "pricesEnteredWithTax": False,
        "taxAppId": TAX_APP,
    }
    slug = platform_settings().channel
    found = next(candidate for candidate in now.tax_configurations if candidate.channel.slug == slug)
    present = {
        "chargeTaxes": found.charge_taxes,
        "taxCalculationStrategy": found.tax_calculation_strategy,
        "displayGrossPrices": found.display_gross_prices,
        "pricesEnteredWithTax": found.prices_entered_with_tax,
        "taxAppId": found.tax_app_id,
    }
    if present == wanted and not found.countries:
        return
    # A country of its own would override what is set here.
    given = {**wanted, "removeCountriesConfiguration": [entry.country.code for entry in found.countries]}
    client.run(TAXES, id=found.id, input=given)
    changed(f"taxes of {slug}: by {TAX_APP}")
