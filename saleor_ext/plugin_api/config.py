"""Configuration of a plugin: one pydantic model gives the form, the checks, the storage and the documentation.

Fields annotated :data:`Secret` are stored sealed, shown never, and kept when a form leaves them empty.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, SecretStr

#: A value that is stored sealed and never shown again.
Secret = SecretStr

C = TypeVar("C", bound="PluginConfig")


class PluginConfig(BaseModel):
    """Base of a plugin's configuration. Every field has a default, a title and a description.

    Deployment starts with the defaults; ``health`` says what is still missing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def secret_fields(cls) -> frozenset[str]:
        """Names of the fields that hold secrets."""
        return frozenset(name for name, info in cls.model_fields.items() if _is_secret(info.annotation))


def _is_secret(annotation: Any) -> bool:
    if annotation is SecretStr:
        return True
    return SecretStr in getattr(annotation, "__args__", ())


def split_secrets(config: PluginConfig) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the JSON-able open values and the secrets in the clear, for storing them apart."""
    hidden = config.secret_fields()
    shown = config.model_dump(mode="json", exclude=set(hidden))
    secrets = {
        name: value.get_secret_value() for name in hidden if (value := getattr(config, name)) is not None
    }
    return shown, secrets
