"""Tables of the plugin: sessions, refunds, declarations, wire records, statements and what does not agree."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from saleor_ext.core.fields import EncryptedTextField
from saleor_ext.core.money import Money

from .port import DeclarationState, DisputeState, Identity, RefundState, StatementKind


class PaymentSession(models.Model):
    """One attempt to pay one Saleor transaction at one gateway account."""

    class State(models.TextChoices):
        NEW = "new", _("new")
        WAITING = "waiting", _("waiting for the buyer")
        PAID = "paid", _("paid")
        CLOSED = "closed", _("closed")
        FAILED = "failed", _("failed")
        #: Money came, but not what we asked for, or not for us: never counted, an operator looks.
        SUSPECT = "suspect", _("does not match")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    api_url = models.CharField(max_length=300)
    transaction_id = models.CharField(max_length=200)
    checkout_id = models.CharField(max_length=200, blank=True)
    order_id = models.CharField(max_length=200, blank=True)
    lane = models.CharField(max_length=40, blank=True)
    gateway = models.CharField(max_length=40)
    account = models.CharField(max_length=40)
    out_trade_no = models.CharField(max_length=32)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    surroundings = models.CharField(max_length=10, default="desktop")
    state = models.CharField(max_length=8, choices=State.choices, default=State.NEW)
    code_url = models.CharField(max_length=500, blank=True)
    redirect_url = models.CharField(max_length=1000, blank=True)
    #: What the wallet's own browser opens it with.
    invoke = models.JSONField(default=dict, blank=True)
    expires_at = models.DateTimeField()
    gateway_ref = models.CharField(max_length=64, blank=True)
    paid_at = models.DateTimeField(null=True)
    #: When Saleor took the news that money came, and when it made the order of it.
    reported_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    failure_code = models.CharField(max_length=64, blank=True)
    failure_message = models.CharField(max_length=300, blank=True)
    polls = models.PositiveIntegerField(default=0)
    next_poll_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["api_url", "transaction_id"], name="payment_session_once"),
            models.UniqueConstraint(
                fields=["gateway", "account", "out_trade_no"], name="payment_session_trade_no"
            ),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="payment_session_amount"),
            models.CheckConstraint(
                condition=~models.Q(state="paid")
                | (~models.Q(gateway_ref="") & models.Q(paid_at__isnull=False)),
                name="payment_session_paid_facts",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_poll_at"], name="payment_session_due", condition=models.Q(state="waiting")
            ),
            models.Index(fields=["checkout_id"], name="payment_session_checkout"),
            models.Index(fields=["reported_at"], name="payment_session_reported"),
            models.Index(fields=["gateway_ref"], name="payment_session_ref"),
            models.Index(fields=["created_at", "id"], name="payment_session_list"),
            models.Index(
                fields=["created_at"], name="payment_session_suspect", condition=models.Q(state="suspect")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.out_trade_no} {self.state}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)


class PaymentRefund(models.Model):
    """Money to give back; ``dedupe_key`` makes a re-sent request find the same row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(PaymentSession, on_delete=models.PROTECT, related_name="refunds")
    dedupe_key = models.CharField(max_length=200)
    refund_no = models.CharField(max_length=32, unique=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in RefundState], default=RefundState.PROCESSING
    )
    gateway_ref = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField(null=True)
    polls = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "dedupe_key"], name="payment_refund_once"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="payment_refund_amount"),
        ]
        indexes = [
            models.Index(fields=["reported_at"], name="payment_refund_reported"),
            models.Index(
                fields=["created_at"],
                name="payment_refund_failed",
                condition=models.Q(state__in=["FAILED", "CLOSED"]),
            ),
        ]
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"{self.refund_no} {self.state}"

    @property
    def money(self) -> Money:
        return Money(Decimal(self.amount), self.session.currency)


