"""What the payment company remembers."""

from __future__ import annotations

import secrets
import uuid

from django.db import models
from django.utils import timezone

from sandbox.psp.stripe import models as stripe

#: Stripe's tables belong to this app; Django finds models here only.
__all__ = ["Declaration", "Notification", "Payment", "Refund", "new_token", "stripe"]


def new_token() -> str:
    """Return the unguessable part of a pay page's address."""
    return secrets.token_urlsafe(16)


class Payment(models.Model):
    """One order of a merchant; amounts are in fen."""

    class State(models.TextChoices):
        NOTPAY = "NOTPAY"
        SUCCESS = "SUCCESS"
        REFUND = "REFUND"
        CLOSED = "CLOSED"
        PAYERROR = "PAYERROR"

    #: Which company's words it was made in: ``wechat`` or ``antom``.
    company = models.CharField(max_length=16, default="wechat")
    out_trade_no = models.CharField(max_length=32, unique=True)
    token = models.CharField(max_length=40, unique=True, default=new_token)
    trade_type = models.CharField(max_length=16)
    description = models.CharField(max_length=127)
    attach = models.CharField(max_length=127, default="")
    notify_url = models.CharField(max_length=256)
    total = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    #: The first request, to tell a repetition from a conflict.
    request = models.JSONField()
    expires_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.NOTPAY)
    transaction_id = models.CharField(max_length=32, null=True, unique=True)
    success_time = models.DateTimeField(null=True)
    persona = models.CharField(max_length=20, default="")
    #: The wallet's real-name record; empty with persona "same": it is whoever the merchant names.
    payer_name = models.CharField(max_length=60, default="")
    payer_id_number = models.CharField(max_length=18, default="")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.out_trade_no} {self.state}"


class Refund(models.Model):
    class Status(models.TextChoices):
        PROCESSING = "PROCESSING"
        SUCCESS = "SUCCESS"
        ABNORMAL = "ABNORMAL"
        CLOSED = "CLOSED"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    out_refund_no = models.CharField(max_length=64, unique=True)
    refund_id = models.CharField(max_length=32, unique=True)
    amount = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=80, default="")
    notify_url = models.CharField(max_length=256, default="")
    request = models.JSONField()
    status = models.CharField(max_length=12, choices=Status, default=Status.PROCESSING)
    success_time = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.out_refund_no} {self.status}"


class Declaration(models.Model):
    """One customs record of a payment, by customs office (and sub-order)."""

    class State(models.TextChoices):
        SUBMITTED = "SUBMITTED"
        PROCESSING = "PROCESSING"
        SUCCESS = "SUCCESS"
        FAIL = "FAIL"
        EXCEPT = "EXCEPT"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="declarations")
    customs = models.CharField(max_length=32)
    sub_order_no = models.CharField(max_length=32, default="")
    sub_order_id = models.CharField(max_length=32, default="")
    #: Antom's declarationRequestId.
    request_no = models.CharField(max_length=32, default="")
    merchant_customs_no = models.CharField(max_length=32)
    request = models.JSONField()
    state = models.CharField(max_length=12, choices=State, default=State.SUBMITTED)
    check_result = models.CharField(max_length=12, default="UNCHECKED")
    explanation = models.CharField(max_length=200, default="")
    #: Counts declare, modify and redeclare; a late job of an earlier round does nothing.
    round = models.PositiveIntegerField(default=1)
    modify_time = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payment", "customs", "sub_order_no"], name="sandbox_psp_one_record"
            )
        ]

    def __str__(self) -> str:
        return f"{self.payment_id} {self.customs} {self.state}"


class Notification(models.Model):
    """A notification on its way to the merchant; the body never changes, the signature does."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    company = models.CharField(max_length=16, default="wechat")
    url = models.CharField(max_length=256)
    event_type = models.CharField(max_length=32)
    reference = models.CharField(max_length=64)
    body = models.JSONField()
    attempts = models.PositiveIntegerField(default=0)
    last_status = models.CharField(max_length=100, default="")
    delivered_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.event_type} {self.reference}"
