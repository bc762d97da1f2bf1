"""The limits of cross-border retail import as pages quote them: those that the customs plugin checks orders by."""

from __future__ import annotations

from datetime import date

from saleor_ext.core.errors import ConfigurationError
from saleor_ext.plugin_api import ImportLimits, registry


def limits_on(day: date) -> ImportLimits:
    """Return the limits in force on a day.

    :raises ConfigurationError: no plugin knows any
    """
    found: ImportLimits | None = registry.ask_first("import_limits", on=day)
    if found is None:
        raise ConfigurationError("no plugin knows the limits of retail imports")
    return found
