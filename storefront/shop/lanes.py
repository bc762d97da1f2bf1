"""What buyers are told about a lane; the words come from the plugin that carries it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from saleor_ext.plugin_api import registry
from saleor_ext.plugin_api.types import Lane

from .viewmodels import LaneNote

#: Shown when goods name a lane that no installed plugin carries.
_UNKNOWN = (_("Cross-border delivery"), _("The way is told at checkout."), "truck")
_ICONS = {"bonded_1210": "warehouse", "direct_9610": "bridge", "postal": "mail", "local": "store"}


def lane(code: str) -> Lane | None:
    """Find a lane among those of the installed plugins."""
    return next((found for found in registry.ask("lanes") if found.code == code), None)


def note(code: str) -> LaneNote:
    """Describe a lane for a page."""
    found = lane(code)
    icon = _ICONS.get(code, "truck")
    if found is None:
        name, promise, _icon = _UNKNOWN
        return LaneNote(code, name, promise, icon)
    return LaneNote(code, found.name, found.promise, icon)


def needs_identity(code: str) -> bool:
    """Tell whether a buyer must be named; unknown lanes are treated as the strictest."""
    found = lane(code)
    return found is None or found.needs_identity


def declares(code: str) -> bool:
    """Tell whether orders of a lane are declared as cross-border retail import, and so count towards the limits."""
    found = lane(code)
    return found is not None and found.needs_payment_declaration
