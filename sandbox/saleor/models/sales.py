"""Checkouts, their deliveries, and transactions."""

from __future__ import annotations

import uuid

from django.db import models

from sandbox.saleor.models.apps import App, User
from sandbox.saleor.models.base import Address, Graph, WithMetadata, money, short
from sandbox.saleor.models.catalogue import ProductVariant
from sandbox.saleor.models.order import Order, OrderGrantedRefund
from sandbox.saleor.models.shop import Channel, ShippingMethodType


class Checkout(WithMetadata):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    created = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="checkouts")
    email = models.EmailField(null=True)
    currency = models.CharField(max_length=3)
    language_code = short(default="EN", max_length=35)
    shipping_address = models.ForeignKey(Address, null=True, on_delete=models.SET_NULL, related_name="+")
    billing_address = models.ForeignKey(Address, null=True, on_delete=models.SET_NULL, related_name="+")
    assigned_delivery = models.ForeignKey(
        "CheckoutDelivery", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    delivery_methods_stale_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True, default="")
    redirect_url = models.TextField(null=True)
    # Prices are kept until they expire or a mutation empties `price_expiration`.
    price_expiration = models.DateTimeField(null=True)
    tax_error = models.CharField(max_length=255, null=True)
    subtotal_net = money()
    subtotal_gross = money()
    shipping_net = money()
    shipping_gross = money()
    shipping_tax_rate = models.DecimalField(max_digits=7, decimal_places=5, default=0)
    total_net = money()
    total_gross = money()
    authorize_status = short(default="NONE")
    charge_status = short(default="NONE")
    completing_started_at = models.DateTimeField(null=True)
    last_transaction_modified_at = models.DateTimeField(null=True)

    @property
    def token(self) -> uuid.UUID:
        return self.id


class CheckoutLine(WithMetadata):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    checkout = models.ForeignKey(Checkout, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(ProductVariant, on_delete=models.CASCADE)
    quantity = models.IntegerField()
    is_gift = models.BooleanField(default=False)
    price_override = models.DecimalField(max_digits=14, decimal_places=3, null=True)
    price_override_reason = models.TextField(null=True)
    base_unit = money()
    total_net = money()
    total_gross = money()
    tax_rate = models.DecimalField(max_digits=7, decimal_places=5, default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("created_at", "id")


class CheckoutDelivery(Graph):
    """A delivery option offered to a checkout, as its app or zone described it when asked."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    checkout = models.ForeignKey(Checkout, on_delete=models.CASCADE, related_name="deliveries")
    external_shipping_method_id = models.CharField(max_length=1024, null=True)
    built_in = models.ForeignKey(ShippingMethodType, null=True, on_delete=models.CASCADE)
    name = short(max_length=100)
    description = models.JSONField(null=True)
    price_amount = money()
    currency = models.CharField(max_length=3)
    minimum_delivery_days = models.IntegerField(null=True)
    maximum_delivery_days = models.IntegerField(null=True)
    metadata = models.JSONField(default=dict)
    private_metadata = models.JSONField(default=dict)
    active = models.BooleanField(default=True)
    message = models.CharField(max_length=255, null=True)
    is_valid = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("created_at",)

    @property
    def method_key(self) -> str:
        return self.external_shipping_method_id or str(self.built_in_id)


class TransactionItem(WithMetadata):
    graph_key = "token"

    token = models.UUIDField(unique=True, default=uuid.uuid4)
    created_at = models.DateTimeField(auto_now_add=True)
    modified_at = models.DateTimeField(auto_now=True)
    idempotency_key = models.CharField(max_length=512, null=True)
    name = short()
    message = short(max_length=512)
    psp_reference = models.CharField(max_length=512, blank=True, default="")
    external_url = models.TextField(blank=True, default="")
    available_actions = models.JSONField(default=list)
    currency = models.CharField(max_length=3)
    checkout = models.ForeignKey(Checkout, null=True, on_delete=models.SET_NULL, related_name="transactions")
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="transactions")
    app = models.ForeignKey(App, null=True, on_delete=models.SET_NULL)
    app_identifier = models.CharField(max_length=256, null=True)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    use_old_id = models.BooleanField(default=False)
    payment_method = models.JSONField(null=True)
    authorized_value = money()
    charged_value = money()
    refunded_value = money()
    canceled_value = money()
    authorize_pending_value = money()
    charge_pending_value = money()
    refund_pending_value = money()
    cancel_pending_value = money()

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=["app_identifier", "idempotency_key"], name="sbx_transaction_idempotency"
            )
        ]


class TransactionEvent(Graph):
    transaction = models.ForeignKey(TransactionItem, on_delete=models.CASCADE, related_name="events")
    created_at = models.DateTimeField()
    type = short(max_length=64)
    psp_reference = models.CharField(max_length=512, null=True)
    message = short(max_length=512)
    external_url = models.TextField(blank=True, default="")
    currency = models.CharField(max_length=3)
    amount_value = money()
    include_in_calculations = models.BooleanField(default=True)
    idempotency_key = models.CharField(max_length=512, null=True)
    app = models.ForeignKey(App, null=True, on_delete=models.SET_NULL)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    related_granted_refund = models.ForeignKey(OrderGrantedRefund, null=True, on_delete=models.SET_NULL)

    class Meta:
        ordering = ("id",)
