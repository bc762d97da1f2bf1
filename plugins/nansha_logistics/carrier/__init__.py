"""Carriers: the port that steps use, and the adapters behind it."""

from __future__ import annotations

from ..config import LogisticsConfig
from .port import Carrier
from .sf import SfCarrier


def carrier_of(config: LogisticsConfig) -> Carrier:
    """Return the configured carrier."""
    return SfCarrier(config)