class PaymentDispute(models.Model):
    """A payment that a card holder's bank takes back, and what was done about its money here and in Saleor."""

    class State(models.TextChoices):
        INQUIRY = DisputeState.INQUIRY, _("inquiry, no money moved")
        NEEDS_RESPONSE = DisputeState.NEEDS_RESPONSE, _("evidence wanted")
        UNDER_REVIEW = DisputeState.UNDER_REVIEW, _("the bank decides")
        WON = DisputeState.WON, _("won")
        LOST = DisputeState.LOST, _("lost")
        CLOSED = DisputeState.CLOSED, _("closed, no money moved")
        OTHER = DisputeState.OTHER, _("not known here")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(PaymentSession, on_delete=models.PROTECT, related_name="disputes")
    gateway = models.CharField(max_length=40)
    account = models.CharField(max_length=40)
    dispute_id = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=State.choices)
    #: The company's own word for the state, and its reason.
    word = models.CharField(max_length=40)
    reason = models.CharField(max_length=60, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    opened_at = models.DateTimeField()
    due_by = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    #: When the money's going and its coming back were told to the ledger, and when Saleor took the news of each.
    taken_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)
    taken_reported_at = models.DateTimeField(null=True)
    returned_reported_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "account", "dispute_id"], name="payment_dispute_once"),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="payment_dispute_amount"),
            models.CheckConstraint(
                condition=models.Q(returned_at__isnull=True) | models.Q(taken_at__isnull=False),
                name="payment_dispute_returned_was_taken",
            ),
        ]
        indexes = [
            models.Index(
                fields=["checked_at"],
                name="payment_dispute_open",
                condition=models.Q(closed_at__isnull=True),
            ),
            models.Index(fields=["taken_reported_at"], name="payment_dispute_reported"),
        ]
        ordering = ["opened_at"]

    def __str__(self) -> str:
        return f"{self.dispute_id} {self.word}"

    @property
    def money(self) -> Money:
        return Money(Decimal(self.amount), self.currency)


class PaymentDisagreement(models.Model):
    """Saleor and the wallet say different things of a payment: nothing is changed for it, an operator looks.

    One row a transaction and kind; ``settled_at`` is set when they agree again, and emptied should it come back.
    """

    class Kind(models.TextChoices):
        #: Saleor counts money as charged for which the wallet has confirmed nothing.
        CHARGED = "charged", _("charged in Saleor, not paid")
        AMOUNT = "amount", _("another amount in Saleor")
        REFUNDED = "refunded", _("another sum refunded in Saleor")

    api_url = models.CharField(max_length=300)
    transaction_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    detail = models.CharField(max_length=300)
    found_at = models.DateTimeField()
    checked_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["api_url", "transaction_id", "kind"], name="payment_disagreement_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["checked_at"],
                name="payment_disagreement_open",
                condition=models.Q(settled_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.transaction_id} {self.kind}"


class PaymentDeclaration(models.Model):
    """The customs payment record of one payment at one customs office."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(PaymentSession, on_delete=models.PROTECT, related_name="declarations")
    parcel_id = models.CharField(max_length=64)
    customs = models.CharField(max_length=32)
    merchant_customs_no = models.CharField(max_length=32)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    state = models.CharField(
        max_length=12,
        choices=[(s.value, s.value) for s in DeclarationState],
        default=DeclarationState.UNDECLARED,
    )
    identity = models.CharField(
        max_length=10, choices=[(i.value, i.value) for i in Identity], default=Identity.UNCHECKED
    )
    verify_department = models.CharField(max_length=16, blank=True)
    verify_number = models.CharField(max_length=64, blank=True)
    explanation = models.CharField(max_length=300, blank=True)
    #: How often it was sent (declared or pushed again), and how often asked for since.
    attempts = models.PositiveIntegerField(default=0)
    polls = models.PositiveIntegerField(default=0)
    declared_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "customs"], name="payment_declaration_once")
        ]
        indexes = [
            models.Index(fields=["parcel_id"], name="payment_declaration_parcel"),
            models.Index(
                fields=["created_at"],
                name="payment_declaration_refused",
                condition=models.Q(state__in=["FAIL", "EXCEPT"]) | models.Q(identity="DIFFERENT"),
            ),
        ]
        ordering = ["created_at", "customs"]

    def __str__(self) -> str:
        return f"{self.session.out_trade_no} {self.customs} {self.state}"


class PaymentWireRecord(models.Model):
    """Bytes exchanged with a payment company, verbatim and sealed; the ground for customs' data requests.

    A trigger refuses deletion and every change but re-sealing ``sealed_body`` under a new key;
    ``sha256`` is of the plain bytes and shows whether that kept them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField()
    gateway = models.CharField(max_length=40)
    account = models.CharField(max_length=40)
    kind = models.CharField(max_length=8)
    operation = models.CharField(max_length=32)
    reference = models.CharField(max_length=64)
    url = models.CharField(max_length=500, blank=True)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    #: Base64 of the bytes, because a sealed value is text.
    sealed_body = EncryptedTextField()
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["reference", "at"], name="payment_wire_reference")]
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.kind} {self.operation} {self.reference}"


