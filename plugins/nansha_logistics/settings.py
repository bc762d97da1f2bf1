"""The configuration in force."""

from __future__ import annotations

from saleor_ext.plugin_api import configuration

from .config import LogisticsConfig
from .plugin import plugin


def config() -> LogisticsConfig:
    """Return the plugin's configuration in force."""
    return configuration.current(plugin, LogisticsConfig)
