"""Dated editions of policy tables, each seen by two persons before it holds."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class PolicyEdition(models.Model):
    """One edition of one table. ``content`` is TOML or CSV text as ``kinds`` reads it, never changed after proposal.

    ``source`` says where the rule was read and ``read_on`` when; both go with every text that quotes it.
    """

    class Kind(models.TextChoices):
        LIMITS = "limits", _("Limits of retail imports")
        TARIFF = "tariff", _("Tax rates")
        POSITIVE_LIST = "positive_list", _("Positive list")
        POSTAL = "postal", _("Articles sent by post")
        RETURNS = "returns", _("Return and payment windows")

    class State(models.TextChoices):
        DRAFT = "draft", _("Proposed")
        APPROVED = "approved", _("Approved")
        #: Another edition of the same day was approved later.
        SUPERSEDED = "superseded", _("Replaced")
        REFUSED = "refused", _("Refused")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    effective_from = models.DateField()
    source = models.CharField(max_length=300)
    read_on = models.DateField()
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT, db_index=True)
    proposed_by = models.CharField(max_length=200)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["kind", "-effective_from", "-proposed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "effective_from"],
                condition=models.Q(state="approved"),
                name="policy_edition_one_a_day",
            ),
            models.CheckConstraint(
                name="policy_edition_four_eyes",
                condition=~models.Q(state__in=["approved", "superseded"])
                | (~models.Q(decided_by="") & ~models.Q(decided_by=models.F("proposed_by"))),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.effective_from} {self.state}"
