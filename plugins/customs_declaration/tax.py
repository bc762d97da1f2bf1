"""Tax of one retail-import order: four outcomes, exact to the fen.

Within the limits duty is nought and VAT and consumption tax are levied at the dated share (70 %).
One single piece above the single limit pays all taxes in full. Everything else is refused: it is not
a retail import. Amounts are CNY; each tax of each line rounds HALF_UP to 0.01, totals are sums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import Money, spread

from .policy import BASES, CONTENT, LABELLED, THOUSANDS, ConsumptionTier, Limits, Rates, limits_on

FEN = Decimal("0.01")
ZERO = Decimal(0)


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
) -> TaxResult:
    """Work out the outcome and the tax of an order.

    Points and vouchers (``discount_non_cash``) do not lower the dutiable value; public price cuts are
    already in the lines' values. The yearly sum counts dutiable values.
    """
    if not lines:
        raise ValueError("an order has at least one line")
    limits = limits_on(day)
    values = [line.value for line in lines]
    charges = [
        a.amount + b.amount for a, b in zip(_spread(freight, values), _spread(insurance, values), strict=True)
    ]
    dutiable = [value + charge for value, charge in zip(values, charges, strict=True)]
    pieces = sum((line.quantity for line in lines), ZERO)
    outcome, refusal = decide(sum(dutiable, ZERO), pieces, used_this_year, limits)
    within = outcome is Outcome.WITHIN_LIMITS
    return TaxResult(
        outcome=outcome,
        refusal=refusal,
        limits=limits,
        lines=tuple(
            _line_tax(line, base, limits.tax_share if within else None)
            for line, base in zip(lines, dutiable, strict=True)
        ),
        goods_value=sum(values, ZERO),
        freight=freight,
        insurance=insurance,
        discount=discount_non_cash,
    )


def decide(
    dutiable: Decimal, pieces: Decimal, used_this_year: Decimal, limits: Limits
) -> tuple[Outcome, Refusal | None]:
    """Tell which of the outcomes an order meets; an amount equal to a limit is inside it."""
    if dutiable > limits.single and pieces > 1:
        return Outcome.REFUSED, Refusal.SINGLE_LIMIT
    if used_this_year + dutiable > limits.annual:
        return Outcome.REFUSED, Refusal.ANNUAL_LIMIT
    if dutiable > limits.single:
        return Outcome.FULL_TAX, None
    return Outcome.WITHIN_LIMITS, None


def _spread(total: Decimal, weights: Sequence[Decimal]) -> list[Money]:
    return spread(Money(total, "CNY"), weights)


def _line_tax(line: TaxLine, dutiable: Decimal, share: Decimal | None) -> LineTax:
    """Tax one line; ``share`` None levies everything in full, duty included."""
    duty = ZERO if share is not None else dutiable * line.rates.duty
    tier = _tier(line, dutiable)
    specific = ZERO
    if tier.specific:
        quantity = line.measure(tier.unit)
        if quantity is None:
            raise MissingMeasure(f"{line.ref}: the consumption tax is per {tier.unit}, contents not known")
        specific = quantity * tier.specific
    base = (dutiable + duty + specific) / (1 - tier.ad_valorem)
    consumption = base * tier.ad_valorem + specific
    vat = (dutiable + duty + consumption) * line.rates.vat
    levied = Decimal(1) if share is None else share
    return LineTax(
        ref=line.ref,
        value=line.value,
        dutiable_value=dutiable,
        duty=_fen(duty),
        consumption_tax=_fen(consumption * levied),
        vat=_fen(vat * levied),
    )


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
