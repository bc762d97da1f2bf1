"""Asks the plugins whether a box may be ordered, and shows their findings in the buyer's words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from saleor_ext.core import clock
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import registry
from saleor_ext.plugin_api.platform import platform
from saleor_ext.plugin_api.types import (
    Address,
    Buyer,
    Finding,
    OrderDraft,
    OrderDraftLine,
    TaxQuote,
    TaxQuoteLine,
    TaxQuoteRequest,
)

from . import lanes, rules
from .session import BoxState
from .viewmodels import Problem

#: Which page mends a finding, by the form field it names.
_STEPS = {"name": "buyer", "id_number": "buyer", "address": "address", "delivery": "delivery"}


def draft(state: BoxState, checkout: Any, buyer: Buyer | None) -> OrderDraft:
    """Describe a box as plugins check it. Lines without known facts are left to :func:`problems`."""
    facts = platform().variant_facts(line.variant.sku for line in checkout.lines if line.variant.sku)
    lines = tuple(
        OrderDraftLine(facts[line.variant.sku], line.quantity, line.unit_price.net)
        for line in checkout.lines
        if line.variant.sku in facts
    )
    return OrderDraft(
        checkout_id=checkout.id,
        merchant=state.merchant,
        lane=state.lane,
        warehouse=state.warehouse,
        lines=lines,
        freight=checkout.shipping_price.net,
        address=address_of(checkout),
        buyer=buyer,
    )


def address_of(checkout: Any) -> Address | None:
    """Read a checkout's delivery address as plugins spell it."""
    given = checkout.shipping_address
    if given is None:
        return None
    return Address(
        name=f"{given.last_name}{given.first_name}",
        phone=given.phone or "",
        province=given.country_area,
        city=given.city,
        district=given.city_area,
        street=given.street_address_1,
        postal_code=given.postal_code,
    )


def goods_problems(state: BoxState, checkout: Any) -> tuple[Problem, ...]:
    """Return what the basket should say already; buyer and address are asked for later."""
    return tuple(problem for problem in problems(state, checkout, None) if not problem.step)


def problems(state: BoxState, checkout: Any, buyer: Buyer | None) -> tuple[Problem, ...]:
    """Return why a box cannot be ordered, and what to know; in the order plugins tell it."""
    described = draft(state, checkout, buyer)
    found = [_problem(finding) for finding in registry.ask("order_checks", draft=described)]
    if len(described.lines) < len(checkout.lines):
        found.append(
            Problem(
                _("Something in this box is not known to customs yet."),
                _("Remove what was added last, or ask the shop."),
                field="lines",
            )
        )
    return tuple(found)


def _problem(finding: Finding) -> Problem:
    return Problem(
        finding.message,
        finding.remedy,
        finding.source,
        finding.field,
        _STEPS.get(finding.field, ""),
        finding.blocking,
    )


def quote(lane: str, lines: tuple[TaxQuoteLine, ...], freight: Money) -> TaxQuote | None:
    """Ask for the tax of goods; None when no plugin taxes the lane."""
    request = TaxQuoteRequest(lane=lane, lines=lines, freight=freight, on=clock.china_today())
    answer: TaxQuote | None = registry.ask_first("tax_quote", request=request)
    return answer


def single_limit(lane: str, checkout: Any) -> tuple[Money | None, Money | None]:
    """Return the limit of one order and what counts against it (goods and freight, without tax)."""
    if not lanes.declares(lane):
        return None, None
    return rules.limits_on(
        clock.china_today()
    ).single, checkout.subtotal_price.net + checkout.shipping_price.net
