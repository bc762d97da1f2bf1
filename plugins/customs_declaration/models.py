"""Tables of the plugin: declarations, the messages sent for them, receipts, quarantine, quota."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from saleor_ext.core.fields import EncryptedTextField

from .states import DocumentState
from .transport.port import file_name


class Declaration(models.Model):
    """The customs case of one parcel: its numbers and how far it has come."""

    class State(models.TextChoices):
        NEW = "new", _("Not yet declared")
        ORDER = "order", _("Order declared")
        LIST = "list", _("Inventory list declared")
        RELEASED = "released", _("Released")
        STOPPED = "stopped", _("Needs attention")
        CANCELLED = "cancelled", _("Cancelled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    parcel_id = models.UUIDField(unique=True)
    order_no = models.CharField(max_length=60, unique=True)
    cop_no = models.CharField(max_length=20, unique=True)
    logistics_no = models.CharField(max_length=60, blank=True, db_index=True)
    lane = models.CharField(max_length=20)
    checkout_id = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW, db_index=True)
    pre_no = models.CharField(max_length=18, blank=True)
    invt_no = models.CharField(max_length=18, blank=True)
    dutiable_value = models.DecimalField(max_digits=12, decimal_places=2)
    tax_total = models.DecimalField(max_digits=12, decimal_places=2)
    created_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.order_no


class CustomsMessage(models.Model):
    """One message of several documents (see ``batches``). ``body`` is the signed XML as it goes out, sealed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20)
    guid = models.CharField(max_length=36, unique=True)
    body = EncryptedTextField()
    body_sha256 = models.CharField(max_length=64)
    key_name = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    sends = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"{self.kind} {self.guid}"

    @property
    def file_name(self) -> str:
        """Name under which it is handed over: the same for every send."""
        return file_name(self.kind, self.guid)


class CustomsDocument(models.Model):
    """One document sent for a declaration. ``body`` is its message, sealed: the signed XML as it went out.

    Where documents are gathered, ``body`` is the document alone and unsigned, ``batch`` says which ones may share a
    message with it, and ``message`` is the one it went out in. A further version replaces a rejected or failed one;
    versions are never changed once built.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=20)
    version = models.PositiveIntegerField(default=1)
    guid = models.CharField(max_length=36, unique=True)
    app_type = models.CharField(max_length=1, default="1")
    body = EncryptedTextField()
    body_sha256 = models.CharField(max_length=64)
    key_name = models.CharField(max_length=40, blank=True)
    batch = models.CharField(max_length=64, blank=True, default="")
    message = models.ForeignKey(CustomsMessage, on_delete=models.PROTECT, null=True, related_name="documents")
    state = models.CharField(
        max_length=12, choices=DocumentState.choices, default=DocumentState.BUILT, db_index=True
    )
    status = models.CharField(max_length=10, blank=True)
    status_text = models.TextField(blank=True)
    status_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    sends = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["declaration", "kind", "version"], name="customs_document_version"
            )
        ]
        indexes = [
            models.Index(
                fields=["batch", "created_at"],
                name="customs_document_ready",
                condition=models.Q(message__isnull=True) & ~models.Q(batch=""),
            )
        ]
        ordering = ["declaration", "kind", "version"]

    def __str__(self) -> str:
        return f"{self.kind} {self.guid}"

    @property
    def file_name(self) -> str:
        """Name under which it is handed over by itself: the same for every send."""
        return file_name(self.kind, self.guid)


class Receipt(models.Model):
    """One receipt document as it came (ID numbers in its text masked). Append-only.

    ``document`` is empty for receipts of documents that are not ours; ``moved`` tells whether it
    changed the document's state when it came.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.CharField(max_length=64, unique=True)
    message = models.CharField(max_length=20)
    document = models.ForeignKey(
        CustomsDocument, on_delete=models.DO_NOTHING, null=True, related_name="receipts"
    )
    keys = models.JSONField(default=dict)
    raw = models.JSONField(default=dict)
    status = models.CharField(max_length=10)
    text = models.TextField()
    returned_at = models.DateTimeField()
    received_at = models.DateTimeField()
    moved = models.BooleanField(default=False)

    class Meta:
        ordering = ["returned_at", "received_at"]

    def __str__(self) -> str:
        return f"{self.message} {self.status}"


