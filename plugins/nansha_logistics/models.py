"""Tables of the plugin: the bonded book with its movements, and the parcels in the carrier's hands.

Quantities are in the book item's declared unit, DECIMAL(18,5) as in customs' own messages.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.db import models
from django.db.models import F, Q

MAX_DIGITS = 18
DECIMAL_PLACES = 5


def quantity_field() -> models.DecimalField[Decimal, Decimal]:
    """A quantity column in a book's declared unit, zero unless set."""
    return models.DecimalField(max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES, default=Decimal(0))


class Book(models.Model):
    """A bonded account book (账册) of a warehouse, e.g. ``T516526A00001``."""

    number = models.CharField(max_length=64, unique=True)
    warehouse = models.CharField(max_length=80)
    opened_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.number


class BookItem(models.Model):
    """A line of a book: one article under one record number, with its balance.

    The balance columns are the sum of the item's movements; ``ledger`` alone writes them.
    """

    class Execution(models.TextChoices):
        """Customs' execution mark (cusmExeMarkcd)."""

        RUNNING = "1"
        STOPPED = "4"
        STOPPED_IN = "5"
        STOPPED_OUT = "6"

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="items")
    gds_seqno = models.PositiveIntegerField()
    item_record_no = models.CharField(max_length=30)
    #: Material number of the warehouse: the merchant's SKU.
    gds_mtno = models.CharField(max_length=64)
    merchant = models.CharField(max_length=80, blank=True)
    name = models.CharField(max_length=250)
    hs_code = models.CharField(max_length=10)
    origin = models.CharField(max_length=3)
    dcl_unit = models.CharField(max_length=3)
    lawf_unit = models.CharField(max_length=3)
    execution = models.CharField(max_length=1, choices=Execution.choices, default=Execution.RUNNING)
    actl_inc = quantity_field()
    actl_redc = quantity_field()
    prevd_inc = quantity_field()
    prevd_redc = quantity_field()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["book", "gds_seqno"], name="bookitem_seqno_once"),
            models.UniqueConstraint(fields=["book", "item_record_no"], name="bookitem_record_once"),
            models.CheckConstraint(
                name="bookitem_available_not_negative",
                condition=Q(actl_inc__gte=F("actl_redc") + F("prevd_redc")),
            ),
            models.CheckConstraint(
                name="bookitem_measures_not_negative",
                condition=Q(actl_inc__gte=0, actl_redc__gte=0, prevd_inc__gte=0, prevd_redc__gte=0),
            ),
        ]
        indexes = [models.Index(fields=["gds_mtno"], name="bookitem_by_sku")]
        ordering = ["book", "gds_seqno"]

    def __str__(self) -> str:
        return f"{self.book_id}/{self.item_record_no} {self.gds_mtno}"

    @property
    def available(self) -> Decimal:
        """What may still be sold: ``actl_inc - actl_redc - prevd_redc``."""
        return self.actl_inc - self.actl_redc - self.prevd_redc


class Reservation(models.Model):
    """Bonded stock held for one line of one parcel, until it leaves or is given back."""

    class State(models.TextChoices):
        HELD = "held"
        DEDUCTED = "deducted"
        RELEASED = "released"
        RETURNED = "returned"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=120, unique=True)
    item = models.ForeignKey(BookItem, on_delete=models.PROTECT, related_name="reservations")
    parcel = models.CharField(max_length=64, db_index=True)
    quantity = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES)
    state = models.CharField(max_length=10, choices=State.choices, default=State.HELD)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="reservation_positive", condition=Q(quantity__gt=0))]

    def __str__(self) -> str:
        return f"{self.key} {self.quantity} {self.state}"


class Movement(models.Model):
    """One change of a book item, never altered: a trigger refuses UPDATE and DELETE.

    ``quantity`` is signed for adjustments only; the four balances are those right after the movement.
    """

    class Kind(models.TextChoices):
        OPENING = "opening"
        ANNOUNCE = "announce"
        INBOUND = "inbound"
        RESERVE = "reserve"
        RELEASE = "release_reservation"
        DEDUCT = "deduct"
        RETURN = "return"
        ADJUST = "adjust"

    id = models.BigAutoField(primary_key=True)
    item = models.ForeignKey(BookItem, on_delete=models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    key = models.CharField(max_length=160, unique=True)
    quantity = models.DecimalField(max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES)
    actl_inc = quantity_field()
    actl_redc = quantity_field()
    prevd_inc = quantity_field()
    prevd_redc = quantity_field()
    #: What it was done for: a parcel's number, an inbound list, an approved stock-take.
    document = models.CharField(max_length=120, blank=True)
    reason = models.TextField(blank=True)
    actor = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["item", "-id"], name="movement_by_item")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity} {self.document}"


class Shipment(models.Model):
    """A parcel as the warehouse and the carrier see it; its row is the lock of the parcel's stock."""

    parcel = models.CharField(primary_key=True, max_length=64)
    number = models.CharField(max_length=64)
    carrier = models.CharField(max_length=20, blank=True)
    waybill = models.CharField(max_length=60, null=True, unique=True)
    #: The number that the carrier knows the waybill's order by, and how often it had to be ordered anew.
    carrier_order = models.CharField(max_length=64, blank=True)
    renewals = models.PositiveSmallIntegerField(default=0)
    #: Last four digits of the consignee's phone: carriers ask for them when routes are read.
    phone_tail = models.CharField(max_length=4, blank=True)
    status = models.CharField(max_length=20, default="pending")
    status_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    waybill_at = models.DateTimeField(null=True)
    packed_at = models.DateTimeField(null=True)
    handed_over_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    polled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["polled_at"],
                name="shipment_under_way",
                condition=Q(
                    handed_over_at__isnull=False, delivered_at__isnull=True, cancelled_at__isnull=True
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.waybill or '-'} {self.status}"


class PickRecord(models.Model):
    """What was taken from the shelves for a released parcel, and under which release."""

    shipment = models.OneToOneField(Shipment, on_delete=models.PROTECT, related_name="pick")
    #: Customs' number of the released inventory list.
    inventory_no = models.CharField(max_length=64)
    #: ``[{"gnum", "sku", "name", "barcode", "quantity", "item_record_no"}]``
    lines = models.JSONField(default=list)
    gross_g = models.PositiveIntegerField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.shipment_id} {self.inventory_no}"


class TrackingEvent(models.Model):
    """One scan of the carrier, kept whether or not it moved the parcel's status."""

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    code = models.CharField(max_length=20)
    status = models.CharField(max_length=20)
    place = models.CharField(max_length=200, blank=True)
    text = models.CharField(max_length=500, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shipment", "at", "code"], name="tracking_event_once")]
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.code} {self.status}"
