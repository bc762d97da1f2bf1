"""What else follows from a receipt, by message name: modules register themselves, receipts call them.

A follower runs in the receipt's transaction, once for each receipt, after the document it is for has moved; the
declaration of that document is locked. ``fields`` is the receipt as it was read, lines included.
"""

from __future__ import annotations

from collections.abc import Callable

from .messages.document import Document
from .models import Receipt

Follower = Callable[[Receipt, Document], None]

_followers: dict[str, list[Follower]] = {}


def follows(*messages: str) -> Callable[[Follower], Follower]:
    """Register a follower of the receipts of some messages."""

    def register(function: Follower) -> Follower:
        for message in messages:
            known = _followers.setdefault(message, [])
            if function not in known:
                known.append(function)
        return function

    return register


def dispatch(receipt: Receipt, fields: Document) -> None:
    """Call every follower of a receipt's message."""
    for follower in _followers.get(receipt.message, ()):
        follower(receipt, fields)
