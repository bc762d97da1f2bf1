"""A checkout right before its payment, described from the listings and checked by every plugin."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from saleor_ext.identity import services as identity
from saleor_ext.listings import selectors as listings
from saleor_ext.plugin_api.registry import ask
from saleor_ext.plugin_api.types import (
    CheckoutView,
    Finding,
    OrderDraft,
    OrderDraftLine,
    VariantFacts,
)


def check(checkout: CheckoutView) -> list[Finding]:
    """Return why a checkout cannot be ordered and what to know, as ``order_checks`` of all plugins say."""
    facts = listings.variant_facts([line.sku for line in checkout.lines])
    if not checkout.lines or any(line.sku not in facts for line in checkout.lines):
        return [
            Finding(
                "unknown_article",
                _("Something in this box is not known to customs yet."),
                _("Remove what was added last, or ask the shop."),
                field="lines",
            )
        ]
    boxes = {(one.merchant, one.lane, one.warehouse) for one in facts.values()}
    if len(boxes) > 1 or next(iter(boxes))[1] != checkout.lane:
        return [
            Finding(
                "mixed_box",
                _("The goods of this box do not travel that way, or not together."),
                _("Start this order again in the shop."),
                field="lines",
            )
        ]
    found: list[Finding] = ask("order_checks", draft=_draft(checkout, facts))
    return found


def _draft(checkout: CheckoutView, facts: Mapping[str, VariantFacts]) -> OrderDraft:
    first = facts[checkout.lines[0].sku]
    person = identity.person_of_checkout(checkout.api_url, checkout.checkout_id)
    return OrderDraft(
        checkout_id=checkout.checkout_id,
        merchant=first.merchant,
        lane=first.lane,
        warehouse=first.warehouse,
        lines=tuple(
            OrderDraftLine(facts[line.sku], line.quantity, line.unit_price) for line in checkout.lines
        ),
        freight=checkout.freight,
        address=checkout.address,
        buyer=identity.buyer(person) if person else None,
    )
