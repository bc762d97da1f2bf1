"""Reading and saving plugins' configurations."""

from __future__ import annotations

import json
import time
from typing import Any, Protocol, TypeVar, cast

from django.db import transaction
from pydantic import ValidationError

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import PonteError

from .config import PluginConfig, split_secrets
from .models import PluginConfiguration

C = TypeVar("C", bound=PluginConfig)


class Configured(Protocol):
    """What has a configuration: a plugin, or an account of one."""

    @property
    def identifier(self) -> str: ...

    @property
    def config_model(self) -> type[PluginConfig]: ...


#: Processes notice a change made in another one after this long.
CACHE_SECONDS = 3.0

_cache: dict[str, tuple[float, PluginConfig]] = {}


class ConfigurationInvalid(PonteError):
    """The values do not fit the model; ``data["fields"]`` maps field to messages."""

    code = "configuration_invalid"


def current(plugin: Configured, model: type[C] | None = None) -> C:
    """Return the configuration in force, the model's defaults when none was saved."""
    known = _cache.get(plugin.identifier)
    if known and time.monotonic() - known[0] < CACHE_SECONDS:
        return cast("C", known[1])
    row = latest(plugin)
    config = plugin.config_model() if row is None else _read(plugin, row)
    _cache[plugin.identifier] = (time.monotonic(), config)
    return cast("C", config)


def latest(plugin: Configured) -> PluginConfiguration | None:
    return PluginConfiguration.objects.filter(plugin=plugin.identifier).order_by("-version").first()


def versions(plugin: Configured) -> list[PluginConfiguration]:
    return list(PluginConfiguration.objects.filter(plugin=plugin.identifier).order_by("-version"))


def save(plugin: Configured, values: dict[str, Any], *, actor: str) -> PluginConfiguration:
    """Check and store a new version; secrets left out or empty keep their stored value.

    :raises ConfigurationInvalid: with the messages per field
    """
    with transaction.atomic():
        row = (
            PluginConfiguration.objects.select_for_update()
            .filter(plugin=plugin.identifier)
            .order_by("-version")
            .first()
        )
        kept = json.loads(row.secrets) if row else {}
        hidden = plugin.config_model.secret_fields()
        given = {name: value for name, value in values.items() if name not in hidden or value}
        try:
            config = plugin.config_model.model_validate({**kept, **given})
        except ValidationError as error:
            raise ConfigurationInvalid("the configuration has errors", fields=_messages(error)) from None
        shown, secrets = split_secrets(config)
        new = PluginConfiguration.objects.create(
            plugin=plugin.identifier,
            version=(row.version if row else 0) + 1,
            values=shown,
            secrets=json.dumps(secrets),
            saved_at=clock.now(),
            saved_by=actor,
        )
        before = row.values if row else {}
        changed = sorted(name for name in shown if before.get(name) != shown[name])
        changed += sorted(name for name in hidden if kept.get(name) != secrets.get(name))
        audit.record(
            "plugin.configured",
            "plugin",
            plugin.identifier,
            actor=actor,
            version=new.version,
            changed=changed,
        )
        transaction.on_commit(lambda: _cache.pop(plugin.identifier, None))
    return new


def forget_cache() -> None:
    """Drop what this process remembers; tests and the configuration page call it."""
    _cache.clear()


def _read(plugin: Configured, row: PluginConfiguration) -> PluginConfig:
    known = plugin.config_model.model_fields
    stored = {**row.values, **json.loads(row.secrets)}
    # A field that a newer version of the plugin dropped must not stop the plugin.
    return plugin.config_model.model_validate(
        {name: value for name, value in stored.items() if name in known}
    )


def _messages(error: ValidationError) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else "__all__"
        fields.setdefault(name, []).append(problem["msg"])
    return fields
