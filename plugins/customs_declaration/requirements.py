"""What a listing needs before it can be declared, and why a box cannot be ordered."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from saleor_ext.core import clock
from saleor_ext.core.errors import PonteError
from saleor_ext.plugin_api import Finding, ListingView, OrderDraft, Requirement, VariantFacts, platform

from . import lifecycle, links, quota, texts
from .config import TRADE_MODES
from .duty import article_of, tax_line
from .identity_checks import id_number_ok, name_ok
from .policies import in_force
from .policy import Tariff, UnknownTariff
from .positive_list import CapBreach, PositiveList, Verdict
from .tax import MissingMeasure, Outcome, TaxLine, TaxResult, calculate
from .texts import Text

# -- listings --------------------------------------------------------------------------------------------------


def of_listing(listing: ListingView) -> list[Requirement]:
    """Return the checklist of a listing of a customs lane."""
    if listing.lane not in TRADE_MODES:
        return []
    rates = in_force.tariff(clock.china_today())
    found = [
        Requirement(
            code="chinese_name",
            title=_("Chinese name"),
            met="zh-hans" in listing.languages,
            todo=_("Give the name in Simplified Chinese: the declaration uses it."),
            field="name",
        )
    ]
    for facts in listing.variants:
        found += _of_variant(facts, rates)
    return found


def _of_variant(facts: VariantFacts, rates: Tariff) -> list[Requirement]:
    today = clock.china_today()
    ten_digits = len(facts.hs_code) == 10 and facts.hs_code.isascii() and facts.hs_code.isdigit()
    known = ten_digits and rates.find(facts.hs_code, today) is not None

    def ask(code: str, title: Text, met: bool, todo: Text, field: str = "") -> Requirement:
        return Requirement(code=code, title=title, met=met, todo=todo, field=field or code, sku=facts.sku)

    found = [
        ask(
            "hs_code", _("Commodity code of 10 digits"), ten_digits,
            _("Enter the 8-digit heading and the 2-digit suffix."),
        ),
        ask(
            "tariff", _("Commodity code with tax rates on file"), known,
            _("Ask the operator to load the rates of this code, or choose another."), "hs_code",
        ),
        ask("unit", _("Unit of sale"), _is_code(facts.unit), _("Choose the customs unit the article is sold in.")),
        ask("unit1", _("Legal unit"), _is_code(facts.unit1), _("Choose the legal unit of the commodity code.")),
        ask(
            "qty1", _("Legal quantity of one piece"), facts.qty1 > 0,
            _("Enter how much one piece holds in the legal unit."),
        ),
        ask(
            "unit2", _("Second legal unit and quantity"), _second_fits(facts),
            _("Give both the second unit and its quantity, or neither."),
        ),
        ask("origin", _("Country of origin"), _is_code(facts.origin), _("Choose where the goods were made.")),
        ask(
            "gmodel", _("Specification for customs"), 0 < len(facts.gmodel) <= 510,
            _("Describe brand, composition and content, at most 510 characters."),
        ),
        ask(
            "sku", _("Article number of at most 20 characters"), 0 < len(facts.sku) <= 20,
            _("Shorten the article number."),
        ),
    ]  # fmt: skip
    if known:
        todo = _("Enter the ml or g of one piece: the tax depends on it.")
        found.append(ask("content", _("Content for the tax"), _taxable(facts, rates), todo))
    if (verdict := _verdict_of_list(facts)) is not None:
        todo = _("Only codes of the list may be retail imports: choose another code or another lane.")
        if verdict.listed and not verdict.allowed:
            todo = _(
                "The list allows this code only in part, or only from bonded stock: choose another code or lane."
            )
        found.append(ask("positive_list", _("On the positive list"), verdict.allowed, todo, "hs_code"))
    return found


def _verdict_of_list(facts: VariantFacts) -> Verdict | None:
    """Return what the positive list says of an article; None when no list is loaded."""
    today = clock.china_today()
    listed = in_force.positive_list(today)
    return listed.verdict(facts.hs_code, facts.lane, today) if listed else None


def _taxable(facts: VariantFacts, rates: Tariff) -> bool:
    line = tax_line(article_of(facts), 1, Decimal(1), rates, clock.china_today())
    try:
        calculate([line], day=clock.china_today())
    except MissingMeasure:
        return False
    return True


def _is_code(text: str) -> bool:
    """Tell whether this is a customs code of three digits (unit or country)."""
    return len(text) == 3 and text.isascii() and text.isdigit()


def _second_fits(facts: VariantFacts) -> bool:
    return bool(facts.unit2) == bool(facts.qty2) and (not facts.qty2 or facts.qty2 > 0)


# -- orders ----------------------------------------------------------------------------------------------------


def of_draft(draft: OrderDraft) -> list[Finding]:
    """Return why a box cannot be ordered; reserve the buyer's quota when it can."""
    if draft.lane not in TRADE_MODES or not draft.lines:
        return []
    try:
        result, listed, takes = _tax(draft), _listed(draft), _capped(draft)
    except (UnknownTariff, MissingMeasure):
        return [
            Finding(
                code="not_taxable",
                message=_("The tax of an article in this box cannot be determined just now."),
                remedy=_("Remove the article or come back later."),
                field="lines",
            )
        ]
    findings = [*_limit(result), *listed, *_identity(draft)]
    if not any(one.blocking for one in findings):
        findings += _quota(draft, result, takes)
    return findings


