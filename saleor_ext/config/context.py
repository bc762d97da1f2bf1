"""What every template may know of the site."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    return {"demo": settings.PONTE_DEMO, "public_url": settings.PONTE.public_url}
