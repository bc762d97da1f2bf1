"""Connected instances and installs as the request path needs them: remembered for seconds, keys refetched rarely."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q

from saleor_ext.core import clock

from . import jws, transport
from .errors import SaleorRefused, SaleorUnavailable
from .models import SaleorAppInstall, SaleorInstance

#: Other processes notice a new installation after this long.
REMEMBER_SECONDS = 5.0
#: A stranger's bad signatures must not make us hammer Saleor's key address.
REFETCH_AFTER = timedelta(seconds=5)
#: So many unknown keys are remembered as looked for in vain.
MOST_STRANGERS = 200


@dataclass(frozen=True)
class Installed:
    """What a webhook is checked against."""

    instance: SaleorInstance
    saleor_app_id: str


_lock = threading.Lock()
_known: dict[tuple[str, str], tuple[float, Installed]] = {}
#: Instance and key name → when fresh keys were found not to hold it.
_strangers: dict[tuple[object, object], float] = {}


def normal_url(url: str) -> str:
    """Return an API address as it is stored: trimmed, with its trailing slash."""
    return url.strip().rstrip("/") + "/" if url.strip() else ""


def find(api_url: str, identifier: str) -> Installed | None:
    """Return the install of an app in an active instance that is stored under this address."""
    key = (normal_url(api_url), identifier)
    remembered = _known.get(key)
    if remembered and time.monotonic() - remembered[0] < REMEMBER_SECONDS:
        return remembered[1]
    row = (
        SaleorAppInstall.objects.select_related("instance")
        .filter(instance__api_url=key[0], instance__active=True, identifier=identifier)
        .first()
    )
    if row is None:
        return None
    found = Installed(row.instance, row.saleor_app_id)
    with _lock:
        _known[key] = (time.monotonic(), found)
    return found


def forget() -> None:
    """Drop what this process remembers of installs: after an installation, and in tests."""
    with _lock:
        _known.clear()


def fetch_jwks(instance: SaleorInstance) -> dict[str, Any]:
    """Read the instance's key set and keep it.

    :raises SaleorUnavailable: when it cannot be reached
    :raises SaleorRefused: when what it answers is no key set
    """
    answer = transport.get_json(instance.jwks_url)
    keys = answer.get("keys")
    if not isinstance(keys, list) or not keys:
        raise SaleorRefused(f"{instance.jwks_url} holds no keys", code="JWKS_NOT_AVAILABLE")
    instance.jwks = answer
    instance.jwks_fetched_at = clock.now()
    return answer


def verify(instance: SaleorInstance, signature: str, body: bytes) -> None:
    """Check a signature with the stored keys, and once more with fresh ones.

    :raises jws.BadSignature: the signature does not hold
    :raises SaleorUnavailable: the key is unknown and fresh keys cannot be had right now
    """
    try:
        jws.verify(signature, body, instance.jwks)
        return
    except jws.BadSignature as error:
        if error.code not in {"unknown_key", "mismatch"}:
            raise
        first = error
    try:
        renewed = renew_keys(instance)
    except (SaleorUnavailable, SaleorRefused) as error:
        if first.code == "unknown_key":
            raise SaleorUnavailable(f"fresh keys cannot be had: {error.message}") from error
        raise first from None
    if renewed:
        try:
            jws.verify(signature, body, instance.jwks)
        except jws.BadSignature as error:
            _note_stranger(instance, error)
            raise
    elif first.code == "unknown_key" and not _is_stranger(instance, first):
        # Keys may just have been rotated: a 5xx makes Saleor send it again, a 4xx would lose it.
        raise SaleorUnavailable("keys were fetched a moment ago; try again")
    else:
        raise first


def _note_stranger(instance: SaleorInstance, error: jws.BadSignature) -> None:
    with _lock:
        if len(_strangers) >= MOST_STRANGERS:
            _strangers.clear()
        _strangers[instance.pk, error.data.get("kid")] = time.monotonic()


def _is_stranger(instance: SaleorInstance, error: jws.BadSignature) -> bool:
    """Whether fresh keys were asked for this one a moment ago: then it is a stranger's, not a new one."""
    asked = _strangers.get((instance.pk, error.data.get("kid")))
    return asked is not None and time.monotonic() - asked < REFETCH_AFTER.total_seconds()


def renew_keys(instance: SaleorInstance) -> bool:
    """Get newer keys than were tried: from Saleor, or from the database when another process was first."""
    now = clock.now()
    row = SaleorInstance.objects.filter(pk=instance.pk)
    claimed = row.filter(Q(jwks_fetched_at__isnull=True) | Q(jwks_fetched_at__lt=now - REFETCH_AFTER))
    if claimed.update(jwks_fetched_at=now):
        fetch_jwks(instance)
        row.update(jwks=instance.jwks)
        forget()
        return True
    fresh = row.values_list("jwks", flat=True).first()
    if fresh and fresh != instance.jwks:
        instance.jwks = fresh
        forget()
        return True
    return False
