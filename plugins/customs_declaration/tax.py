"""Tax of one retail-import order: four outcomes, exact to the fen.

Within the limits duty is nought and VAT and consumption tax are levied at the dated share (70 %).
One single piece above the single limit pays all taxes in full. Everything else is refused: it is not
a retail import. Amounts are CNY; each tax of each line rounds HALF_UP to 0.01 once, at its end; totals are sums.

With V the dutiable value of a line, D its duty, c the ad-valorem and s the specific consumption tax (CNY per
unit), q the quantity in that unit and v the VAT rate, all as fractions, the law's base (V + D + q·s) / (1 − c) gives

    consumption tax = ((V + D)·c + q·s) / (1 − c)        VAT = (V + D + q·s)·v / (1 − c)

Written with one division, so that an amount of exactly half a fen is known to be one. Limits and share come from
``data/limits.toml``, rates from the tariff; nothing of policy is written here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal, localcontext
from enum import StrEnum

from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import Money, spread

from .policy import BASES, CONTENT, LABELLED, THOUSANDS, ConsumptionTier, Limits, Rates, limits_on

FEN = Decimal("0.01")
ZERO = Decimal(0)
#: Holds every product of customs' longest numbers (19 digits) whole, and a quotient far beyond the fen.
EXACT = Context(prec=80, rounding=ROUND_HALF_UP, Emin=MIN_EMIN, Emax=MAX_EMAX)


class Outcome(StrEnum):
    WITHIN_LIMITS = "within_limits"
    FULL_TAX = "full_tax"
    REFUSED = "refused"


class Refusal(StrEnum):
    SINGLE_LIMIT = "single_limit"
    ANNUAL_LIMIT = "annual_limit"


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One line: ``value`` is the price of the whole line without tax, ``measures`` its whole contents.

    ``measures`` maps customs unit codes to the quantity in that unit (``{"036": Decimal(20)}`` = 20 g), and
    ``CONTENT`` to what the label states: ml or g, or pieces where the tax asks for pieces.
    ``specific_quantity`` states the quantity in the unit of a specific tax outright and wins over it.
    """

    ref: str
    quantity: Decimal
    value: Decimal
    rates: Rates
    measures: Mapping[str, Decimal] = field(default_factory=dict)
    specific_quantity: Decimal | None = None

    def measure(self, basis: str) -> Decimal | None:
        """Return the line's contents in a basis unit, or None when they are not known."""
        if self.specific_quantity is not None:
            return self.specific_quantity
        content = self.measures.get(CONTENT)
        if content and basis in LABELLED:
            return content
        for code, factor in BASES[basis].items():
            if self.measures.get(code):
                return self.measures[code] * factor
        if content and basis in THOUSANDS:
            return content / 1000
        return self.quantity if basis == "piece" else None


@dataclass(frozen=True, slots=True)
class LineTax:
    """What one line owes, each rounded to the fen."""

    ref: str
    value: Decimal
    dutiable_value: Decimal
    duty: Decimal
    consumption_tax: Decimal
    vat: Decimal

    @property
    def total(self) -> Decimal:
        return self.duty + self.consumption_tax + self.vat


@dataclass(frozen=True, slots=True)
class TaxResult:
    """The order's tax. For a refused order the taxes are the statutory ones, for information only."""

    outcome: Outcome
    refusal: Refusal | None
    limits: Limits
    lines: tuple[LineTax, ...]
    goods_value: Decimal
    freight: Decimal
    insurance: Decimal
    discount: Decimal

    @property
    def dutiable_value(self) -> Decimal:
        return sum((line.dutiable_value for line in self.lines), ZERO)

    @property
    def tax_total(self) -> Decimal:
        return sum((line.total for line in self.lines), ZERO)

    @property
    def actual_paid(self) -> Decimal:
        """Goods + freight + insurance + tax − non-cash discount: what the buyer's wallet pays."""
        return self.goods_value + self.freight + self.insurance + self.tax_total - self.discount


class MissingMeasure(PermanentError):
    """A tax needs the contents of a line in a unit that the listing does not give."""

    code = "missing_measure"


