"""Set-up mutations: shop, channels, warehouses, shipping zones, tax."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

from django.utils.text import slugify

from sandbox.saleor import models as m
from sandbox.saleor.errors import Invalid
from sandbox.saleor.ids import find, find_many
from sandbox.saleor.schema.addresses import read_address
from sandbox.saleor.schema.metadata import set_both
from sandbox.saleor.sdl import mutation


def unique_slug(model, wanted, name, row=None, field="slug"):
    """Take the wanted slug or make one of the name; a taken wish is refused, a made one is numbered."""
    others = model.objects.exclude(pk=row.pk) if row is not None and row.pk else model.objects
    if wanted:
        if others.filter(slug=wanted).exists():
            raise Invalid(field, "UNIQUE", f"{model.__name__} with this Slug already exists.")
        return wanted
    base = slugify(name, allow_unicode=True) or "item"
    slug, number = base, 2
    while others.filter(slug=slug).exists():
        slug, number = f"{base}-{number}", number + 1
    return slug


def assign(row, data, *columns):
    """Copy given, non-null inputs onto a row."""
    for column in columns:
        if data.get(column) is not None:
            setattr(row, column, data[column])


@mutation(
    "shopSettingsUpdate(input: ShopSettingsInput!): ShopSettingsUpdate",
    "shop: Shop",
    errors="ShopError",
    need="MANAGE_SETTINGS",
)
def shop_settings_update(info, input):
    m.Shop.get()
    shop = m.Shop.objects.select_for_update().get(pk=1)
    for column, value in input.items():
        if column not in ("metadata", "private_metadata"):
            setattr(shop, column, value)
    set_both(shop, input)
    shop.save()
    return {"shop": shop}


def _fill_channel(row, data):
    assign(row, data, "name", "is_active")
    if data.get("default_country"):
        row.default_country_code = data["default_country"]
    assign(row, data.get("stock_settings") or {}, "allocation_strategy")
    orders = data.get("order_settings") or {}
    assign(
        row,
        orders,
        "automatically_confirm_all_new_orders",
        "automatically_fulfill_non_shippable_gift_card",
        "delete_expired_orders_after",
        "mark_as_paid_strategy",
        "allow_unpaid_orders",
        "include_draft_order_in_voucher_usage",
    )
    if "expire_orders_after" in orders:
        row.expire_orders_after = orders["expire_orders_after"] or None
    assign(
        row,
        data.get("payment_settings") or {},
        "default_transaction_flow_strategy",
        "release_funds_for_expired_checkouts",
    )
    _fill_completion(row, data.get("checkout_settings") or {})
    set_both(row, data)


def _fill_completion(row, settings):
    if settings.get("automatically_complete_fully_paid_checkouts") is not None:
        row.automatically_complete = settings["automatically_complete_fully_paid_checkouts"]
    automatic = settings.get("automatic_completion")
    if not automatic:
        return
    extra = automatic.get("delay") is not None or automatic.get("cut_off_date") is not None
    if extra and not automatic["enabled"]:
        raise Invalid(
            "automaticCompletion", "INVALID", "Delay and cut off date need automatic completion enabled."
        )
    row.automatically_complete = automatic["enabled"]
    if "delay" in automatic:
        row.automatic_completion_delay = automatic["delay"]
    if "cut_off_date" in automatic:
        row.automatic_completion_cut_off_date = automatic["cut_off_date"]


def _link_channel(row, data):
    row.warehouses.add(
        *find_many(m.Warehouse.objects.all(), data.get("add_warehouses"), "Warehouse", "addWarehouses")
    )
    zones = m.ShippingZone.objects.all()
    row.shipping_zones.add(
        *find_many(zones, data.get("add_shipping_zones"), "ShippingZone", "addShippingZones")
    )
    row.warehouses.remove(
        *find_many(m.Warehouse.objects.all(), data.get("remove_warehouses"), "Warehouse", "removeWarehouses")
    )
    row.shipping_zones.remove(
        *find_many(zones, data.get("remove_shipping_zones"), "ShippingZone", "removeShippingZones")
    )


@mutation(
    "channelCreate(input: ChannelCreateInput!): ChannelCreate",
    "channel: Channel",
    errors="ChannelError",
    need="MANAGE_CHANNELS",
)
def channel_create(info, input):
    if len(input["currency_code"]) != 3:
        raise Invalid("currencyCode", "INVALID", "A currency has three letters.")
    row = m.Channel(slug=unique_slug(m.Channel, input["slug"], input["name"]))
    row.currency_code = input["currency_code"].upper()
    _fill_channel(row, input)
    row.save()
    _link_channel(row, input)
    m.TaxConfiguration.objects.create(channel=row)
    return {"channel": row}


@mutation(
    "channelUpdate(id: ID!, input: ChannelUpdateInput!): ChannelUpdate",
    "channel: Channel",
    errors="ChannelError",
    need="MANAGE_CHANNELS MANAGE_ORDERS",
)
def channel_update(info, id, input):
    row = find(m.Channel.objects.select_for_update(), id, "Channel")
    if set(input) - {"order_settings"}:
        info.context.require("MANAGE_CHANNELS")
    if input.get("slug"):
        row.slug = unique_slug(m.Channel, input["slug"], row.name, row)
    _fill_channel(row, input)
    row.save()
    _link_channel(row, input)
    return {"channel": row}


def _activate(info, id, active):
    row = find(m.Channel.objects.select_for_update(), id, "Channel")
    row.is_active = active
    row.save(update_fields=["is_active"])
    return {"channel": row}


@mutation(
    "channelActivate(id: ID!): ChannelActivate",
    "channel: Channel",
    errors="ChannelError",
    need="MANAGE_CHANNELS",
)
def channel_activate(info, id):
    return _activate(info, id, True)


@mutation(
    "channelDeactivate(id: ID!): ChannelDeactivate",
    "channel: Channel",
    errors="ChannelError",
    need="MANAGE_CHANNELS",
)
def channel_deactivate(info, id):
    return _activate(info, id, False)


@mutation(
    "createWarehouse(input: WarehouseCreateInput!): WarehouseCreate",
    "warehouse: Warehouse",
    errors="WarehouseError",
    need="MANAGE_PRODUCTS",
)
def create_warehouse(info, input):
    reference = input.get("external_reference")
    if reference and m.Warehouse.objects.filter(external_reference=reference).exists():
        raise Invalid("externalReference", "UNIQUE", "Warehouse with this External reference already exists.")
    row = m.Warehouse.objects.create(
        name=input["name"],
        slug=unique_slug(m.Warehouse, input.get("slug"), input["name"]),
        email=input.get("email") or "",
        external_reference=reference,
        address=read_address(input["address"]),
    )
    return {"warehouse": row}


@mutation(
    "shippingZoneCreate(input: ShippingZoneCreateInput!): ShippingZoneCreate",
    "shippingZone: ShippingZone",
    errors="ShippingError",
    need="MANAGE_SHIPPING",
)
def shipping_zone_create(info, input):
    row = m.ShippingZone.objects.create(
        name=input.get("name") or "",
        description=input.get("description") or "",
        countries=[code.upper() for code in input.get("countries") or []],
        default=bool(input.get("default")),
    )
    row.warehouses.add(
        *find_many(m.Warehouse.objects.all(), input.get("add_warehouses"), "Warehouse", "addWarehouses")
    )
    row.channels.add(*find_many(m.Channel.objects.all(), input.get("add_channels"), "Channel", "addChannels"))
    return {"shipping_zone": row}


@mutation(
    "shippingZoneUpdate(id: ID!, input: ShippingZoneUpdateInput!): ShippingZoneUpdate",
    "shippingZone: ShippingZone",
    errors="ShippingError",
    need="MANAGE_SHIPPING",
)
def shipping_zone_update(info, id, input):
    row = find(m.ShippingZone.objects.select_for_update(), id, "ShippingZone")
    assign(row, input, "name", "description", "default")
    if input.get("countries") is not None:
        row.countries = [code.upper() for code in input["countries"]]
    row.save()
    warehouses, channels = m.Warehouse.objects.all(), m.Channel.objects.all()
    row.warehouses.add(*find_many(warehouses, input.get("add_warehouses"), "Warehouse", "addWarehouses"))
    row.warehouses.remove(
        *find_many(warehouses, input.get("remove_warehouses"), "Warehouse", "removeWarehouses")
    )
    row.channels.add(*find_many(channels, input.get("add_channels"), "Channel", "addChannels"))
    row.channels.remove(*find_many(channels, input.get("remove_channels"), "Channel", "removeChannels"))
    return {"shipping_zone": row}


@mutation(
    "shippingPriceCreate(input: ShippingPriceInput!): ShippingPriceCreate",
    "shippingZone: ShippingZone shippingMethod: ShippingMethodType",
    errors="ShippingError",
    need="MANAGE_SHIPPING",
)
def shipping_price_create(info, input):
    zone = find(
        m.ShippingZone.objects.all(), input.get("shipping_zone") or "", "ShippingZone", "shippingZone"
    )
    row = m.ShippingMethodType(shipping_zone=zone, name=(input.get("name") or "")[:100])
    assign(row, input, "description", "type", "minimum_delivery_days", "maximum_delivery_days")
    if input.get("tax_class"):
        row.tax_class = find(m.TaxClass.objects.all(), input["tax_class"], "TaxClass", "taxClass")
    if (row.minimum_delivery_days or 0) > (row.maximum_delivery_days or 10**6):
        raise Invalid("minimumDeliveryDays", "INVALID", "Minimum delivery days must not exceed the maximum.")
    row.save()
    return {"shipping_zone": zone, "shipping_method": row}


@mutation(
    "shippingMethodChannelListingUpdate(id: ID!, input: ShippingMethodChannelListingInput!): "
    "ShippingMethodChannelListingUpdate",
    "shippingMethod: ShippingMethodType",
    errors="ShippingError",
    need="MANAGE_SHIPPING",
)
def shipping_method_channel_listing_update(info, id, input):
    row = find(m.ShippingMethodType.objects.all(), id, "ShippingMethodType")
    for data in input.get("add_channels") or []:
        channel = find(m.Channel.objects.all(), data["channel_id"], "Channel", "addChannels")
        if data.get("price") is None and not row.channel_listings.filter(channel=channel).exists():
            raise Invalid("price", "REQUIRED", "This field is required.")
        if data.get("price") is not None:
            row.channel_listings.update_or_create(channel=channel, defaults={"price_amount": data["price"]})
    gone = find_many(m.Channel.objects.all(), input.get("remove_channels"), "Channel", "removeChannels")
    row.channel_listings.filter(channel__in=gone).delete()
    return {"shipping_method": row}


@mutation(
    "taxClassCreate(input: TaxClassCreateInput!): TaxClassCreate",
    "taxClass: TaxClass",
    errors="TaxClassCreateError",
    need="MANAGE_TAXES",
)
def tax_class_create(info, input):
    rates = {rate["country_code"]: rate["rate"] for rate in input.get("create_country_rates") or []}
    return {"tax_class": m.TaxClass.objects.create(name=input["name"], rates=rates)}


def _known_tax_app(identifier, field):
    if not identifier or identifier.startswith("plugin:"):
        return identifier or None
    if not m.App.objects.filter(identifier=identifier, is_installed=True, is_active=True).exists():
        raise Invalid(field, "NOT_FOUND", "Did not find Tax App with provided taxAppId.")
    return identifier


@mutation(
    "taxConfigurationUpdate(id: ID!, input: TaxConfigurationUpdateInput!): TaxConfigurationUpdate",
    "taxConfiguration: TaxConfiguration",
    errors="TaxConfigurationUpdateError",
    need="MANAGE_TAXES",
)
def tax_configuration_update(info, id, input):
    row = find(m.TaxConfiguration.objects.select_for_update(), id, "TaxConfiguration")
    columns = (
        "charge_taxes",
        "tax_calculation_strategy",
        "display_gross_prices",
        "prices_entered_with_tax",
        "use_weighted_tax_for_shipping",
    )
    assign(row, input, *columns)
    if "tax_app_id" in input:
        row.tax_app_id = _known_tax_app(input["tax_app_id"], "taxAppId")
    row.save()
    for data in input.get("update_countries_configuration") or []:
        own, _ = row.countries.get_or_create(country_code=data["country_code"])
        assign(own, data, *columns)
        own.tax_app_id = _known_tax_app(data.get("tax_app_id"), "updateCountriesConfiguration")
        own.save()
    row.countries.filter(country_code__in=input.get("remove_countries_configuration") or []).delete()
    m.Checkout.objects.filter(channel=row.channel).update(price_expiration=None)
    return {"tax_configuration": row}
