"""What the port remembers: messages, documents, facts sent by others, receipts."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Message(models.Model):
    """One CEB message as it arrived."""

    class Via(models.TextChoices):
        DROP = "drop"
        HTTP = "http"
        AMQP = "amqp"

    via = models.CharField(max_length=4, choices=Via)
    #: File name, or what the HTTP caller named; with the digest it makes taking a file twice harmless.
    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    cop_msg_id = models.CharField(max_length=255, default="")
    message_type = models.CharField(max_length=20, default="Unknown")
    error = models.TextField(default="")
    documents = models.PositiveIntegerField(default=0)
    body = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["via", "name", "sha256"], name="sandbox_port_message_once")
        ]

    def __str__(self) -> str:
        return f"{self.message_type} {self.name}"


class Document(models.Model):
    """An order, payment, waybill, inventory, cancellation or return, with the last state the port gave it.

    A cancellation's and a return's ``invt_no`` is that of their inventory. A withdrawn inventory is ``deleted``.
    """

    kind = models.CharField(max_length=3)
    #: ebpCode+orderNo, payCode+payTransactionId, logisticsCode+logisticsNo or agentCode+copNo.
    key = models.CharField(max_length=120)
    order_no = models.CharField(max_length=60)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="parts")
    head = models.JSONField()
    lines = models.JSONField(default=list)
    app_time = models.CharField(max_length=14)
    pre_no = models.CharField(max_length=18, default="")
    invt_no = models.CharField(max_length=18, default="")
    status = models.CharField(max_length=10, default="")
    deleted = models.BooleanField(default=False)
    #: Counts amendments, so that receipts planned for an earlier version are not given any more.
    version = models.PositiveIntegerField(default=1)
    #: For inventories: what counts against the buyer's limits, and whose.
    buyer_id_number = models.CharField(max_length=60, default="")
    value = models.DecimalField(max_digits=19, decimal_places=5, default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="sandbox_port_document_key")]
        indexes = [
            models.Index(fields=["kind", "order_no"], name="sandbox_port_order"),
            models.Index(fields=["buyer_id_number"], name="sandbox_port_buyer"),
        ]

    def __str__(self) -> str:
        return f"CEB{self.kind} {self.key} {self.status}"

    @property
    def rejected(self) -> bool:
        return self.status == "100" or self.status.startswith("-")


class Seen(models.Model):
    """A guid that was taken, with what stood under it: the same again is known, another content is refused."""

    guid = models.CharField(primary_key=True, max_length=36)
    kind = models.CharField(max_length=3)
    sha256 = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"CEB{self.kind} {self.guid}"


class PaymentFact(models.Model):
    """A payment as its company declared it. An empty payer is the orderer himself."""

    pay_code = models.CharField(max_length=18)
    pay_name = models.CharField(max_length=100)
    pay_transaction_id = models.CharField(max_length=60)
    order_no = models.CharField(max_length=60, db_index=True)
    payer_name = models.CharField(max_length=60, default="")
    payer_id_number = models.CharField(max_length=60, default="")
    amount = models.DecimalField(max_digits=19, decimal_places=5)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pay_code", "pay_transaction_id"], name="sandbox_port_payment_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pay_transaction_id} {self.amount}"


class WaybillFact(models.Model):
    """A waybill as its carrier declared it."""

    logistics_code = models.CharField(max_length=18)
    logistics_name = models.CharField(max_length=100)
    logistics_no = models.CharField(max_length=60)
    order_no = models.CharField(max_length=60, db_index=True)
    consignee = models.CharField(max_length=100)
    consignee_telephone = models.CharField(max_length=50)
    consignee_address = models.CharField(max_length=200)
    weight = models.DecimalField(max_digits=19, decimal_places=5, default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["logistics_code", "logistics_no"], name="sandbox_port_waybill_key"
            )
        ]

    def __str__(self) -> str:
        return self.logistics_no


class Receipt(models.Model):
    """A receipt that was given; ``id`` is the cursor of the polling interface."""

    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="receipts")
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="receipts")
    message_type = models.CharField(max_length=20)
    status = models.CharField(max_length=10)
    info = models.TextField()
    xml = models.TextField()
    #: Set when it may be seen from outside; receipts held back by a fault are not visible yet.
    visible_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    delivery = models.CharField(max_length=200, default="")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.message_type} {self.status}"


class Visible(models.Model):
    """The order in which receipts became visible: the cursor for polling."""

    receipt = models.ForeignKey(Receipt, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return f"{self.pk}: {self.receipt_id}"


class RealtimeCall(models.Model):
    """One demand for payment data (announcement 2018/179): the call, its answer, and what was uploaded for it."""

    session_id = models.CharField(max_length=60, unique=True)
    order_no = models.CharField(max_length=60)
    url = models.CharField(max_length=300)
    #: So many uploads are answered with a failure first.
    failures = models.PositiveIntegerField(default=0)
    answer = models.TextField(default="")
    code = models.CharField(max_length=10, default="")
    called_at = models.DateTimeField(null=True)
    uploads = models.PositiveIntegerField(default=0)
    body = models.TextField(default="")
    #: Empty until an upload came; then what is wrong with it, or ``ok``.
    verdict = models.TextField(default="")
    uploaded_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.order_no} {self.verdict}"
