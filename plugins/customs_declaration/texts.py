"""Sentences for buyers and operators, as message ids for translation."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from django.utils.functional import Promise, lazy
from django.utils.text import format_lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from .messages import code_table
from .messages.code_table import Code, Verdict
from .policy import Limits
from .positive_list import CapBreach
from .postal import PostalOutcome, PostalTax
from .tax import Outcome, Refusal, TaxResult

Text = str | Promise

SPLIT = _("Order fewer pieces at a time: each order is judged by itself.")
NEXT_YEAR = _("The limit starts anew on 1 January. Customs show what you have used in their own query.")
CHECK_IDENTITY = _("Check name and ID number exactly as printed on the resident ID card.")


def yuan(amount: Decimal) -> str:
    """Write an amount for a sentence: 5,000 or 1,234.50."""
    return f"{amount:,.2f}".removesuffix(".00")


def outcome(result: TaxResult) -> Text:
    """Explain how an order is taxed."""
    limits = result.limits
    if result.outcome is Outcome.WITHIN_LIMITS:
        share = f"{limits.tax_share * 100:f}".rstrip("0").rstrip(".")
        return format_lazy(
            _(
                "Cross-border retail import: no duty; VAT and consumption tax at {share} % of the full amount."
            ),
            share=share,
        )
    if result.outcome is Outcome.FULL_TAX:
        return format_lazy(
            _("One piece above {limit} yuan: duty, VAT and consumption tax are charged in full."),
            limit=yuan(limits.single),
        )
    return refusal(result.refusal, limits)


def refusal(reason: Refusal | None, limits: Limits) -> Text:
    """Say why an order cannot be a retail import."""
    if reason is Refusal.ANNUAL_LIMIT:
        return format_lazy(
            _("Your purchases of this year would exceed {limit} yuan, the limit for one person."),
            limit=yuan(limits.annual),
        )
    return format_lazy(
        _("An order of several pieces may not exceed {limit} yuan with delivery."), limit=yuan(limits.single)
    )


def postal(estimate: PostalTax) -> Text:
    """Tell the receiver of a parcel by post what customs may ask for."""
    if estimate.outcome is PostalOutcome.OVER_LIMIT:
        return format_lazy(
            _(
                "Several articles worth more than {limit} yuan: "
                "customs may return the parcel or want it declared as goods."
            ),
            limit=yuan(estimate.limit),
        )
    if estimate.outcome is PostalOutcome.EXEMPT:
        return format_lazy(
            _("Sent as a personal article: its tax, about {tax} yuan, is not collected up to {free} yuan."),
            tax=yuan(estimate.assessed),
            free=yuan(estimate.edition.exempt_up_to),
        )
    return format_lazy(
        _("Sent as a personal article: customs may levy about {tax} yuan from the receiver on arrival."),
        tax=yuan(estimate.due),
    )


def cap(breach: CapBreach) -> Text:
    """Tell how much of some goods one person may have in a year."""
    return format_lazy(
        _("One person may buy at most {cap} {unit} of these goods a year; {left} {unit} are left."),
        cap=f"{breach.rule.cap.normalize():f}",
        unit=breach.rule.unit,
        left=f"{breach.left.normalize():f}",
    )


REJECTED = _("Customs returned the declaration. We are looking into it.")


def _in_language(code: Code, *, buyer: bool) -> str:
    language = get_language() or code_table.DEFAULT_LANGUAGE
    return code.buyer_text(language) if buyer else code.text(language)


_lazy_text = lazy(_in_language, str)


def buyer_reason(verdict: Verdict) -> Text:
    """Return what to tell the buyer of a refusal, in the language of whoever reads it."""
    known = verdict.known
    if known is None or not known.buyer_text(code_table.DEFAULT_LANGUAGE):
        return REJECTED
    return cast("Text", _lazy_text(known, buyer=True))


def operator_reason(code: Code) -> str:
    """Return what to tell an operator of a code, in the language of the page."""
    return _in_language(code, buyer=False)
