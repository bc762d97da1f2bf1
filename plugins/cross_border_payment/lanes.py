"""Which lanes a gateway may serve."""

from __future__ import annotations

from saleor_ext.plugin_api import Lane
from saleor_ext.plugin_api.registry import ask

from .port import Capabilities

#: Where people live who may import for themselves.
BUYERS_OF_DECLARED = "CN"


def needs_declaration(lane: str) -> bool:
    """Whether payments on a lane must be declared to customs; a lane nobody knows counts as one that must."""
    known = _find(lane)
    return bool(lane) and (known is None or known.needs_payment_declaration)


def needs_identity(lane: str) -> bool:
    """Whether goods of a lane are declared in a named person's name; a lane nobody knows counts as one that is."""
    known = _find(lane)
    return bool(lane) and (known is None or known.needs_identity)


def _find(code: str) -> Lane | None:
    return next((known for known in ask("lanes") if known.code == code), None) if code else None


def admits(lane: str, capabilities: Capabilities) -> bool:
    """Whether payments on a lane may be taken: declared where they must be, and by who may import there.

    Who orders goods that are declared in a person's name has to pay for them, with a Mainland wallet.
    """
    declarable = capabilities.can_declare_customs or not needs_declaration(lane)
    from_there = not capabilities.payer_countries or BUYERS_OF_DECLARED in capabilities.payer_countries
    return declarable and (from_there or not needs_identity(lane))
