"""Tables of the real-name vault. ID numbers never leave it but through ``services.reveal``."""

from __future__ import annotations

import uuid

from django.db import models

from saleor_ext.core.fields import BlindIndexField, EncryptedTextField

#: Purpose of the blind index of resident ID numbers; part of the index itself.
ID_PURPOSE = "resident-id"


class Person(models.Model):
    """A natural person with a resident ID, as given by a buyer and checked by GB 11643."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = EncryptedTextField()
    id_number = EncryptedTextField()
    phone = EncryptedTextField(default="")
    id_index = BlindIndexField(source="id_number", purpose=ID_PURPOSE)
    #: Saleor user id of the account that entered it, or empty for a guest.
    account = models.CharField(max_length=120, blank=True, db_index=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Person {self.pk}"


class Consent(models.Model):
    """What a buyer agreed to: the exact text's hash, its version, when, and for which purpose."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="consents", null=True)
    checkout_id = models.CharField(max_length=120, db_index=True)
    #: ``identity`` (processing of sensitive data) or ``consumer_notice`` (the three points of the import rules).
    purpose = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    language = models.CharField(max_length=10)
    text_sha256 = models.CharField(max_length=64)
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["checkout_id", "purpose", "text_sha256"], name="consent_once_per_checkout"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} for {self.checkout_id}"


class CheckoutBuyer(models.Model):
    """Who orders through a Saleor checkout. One row per checkout of one Saleor."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    api_url = models.CharField(max_length=200)
    checkout_id = models.CharField(max_length=120)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="checkouts")
    named_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["api_url", "checkout_id"], name="one_buyer_per_checkout")
        ]

    def __str__(self) -> str:
        return f"buyer of {self.checkout_id}"
