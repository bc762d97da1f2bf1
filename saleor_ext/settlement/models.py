"""Tables of the ledger. Journals and entries are never changed: triggers refuse it, and unbalanced journals too."""

from __future__ import annotations

import uuid

from django.db import models

from saleor_ext.core.fields import EncryptedTextField


class Account(models.Model):
    """An account in one currency; see ``chart`` for what the codes mean."""

    class Kind(models.TextChoices):
        ASSET = "asset"
        LIABILITY = "liability"
        INCOME = "income"
        EXPENSE = "expense"

    code = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=9, choices=Kind.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "currency"], name="ledger_account_once")]
        ordering = ["code", "currency"]

    def __str__(self) -> str:
        return f"{self.code} {self.currency}"


class Journal(models.Model):
    """One event of money with all its entries; ``key`` makes it one however often it is told."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=20)
    #: When it happened, and when it was written down.
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    #: The payment that it is about, the parcel once one is known, and the number of the wallet or bank.
    api_url = models.CharField(max_length=300, blank=True)
    transaction_id = models.CharField(max_length=200, blank=True)
    parcel_id = models.UUIDField(null=True)
    reference = models.CharField(max_length=120, blank=True)
    text = models.CharField(max_length=300, blank=True)
    #: SHA-256 of all that it says, so that the same key for something else is found out.
    fingerprint = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["api_url", "transaction_id"], name="ledger_journal_payment"),
            models.Index(fields=["parcel_id", "kind"], name="ledger_journal_parcel"),
            models.Index(fields=["kind", "at"], name="ledger_journal_kind"),
            # What a person looks a journal up by; most journals have only some of them.
            models.Index(
                fields=["reference"], condition=~models.Q(reference=""), name="ledger_journal_reference"
            ),
            models.Index(
                fields=["transaction_id"],
                condition=~models.Q(transaction_id=""),
                name="ledger_journal_transaction",
            ),
            models.Index(fields=["text"], condition=~models.Q(text=""), name="ledger_journal_text"),
        ]
        ordering = ["recorded_at", "key"]

    def __str__(self) -> str:
        return self.key


class Entry(models.Model):
    """One side of a journal: debits are positive, credits negative. Amounts in the account's currency."""

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries")
    amount = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(amount=0), name="ledger_entry_says_something")
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.account_id} {self.amount}"


class CommissionRule(models.Model):
    """What the platform keeps of the goods' value; of the rules that fit the most specific counts.

    ``rate`` is a share of 1; ``minimum`` and ``cap`` are amounts a parcel. Empty fields fit everything; ``hs_prefix``
    is how the commodity code of an article begins.
    """

    merchant = models.CharField(max_length=80, blank=True)
    lane = models.CharField(max_length=20, blank=True)
    hs_prefix = models.CharField(max_length=10, blank=True)
    since = models.DateField()
    until = models.DateField(null=True)
    rate = models.DecimalField(max_digits=6, decimal_places=5)
    minimum = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    cap = models.DecimalField(max_digits=12, decimal_places=2, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rate__gte=0, rate__lte=1, minimum__gte=0), name="ledger_commission_rate"
            ),
            models.UniqueConstraint(
                fields=["merchant", "lane", "hs_prefix", "since"], name="ledger_commission_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant or '*'} {self.lane or '*'} {self.hs_prefix or '*'} {self.rate}"


class TermsChange(models.Model):
    """A commission rule, the end of one, or rates, as entered by one person; they count once another released them."""

    class Kind(models.TextChoices):
        RULE = "rule"
        RULE_END = "rule_end"
        RATES = "rates"

    class State(models.TextChoices):
        PROPOSED = "proposed"
        RELEASED = "released"
        REFUSED = "refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    content = models.JSONField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.CharField(max_length=200)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="proposed", decided_by="", decided_at=None)
                | (
                    models.Q(state__in=("released", "refused"), decided_at__isnull=False)
                    & ~models.Q(decided_by="")
                ),
                name="ledger_terms_decided",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="released", decided_by=models.F("proposed_by")),
                name="ledger_terms_four_eyes",
            ),
        ]
        ordering = ["-proposed_at"]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class FxRate(models.Model):
    """A reference rate of a day: one unit of ``base`` is ``rate`` units of ``quote``."""

    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    day = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    source = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["base", "quote", "day"], name="ledger_rate_once"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="ledger_rate_positive"),
            models.CheckConstraint(condition=~models.Q(base=models.F("quote")), name="ledger_rate_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.base}/{self.quote} {self.day} {self.rate}"


class BankDetails(models.Model):
    """Where a merchant is paid in a currency; a change is a further row, the latest counts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    merchant = models.CharField(max_length=80)
    currency = models.CharField(max_length=3)
    holder = models.CharField(max_length=140)
    bic = models.CharField(max_length=11)
    account = EncryptedTextField()
    entered_by = models.CharField(max_length=200)
    entered_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["merchant", "currency", "entered_at"], name="ledger_bank_latest")]

    def __str__(self) -> str:
        return f"{self.merchant} {self.currency}"


class PayoutBatch(models.Model):
    """All payouts of a day in one currency. Who drafted it may not release it; a withdrawn one does not count."""

    class State(models.TextChoices):
        DRAFT = "draft"
        APPROVED = "approved"
        RELEASED = "released"
        PAID = "paid"
        FAILED = "failed"
        WITHDRAWN = "withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    day = models.DateField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    drafted_by = models.CharField(max_length=200)
    drafted_at = models.DateTimeField()
    approved_by = models.CharField(max_length=200, blank=True)
    released_by = models.CharField(max_length=200, blank=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "currency"],
                condition=~models.Q(state="withdrawn"),
                name="ledger_payout_batch_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(drafted_by="") & ~models.Q(released_by=models.F("drafted_by")),
                name="ledger_payout_four_eyes",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=("draft", "approved", "withdrawn"), released_by="", released_at=None
                )
                | (
                    models.Q(state__in=("released", "paid", "failed"), released_at__isnull=False)
                    & ~models.Q(released_by="")
                    & ~models.Q(approved_by="")
                ),
                name="ledger_payout_released_by",
            ),
        ]
        ordering = ["-day", "currency"]

    def __str__(self) -> str:
        return f"{self.day} {self.currency}"


class Payout(models.Model):
    """What one merchant gets in a batch."""

    State = PayoutBatch.State

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="payouts")
    merchant = models.CharField(max_length=80)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    details = models.ForeignKey(BankDetails, on_delete=models.PROTECT)
    state = models.CharField(max_length=9, choices=PayoutBatch.State.choices, default=PayoutBatch.State.DRAFT)
    #: The bank's own number of the payment, or why it failed.
    told = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="ledger_payout_positive"),
            models.UniqueConstraint(
                fields=["merchant", "currency"],
                condition=models.Q(state__in=("draft", "approved")),
                name="ledger_payout_open_once",
            ),
        ]
        ordering = ["merchant"]

    def __str__(self) -> str:
        return f"{self.merchant} {self.amount} {self.currency}"

    @property
    def end_to_end_id(self) -> str:
        """The number that the bank carries to the merchant (35 characters at most)."""
        return self.id.hex


class PayoutFile(models.Model):
    """A file for the bank as it was made first; ``digest`` is the SHA-256 of its bytes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="files")
    format = models.CharField(max_length=8)
    content = EncryptedTextField()
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "format"], name="ledger_payout_file_once")]

    def __str__(self) -> str:
        return f"{self.batch} {self.format}"


from .bank.models import BankLine, BankMatch, BankStatement  # noqa: E402, F401  # tables of this app
