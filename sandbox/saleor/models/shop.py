"""Shop, channels, warehouses, shipping zones and tax settings."""

from __future__ import annotations

import uuid

from django.db import models

from sandbox.saleor.models.base import Address, Graph, WithMetadata, money, short


class Shop(WithMetadata):
    """Site settings; one row with key 1."""

    name = short(default="Ponte sandbox")
    description = short()
    header_text = short()
    fulfillment_auto_approve = models.BooleanField(default=True)
    fulfillment_allow_unpaid = models.BooleanField(default=True)
    track_inventory_by_default = models.BooleanField(default=True)
    default_weight_unit = short(default="KG")
    enable_account_confirmation_by_email = models.BooleanField(default=True)
    allow_login_without_confirmation = models.BooleanField(default=False)
    allow_storefront_traffic = models.BooleanField(default=True)
    use_legacy_shipping_zone_stock_availability = models.BooleanField(default=False)
    use_legacy_update_webhook_emission = models.BooleanField(default=False)
    preserve_all_address_fields = models.BooleanField(default=False)
    limit_quantity_per_checkout = models.IntegerField(null=True, default=50)
    reserve_stock_duration_anonymous_user = models.IntegerField(null=True)
    reserve_stock_duration_authenticated_user = models.IntegerField(null=True)
    customer_set_password_url = short()
    default_mail_sender_name = short()
    default_mail_sender_address = short()

    @classmethod
    def get(cls) -> Shop:
        return cls.objects.get_or_create(pk=1)[0]


class Warehouse(WithMetadata):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = short()
    slug = models.SlugField(max_length=255, unique=True, allow_unicode=True)
    email = short()
    external_reference = models.CharField(max_length=250, null=True, unique=True)
    address = models.ForeignKey(Address, on_delete=models.PROTECT)
    is_private = models.BooleanField(default=True)
    click_and_collect_option = short(default="DISABLED")


class Channel(WithMetadata):
    name = short()
    slug = models.SlugField(max_length=255, unique=True)
    is_active = models.BooleanField(default=False)
    currency_code = models.CharField(max_length=3)
    default_country_code = models.CharField(max_length=2)
    warehouses = models.ManyToManyField(Warehouse, related_name="channels")
    allocation_strategy = short(default="PRIORITIZE_SORTING_ORDER")
    automatically_confirm_all_new_orders = models.BooleanField(default=True)
    automatically_fulfill_non_shippable_gift_card = models.BooleanField(default=True)
    expire_orders_after = models.IntegerField(null=True)
    delete_expired_orders_after = models.IntegerField(default=60)
    mark_as_paid_strategy = short(default="PAYMENT_FLOW")
    allow_unpaid_orders = models.BooleanField(default=False)
    include_draft_order_in_voucher_usage = models.BooleanField(default=False)
    default_transaction_flow_strategy = short(default="CHARGE")
    release_funds_for_expired_checkouts = models.BooleanField(default=False)
    automatically_complete = models.BooleanField(default=False)
    automatic_completion_delay = models.DecimalField(max_digits=10, decimal_places=4, null=True)
    automatic_completion_cut_off_date = models.DateTimeField(null=True)


class ShippingZone(WithMetadata):
    name = short()
    description = models.TextField(blank=True, default="")
    countries = models.JSONField(default=list)
    default = models.BooleanField(default=False)
    warehouses = models.ManyToManyField(Warehouse, related_name="shipping_zones")
    channels = models.ManyToManyField(Channel, related_name="shipping_zones")


class TaxClass(WithMetadata):
    name = short()
    rates = models.JSONField(default=dict)  # country code → percent


class ShippingMethodType(WithMetadata):
    """A built-in shipping method of a zone, as staff sees it."""

    name = short(max_length=100)
    description = models.JSONField(null=True)
    type = short(default="PRICE")
    shipping_zone = models.ForeignKey(ShippingZone, on_delete=models.CASCADE, related_name="methods")
    minimum_delivery_days = models.IntegerField(null=True)
    maximum_delivery_days = models.IntegerField(null=True)
    tax_class = models.ForeignKey(TaxClass, null=True, on_delete=models.SET_NULL)


class ShippingMethodChannelListing(Graph):
    shipping_method = models.ForeignKey(
        ShippingMethodType, on_delete=models.CASCADE, related_name="channel_listings"
    )
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE)
    price_amount = money()

    class Meta:
        unique_together = [("shipping_method", "channel")]


class TaxConfiguration(WithMetadata):
    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, related_name="tax_configuration")
    charge_taxes = models.BooleanField(default=True)
    tax_calculation_strategy = models.CharField(max_length=20, null=True, default="FLAT_RATES")
    display_gross_prices = models.BooleanField(default=True)
    prices_entered_with_tax = models.BooleanField(default=True)
    tax_app_id = models.CharField(max_length=256, null=True)
    use_weighted_tax_for_shipping = models.BooleanField(default=False)


class TaxConfigurationPerCountry(Graph):
    configuration = models.ForeignKey(TaxConfiguration, on_delete=models.CASCADE, related_name="countries")
    country_code = models.CharField(max_length=2)
    charge_taxes = models.BooleanField(default=True)
    tax_calculation_strategy = models.CharField(max_length=20, null=True)
    display_gross_prices = models.BooleanField(default=True)
    tax_app_id = models.CharField(max_length=256, null=True)
    use_weighted_tax_for_shipping = models.BooleanField(default=False)

    class Meta:
        unique_together = [("configuration", "country_code")]
