"""The list of platform certificates."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from sandbox.psp import keys
from sandbox.psp.common import rfc3339
from sandbox.psp.wire import seal


def listed(_request: HttpRequest) -> dict[str, Any]:
    """GET /v3/global/certificates (also /v3/certificates): sealed with the APIv3 key."""
    loaded = keys.load()
    return {
        "data": [
            {
                "serial_no": loaded.platform_serial,
                "effective_time": rfc3339(loaded.platform_not_before),
                "expire_time": rfc3339(loaded.platform_not_after),
                "encrypt_certificate": seal(loaded.platform_certificate_pem.encode(), "certificate"),
            }
        ]
    }
