"""Tables of the plugin: declarations, the messages sent for them, receipts, quarantine, quota."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Transform
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from saleor_ext.core.fields import EncryptedTextField

from .states import DeclarationState, DocumentState
from .transport.port import file_name

#: Columns of a declaration that people search by.
NUMBERS = ("order_no", "cop_no", "logistics_no", "pre_no", "invt_no", "pay_no")


def prefix_index(column: str | Transform, name: str) -> models.Index:
    """Return an index for looking up the beginning of a number in either case."""
    return models.Index(OpClass(Upper(column), name="text_pattern_ops"), name=name)


class Declaration(models.Model):
    """The customs case of one parcel: its numbers and how far it has come."""

    #: Moves along ``states.DECLARATION_MOVES``; ``lifecycle.settle`` alone writes it.
    State = DeclarationState

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    parcel_id = models.UUIDField(unique=True)
    order_no = models.CharField(max_length=60, unique=True)
    cop_no = models.CharField(max_length=20, unique=True)
    logistics_no = models.CharField(max_length=60, blank=True, db_index=True)
    lane = models.CharField(max_length=20)
    checkout_id = models.CharField(max_length=120, blank=True)
    state = models.CharField(
        max_length=16, choices=DeclarationState.choices, default=DeclarationState.NEW, db_index=True
    )
    pre_no = models.CharField(max_length=18, blank=True)
    invt_no = models.CharField(max_length=18, blank=True)
    dutiable_value = models.DecimalField(max_digits=12, decimal_places=2)
    tax_total = models.DecimalField(max_digits=12, decimal_places=2)
    #: What each line was sold and declared with: ``[{"gnum", "goods", "dutiable", "tax"}]``, CNY as texts with two
    #: decimals; ``tax`` is the share of what was collected.
    line_taxes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    #: The parcel was cancelled; a person asked to withdraw the list.
    cancelled_at = models.DateTimeField(null=True)
    withdrawal_asked_at = models.DateTimeField(null=True)
    withdrawal_reason = models.CharField(max_length=300, blank=True)
    #: Slug of the seller; empty on declarations from before it was kept, as is the payment's number.
    merchant = models.CharField(max_length=80, blank=True, default="")
    pay_no = models.CharField(max_length=60, blank=True, default="")
    #: Which step stopped last, why and when; the code is ours or customs' own. Never holds personal data.
    stopped_step = models.CharField(max_length=60, blank=True, default="")
    stopped_code = models.CharField(max_length=40, blank=True, default="")
    stopped_text = models.TextField(blank=True, default="")
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "created_at", "id"], name="customs_case_by_state"),
            models.Index(fields=["created_at", "id"], name="customs_case_by_age"),
            *(prefix_index(column, f"customs_by_{column}") for column in NUMBERS),
        ]

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

    Where documents are gathered, ``body`` is the document alone and unsigned, empty until it is gathered; ``batch``
    says which ones may share a message with it, and ``message`` is the one it went out in. A further version replaces
    a rejected or failed one; versions are never changed once built.
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
    #: appTime of the message; the next version's is later.
    app_time = models.DateTimeField(null=True)
    #: The port or customs have said that they have it: the next version amends.
    filed = models.BooleanField(default=False)
    #: The code that a rejection or error was judged by (see ``codes``).
    code = models.CharField(max_length=12, blank=True)
    #: When a failed version is tried again by itself, and how often that was done in a row before this version.
    retry_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)
    #: Numbers of a cancellation or return, which have their own; a list's are its declaration's.
    cop_no = models.CharField(max_length=20, blank=True, db_index=True)
    pre_no = models.CharField(max_length=18, blank=True)
    return_case = models.ForeignKey(
        "ReturnCase", on_delete=models.PROTECT, null=True, related_name="documents"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["declaration", "kind", "version"], name="customs_document_version"
            )
        ]
        indexes = [
            prefix_index("guid", "customs_by_guid"),
            models.Index(
                fields=["batch", "created_at"],
                name="customs_document_ready",
                condition=models.Q(message__isnull=True) & ~models.Q(batch=""),
            ),
        ]
        ordering = ["declaration", "kind", "version"]

    def __str__(self) -> str:
        return f"{self.kind} {self.guid}"

    @property
    def is_built(self) -> bool:
        """False while it is only wanted: ``body`` is made when it is gathered with others."""
        return bool(self.body_sha256)

    @property
    def file_name(self) -> str:
        """Name under which it is handed over by itself: the same for every send."""
        return file_name(self.kind, self.guid)


class ReturnCase(models.Model):
    """A return of released goods (CEB625): all of a list or part of it. Amounts in CNY."""

    class State(models.TextChoices):
        ASKED = "asked", _("Asked for")
        APPROVED = "approved", _("Granted")
        REFUSED = "refused", _("Refused")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="returns")
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    reason = models.CharField(max_length=300)
    opened_by = models.CharField(max_length=200)
    opened_at = models.DateTimeField()
    #: Last days, in China, for the application and for the goods at the zone, by the rules of the release.
    apply_by = models.DateField()
    back_by = models.DateField()
    decided_at = models.DateTimeField(null=True)
    #: The goods are back inside.
    received_at = models.DateTimeField(null=True)
    #: What the payment plugin calls the refund, empty until it took it on.
    refund_ref = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["declaration"], condition=models.Q(state="asked"), name="customs_one_open_return"
            )
        ]

    def __str__(self) -> str:
        return f"{self.declaration_id} {self.state}"


class ReturnLine(models.Model):
    """A returned part of a line: pieces, and what of price, tax and dutiable value falls on them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(ReturnCase, on_delete=models.CASCADE, related_name="lines")
    gnum = models.PositiveIntegerField()
    quantity = models.PositiveIntegerField()
    goods_value = models.DecimalField(max_digits=12, decimal_places=2)
    discount = models.DecimalField(max_digits=12, decimal_places=2)
    tax = models.DecimalField(max_digits=12, decimal_places=2)
    dutiable_value = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        ordering = ["gnum"]
        constraints = [models.UniqueConstraint(fields=["case", "gnum"], name="customs_return_line_once")]

    def __str__(self) -> str:
        return f"{self.gnum}: {self.quantity}"


