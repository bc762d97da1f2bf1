"""Who pays, where a wallet opens by itself only for a person it knows: learnt by a plugin's page, used by the shop.

A payment method names the page (``PaymentMethod.payer_url``). What it learns lies in the browser's session, so that it
is asked for once; empty when it could not be learnt.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

_KEY = "payers"


def keep_payer(session: MutableMapping[str, Any], url: str, payer: str) -> None:
    """Remember what the page at ``url`` has learnt."""
    session[_KEY] = {**session.get(_KEY, {}), url: payer}


def payer_of(session: MutableMapping[str, Any], url: str) -> str | None:
    """Return what the page at ``url`` has learnt, None while it was not asked."""
    found = session.get(_KEY, {}).get(url)
    return found if found is None else str(found)