def _tax(draft: OrderDraft) -> TaxResult:
    today = clock.china_today()
    return calculate(_lines(draft), day=today, freight=draft.freight.amount, limits=in_force.limits(today))


def _lines(draft: OrderDraft) -> list[TaxLine]:
    today = clock.china_today()
    rates = in_force.tariff(today)
    return [
        tax_line(article_of(line.facts), line.quantity, line.unit_price.amount * line.quantity, rates, today)
        for line in draft.lines
    ]


def _capped(draft: OrderDraft) -> list[quota.Capped]:
    """Return what the box takes of yearly quantities."""
    codes = [line.facts.hs_code for line in draft.lines]
    return quota.capped(zip(codes, _lines(draft), strict=True), clock.china_today())


def _listed(draft: OrderDraft) -> list[Finding]:
    """Judge the box by the positive list, when one is loaded: what may not come in, and yearly quantities.

    Quantities are those of this box alone; with what the buyer had earlier in the year they are counted when the
    year is reserved.
    """
    today = clock.china_today()
    listed = in_force.positive_list(today)
    if listed is None:
        return []
    verdicts = [listed.verdict(line.facts.hs_code, line.facts.lane, today) for line in draft.lines]
    if not all(verdict.allowed for verdict in verdicts):
        return [
            Finding(
                code="not_listed",
                message=_("An article in this box may not be imported this way."),
                remedy=_("Remove the article or come back later."),
                field="lines",
            )
        ]
    return [_too_much(breach) for breach in _breaches(listed, draft)]


def _breaches(listed: PositiveList, draft: OrderDraft) -> list[CapBreach]:
    lines = zip((line.facts.hs_code for line in draft.lines), _lines(draft), strict=True)
    return listed.breaches(lines, {}, clock.china_today())


def _too_much(breach: CapBreach) -> Finding:
    return Finding(
        code="yearly_quantity",
        message=texts.cap(breach),
        remedy=_("Order less of these goods."),
        field="lines",
        source=breach.rule.source,
    )


def _limit(result: TaxResult) -> list[Finding]:
    if result.outcome is Outcome.REFUSED and result.refusal is not None:
        return [
            Finding(
                code=result.refusal.value,
                message=texts.refusal(result.refusal, result.limits),
                remedy=texts.SPLIT if result.refusal == "single_limit" else texts.NEXT_YEAR,
                field="lines",
                source=result.limits.source,
            )
        ]
    if result.outcome is Outcome.FULL_TAX:
        return [
            Finding(
                code="full_tax",
                message=texts.outcome(result),
                field="lines",
                source=result.limits.source,
                blocking=False,
            )
        ]
    return []


def _identity(draft: OrderDraft) -> list[Finding]:
    """Look at the named buyer once more; who has not named a buyer is asked by the platform."""
    if draft.buyer is None:
        return []
    name_fits, number_fits = _verdict(draft.buyer.reference)
    found = []
    if not name_fits:
        found.append(("name", "name", _("The name is not written as on a resident ID card.")))
    if not number_fits:
        found.append(("id_number", "id_number", _("The resident ID number is not valid.")))
    return [
        Finding(
            code=f"identity_{code}",
            message=message,
            remedy=texts.CHECK_IDENTITY,
            field=field,
            source=_("GB 11643; customs compare name and number with the police register"),
        )
        for code, field, message in found
    ]


@lru_cache(maxsize=10_000)
def _verdict(reference: str) -> tuple[bool, bool]:
    """Judge a named person once per process: a stored person never changes, and each look is audited."""
    person = platform().reveal_identity(reference, purpose="order check")
    return name_ok(person.name), id_number_ok(person.id_number)


def _quota(draft: OrderDraft, result: TaxResult, takes: list[quota.Capped]) -> list[Finding]:
    if draft.buyer is None:
        return []
    try:
        quota.reserve(
            draft.buyer.index,
            lifecycle.quota_key(draft.checkout_id),
            result.dutiable_value,
            keep=links.config().reservation_time,
            takes=takes,
        )
    except quota.CapExceeded as error:
        return [_too_much(error.breach)]
    except quota.QuotaExceeded as error:
        return [_over_the_year(error)]
    return []


def _over_the_year(error: PonteError) -> Finding:
    limits = in_force.limits(clock.china_today())
    used = Decimal(str(error.data["used"]))
    return Finding(
        code="annual_limit",
        message=format_lazy(
            _("This year's limit is {limit} yuan for one person; {left} yuan are left."),
            limit=texts.yuan(limits.annual),
            left=texts.yuan(max(limits.annual - used, Decimal(0))),
        ),
        remedy=texts.NEXT_YEAR,
        field="lines",
        source=limits.source,
    )
