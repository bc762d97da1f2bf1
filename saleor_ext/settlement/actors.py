"""Who acts, in one spelling: four eyes are not two that were written differently."""

from __future__ import annotations

from saleor_ext.core.errors import PermanentError


def spelled(actor: str) -> str:
    """Return the name that is kept and compared."""
    return actor.strip().casefold()


def named(actor: str, *, code: str) -> str:
    """Return it of somebody who must be known.

    :raises PermanentError: with ``code``, when nobody is named
    """
    name = spelled(actor)
    if not name:
        raise PermanentError("who does this?", code=code)
    return name
