"""Finds plugins by entry point and calls their hooks."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from saleor_ext.core.errors import ConfigurationError

from .definitions import Plugin
from .hooks import flatten, new_manager

GROUP = "ponte.plugins"
#: Further plugins for development and tests: ``module:attribute`` separated by commas.
EXTRA_VARIABLE = "PONTE_EXTRA_PLUGINS"


@cache
def plugins() -> tuple[Plugin, ...]:
    """Return all declared plugins, ordered by identifier."""
    found = {point.name: point for point in entry_points(group=GROUP)}
    for text in filter(None, os.environ.get(EXTRA_VARIABLE, "").split(",")):
        found[text] = EntryPoint(name=text, value=text.strip(), group=GROUP)
    loaded = [_load(point) for point in found.values()]
    identifiers = [plugin.identifier for plugin in loaded]
    if len(set(identifiers)) != len(identifiers):
        raise ConfigurationError(f"two plugins share an identifier: {sorted(identifiers)}")
    return tuple(sorted(loaded, key=lambda plugin: plugin.identifier))


def plugin(identifier: str) -> Plugin:
    """Return one plugin; KeyError when it is not installed."""
    for candidate in plugins():
        if candidate.identifier == identifier:
            return candidate
    raise KeyError(identifier)


@cache
def manager() -> pluggy.PluginManager:
    """Return the hook manager with every plugin registered; needs Django's apps to be ready."""
    hooks = new_manager()
    for declared in plugins():
        hooks.register(import_module(declared.hooks), name=declared.identifier)
    hooks.check_pending()
    return hooks


def ask(hook: str, **arguments: Any) -> list[Any]:
    """Call a hook of all plugins and join their lists."""
    return flatten(getattr(manager().hook, hook)(**arguments))


def ask_first(hook: str, **arguments: Any) -> Any:
    """Call a first-result hook: the first answer that is not None."""
    return getattr(manager().hook, hook)(**arguments)


def health_of(plugin: Plugin) -> list[Any]:
    """Ask one plugin alone how it is."""
    others = [module for name, module in manager().list_name_plugin() if name != plugin.identifier]
    return flatten(manager().subset_hook_caller("health", others)())


def _load(point: EntryPoint) -> Plugin:
    try:
        declared = point.load()
    except Exception as error:
        raise ConfigurationError(f"plugin {point.name} ({point.value}) cannot be loaded: {error}") from error
    if not isinstance(declared, Plugin):
        raise ConfigurationError(f"plugin {point.name} ({point.value}) is not a plugin_api.Plugin")
    return declared
