"""Finds plugins by entry point and calls their hooks."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

import pluggy

from saleor_ext.core.errors import ConfigurationError

from .definitions import Plugin
from .hooks import flatten, new_manager

T = TypeVar("T")

GROUP = "ponte.plugins"
#: Further plugins for development and tests: ``module:attribute`` separated by commas.
EXTRA_VARIABLE = "PONTE_EXTRA_PLUGINS"


@cache
def plugins() -> tuple[Plugin, ...]:
    """Return all declared plugins, ordered by identifier."""
    loaded = declared(GROUP, EXTRA_VARIABLE, Plugin)
    identifiers = [plugin.identifier for plugin in loaded]
    if len(set(identifiers)) != len(identifiers):
        raise ConfigurationError(f"two plugins share an identifier: {sorted(identifiers)}")
    return tuple(sorted(loaded, key=lambda plugin: plugin.identifier))


def declared(group: str, variable: str, kind: type[T]) -> list[T]:
    """Return what installed packages declare under an entry point group, and what an environment variable adds.

    :raises ConfigurationError: something cannot be loaded, or is of another kind
    """
    found = {point.name: point for point in entry_points(group=group)}
    for text in filter(None, os.environ.get(variable, "").split(",")):
        found[text] = EntryPoint(name=text, value=text.strip(), group=group)
    return [_load(point, kind) for point in found.values()]


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
    for one in plugins():
        hooks.register(import_module(one.hooks), name=one.identifier)
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


def _load(point: EntryPoint, kind: type[T]) -> T:
    what = f"{kind.__name__.lower()} {point.name} ({point.value})"
    try:
        loaded = point.load()
    except Exception as error:
        raise ConfigurationError(f"{what} cannot be loaded: {error}") from error
    if not isinstance(loaded, kind):
        raise ConfigurationError(f"{what} is not a {kind.__module__}.{kind.__name__}")
    return loaded
