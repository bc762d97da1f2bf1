"""Transport and signer as configured, made once per configuration and process."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Literal

from django.db import transaction

from saleor_ext.core.breaker import Breaker
from saleor_ext.core.errors import ConfigurationError
from saleor_ext.core.models import Cursor
from saleor_ext.plugin_api import configuration

from .config import CustomsConfig
from .signing import Algorithms, Signer, soft_signer
from .signing.remote import RemoteKey, RemoteSigner
from .transport import AmqpAddress, AmqpBroker, DropFolder, HttpGateway, Transport


def config() -> CustomsConfig:
    """Return the configuration in force."""
    from .plugin import plugin

    return configuration.current(plugin, CustomsConfig)


def transport(settings: CustomsConfig | None = None) -> Transport:
    """Return the configured way to the port."""
    chosen = settings or config()
    if chosen.transport == "http":
        return _gateway(chosen.gateway_url, chosen.gateway_token.get_secret_value())
    if chosen.transport == "amqp":
        return _broker(_amqp_address(chosen), most_bytes(chosen))
    return _folder(
        chosen.folder_path, most_bytes(chosen), chosen.folder_most_waiting, chosen.folder_settle_seconds
    )


def most_bytes(settings: CustomsConfig) -> int:
    """Return the largest file that is fetched: what is too large to be read still is, for the quarantine."""
    return max(settings.max_bytes, settings.quarantine_bytes)


def breaker(direction: Literal["send", "receive"], settings: CustomsConfig | None = None) -> Breaker:
    """Return the breaker of the configured way to or from the port; another address is another way."""
    chosen = settings or config()
    address = {
        "http": chosen.gateway_url,
        "amqp": chosen.amqp_url.get_secret_value(),
        "folder": str(chosen.folder_path),
    }[chosen.transport]
    mark = hashlib.sha256(address.encode()).hexdigest()[:8]
    name = f"customs.{direction}.{chosen.transport}.{mark}"
    return Breaker(name, chosen.breaker_failures, chosen.breaker_pause)


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


def _amqp_address(settings: CustomsConfig) -> AmqpAddress:
    return AmqpAddress(
        url=settings.amqp_url.get_secret_value(),
        exchange=settings.amqp_exchange,
        routing_key=settings.amqp_routing_key,
        queue=settings.amqp_queue,
        dead_queue=settings.amqp_dead_queue,
        declare=settings.amqp_declare,
        prefetch=settings.amqp_prefetch,
        heartbeat=settings.amqp_heartbeat,
        ca_file=settings.amqp_ca_file,
        certificate=settings.amqp_certificate,
        key=settings.amqp_key,
    )


@lru_cache(maxsize=4)
def _folder(path: Path, max_bytes: int, most_waiting: int, settle_seconds: float) -> DropFolder:
    return DropFolder(path, max_bytes=max_bytes, max_waiting=most_waiting, settle_seconds=settle_seconds)


@lru_cache(maxsize=4)
def _broker(address: AmqpAddress, max_bytes: int) -> AmqpBroker:
    return AmqpBroker(address, max_bytes=max_bytes)


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
