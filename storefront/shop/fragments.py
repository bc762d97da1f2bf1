"""Pieces of pages that plugins add."""

from __future__ import annotations

from typing import Any

from saleor_ext.plugin_api import registry
from saleor_ext.plugin_api.types import Fragment


def of(place: str, **context: Any) -> tuple[Fragment, ...]:
    """Return what plugins show at a place of the shop, in their order."""
    pieces: list[Fragment] = registry.ask("shop_fragments", place=place, context=context)
    return tuple(sorted(pieces, key=lambda piece: piece.order))
