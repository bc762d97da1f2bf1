"""The plugins' own pages of the console: every view of theirs is closed to all but staff."""

from __future__ import annotations

from importlib import import_module

from django.urls import URLPattern, URLResolver, include, path

from saleor_ext.core.errors import ConfigurationError
from saleor_ext.plugin_api import Plugin
from saleor_ext.plugin_api.registry import plugins

from .access import staff_only


def routes_of(plugin: Plugin) -> URLResolver:
    """Return a plugin's pages below its slug, under its own namespace within the console's."""
    module = import_module(plugin.console_urls)
    guarded = [_guarded(plugin, pattern) for pattern in module.urlpatterns]
    return path(f"{plugin.slug}/", include((guarded, module.app_name)))


def _guarded(plugin: Plugin, pattern: URLPattern | URLResolver) -> URLPattern:
    if not isinstance(pattern, URLPattern):
        raise ConfigurationError(f"{plugin.console_urls}: include() is not taken, list the views themselves")
    return URLPattern(pattern.pattern, staff_only(pattern.callback), pattern.default_args, pattern.name)


def routes() -> list[URLResolver]:
    """Return the pages of all plugins that have any."""
    return [routes_of(plugin) for plugin in plugins() if plugin.console_urls]
