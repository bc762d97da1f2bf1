"""HTTP to Saleor: one pooled connection set per process, time limits, bounded retries of what may be repeated."""

from __future__ import annotations

import json
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import httpx2

from .errors import SaleorRefused, SaleorUnavailable

log = logging.getLogger(__name__)

#: Seconds. Saleor's own synchronous webhooks may take 18 s, and mutations wait for them.
CONNECT_SECONDS = 3.0
READ_SECONDS = 25.0
TRIES = 3
FIRST_WAIT_SECONDS = 0.2
#: Nothing is tried again after so long: who did not answer in time would keep a page waiting as long once more.
PATIENCE_SECONDS = 10.0
#: Answers of a proxy or an overloaded server that another try may mend.
TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})

_lock = threading.Lock()
_pools: dict[int, httpx2.Client] = {}


def pool() -> httpx2.Client:
    """Return this process's connections; a forked child gets its own."""
    pid = os.getpid()
    with _lock:
        if pid not in _pools:
            _pools.clear()
            _pools[pid] = httpx2.Client(
                timeout=httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
                limits=httpx2.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=15),
                follow_redirects=False,
                headers={"User-Agent": "ponte", "Accept": "application/json"},
            )
        return _pools[pid]


def encode(value: object) -> object:
    """Write a Decimal as text: Saleor reads amounts from strings exactly."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"not JSON: {type(value).__name__}")


def decode(body: bytes) -> Any:
    """Parse JSON with every number that has a point as Decimal."""
    return json.loads(body, parse_float=Decimal)


def post(
    url: str,
    payload: Mapping[str, Any],
    headers: Mapping[str, str],
    *,
    repeatable: bool,
    files: Mapping[str, tuple[str, bytes, str]] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Send one GraphQL request and return the answer's JSON object.

    ``files`` maps a variable path (``variables.input.image``) to name, content and media type.

    :raises SaleorUnavailable: no usable answer after the tries allowed (one, unless ``repeatable``)
    :raises SaleorRefused: an answer that no further try changes
    """
    started = time.monotonic()
    for attempt in range(1, TRIES + 1):
        try:
            return _once(url, payload, headers, files)
        except SaleorUnavailable as error:
            if not repeatable or attempt == TRIES or time.monotonic() - started > PATIENCE_SECONDS:
                raise
            wait = FIRST_WAIT_SECONDS * 2 ** (attempt - 1)
            wait *= random.uniform(0.5, 1.5)  # noqa: S311  # no secret: it only spreads the tries
            log.info("saleor did not answer (%s), trying again in %.1f s", error.message, wait)
            sleep(wait)
    raise AssertionError("unreachable")


def _once(
    url: str,
    payload: Mapping[str, Any],
    headers: Mapping[str, str],
    files: Mapping[str, tuple[str, bytes, str]] | None,
) -> dict[str, Any]:
    body = json.dumps(payload, default=encode)
    try:
        if files:
            # The GraphQL multipart request layout: operations, map, then the files.
            names = {str(number): path for number, path in enumerate(files)}
            parts = {number: files[path] for number, path in names.items()}
            form = {"operations": body, "map": json.dumps({number: [path] for number, path in names.items()})}
            response = pool().post(url, headers=dict(headers), data=form, files=parts)
        else:
            response = pool().post(
                url, headers={**headers, "Content-Type": "application/json"}, content=body.encode()
            )
    except httpx2.TransportError as error:
        raise SaleorUnavailable(f"{url}: {type(error).__name__}: {error}") from error
    except (httpx2.InvalidURL, UnicodeError) as error:
        raise SaleorRefused(f"{url!r} cannot be asked: {error}", code="address_invalid") from error
    return _read(url, response)


def _read(url: str, response: httpx2.Response) -> dict[str, Any]:
    if response.status_code in TRANSIENT_STATUS:
        raise SaleorUnavailable(f"{url} answered {response.status_code}", status=response.status_code)
    try:
        answer = decode(response.content)
    except ValueError:
        answer = None
    # A refused document comes as 400 with a JSON body that says why; anything else unreadable is a refusal too.
    if not isinstance(answer, dict):
        raise SaleorRefused(
            f"{url} answered {response.status_code}, not GraphQL", status=response.status_code
        )
    return answer


def get_json(url: str) -> dict[str, Any]:
    """Read a small JSON object by GET (keys, manifests), tried as often as a query.

    :raises SaleorUnavailable: no answer or a server's fault
    :raises SaleorRefused: anything but a JSON object with status 200
    """
    for attempt in range(1, TRIES + 1):
        try:
            response = pool().get(url, timeout=5.0)
            if response.status_code in TRANSIENT_STATUS:
                raise SaleorUnavailable(f"{url} answered {response.status_code}")
            answer = decode(response.content) if response.status_code == 200 else None  # HTTP OK
        except (httpx2.TransportError, SaleorUnavailable) as error:
            if attempt == TRIES:
                raise SaleorUnavailable(f"{url}: {error}") from error
            time.sleep(FIRST_WAIT_SECONDS * attempt)
            continue
        except httpx2.InvalidURL as error:
            raise SaleorRefused(f"{url!r} cannot be asked: {error}", code="address_invalid") from error
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise SaleorRefused(f"{url} answered {response.status_code}, not a JSON object")
        return answer
    raise AssertionError("unreachable")


def close() -> None:
    """Close this process's connections; the next request opens new ones."""
    with _lock:
        for client in _pools.values():
            client.close()
        _pools.clear()
