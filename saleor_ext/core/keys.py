"""The key file of encrypted fields: several keys, one of them active, and a key for look-ups.

Shape of the file (JSON, mode 0600)::

    {"active": "k1", "keys": {"k1": "<32 bytes, base64>"}, "index": "<32 bytes, base64>"}

It is a file of its own, so that neither a database dump nor Django's secret key opens the data.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .errors import ConfigurationError
from .settings import platform_settings

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys in use: ``active`` seals, all of ``keys`` open, ``index`` makes blind indexes."""

    active: str
    keys: dict[str, bytes]
    index: bytes

    def to_json(self) -> str:
        encoded = {name: base64.b64encode(key).decode() for name, key in self.keys.items()}
        return json.dumps(
            {"active": self.active, "keys": encoded, "index": base64.b64encode(self.index).decode()}, indent=1
        )


def new_ring() -> KeyRing:
    """Make a ring with one fresh key and a fresh index key."""
    return KeyRing("k1", {"k1": secrets.token_bytes(KEY_BYTES)}, secrets.token_bytes(KEY_BYTES))


def read_ring(path: Path) -> KeyRing:
    """Read and check a key file.

    :raises ConfigurationError: when it is missing, malformed or holds a key of the wrong length
    """
    try:
        raw = json.loads(path.read_text())
        keys = {str(name): base64.b64decode(key, validate=True) for name, key in raw["keys"].items()}
        ring = KeyRing(str(raw["active"]), keys, base64.b64decode(raw["index"], validate=True))
    except FileNotFoundError:
        raise ConfigurationError(f"key file {path} is missing; `ponte keys init` makes one") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"key file {path} cannot be read: {error}") from None
    if ring.active not in keys:
        raise ConfigurationError(f"key file {path}: the active key {ring.active!r} is not among its keys")
    if any(len(key) != KEY_BYTES for key in [*keys.values(), ring.index]):
        raise ConfigurationError(f"key file {path}: every key must be {KEY_BYTES} bytes")
    return ring


def write_ring(path: Path, ring: KeyRing) -> None:
    """Write the file so that a crash leaves either the old or the new one, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(ring.to_json())
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    key_ring.cache_clear()


def add_key(ring: KeyRing) -> KeyRing:
    """Return the ring with a fresh key made active; the older ones still open what they sealed."""
    number = 1 + max((int(name[1:]) for name in ring.keys if name[1:].isdigit()), default=0)
    name = f"k{number}"
    return KeyRing(name, {**ring.keys, name: secrets.token_bytes(KEY_BYTES)}, ring.index)


@lru_cache(maxsize=1)
def key_ring() -> KeyRing:
    """The ring as it was last read from ``PONTE_KEY_FILE``."""
    return read_ring(platform_settings().key_file)


_read_at: tuple[int, int] | None = None


def current_ring() -> KeyRing:
    """The ring in force: read again when a rotation in another process has put a new file in place.

    Without this a running server could not open what was sealed anew, and would go on sealing with the old key.
    """
    global _read_at  # noqa: PLW0603  # one file for the process
    try:
        stat = platform_settings().key_file.stat()
    except OSError:
        return key_ring()  # what was read is still good; if nothing was, this says why
    if (mark := (stat.st_ino, stat.st_mtime_ns)) != _read_at:
        key_ring.cache_clear()
        _read_at = mark
    return key_ring()
