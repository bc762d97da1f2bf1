"""Stored configurations of plugins: every version is kept, the newest is in force."""

from __future__ import annotations

import uuid

from django.db import models

from saleor_ext.core.fields import EncryptedTextField


class PluginConfiguration(models.Model):
    """One version of a plugin's configuration; ``secrets`` is a JSON object, sealed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plugin = models.CharField(max_length=80)
    version = models.PositiveIntegerField()
    values = models.JSONField(default=dict)
    secrets = EncryptedTextField(default="{}")
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plugin", "version"], name="plugin_config_version")]
        ordering = ["plugin", "-version"]

    def __str__(self) -> str:
        return f"{self.plugin} v{self.version}"
