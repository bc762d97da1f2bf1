"""Tables of merchants and their members."""

from __future__ import annotations

import uuid

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

COLOUR = RegexValidator(r"^#[0-9a-f]{6}\Z", _("Give a colour as #rrggbb."))


class Merchant(models.Model):
    """A firm that sells. ``names`` and ``stories`` map language code to text."""

    class State(models.TextChoices):
        APPROVED = "approved", _("Approved")
        SUSPENDED = "suspended", _("Suspended")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    names = models.JSONField(default=dict)
    stories = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=State.choices, default=State.APPROVED)
    #: Why the merchant is suspended, told to its members.
    state_reason = models.TextField(blank=True)
    #: ebcCode and ebcName of CEB messages: registration with customs and the Chinese name there.
    customs_code = models.CharField(max_length=18)
    customs_name = models.CharField(max_length=100)
    #: The agent in the Mainland who answers for the goods (Shangcaifa [2018] 486).
    domestic_agent = models.CharField(max_length=100)
    domestic_agent_code = models.CharField(max_length=18)
    colour = models.CharField(max_length=7, default="#1f4e8c", validators=[COLOUR])
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug

    def name(self, language: str) -> str:
        """Return the name in a language, or in the first language there is one in."""
        return in_language(self.names, language)

    def story(self, language: str) -> str:
        """Return the story in a language, or in the first language there is one in."""
        return in_language(self.stories, language)


class Member(models.Model):
    """A Saleor account that acts for a merchant.

    A member is entered by e-mail; the first sign-in binds the Saleor user id, and from then on the id
    alone counts: a later owner of the address does not become a member.
    """

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        EDITOR = "editor", _("Editor")
        READER = "reader", _("Read only")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="members")
    email = models.EmailField()
    saleor_user_id = models.CharField(max_length=120, blank=True, db_index=True)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.OWNER)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["email"]
        constraints = [models.UniqueConstraint(Lower("email"), "merchant", name="member_email_once")]

    def __str__(self) -> str:
        return f"{self.email} · {self.merchant_id}"

    @property
    def may_edit(self) -> bool:
        return self.role in {self.Role.OWNER, self.Role.EDITOR}


#: In which order another language stands in for a missing one.
FALLBACK = ("zh-hans", "zh-hant", "en", "pt")


def in_language(texts: dict[str, str], language: str) -> str:
    """Return the text of a language, or of the first other language that has one."""
    for code in (language, *FALLBACK):
        if texts.get(code):
            return texts[code]
    return ""