def calculate(
    lines: Sequence[TaxLine],
    *,
    day: date,
    freight: Decimal = ZERO,
    insurance: Decimal = ZERO,
    discount_non_cash: Decimal = ZERO,
    used_this_year: Decimal = ZERO,
    limits: Limits | None = None,
) -> TaxResult:
    """Work out the outcome and the tax of an order.

    Points and vouchers (``discount_non_cash``) do not lower the dutiable value; public price cuts are
    already in the lines' values. Freight and insurance belong to it and are spread over the lines by value,
    each share rounded HALF_UP to the fen, the last line taking the rest. The yearly sum counts dutiable values.
    Without ``limits`` those of the shipped table for the day are meant.
    For a refused order the taxes are the statutory ones in full, for information.

    :raises ValueError: no lines, or an amount or quantity that is negative or no number
    :raises MissingMeasure: a specific tax or a threshold asks for contents that are not known
    """
    _check_amounts(lines, freight, insurance, discount_non_cash, used_this_year)
    limits = limits or limits_on(day)
    with localcontext(EXACT):
        values = [line.value for line in lines]
        charges = zip(_spread(freight, values), _spread(insurance, values), strict=True)
        dutiable = [
            value + carried + insured for value, (carried, insured) in zip(values, charges, strict=True)
        ]
        pieces = sum((line.quantity for line in lines), ZERO)
        outcome, refusal = decide(sum(dutiable, ZERO), pieces, used_this_year, limits)
        share = limits.tax_share if outcome is Outcome.WITHIN_LIMITS else None
        return TaxResult(
            outcome=outcome,
            refusal=refusal,
            limits=limits,
            lines=tuple(_line_tax(line, base, share) for line, base in zip(lines, dutiable, strict=True)),
            goods_value=sum(values, ZERO),
            freight=freight,
            insurance=insurance,
            discount=discount_non_cash,
        )


def decide(
    dutiable: Decimal, pieces: Decimal, used_this_year: Decimal, limits: Limits
) -> tuple[Outcome, Refusal | None]:
    """Tell which of the outcomes an order meets; an amount equal to a limit is inside it.

    The year comes first: an order beyond it is no retail import however it is split.
    """
    if used_this_year + dutiable > limits.annual:
        return Outcome.REFUSED, Refusal.ANNUAL_LIMIT
    if dutiable <= limits.single:
        return Outcome.WITHIN_LIMITS, None
    if pieces > 1:
        return Outcome.REFUSED, Refusal.SINGLE_LIMIT
    return Outcome.FULL_TAX, None


def _check_amounts(lines: Sequence[TaxLine], *amounts: Decimal) -> None:
    if not lines:
        raise ValueError("an order has at least one line")
    for amount in amounts:
        if not amount.is_finite() or amount < 0:
            raise ValueError(f"not an amount of an order: {amount}")
    for line in lines:
        if not (line.value.is_finite() and line.quantity.is_finite()) or line.value < 0 or line.quantity <= 0:
            raise ValueError(f"{line.ref}: {line.quantity} pieces for {line.value} are no line of an order")


def _spread(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    return (
        [share.amount for share in spread(Money(total, "CNY"), weights)] if total else [ZERO] * len(weights)
    )


def _line_tax(line: TaxLine, dutiable: Decimal, share: Decimal | None) -> LineTax:
    """Tax one line; ``share`` None levies everything in full, duty included."""
    duty = ZERO if share is not None else dutiable * line.rates.duty
    levied = Decimal(1) if share is None else share
    tier = _tier(line, dutiable)
    specific = _specific(line, tier)
    value, rest = dutiable + duty, 1 - tier.ad_valorem
    return LineTax(
        ref=line.ref,
        value=line.value,
        dutiable_value=dutiable,
        duty=_fen(duty),
        consumption_tax=_fen((value * tier.ad_valorem + specific) * levied / rest),
        vat=_fen((value + specific) * line.rates.vat * levied / rest),
    )


def _specific(line: TaxLine, tier: ConsumptionTier) -> Decimal:
    """Return the part of the consumption tax that is levied by quantity."""
    if not tier.specific:
        return ZERO
    quantity = line.measure(tier.unit)
    if quantity is None:
        raise MissingMeasure(f"{line.ref}: the consumption tax is per {tier.unit}, contents not known")
    return quantity * tier.specific


def _tier(line: TaxLine, dutiable: Decimal) -> ConsumptionTier:
    for tier in line.rates.consumption:
        if tier.threshold is None:
            return tier
        contents = line.measure(tier.basis)
        if contents is None:
            raise MissingMeasure(f"{line.ref}: a tax threshold is per {tier.basis}, contents not known")
        if contents > 0 and dutiable >= tier.threshold * contents:
            return tier
    return ConsumptionTier()


def _fen(amount: Decimal) -> Decimal:
    return amount.quantize(FEN, ROUND_HALF_UP)
