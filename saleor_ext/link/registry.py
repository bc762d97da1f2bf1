"""All Saleor Apps of this deployment: the platform's own and one per plugin that declares one."""

from __future__ import annotations

from functools import cache

from saleor_ext.core.errors import ConfigurationError
from saleor_ext.plugin_api.definitions import SaleorApp, WebhookDefinition
from saleor_ext.plugin_api.registry import plugins

from .platform_app import PLATFORM_APP


@cache
def apps() -> dict[str, SaleorApp]:
    """Return the apps by identifier, the platform's first."""
    found = [PLATFORM_APP, *(plugin.saleor_app for plugin in plugins() if plugin.saleor_app)]
    by_identifier = {app.identifier: app for app in found}
    if len(by_identifier) != len(found):
        raise ConfigurationError("two Saleor Apps share an identifier")
    return by_identifier


@cache
def webhooks(identifier: str) -> dict[str, WebhookDefinition]:
    """Return an app's webhooks by slug; empty for an unknown app."""
    app = apps().get(identifier)
    return {webhook.slug: webhook for webhook in app.webhooks} if app else {}
