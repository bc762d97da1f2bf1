"""What the bank says of our account. Statements and lines are never changed: triggers refuse it."""

from __future__ import annotations

import uuid

from django.db import models


class BankStatement(models.Model):
    """A statement of our account in one currency, both days included; ``digest`` is the SHA-256 of its file.

    Balances are missing where the file has none.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    currency = models.CharField(max_length=3)
    #: The bank's own number of it.
    number = models.CharField(max_length=64, blank=True)
    first = models.DateField()
    last = models.DateField()
    opening = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    closing = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    digest = models.CharField(max_length=64)
    imported_by = models.CharField(max_length=200)
    imported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["digest", "currency", "number"], name="bank_statement_once"),
            models.CheckConstraint(
                condition=models.Q(last__gte=models.F("first")), name="bank_statement_forwards"
            ),
        ]
        ordering = ["-last", "currency"]

    def __str__(self) -> str:
        return f"{self.currency} {self.first} – {self.last}"


class BankLine(models.Model):
    """An entry of the account: positive came in, negative went out.

    ``mark`` is what it is known by in a second, overlapping statement: a digest of all that the bank says of it, and
    which of several equal ones it is.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, related_name="lines")
    currency = models.CharField(max_length=3)
    booked_on = models.DateField()
    valued_on = models.DateField(null=True)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    #: The bank's number of it, and the one that a payer gave it.
    reference = models.CharField(max_length=64, blank=True)
    end_to_end_id = models.CharField(max_length=64, blank=True)
    text = models.CharField(max_length=500, blank=True)
    mark = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["currency", "mark"], name="bank_line_once"),
            models.CheckConstraint(condition=~models.Q(amount=0), name="bank_line_says_something"),
        ]
        indexes = [models.Index(fields=["booked_on"], name="bank_line_day")]
        ordering = ["booked_on", "id"]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.amount} {self.currency}"

    @property
    def words(self) -> str:
        """All that a reference may stand in."""
        return " ".join((self.reference, self.end_to_end_id, self.text))


class BankMatch(models.Model):
    """A line of the bank and what it was of; without a line something that the bank will not show, by a person's word.

    A line that is a whole batch has a match for each of its payouts; one that a person explained has no other side.
    """

    class How(models.TextChoices):
        REFERENCE = "reference"
        AMOUNT = "amount"
        HAND = "hand"

    line = models.ForeignKey(BankLine, on_delete=models.PROTECT, related_name="matches", null=True)
    journal = models.OneToOneField("settlement.Journal", on_delete=models.PROTECT, null=True)
    payout = models.OneToOneField("settlement.Payout", on_delete=models.PROTECT, null=True)
    how = models.CharField(max_length=9, choices=How.choices)
    at = models.DateTimeField()
    by = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(how="hand", reason__gt="", by__gt="")
                | (
                    models.Q(line__isnull=False)
                    & (models.Q(journal__isnull=False) | models.Q(payout__isnull=False))
                ),
                name="bank_match_of_two",
            )
        ]

    def __str__(self) -> str:
        return f"{self.how} {self.line_id}"
