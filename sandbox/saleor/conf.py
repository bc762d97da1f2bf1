"""Settings of the stand-in, read when used, so that tests can change them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings


def public_url() -> str:
    """Origin under which apps and browsers reach this server."""
    return str(settings.SANDBOX_PUBLIC_URL).rstrip("/")


def api_url() -> str:
    return f"{public_url()}/graphql/"


def domain() -> str:
    """Host with port, as webhook headers carry it."""
    return urlsplit(public_url()).netloc


def directory() -> Path:
    """Where keys and media live."""
    path = Path(settings.SANDBOX_DIR) / "saleor"
    path.mkdir(parents=True, exist_ok=True)
    return path
