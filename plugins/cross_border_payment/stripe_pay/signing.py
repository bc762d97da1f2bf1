"""The ``Stripe-Signature`` of a notification, as pure functions.

``t=<seconds>,v1=<hex>[,v1=<hex>…]``: HMAC-SHA256 over ``<t>.<raw body>`` with the endpoint's secret; while a
secret is rolled there are several ``v1``. Stripe's library rejects only what is too old and reads the body as
text; here the bytes are checked as they came, and a stamp from the future is no better than an old one.
Source: docs.stripe.com/webhooks (signatures), read 2026-11.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime

#: More than a rolled secret needs; an attacker's thousand signatures are not compared.
MOST = 10
_SECONDS = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Stamp:
    """Time and signatures of one header."""

    timestamp: str
    signatures: tuple[str, ...]

    @classmethod
    def read(cls, header: str) -> Stamp | None:
        """Return the stamp, or None where time or signature is missing, doubled or of another shape."""
        pairs = [part.strip().partition("=") for part in header.split(",")]
        times = [value for name, _, value in pairs if name == "t"]
        signatures = [value for name, _, value in pairs if name == "v1" and _SIGNATURE.fullmatch(value)]
        if len(times) != 1 or not _SECONDS.fullmatch(times[0]) or not 0 < len(signatures) <= MOST:
            return None
        return cls(times[0], tuple(signatures))

    @property
    def moment(self) -> datetime:
        """Return the instant of the stamp; twelve digits may lie beyond the calendar's end."""
        try:
            return datetime.fromtimestamp(int(self.timestamp), UTC)
        except (OverflowError, ValueError, OSError):
            return datetime.max.replace(tzinfo=UTC)


def sign(secret: str, timestamp: str, raw: bytes) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + raw, hashlib.sha256).hexdigest()


def holds(stamp: Stamp, raw: bytes, secret: str) -> bool:
    """Tell whether one of the signatures is of these bytes."""
    expected = sign(secret, stamp.timestamp, raw)
    return any(hmac.compare_digest(expected, one) for one in stamp.signatures)
