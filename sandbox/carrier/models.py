"""What the carrier remembers."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone


class Order(models.Model):
    class State(models.TextChoices):
        CREATED = "created"
        HANDED_OVER = "handed_over"
        CANCELLED = "cancelled"

    order_id = models.CharField(max_length=64, unique=True)
    waybill_no = models.CharField(max_length=20, unique=True)
    request = models.JSONField()
    state = models.CharField(max_length=12, choices=State, default=State.CREATED)
    created_at = models.DateTimeField(default=timezone.now)
    handed_over_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.order_id} {self.waybill_no}"


class Route(models.Model):
    """One thing that happened to a parcel, and whether the customer took note of it."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="routes")
    op_code = models.CharField(max_length=8)
    accept_time = models.DateTimeField(default=timezone.now)
    accept_address = models.CharField(max_length=100)
    remark = models.CharField(max_length=200)
    push_id = models.UUIDField(default=uuid.uuid4)
    attempts = models.PositiveIntegerField(default=0)
    last_answer = models.CharField(max_length=200, default="")
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "op_code"], name="sandbox_carrier_once")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.op_code}"