class QuarantinedFile(models.Model):
    """A file from the port that cannot be read, kept (its first part) with the reason."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64, unique=True)
    size = models.PositiveBigIntegerField()
    head = models.BinaryField()
    code = models.CharField(max_length=40)
    reason = models.TextField()
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["-received_at"]

    def __str__(self) -> str:
        return f"{self.name}: {self.code}"


class QuotaAccount(models.Model):
    """One person's calendar year, known by blind index; its row is the lock of all uses."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    index = models.CharField(max_length=64)
    year = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["index", "year"], name="quota_account_once")]

    def __str__(self) -> str:
        return f"{self.index[:6]}… {self.year}"


class QuotaUse(models.Model):
    """What one checkout takes of a person's year, in CNY of dutiable value."""

    class State(models.TextChoices):
        #: A checkout that is not paid yet; lapses at ``expires_at``.
        RESERVED = "reserved", _("Reserved")
        #: A paid parcel under declaration.
        HELD = "held", _("Held")
        #: Released by customs.
        CONFIRMED = "confirmed", _("Used")
        FREED = "freed", _("Freed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(QuotaAccount, on_delete=models.PROTECT, related_name="uses")
    reference = models.CharField(max_length=160, unique=True)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    #: Part of ``amount`` that returns have given back.
    given_back = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    state = models.CharField(max_length=10, choices=State.choices)
    expires_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["account", "state"], name="quota_use_live")]
        constraints = [
            models.CheckConstraint(
                name="quota_use_given_back",
                condition=models.Q(given_back__gte=0, given_back__lte=models.F("amount")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.state}"


class QuotaQuantity(models.Model):
    """What one checkout takes of a yearly quantity of the positive list, in the unit of its cap group."""

    id = models.BigAutoField(primary_key=True)
    use = models.ForeignKey(QuotaUse, on_delete=models.CASCADE, related_name="quantities")
    group = models.CharField(max_length=60)
    quantity = models.DecimalField(max_digits=18, decimal_places=5)
    given_back = models.DecimalField(max_digits=18, decimal_places=5, default=Decimal(0))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["use", "group"], name="quota_quantity_once"),
            models.CheckConstraint(
                name="quota_quantity_given_back",
                condition=models.Q(given_back__gte=0, given_back__lte=models.F("quantity")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group} {self.quantity}"


class QuotaReturn(models.Model):
    """One partial giving back. Append-only; ``amount`` and ``quantities`` are what was really given back."""

    id = models.BigAutoField(primary_key=True)
    use = models.ForeignKey(QuotaUse, on_delete=models.DO_NOTHING, related_name="returns")
    key = models.CharField(max_length=160, unique=True)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    #: Cap group -> quantity as text.
    quantities = models.JSONField(default=dict)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key} {self.amount}"


class RealtimeRequest(models.Model):
    """Customs' demand for the data of one payment (announcement 2018/179), and what was uploaded for it.

    ``body`` is the uploaded text, sealed because it holds payment data; it is made once and sent as often as
    needed. Kept as long as the configuration says, three years at least.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Asked for")
        UPLOADED = "uploaded", _("Uploaded")
        FAILED = "failed", _("Not uploaded")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order_no = models.CharField(max_length=60, db_index=True)
    session_id = models.CharField(max_length=100)
    service_time = models.CharField(max_length=19)
    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="realtime_requests")
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED, db_index=True)
    body = EncryptedTextField(blank=True, default="")
    body_sha256 = models.CharField(max_length=64, blank=True)
    key_name = models.CharField(max_length=40, blank=True)
    code = models.CharField(max_length=10, blank=True)
    message = models.TextField(blank=True)
    #: How often it was sent, and how often customs answered with a failure.
    attempts = models.PositiveIntegerField(default=0)
    refusals = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField()
    uploaded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session_id", "order_no"], name="customs_realtime_once")
        ]
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return f"{self.order_no} {self.state}"


# Django finds a plugin's tables through this module only.
from .duties.models import (  # noqa: E402, F401
    GuaranteeEntry,
    TaxBill,
    TaxBillLine,
    TaxFigureLine,
    TaxFigures,
)
from .policies.models import PolicyEdition  # noqa: E402, F401
