"""Idempotency keys for our own HTTP API: the same request twice has one effect and one answer.

The client sends ``Idempotency-Key``. The first request takes a lease and its answer is stored; a repeat gets
the stored answer with ``Idempotency-Replayed: true``. The key with another request is refused (422), a repeat
while the first still runs gets 409 with ``Retry-After``. A crash frees the key when the lease ends.
Answers that say "try again" (409, 429, 5xx) are not stored.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from . import clock
from .models import IdempotencyKey

HEADER = "Idempotency-Key"
LEASE = timedelta(seconds=60)
MAX_KEY_LENGTH = 200

View = Callable[..., HttpResponseBase]


def fingerprint(request: HttpRequest) -> str:
    """SHA-256 over method, full path and body, 64 hex digits."""
    digest = hashlib.sha256()
    for part in (str(request.method).encode(), request.get_full_path().encode(), request.body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def idempotent(scope: Callable[[HttpRequest], str]) -> Callable[[View], View]:
    """Decorate a view; ``scope`` names the caller, so that two callers may use the same key."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            key = request.headers.get(HEADER)
            if key is None:
                return view(request, *args, **kwargs)
            if not key or len(key) > MAX_KEY_LENGTH:
                return _refusal(400, f"{HEADER} must have 1 to {MAX_KEY_LENGTH} characters")
            row = _take(scope(request), key, fingerprint(request))
            if isinstance(row, HttpResponse):
                return row
            return _answer(row, view, request, *args, **kwargs)

        return wrapped

    return decorate


def _take(scope: str, key: str, print_: str) -> IdempotencyKey | HttpResponse:
    """Take the lease, or say why not."""
    now = clock.now()
    with transaction.atomic():
        IdempotencyKey.objects.bulk_create(
            [IdempotencyKey(scope=scope, key=key, fingerprint=print_, created_at=now)], ignore_conflicts=True
        )
        row = IdempotencyKey.objects.select_for_update().get(scope=scope, key=key)
        if row.fingerprint != print_:
            return _refusal(422, f"this {HEADER} was used with another request")
        if row.status is not None:
            return _stored(row)
        if row.lease_until is not None and row.lease_until > now:
            refusal = _refusal(409, "the first request with this key is still running")
            refusal["Retry-After"] = str(int(LEASE.total_seconds()))
            return refusal
        row.lease_until = now + LEASE
        row.save(update_fields=["lease_until"])
    return row


def _answer(
    row: IdempotencyKey, view: View, request: HttpRequest, *args: Any, **kwargs: Any
) -> HttpResponseBase:
    try:
        response = view(request, *args, **kwargs)
    except BaseException:
        row.lease_until = None
        row.save(update_fields=["lease_until"])
        raise
    row.lease_until = None
    if (
        isinstance(response, HttpResponse)
        and response.status_code not in (409, 429)
        and response.status_code < 500
    ):
        row.status = response.status_code
        row.content_type = response.headers.get("Content-Type", "")
        row.body = response.content
    row.save(update_fields=["lease_until", "status", "content_type", "body"])
    return response


def _stored(row: IdempotencyKey) -> HttpResponse:
    response = HttpResponse(bytes(row.body or b""), status=row.status or 200, content_type=row.content_type)
    response["Idempotency-Replayed"] = "true"
    return response


def _refusal(status: int, message: str) -> HttpResponse:
    return JsonResponse({"error": {"code": "idempotency", "message": message}}, status=status)
