"""Accounts of a plugin at its partners: each a configuration of its own, with versions, sealed secrets and audit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .config import PluginConfig
from .definitions import AccountKind, Plugin

#: Part of addresses that partners are told, so nothing that would have to be escaped.
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?")
_BETWEEN = ":"


@dataclass(frozen=True, slots=True)
class Account:
    """An account, whether it was ever saved or not; ``configuration`` reads and saves it like a plugin."""

    plugin: Plugin
    kind: AccountKind
    name: str

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no name of an account")

    @property
    def identifier(self) -> str:
        return _BETWEEN.join((self.plugin.identifier, self.kind.identifier, self.name))

    @property
    def config_model(self) -> type[PluginConfig]:
        return self.kind.config_model


def kind_of(plugin: Plugin, identifier: str) -> AccountKind:
    """Return a kind by its identifier.

    :raises KeyError: the plugin has no such partner
    """
    for kind in plugin.accounts:
        if kind.identifier == identifier:
            return kind
    raise KeyError(identifier)


def saved(plugin: Plugin) -> list[Account]:
    """Return the accounts that have a configuration, by kind and name."""
    from .models import PluginConfiguration  # models are not there yet when plugins are declared

    begin = f"{plugin.identifier}{_BETWEEN}"
    rows = PluginConfiguration.objects.filter(plugin__startswith=begin, version=1).order_by("plugin")
    found = []
    for identifier in rows.values_list("plugin", flat=True):
        kind, _between, name = identifier.removeprefix(begin).partition(_BETWEEN)
        known = next((one for one in plugin.accounts if one.identifier == kind), None)
        # What a newer version of the plugin has no kind for must not stop it.
        if known is not None and NAME.fullmatch(name):
            found.append(Account(plugin, known, name))
    return found
