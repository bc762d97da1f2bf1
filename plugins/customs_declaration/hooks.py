"""What the plugin answers when the platform asks."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import (
    ConsolePage,
    Finding,
    Fragment,
    Health,
    ImportLimits,
    ListingView,
    OrderDraft,
    ParcelAction,
    ParcelView,
    Requirement,
    StepSpec,
    TaxLine,
    TaxQuote,
    TaxQuoteRequest,
    hookimpl,
)

from . import (
    actions,
    cancelling,
    checks,
    duty,
    later,
    objections,
    pages,
    postal,
    requirements,
    steps,
    stopping,
    texts,
)
from .config import TRADE_MODES
from .policies import in_force
from .policies import pages as policy_pages
from .policies.models import PolicyEdition
from .policy import UnknownTariff
from .tax import MissingMeasure

log = logging.getLogger(__name__)

#: Lanes on which nothing is collected at the checkout, with the reason.
EXEMPT = {
    "local": _("Delivered in Macau: no Mainland import tax."),
    "postal": _("Sent as a personal article: customs may levy tax from the receiver on arrival."),
}


@hookimpl
def listing_requirements(listing: ListingView) -> list[Requirement]:
    return requirements.of_listing(listing)


@hookimpl
def tax_quote(request: TaxQuoteRequest) -> TaxQuote | None:
    if request.lane in EXEMPT:
        return _exempt(request)
    if request.lane not in TRADE_MODES:
        return None
    try:
        return duty.quote(request, in_force.tariff(request.on), in_force.limits(request.on))
    except (UnknownTariff, MissingMeasure) as error:
        log.warning("no tax quote: %s", error.message)
        return None


@hookimpl
def import_limits(on: date) -> ImportLimits:
    limits, edition = in_force.limits(on), in_force.edition(PolicyEdition.Kind.LIMITS, on)
    return ImportLimits(
        since=limits.since,
        single=Money(limits.single, duty.CNY),
        annual=Money(limits.annual, duty.CNY),
        source=edition.source if edition else limits.source,
        read_on=edition.read_on if edition else limits.read_on,
    )


@hookimpl
def order_checks(draft: OrderDraft) -> list[Finding]:
    return requirements.of_draft(draft)


@hookimpl
def parcel_steps(parcel: ParcelView) -> list[StepSpec]:
    return steps.specs(parcel)


@hookimpl
def parcel_cancelled(parcel: ParcelView) -> None:
    cancelling.promise(parcel)


@hookimpl
def parcel_action(parcel: ParcelView, action: ParcelAction) -> str | None:
    return later.perform(parcel, action)


@hookimpl
def parcel_step_failed(parcel: ParcelView, step: str, code: str, message: str) -> None:
    stopping.note(parcel, step, code, message)


@hookimpl
def console_pages() -> list[ConsolePage]:
    return [*pages.menu(), *policy_pages.menu()]


@hookimpl
def console_fragments(place: str, context: dict[str, Any]) -> list[Fragment]:
    pieces = [*pages.console(place, context), *actions.fragments(place, context)]
    return [*pieces, *(objections.fragment(context) if place == "parcel" else [])]


@hookimpl
def health() -> list[Health]:
    return checks.health()


def _exempt(request: TaxQuoteRequest) -> TaxQuote:
    nothing = Money.zero(request.freight.currency)
    rule = (_postal_note(request) if request.lane == "postal" else None) or EXEMPT[request.lane]
    lines = tuple(
        TaxLine(line.sku, line.unit_price * line.quantity, nothing, nothing, nothing)
        for line in request.lines
    )
    return TaxQuote(outcome="exempt", lines=lines, total=nothing, rule=rule)


def _postal_note(request: TaxQuoteRequest) -> texts.Text | None:
    """Estimate what customs may levy on arrival; None where it cannot be told."""
    if any(line.unit_price.currency != duty.CNY for line in request.lines):
        return None
    lines = [
        postal.PostalLine(line.sku, line.hs_code, line.quantity, line.unit_price.amount * line.quantity)
        for line in request.lines
    ]
    try:
        return texts.postal(
            postal.calculate(
                lines,
                day=request.on,
                classes=postal.classes(),
                edition=in_force.postal(request.on),
            )
        )
    except PermanentError:
        return None
