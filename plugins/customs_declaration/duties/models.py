"""Own figures of a declaration, customs' bills, and the entries of the tax guarantee. All amounts in CNY."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class TaxFigures(models.Model):
    """What we reckon that a declaration owes, worked out once when it is made, by the rules of the day of payment."""

    declaration = models.OneToOneField(
        "customs_declaration.Declaration", on_delete=models.PROTECT, primary_key=True, related_name="figures"
    )
    day = models.DateField()
    outcome = models.CharField(max_length=20)
    agent_code = models.CharField(max_length=18)
    assure_code = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.declaration_id} {self.outcome}"


class TaxFigureLine(models.Model):
    """Own figures of one line; each tax rounded HALF_UP to the fen."""

    id = models.BigAutoField(primary_key=True)
    figures = models.ForeignKey(TaxFigures, on_delete=models.CASCADE, related_name="lines")
    gnum = models.PositiveIntegerField()
    hs_code = models.CharField(max_length=10)
    quantity = models.PositiveIntegerField()
    dutiable_value = models.DecimalField(max_digits=12, decimal_places=2)
    duty = models.DecimalField(max_digits=12, decimal_places=2)
    consumption_tax = models.DecimalField(max_digits=12, decimal_places=2)
    vat = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        ordering = ["gnum"]
        constraints = [models.UniqueConstraint(fields=["figures", "gnum"], name="tax_figure_line_once")]

    def __str__(self) -> str:
        return f"{self.gnum} {self.hs_code}"


class TaxBill(models.Model):
    """An electronic tax bill of customs (CEB816) and how it stands (CEB818). Amounts as customs wrote them.

    Figures are empty while only its status has come; ``declaration`` is empty while the list is not known as ours.
    """

    class Status(models.TextChoices):
        MADE = "1", _("Made out")
        #: Summed into the payment document ``ent_duty_no``.
        SUMMED = "2", _("Summed for payment")
        VOID = "3", _("Void")

    class Comparison(models.TextChoices):
        EQUAL = "equal", _("As reckoned")
        DIFFERS = "differs", _("Differs")
        UNKNOWN = "unknown", _("Cannot be compared")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tax_no = models.CharField(max_length=50, unique=True)
    invt_no = models.CharField(max_length=18, db_index=True)
    declaration = models.ForeignKey(
        "customs_declaration.Declaration", on_delete=models.PROTECT, null=True, related_name="tax_bills"
    )
    duty = models.DecimalField(max_digits=19, decimal_places=5, null=True)
    consumption_tax = models.DecimalField(max_digits=19, decimal_places=5, null=True)
    vat = models.DecimalField(max_digits=19, decimal_places=5, null=True)
    status = models.CharField(max_length=1, blank=True)
    ent_duty_no = models.CharField(max_length=50, blank=True)
    assure_code = models.CharField(max_length=64, blank=True)
    agent_code = models.CharField(max_length=18, blank=True)
    comparison = models.CharField(max_length=8, choices=Comparison.choices, default=Comparison.UNKNOWN)
    #: Customs' time of the figures and of the status.
    figures_at = models.DateTimeField(null=True)
    status_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["received_at", "tax_no"]
        indexes = [
            models.Index(fields=["comparison"], name="tax_bill_differs", condition=Q(comparison="differs")),
            models.Index(fields=["received_at"], name="tax_bill_orphan", condition=Q(declaration=None)),
            models.Index(fields=["-received_at", "-id"], name="tax_bill_newest"),
        ]

    def __str__(self) -> str:
        return self.tax_no


class TaxBillLine(models.Model):
    """One line of a bill as customs wrote it."""

    id = models.BigAutoField(primary_key=True)
    bill = models.ForeignKey(TaxBill, on_delete=models.CASCADE, related_name="lines")
    gnum = models.PositiveIntegerField()
    gcode = models.CharField(max_length=10)
    tax_price = models.DecimalField(max_digits=19, decimal_places=5)
    duty = models.DecimalField(max_digits=19, decimal_places=5)
    consumption_tax = models.DecimalField(max_digits=19, decimal_places=5)
    vat = models.DecimalField(max_digits=19, decimal_places=5)

    class Meta:
        ordering = ["gnum"]
        constraints = [models.UniqueConstraint(fields=["bill", "gnum"], name="tax_bill_line_once")]

    def __str__(self) -> str:
        return f"{self.gnum} {self.gcode}"


class GuaranteeEntry(models.Model):
    """One change of a tax guarantee, never altered. What is occupied is the sum of a guarantor's entries.

    ``balance`` is what the declaration occupies after the entry. Entries of one declaration are written under its
    row's lock; no row is shared by all, so that receipts of many lists do not wait for each other.
    """

    class Kind(models.TextChoices):
        OCCUPY = "occupy", _("Occupied")
        #: Customs' bill says another amount.
        ADJUST = "adjust", _("Adjusted to the bill")
        PAID = "paid", _("Freed by payment")
        WITHDRAWN = "withdrawn", _("Freed by withdrawal")
        RETURNED = "returned", _("Freed by return")

    id = models.BigAutoField(primary_key=True)
    declaration = models.ForeignKey(
        "customs_declaration.Declaration", on_delete=models.DO_NOTHING, related_name="guarantee_entries"
    )
    guarantor = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    balance = models.DecimalField(max_digits=12, decimal_places=2)
    #: What it was booked for: a list, a bill, a cancellation or a return; each books once.
    key = models.CharField(max_length=120, unique=True)
    document = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["guarantor"], include=["amount"], name="guarantee_by_guarantor"),
            models.Index(fields=["-at", "-id"], name="guarantee_newest"),
        ]
        constraints = [
            models.CheckConstraint(name="guarantee_balance_not_negative", condition=Q(balance__gte=0)),
            models.CheckConstraint(
                name="guarantee_sign_of_kind",
                condition=Q(kind="occupy", amount__gt=0)
                | (Q(kind="adjust") & ~Q(amount=0))
                | Q(kind__in=["paid", "withdrawn", "returned"], amount__lt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"
