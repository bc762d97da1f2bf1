"""What Stripe remembers; ``ref`` is the id others see, amounts are minor units."""

from __future__ import annotations

import secrets
import string

from django.db import models
from django.utils import timezone

_LETTERS = string.ascii_letters + string.digits


def new_ref(prefix: str) -> str:
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(24))


class StripeObject(models.Model):
    """Common to all; the primary key orders a list, the ref is its cursor."""

    ref = models.CharField(max_length=60, unique=True)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.ref


class StripeIntent(StripeObject):
    status = models.CharField(max_length=30, default="requires_payment_method")
    amount = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    metadata = models.JSONField(default=dict)
    method = models.CharField(max_length=20, default="")
    last_error = models.JSONField(null=True)


class StripeSession(StripeObject):
    #: The unguessable part of the hosted page's address.
    token = models.CharField(max_length=60, unique=True)
    client_reference_id = models.CharField(max_length=200, default="")
    status = models.CharField(max_length=10, default="open")
    payment_status = models.CharField(max_length=20, default="unpaid")
    amount = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    methods = models.JSONField()
    description = models.CharField(max_length=250)
    metadata = models.JSONField(default=dict)
    intent_metadata = models.JSONField(default=dict)
    success_url = models.CharField(max_length=2000)
    cancel_url = models.CharField(max_length=2000, default="")
    expires_at = models.DateTimeField()
    intent = models.OneToOneField(StripeIntent, on_delete=models.PROTECT, null=True, related_name="session")


class StripeCharge(StripeObject):
    intent = models.ForeignKey(StripeIntent, on_delete=models.PROTECT, related_name="charges")
    status = models.CharField(max_length=10)
    amount = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=20)
    #: Of a card only the last four digits, as Stripe tells them too.
    last4 = models.CharField(max_length=4, default="")
    failure_code = models.CharField(max_length=40, default="")
    #: What happens afterwards: "", "refund_fails", "disputed" or "inquired".
    persona = models.CharField(max_length=20, default="")


class StripeRefund(StripeObject):
    charge = models.ForeignKey(StripeCharge, on_delete=models.PROTECT, related_name="refunds")
    amount = models.PositiveBigIntegerField()
    status = models.CharField(max_length=20)
    reason = models.CharField(max_length=40, default="")
    failure_reason = models.CharField(max_length=40, default="")
    metadata = models.JSONField(default=dict)


class StripeDispute(StripeObject):
    charge = models.OneToOneField(StripeCharge, on_delete=models.PROTECT, related_name="dispute")
    status = models.CharField(max_length=30, default="needs_response")
    reason = models.CharField(max_length=40, default="fraudulent")
    due_by = models.DateTimeField()


class StripeTransaction(StripeObject):
    """A movement of the balance, in the currency the account settles in; signed."""

    source = models.CharField(max_length=60)
    type = models.CharField(max_length=30)
    category = models.CharField(max_length=30)
    amount = models.BigIntegerField()
    fee = models.BigIntegerField(default=0)
    rate = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    available_on = models.DateTimeField()


class StripeEvent(StripeObject):
    type = models.CharField(max_length=60)
    #: The object as it was at that moment: the body never changes, the signature does.
    data = models.JSONField()


class StripeEndpoint(StripeObject):
    url = models.CharField(max_length=500)
    enabled_events = models.JSONField()


class StripeDelivery(models.Model):
    """An event on its way to one endpoint."""

    event = models.ForeignKey(StripeEvent, on_delete=models.PROTECT, related_name="deliveries")
    url = models.CharField(max_length=500)
    attempts = models.PositiveIntegerField(default=0)
    last_status = models.CharField(max_length=100, default="")
    delivered_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.event_id} {self.url}"


class StripeKey(models.Model):
    """An idempotency key with the answer of its first use."""

    key = models.CharField(max_length=255, unique=True)
    path = models.CharField(max_length=200)
    #: Digest of the parameters as they came.
    fingerprint = models.CharField(max_length=64)
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.key
