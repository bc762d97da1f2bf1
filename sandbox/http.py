"""One pooled HTTP client for every call the stand-ins make to the platform."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

import httpx2


@lru_cache(maxsize=1)
def client() -> httpx2.Client:
    """Return the shared client; it is thread-safe and never follows redirects."""
    return httpx2.Client(
        timeout=httpx2.Timeout(10.0, connect=3.0),
        limits=httpx2.Limits(max_connections=50, max_keepalive_connections=20),
        follow_redirects=False,
        headers={"User-Agent": "ponte-sandbox/0.1"},
        trust_env=False,
    )


def web_address(url: str) -> SplitResult | None:
    """Take an http or https address apart; None for anything else, however it is written."""
    try:
        parts = urlsplit(url)
    except ValueError:  # an open bracket, say
        return None
    return parts if parts.scheme in {"http", "https"} and parts.hostname else None
