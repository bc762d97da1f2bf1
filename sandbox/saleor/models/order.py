"""Orders, allocations, fulfilments, granted refunds."""

from __future__ import annotations

import uuid

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from sandbox.saleor.models.apps import App, User
from sandbox.saleor.models.base import Address, Graph, WithMetadata, money, short
from sandbox.saleor.models.catalogue import ProductVariant, Stock
from sandbox.saleor.models.shop import Channel, Warehouse


class OrderNumber(models.Model):
    """One row per number given, its key; numbers may be lost on roll-back, as with Saleor's sequence."""

    def __str__(self) -> str:
        return str(self.pk)


class Order(WithMetadata):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number = models.IntegerField(unique=True)
    created = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)
    status = short(default="UNFULFILLED")
    origin = short(default="CHECKOUT")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="orders")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="orders")
    user_email = short()
    currency = models.CharField(max_length=3)
    language_code = short(default="EN", max_length=35)
    external_reference = models.CharField(max_length=250, null=True, unique=True)
    checkout_token = models.UUIDField(null=True, unique=True)
    shipping_address = models.ForeignKey(Address, null=True, on_delete=models.SET_NULL, related_name="+")
    billing_address = models.ForeignKey(Address, null=True, on_delete=models.SET_NULL, related_name="+")
    shipping_method = models.JSONField(null=True)  # the chosen method as it was: id, name, price, metadata …
    customer_note = models.TextField(blank=True, default="")
    redirect_url = models.TextField(null=True)
    display_gross_prices = models.BooleanField(default=True)
    shipping_net = money()
    shipping_gross = money()
    shipping_tax_rate = models.DecimalField(max_digits=7, decimal_places=5, default=0)
    subtotal_net = money()
    subtotal_gross = money()
    total_net = money()
    total_gross = money()
    total_authorized = money()
    total_charged = money()
    authorize_status = short(default="NONE")
    charge_status = short(default="NONE")

    class Meta:
        indexes = [GinIndex(fields=["metadata"], opclasses=["jsonb_path_ops"], name="sbx_order_meta")]


class OrderLine(WithMetadata):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(ProductVariant, null=True, on_delete=models.SET_NULL)
    product_name = short()
    variant_name = short()
    translated_product_name = short()
    translated_variant_name = short()
    product_sku = models.CharField(max_length=255, null=True)
    is_shipping_required = models.BooleanField(default=True)
    quantity = models.IntegerField()
    quantity_fulfilled = models.IntegerField(default=0)
    unit_net = money()
    unit_gross = money()
    undiscounted_unit_net = money()
    undiscounted_unit_gross = money()
    total_net = money()
    total_gross = money()
    tax_rate = models.DecimalField(max_digits=7, decimal_places=5, default=0)
    position = models.IntegerField(default=0)

    class Meta:
        ordering = ("position", "id")


class Allocation(Graph):
    order_line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="allocations")
    stock = models.ForeignKey(Stock, on_delete=models.CASCADE, related_name="allocations")
    quantity = models.IntegerField()


class Fulfillment(WithMetadata):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="fulfillments")
    fulfillment_order = models.IntegerField(default=1)
    status = short(default="FULFILLED")
    tracking_number = short()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)


class FulfillmentLine(Graph):
    fulfillment = models.ForeignKey(Fulfillment, on_delete=models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="fulfillment_lines")
    stock = models.ForeignKey(Stock, null=True, on_delete=models.SET_NULL)
    warehouse = models.ForeignKey(Warehouse, null=True, on_delete=models.SET_NULL)
    quantity = models.IntegerField()


class OrderEvent(Graph):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events")
    date = models.DateTimeField(auto_now_add=True)
    type = short()
    message = models.TextField(null=True)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    app = models.ForeignKey(App, null=True, on_delete=models.SET_NULL)

    class Meta:
        ordering = ("id",)


class OrderGrantedRefund(Graph):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="granted_refunds")
    created_at = models.DateTimeField(auto_now_add=True)
    amount_value = money()
    reason = models.TextField(blank=True, default="")
    shipping_costs_included = models.BooleanField(default=False)
    status = short(default="NONE")
    transaction_item_id = models.IntegerField(null=True)

    class Meta:
        ordering = ("id",)


class OrderGrantedRefundLine(Graph):
    granted_refund = models.ForeignKey(OrderGrantedRefund, on_delete=models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(OrderLine, on_delete=models.CASCADE)
    quantity = models.IntegerField()
    reason = models.TextField(null=True)