#: Receipts that refuse a document: customs' rejection, the port's error, a format that cannot be read.
REFUSING = (
    models.Q(status="100")
    | models.Q(status="4")
    | models.Q(status__startswith="-")
    | models.Q(message="CEB900Message")
)


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
        indexes = [
            prefix_index(KeyTextTransform("guid", "raw"), "customs_by_receipt_guid"),
            models.Index(
                fields=["received_at"], condition=models.Q(document=None), name="customs_receipts_unknown"
            ),
            models.Index(
                fields=["returned_at"],
                condition=REFUSING,
                name="customs_receipts_refusing",
            ),
            models.Index(
                KeyTextTransform("taxNo", "raw"),
                condition=models.Q(message__in=("CEB816Message", "CEB818Message")),
                name="customs_receipts_of_bills",
            ),
        ]
        ordering = ["returned_at", "received_at"]

    def __str__(self) -> str:
        return f"{self.message} {self.status}"


class QuarantinedFile(models.Model):
    """A file from the port that cannot be read, kept whole and sealed in parts, with the reason.

    ``head`` is its beginning with ID numbers masked, for a look without opening the file. ``kept`` tells whether the
    parts are there: not for a file above the configured size, nor for one from before they were stored. ``aside`` is
    the name of a file that was left on the disk, in the drop folder's ``error``, because it is too large.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Not readable")
        READ = "read", _("Read since")
        DELETED = "deleted", _("Deleted")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64, unique=True)
    size = models.PositiveBigIntegerField()
    head = models.BinaryField()
    code = models.CharField(max_length=40)
    reason = models.TextField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    kept = models.BooleanField(default=False)
    aside = models.CharField(max_length=255, blank=True, default="")
    tries = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-received_at"]
        indexes = [models.Index(fields=["state", "-received_at"], name="customs_quarantine_state")]
        constraints = [
            models.UniqueConstraint(
                fields=["aside"], name="customs_quarantine_aside_once", condition=~models.Q(aside="")
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.code}"


class QuarantinedPart(models.Model):
    """A piece of a quarantined file: compressed, base64, sealed; small, so that no file is whole in memory."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    file = models.ForeignKey(QuarantinedFile, on_delete=models.CASCADE, related_name="parts")
    position = models.PositiveIntegerField()
    body = EncryptedTextField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["file", "position"], name="customs_quarantined_part_once")
        ]

    def __str__(self) -> str:
        return f"{self.file_id} {self.position}"


class RetryRun(models.Model):
    """Stopped declarations that were started again together. ``token`` is the form's: sent twice, it is one run."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token = models.UUIDField(unique=True)
    actor = models.CharField(max_length=200)
    reason = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.created_at:%F %T} {self.actor}"


class RetryItem(models.Model):
    """One declaration of a run, and what came of it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Not yet begun")
        STARTED = "started", _("Started again")
        SKIPPED = "skipped", _("Nothing to start")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(RetryRun, on_delete=models.CASCADE, related_name="items")
    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="retries")
    step = models.CharField(max_length=60)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["declaration__order_no"]
        constraints = [models.UniqueConstraint(fields=["run", "declaration"], name="customs_retry_item_once")]

    def __str__(self) -> str:
        return f"{self.declaration_id} {self.state}"


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
from .duties.models import (  # noqa: E402, F401  # as said above
    GuaranteeEntry,
    TaxBill,
    TaxBillLine,
    TaxFigureLine,
    TaxFigures,
)
from .policies.models import PolicyEdition  # noqa: E402, F401  # as said above
