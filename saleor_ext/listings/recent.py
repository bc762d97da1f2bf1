"""Facts of articles as they were a moment ago, for questions that Saleor waits for.

Saleor asks for the tax of a basket at each of its changes, on a sales day mostly about the same few hundred articles.
Every process keeps what it read for some seconds; whatever is declared or reserved reads anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from saleor_ext.plugin_api.types import VariantFacts

from .selectors import variant_facts

#: A changed listing is noticed after this long.
SECONDS = 5.0
#: Articles that are kept at most: some megabytes.
MOST = 5000

_kept: dict[str, tuple[float, VariantFacts]] = {}


def recent_facts(skus: Iterable[str]) -> dict[str, VariantFacts]:
    """Return what was known of articles by SKU within the last :data:`SECONDS`, by one query at most."""
    wanted, now = set(skus), time.monotonic()
    found = {sku: kept[1] for sku in wanted if (kept := _kept.get(sku)) and kept[0] > now}
    if missing := wanted - found.keys():
        read = variant_facts(missing)
        if len(_kept) + len(read) > MOST:
            forget()
        _kept.update({sku: (now + SECONDS, facts) for sku, facts in read.items()})
        found |= read
    return found


def forget() -> None:
    """Read everything anew at the next question."""
    _kept.clear()
