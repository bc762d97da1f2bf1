"""Key rotation: a fresh key becomes active and every sealed value is sealed anew with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import models, transaction

from . import audit, keys
from .crypto import CannotOpen
from .fields import EncryptedTextField, Sealed
from .locks import alone
from .settings import platform_settings

BATCH = 500


#: Seconds in which running processes notice the new key file and commit what they sealed with the old key.
GRACE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Report:
    """``shut`` names the values that do not open; while there are any, no key is dropped."""

    active: str
    resealed: int
    shut: tuple[str, ...] = ()


def rotate(*, drop_old: bool = False, progress: Callable[[str], None] = lambda line: None) -> Report:
    """Add a key, reseal all rows of all models, optionally forget the older keys.

    The new key file is in place before the first row changes, so a crash in the middle loses nothing and a
    second run finishes the work. Running processes read the new file by themselves. Before the older keys are
    dropped, what was under way meanwhile is resealed too.

    :raises HeldElsewhere: another rotation is at work: two new keys of one name would shut each other's values
    """
    path = platform_settings().key_file
    with alone("keys.rotate", "another rotation is at work"):
        ring = keys.add_key(keys.read_ring(path))
        keys.write_ring(path, ring)
        total, shut = _reseal_all(ring.active, progress)
        dropped = drop_old and not shut
        if dropped:
            time.sleep(GRACE_SECONDS)
            late, shut = _reseal_all(ring.active)
            total, dropped = total + late, not shut
        if dropped:
            only = {ring.active: ring.keys[ring.active]}
            keys.write_ring(path, keys.KeyRing(ring.active, only, ring.index))
        audit.record("keys.rotated", "keys", ring.active, resealed=total, dropped_old=dropped, shut=len(shut))
    return Report(ring.active, total, tuple(shut))


def _reseal_all(active: str, progress: Callable[[str], None] = lambda line: None) -> tuple[int, list[str]]:
    total, shut = 0, list[str]()
    for model, fields in sealed_models():
        count = _reseal(model, fields, active, shut)
        progress(f"{model._meta.label}: {count}")
        total += count
    return total, shut


def sealed_models() -> Iterator[tuple[type[models.Model], list[EncryptedTextField]]]:
    """Yield every model that has sealed columns, with these."""
    for model in apps.get_models():
        fields = [field for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]
        if fields:
            yield model, fields


def _reseal(model: type[models.Model], fields: list[EncryptedTextField], active: str, shut: list[str]) -> int:
    """Seal the rows of one model anew, in batches by primary key; what does not open is named in ``shut``."""
    names = [field.attname for field in fields]
    count, last = 0, None
    while True:
        with transaction.atomic():
            rows = model._default_manager.select_for_update().order_by("pk")
            batch = list((rows.filter(pk__gt=last) if last is not None else rows)[:BATCH])
            for row in batch:
                stale = [name for name in names if _sealed_by_other(row, name, active)]
                opened = [name for name in stale if _opened(row, name, shut)]
                if opened:
                    row.save(update_fields=opened)
                    count += len(opened)
        if len(batch) < BATCH:
            return count
        last = batch[-1].pk


def _opened(row: models.Model, name: str, shut: list[str]) -> bool:
    """Open a value in place, so that saving seals it with the active key."""
    try:
        setattr(row, name, getattr(row, name))
    except CannotOpen as error:
        shut.append(f"{row._meta.label} {row.pk} {name}: {error.message}")
        return False
    return True


def _sealed_by_other(row: models.Model, name: str, active: str) -> bool:
    value = row.__dict__.get(name)
    return isinstance(value, Sealed) and value.split(".", 2)[1] != active
