"""Shop, channels, warehouses, shipping zones and tax settings: types and queries."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

from django.db.models import Q

from sandbox.saleor import SCHEMA_VERSION, VERSION, conf, prices
from sandbox.saleor import models as m
from sandbox.saleor.ids import find, key_of
from sandbox.saleor.schema import common
from sandbox.saleor.schema.common import PAGE, Money, connection, country, paginate
from sandbox.saleor.schema.enums import LANGUAGES, CountryCode
from sandbox.saleor.sdl import error_type, obj, plain, query

KNOWN_CALLER = "@need(any: [AUTHENTICATED_APP, AUTHENTICATED_STAFF_USER])"

for name in ("Channel", "Shop", "Shipping", "Warehouse"):
    error_type(f"{name}Error", f"{name}ErrorCode")
error_type("TaxClassCreateError", "TaxClassCreateErrorCode")
error_type("TaxConfigurationUpdateError", "TaxConfigurationUpdateErrorCode")
plain("Domain", "host: String! sslEnabled: Boolean! url: String!")
plain("LanguageDisplay", "code: LanguageCodeEnum! language: String!")
plain(
    "OrderSettings",
    """
    automaticallyConfirmAllNewOrders: Boolean! automaticallyFulfillNonShippableGiftCard: Boolean!
    expireOrdersAfter: Minute markAsPaidStrategy: MarkAsPaidStrategyEnum! deleteExpiredOrdersAfter: Day!
    allowUnpaidOrders: Boolean! includeDraftOrderInVoucherUsage: Boolean!
    """,
)


@obj(
    "CheckoutSettings",
    "automaticallyCompleteFullyPaidCheckouts: Boolean! automaticCompletionDelay: Minute "
    "automaticCompletionCutOffDate: DateTime",
)
class CheckoutSettings:
    def resolve_automatically_complete_fully_paid_checkouts(root, info):
        return root.automatically_complete

    def resolve_automatic_completion_delay(root, info):
        delay = root.automatic_completion_delay
        return None if delay is None else int(delay)


plain(
    "PaymentSettings",
    "defaultTransactionFlowStrategy: TransactionFlowStrategyEnum! releaseFundsForExpiredCheckouts: Boolean",
)
plain("StockSettings", "allocationStrategy: AllocationStrategyEnum!")


@obj(
    "Channel & Node & ObjectWithMetadata",
    f"""
    slug: String! name: String! {KNOWN_CALLER} isActive: Boolean! {KNOWN_CALLER}
    currencyCode: String! {KNOWN_CALLER} defaultCountry: CountryDisplay! {KNOWN_CALLER}
    warehouses: [Warehouse!]! {KNOWN_CALLER} countries: [CountryDisplay!]
    hasOrders: Boolean! @need(any: [MANAGE_CHANNELS])
    stockSettings: StockSettings! {KNOWN_CALLER}
    orderSettings: OrderSettings! @need(any: [MANAGE_CHANNELS, MANAGE_ORDERS])
    checkoutSettings: CheckoutSettings! @need(any: [MANAGE_CHANNELS, MANAGE_CHECKOUTS])
    paymentSettings: PaymentSettings! @need(any: [MANAGE_CHANNELS, HANDLE_PAYMENTS])
    taxConfiguration: TaxConfiguration! {KNOWN_CALLER}
    """,
)
class Channel:
    def resolve_default_country(root, info):
        return country(root.default_country_code)

    def resolve_warehouses(root, info):
        return root.warehouses.select_related("address").order_by("pk")

    def resolve_countries(root, info):
        codes = {code for zone in root.shipping_zones.all() for code in zone.countries}
        return [country(code) for code in sorted(codes)]

    def resolve_has_orders(root, info):
        return root.orders.exists()

    def resolve_stock_settings(root, info):
        return root

    def resolve_order_settings(root, info):
        return root

    def resolve_checkout_settings(root, info):
        return root

    def resolve_payment_settings(root, info):
        return root


@obj(
    "Warehouse & Node & ObjectWithMetadata",
    "name: String! slug: String! email: String! isPrivate: Boolean! address: Address! externalReference: String",
)
class Warehouse:
    pass


@obj(
    "ShippingZone & Node & ObjectWithMetadata",
    """
    name: String! default: Boolean! description: String countries: [CountryDisplay!]! warehouses: [Warehouse!]!
    channels: [Channel!]! shippingMethods: [ShippingMethodType!]
    """,
)
class ShippingZone:
    def resolve_countries(root, info):
        return [country(code) for code in root.countries]

    def resolve_warehouses(root, info):
        return root.warehouses.all()

    def resolve_channels(root, info):
        return root.channels.all()

    def resolve_shipping_methods(root, info):
        return root.methods.all()


@obj(
    "ShippingMethodType & Node & ObjectWithMetadata",
    """
    name: String! description: JSONString type: ShippingMethodTypeEnum maximumDeliveryDays: Int
    minimumDeliveryDays: Int
    channelListings: [ShippingMethodChannelListing!] @need(any: [MANAGE_SHIPPING])
    """,
)
class ShippingMethodType:
    def resolve_channel_listings(root, info):
        return root.channel_listings.select_related("channel")


@obj("ShippingMethodChannelListing & Node", "channel: Channel! price: Money")
class ShippingMethodChannelListing:
    def resolve_price(root, info):
        return Money(root.price_amount, root.channel.currency_code)


plain("TaxClass & Node & ObjectWithMetadata", "name: String!")


@obj(
    "TaxConfigurationPerCountry",
    """
    country: CountryDisplay! chargeTaxes: Boolean! taxCalculationStrategy: TaxCalculationStrategy
    displayGrossPrices: Boolean! taxAppId: String
    """,
)
class TaxConfigurationPerCountry:
    def resolve_country(root, info):
        return country(root.country_code)


@obj(
    "TaxConfiguration & Node & ObjectWithMetadata",
    """
    channel: Channel! chargeTaxes: Boolean! taxCalculationStrategy: TaxCalculationStrategy
    displayGrossPrices: Boolean! pricesEnteredWithTax: Boolean! countries: [TaxConfigurationPerCountry!]!
    taxAppId: String
    """,
)
class TaxConfiguration:
    def resolve_countries(root, info):
        return root.countries.order_by("country_code")


@obj(
    "Shop & ObjectWithMetadata",
    """
    id: ID! name: String! description: String headerText: String domain: Domain! languages: [LanguageDisplay!]!
    countries(languageCode: LanguageCodeEnum): [CountryDisplay!]! permissions: [Permission!]!
    defaultWeightUnit: WeightUnitsEnum trackInventoryByDefault: Boolean
    fulfillmentAutoApprove: Boolean! fulfillmentAllowUnpaid: Boolean! allowStorefrontTraffic: Boolean!
    useLegacyShippingZoneStockAvailability: Boolean!
    enableAccountConfirmationByEmail: Boolean @need(any: [MANAGE_SETTINGS])
    allowLoginWithoutConfirmation: Boolean @need(any: [MANAGE_SETTINGS])
    limitQuantityPerCheckout: Int @need(any: [MANAGE_SETTINGS])
    version: String! @need(any: [AUTHENTICATED_STAFF_USER, AUTHENTICATED_APP]) schemaVersion: String!
    """,
)
class Shop:
    def resolve_id(root, info):
        return root.graph_id

    def resolve_domain(root, info):
        url = conf.public_url()
        return {"host": conf.domain(), "url": f"{url}/", "ssl_enabled": url.startswith("https")}

    def resolve_languages(root, info):
        return [{"code": code, "language": name} for code, name in LANGUAGES.items()]

    def resolve_countries(root, info, language_code=None):
        return [country(code) for code in CountryCode]

    def resolve_permissions(root, info):
        from sandbox.saleor.schema.account import permission_list

        return permission_list()

    def resolve_version(root, info):
        return VERSION

    def resolve_schema_version(root, info):
        return SCHEMA_VERSION


for node in ("Warehouse", "TaxConfiguration", "ShippingZone", "TaxClass"):
    connection(node)


@query("shop: Shop!")
def shop(info):
    return m.Shop.get()


@query("channel(id: ID, slug: String): Channel")
def channel(info, id=None, slug=None):
    rows = m.Channel.objects.all()
    return rows.filter(pk=key_of(id, "Channel")).first() if id else rows.filter(slug=slug).first()


@query(f"channels: [Channel!] {KNOWN_CALLER}")
def channels(info):
    return m.Channel.objects.order_by("pk")


@query(
    f"warehouses(filter: WarehouseFilterInput, {PAGE}): WarehouseCountableConnection "
    "@need(any: [MANAGE_PRODUCTS, MANAGE_ORDERS, MANAGE_SHIPPING])"
)
def warehouses(info, filter=None, **page):
    rows, wanted = m.Warehouse.objects.select_related("address"), filter or {}
    if "ids" in wanted:
        rows = rows.filter(pk__in=[key_of(i, "Warehouse", "ids") for i in wanted["ids"] or []])
    if "slugs" in wanted:
        rows = rows.filter(slug__in=wanted["slugs"] or [])
    if "channels" in wanted:
        rows = rows.filter(channels__in=[key_of(i, "Channel") for i in wanted["channels"] or []]).distinct()
    if wanted.get("search"):
        rows = rows.filter(Q(name__icontains=wanted["search"]) | Q(slug__icontains=wanted["search"]))
    return paginate(rows, page, by="slug", what="warehouses")


@query(
    "warehouse(id: ID, externalReference: String): Warehouse "
    "@need(any: [MANAGE_PRODUCTS, MANAGE_ORDERS, MANAGE_SHIPPING])"
)
def warehouse(info, id=None, external_reference=None):
    if id:
        return find(m.Warehouse.objects.all(), id, "Warehouse")
    return m.Warehouse.objects.filter(external_reference=external_reference).first()


@query(
    f"taxConfigurations(filter: TaxConfigurationFilterInput, {PAGE}): TaxConfigurationCountableConnection "
    "@need(any: [AUTHENTICATED_STAFF_USER, AUTHENTICATED_APP])"
)
def tax_configurations(info, filter=None, **page):
    rows = m.TaxConfiguration.objects.select_related("channel")
    if filter and filter.get("ids"):
        rows = rows.filter(pk__in=[key_of(i, "TaxConfiguration", "ids") for i in filter["ids"]])
    return paginate(rows, page, what="taxConfigurations")


@query(f"shippingZones({PAGE}): ShippingZoneCountableConnection @need(any: [MANAGE_SHIPPING])")
def shipping_zones(info, **page):
    return paginate(m.ShippingZone.objects.all(), page, what="shippingZones")


@query(
    f"taxClasses({PAGE}): TaxClassCountableConnection "
    "@need(any: [AUTHENTICATED_STAFF_USER, AUTHENTICATED_APP])"
)
def tax_classes(info, **page):
    return paginate(m.TaxClass.objects.all(), page, what="taxClasses")


def plain_price(amount, channel_row):
    """Show a listed price: without a checkout there is no tax app to ask, so net and gross are alike."""
    return common.TaxedMoney(prices.quantize(amount), prices.quantize(amount), channel_row.currency_code)
