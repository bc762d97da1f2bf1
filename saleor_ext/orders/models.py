"""Tables of parcels."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from saleor_ext.core.fields import EncryptedTextField


class Parcel(models.Model):
    """A paid Saleor order on its way. Amounts in CNY as the order had them when it was paid."""

    class State(models.TextChoices):
        PAID = "paid", _("Paid")
        DECLARING = "declaring", _("In customs declaration")
        RELEASED = "released", _("Released by customs")
        SHIPPED = "shipped", _("On the road")
        DELIVERED = "delivered", _("Delivered")
        CANCELLED = "cancelled", _("Cancelled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=60, unique=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PAID)
    #: Why a person has to look, empty when nobody has to.
    attention = models.TextField(blank=True)
    api_url = models.CharField(max_length=200)
    order_id = models.CharField(max_length=120)
    order_number = models.CharField(max_length=40)
    checkout_id = models.CharField(max_length=120, blank=True)
    transaction_id = models.CharField(max_length=120, blank=True)
    psp_reference = models.CharField(max_length=120, blank=True)
    merchant = models.CharField(max_length=80, db_index=True)
    lane = models.CharField(max_length=20)
    warehouse = models.CharField(max_length=80)
    currency = models.CharField(max_length=3)
    goods_value = models.DecimalField(max_digits=12, decimal_places=2)
    freight = models.DecimalField(max_digits=12, decimal_places=2)
    tax_total = models.DecimalField(max_digits=12, decimal_places=2)
    discount = models.DecimalField(max_digits=12, decimal_places=2)
    actual_paid = models.DecimalField(max_digits=12, decimal_places=2)
    consignee = EncryptedTextField()
    buyer = models.ForeignKey("identity.Person", on_delete=models.PROTECT, null=True, related_name="parcels")
    buyer_account = models.CharField(max_length=120)
    paid_at = models.DateTimeField()
    created_at = models.DateTimeField()
    #: There are corrections of what is declared, so that nobody has to look where there are none.
    corrected = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api_url", "order_id"], name="one_parcel_per_order")]
        indexes = [
            models.Index(fields=["state", "-created_at"], name="parcel_by_state"),
            models.Index(fields=["transaction_id"], name="parcel_by_transaction"),
        ]

    def __str__(self) -> str:
        return self.number


class ParcelLine(models.Model):
    """A line of a parcel; ``facts`` is a snapshot of the article as it was sold."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    parcel = models.ForeignKey(Parcel, on_delete=models.CASCADE, related_name="lines")
    gnum = models.PositiveIntegerField()
    saleor_line_id = models.CharField(max_length=120)
    sku = models.CharField(max_length=80)
    name = models.CharField(max_length=250)
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=12, decimal_places=2)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    facts = models.JSONField(default=dict)

    class Meta:
        ordering = ["gnum"]
        constraints = [models.UniqueConstraint(fields=["parcel", "gnum"], name="parcel_gnum_once")]

    def __str__(self) -> str:
        return f"{self.parcel_id} {self.gnum}"


class ParcelCorrection(models.Model):
    """One value that is declared otherwise than the order has it. Never altered: of a field the newest counts.

    ``gnum`` 0 is the parcel as a whole. ``before`` and ``after`` are JSON, sealed because some are a person's;
    ``person`` is who it is declared for after a buyer was entered anew.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    parcel = models.ForeignKey(Parcel, on_delete=models.CASCADE, related_name="corrections")
    number = models.PositiveIntegerField()
    gnum = models.PositiveIntegerField()
    field = models.CharField(max_length=40)
    before = EncryptedTextField()
    after = EncryptedTextField()
    personal = models.BooleanField()
    person = models.ForeignKey("identity.Person", on_delete=models.PROTECT, null=True, related_name="+")
    actor = models.CharField(max_length=200)
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["parcel", "number"], name="parcel_correction_once")]

    def __str__(self) -> str:
        return f"{self.parcel_id} {self.number} {self.field}"


class ParcelStep(models.Model):
    """One step of a parcel. ``data`` is what the step left for later ones."""

    class State(models.TextChoices):
        PENDING = "pending", _("Not yet started")
        RUNNING = "running", _("At work")
        WAITING = "waiting", _("Waiting for an answer")
        DONE = "done", _("Done")
        FAILED = "failed", _("Needs attention")
        CANCELLED = "cancelled", _("Cancelled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    parcel = models.ForeignKey(Parcel, on_delete=models.CASCADE, related_name="steps")
    name = models.CharField(max_length=60)
    position = models.PositiveIntegerField()
    after = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempt = models.PositiveIntegerField(default=0)
    data = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    buyer_message = models.TextField(blank=True)
    #: The same in each language of the shop; empty where the message is not translated.
    buyer_texts = models.JSONField(default=dict, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["parcel", "name"], name="parcel_step_once")]

    def __str__(self) -> str:
        return f"{self.parcel_id} {self.name}"


class ParcelEvent(models.Model):
    """An entry of the timeline that the buyer sees."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    parcel = models.ForeignKey(Parcel, on_delete=models.CASCADE, related_name="events")
    code = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "code"]
        constraints = [models.UniqueConstraint(fields=["parcel", "key"], name="parcel_event_once")]

    def __str__(self) -> str:
        return f"{self.parcel_id} {self.code}"
