"""Which Saleor instances are connected, and the token of each of our apps there."""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

from django.db import models

from saleor_ext.core.fields import EncryptedTextField


class SaleorInstance(models.Model):
    """A Saleor, known by its GraphQL address; ``jwks`` is the key set its webhooks and user tokens are signed by."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    api_url = models.CharField(max_length=300, unique=True)
    domain = models.CharField(max_length=200)
    jwks = models.JSONField(default=dict)
    jwks_fetched_at = models.DateTimeField(null=True)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.api_url

    @property
    def jwks_url(self) -> str:
        """Saleor publishes its keys at the root of the API's origin."""
        parts = urlsplit(self.api_url)
        return f"{parts.scheme}://{parts.netloc}/.well-known/jwks.json"

    @property
    def source(self) -> str:
        """Name of this instance's messages in the inbox."""
        return f"saleor:{self.id}"


class SaleorAppInstall(models.Model):
    """One of our apps in one Saleor: its token, and the id Saleor gave it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    instance = models.ForeignKey(SaleorInstance, on_delete=models.CASCADE, related_name="installs")
    identifier = models.CharField(max_length=100)
    token = EncryptedTextField()
    saleor_app_id = models.CharField(max_length=100)
    installed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["instance", "identifier"], name="link_install_once")]

    def __str__(self) -> str:
        return f"{self.identifier} at {self.instance_id}"
