"""Transport and signer as configured, made once per configuration and process."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.db import transaction

from saleor_ext.core.errors import ConfigurationError
from saleor_ext.core.models import Cursor
from saleor_ext.plugin_api import configuration

from .config import CustomsConfig
from .signing import Algorithms, Signer, soft_signer
from .signing.remote import RemoteKey, RemoteSigner
from .transport import DropFolder, HttpGateway, Transport


def config() -> CustomsConfig:
    """Return the configuration in force."""
    from .plugin import plugin

    return configuration.current(plugin, CustomsConfig)


def transport(settings: CustomsConfig | None = None) -> Transport:
    """Return the configured way to the port."""
    chosen = settings or config()
    if chosen.transport == "http":
        return _gateway(chosen.gateway_url, chosen.gateway_token.get_secret_value())
    return DropFolder(
        chosen.folder_path,
        # What is too large to be read is still fetched, for the quarantine.
        max_bytes=max(chosen.max_bytes, chosen.quarantine_bytes),
        settle_seconds=chosen.folder_settle_seconds,
    )


def signer(settings: CustomsConfig | None = None) -> Signer:
    """Return the configured signer.

    :raises ConfigurationError: when there is no key or certificate file
    """
    chosen = settings or config()
    key, certificate = chosen.key_files
    if chosen.signer == "remote":
        return _remote_signer(_remote_key(chosen), certificate, chosen.algorithms, _stamps(certificate))
    password = chosen.key_password.get_secret_value()
    stamps = _stamps(key, certificate)
    return _signer(key, certificate, password, chosen.algorithms, chosen.sm2_identity, stamps)


def _stamps(*paths: Path) -> tuple[int, ...]:
    try:
        return tuple(path.stat().st_mtime_ns for path in paths)
    except OSError as error:
        raise ConfigurationError(f"signing key: {error.filename}: {error.strerror}") from None


def _remote_key(settings: CustomsConfig) -> RemoteKey:
    return RemoteKey(
        url=settings.signer_url,
        key=settings.signer_key,
        pin=settings.signer_pin.get_secret_value(),
        token=settings.signer_token.get_secret_value(),
        body=settings.signer_body,
        value_path=settings.signer_value_path,
    )


@lru_cache(maxsize=4)
def _gateway(url: str, token: str) -> HttpGateway:
    return HttpGateway(url, position=StoredPosition(f"customs.receipts:{url}"), token=token)


class StoredPosition:
    """Keeps in the database how far a gateway's receipts were read."""

    def __init__(self, name: str) -> None:
        self.name = name[:200]

    def get(self) -> int:
        row = Cursor.objects.filter(pk=self.name).first()
        return int(row.value["id"]) if row else 0

    def advance(self, to: int) -> None:
        with transaction.atomic():
            Cursor.objects.get_or_create(pk=self.name, defaults={"value": {"id": 0}})
            row = Cursor.objects.select_for_update().get(pk=self.name)
            if to > row.value["id"]:
                row.value = {"id": to}
                row.save()


@lru_cache(maxsize=4)
def _signer(
    key: Path,
    certificate: Path,
    password: str,
    algorithms: Algorithms,
    identity: bytes,
    _stamps: tuple[int, ...],
) -> Signer:
    """Read the key; a changed file has other time stamps and is read anew."""
    return soft_signer(key, certificate, password, algorithms, identity)


@lru_cache(maxsize=4)
def _remote_signer(
    key: RemoteKey, certificate: Path, algorithms: Algorithms, _stamps: tuple[int, ...]
) -> RemoteSigner:
    return RemoteSigner(key, certificate, algorithms)