class PaymentStatement(models.Model):
    """A day's statement of an account. ``day`` is one of China; the file itself is among the wire records."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    gateway = models.CharField(max_length=40)
    account = models.CharField(max_length=40)
    day = models.DateField()
    imported_at = models.DateTimeField()
    #: When its lines were last compared with ours.
    compared_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "account", "day"], name="payment_statement_once")
        ]

    def __str__(self) -> str:
        return f"{self.gateway}/{self.account} {self.day}"


class PaymentStatementLine(models.Model):
    """A line of a statement, as the port tells it."""

    statement = models.ForeignKey(PaymentStatement, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=[(k.value, k.value) for k in StatementKind])
    reference = models.CharField(max_length=64)
    out_trade_no = models.CharField(max_length=64, blank=True)
    refund_no = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    fee = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    fee_currency = models.CharField(max_length=3, blank=True)
    settled_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    settled_currency = models.CharField(max_length=3, blank=True)
    rate = models.DecimalField(max_digits=18, decimal_places=8, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["statement", "number"], name="payment_statement_line")]
        indexes = [
            models.Index(fields=["out_trade_no"], name="payment_statement_trade"),
            models.Index(fields=["refund_no"], name="payment_statement_refund"),
        ]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"


class ReconciliationItem(models.Model):
    """What does not agree between order, wallet and declaration; one row a thing and kind, as long as it lasts.

    ``settled_at`` is set when it agrees again, or when a person took it off the queue with a reason.
    """

    class Kind(models.TextChoices):
        MISSING_DAY = "missing_day", _("no statement of that day")
        UNKNOWN = "unknown", _("on the statement, not known here")
        NOT_LISTED = "not_listed", _("known here, on no statement")
        AMOUNT = "amount", _("another amount on the statement")
        REFERENCE = "reference", _("another number on the statement")
        TWICE = "twice", _("more than once on the statement")
        NO_ORDER = "no_order", _("paid, and there is no order")
        ORDER_AMOUNT = "order_amount", _("the order says another amount")
        DECLARED = "declared", _("declared to customs with another amount")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    gateway = models.CharField(max_length=40)
    account = models.CharField(max_length=40)
    day = models.DateField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    #: Our number of the payment or refund, else the company's number, else the day.
    subject = models.CharField(max_length=64)
    detail = models.CharField(max_length=300)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "account", "kind", "subject"], name="payment_reconciliation_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["found_at"],
                name="payment_reconciliation_open",
                condition=models.Q(settled_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class PlatformCertificate(models.Model):
    """A certificate the gateway signs with, kept so that a notification is checked without a call."""

    gateway = models.CharField(max_length=40)
    account = models.CharField(max_length=80)
    serial = models.CharField(max_length=40)
    pem = models.TextField()
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    fetched_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "account", "serial"], name="payment_certificate_once")
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.serial}"
