"""Which lanes a gateway may serve."""

from __future__ import annotations

from saleor_ext.plugin_api.registry import ask

from .port import Capabilities


def needs_declaration(lane: str) -> bool:
    """Whether payments on a lane must be declared to customs; a lane nobody knows counts as one that must."""
    if not lane:
        return False
    for known in ask("lanes"):
        if known.code == lane:
            return bool(known.needs_payment_declaration)
    return True


def admits(lane: str, capabilities: Capabilities) -> bool:
    return capabilities.can_declare_customs or not needs_declaration(lane)
