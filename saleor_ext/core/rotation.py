"""Key rotation: a fresh key becomes active and every sealed value is sealed anew with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import models, transaction

from . import audit, keys
from .fields import EncryptedTextField, Sealed
from .settings import platform_settings

BATCH = 500


@dataclass(frozen=True, slots=True)
class Report:
    active: str
    resealed: int


def rotate(*, drop_old: bool = False, progress: Callable[[str], None] = lambda line: None) -> Report:
    """Add a key, reseal all rows of all models, optionally forget the older keys.

    The new key file is in place before the first row changes, so a crash in the middle loses nothing and a
    second run finishes the work. Running processes must be restarted before ``drop_old``: they hold the old ring.
    """
    path = platform_settings().key_file
    ring = keys.add_key(keys.read_ring(path))
    keys.write_ring(path, ring)
    total = 0
    for model, fields in sealed_models():
        count = _reseal(model, fields, ring.active)
        progress(f"{model._meta.label}: {count}")
        total += count
    if drop_old:
        keys.write_ring(path, keys.KeyRing(ring.active, {ring.active: ring.keys[ring.active]}, ring.index))
    audit.record("keys.rotated", "keys", ring.active, resealed=total, dropped_old=drop_old)
    return Report(ring.active, total)


def sealed_models() -> Iterator[tuple[type[models.Model], list[EncryptedTextField]]]:
    """Yield every model that has sealed columns, with these."""
    for model in apps.get_models():
        fields = [field for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]
        if fields:
            yield model, fields


def _reseal(model: type[models.Model], fields: list[EncryptedTextField], active: str) -> int:
    """Seal the rows of one model anew, in batches by primary key."""
    names = [field.attname for field in fields]
    count, last = 0, None
    while True:
        with transaction.atomic():
            rows = model._default_manager.select_for_update().order_by("pk")
            batch = list((rows.filter(pk__gt=last) if last is not None else rows)[:BATCH])
            for row in batch:
                stale = [name for name in names if _sealed_by_other(row, name, active)]
                for name in stale:
                    setattr(row, name, getattr(row, name))  # opened; saving seals it with the active key
                if stale:
                    row.save(update_fields=stale)
                    count += len(stale)
        if len(batch) < BATCH:
            return count
        last = batch[-1].pk


def _sealed_by_other(row: models.Model, name: str, active: str) -> bool:
    value = row.__dict__.get(name)
    return isinstance(value, Sealed) and value.split(".", 2)[1] != active
