"""From articles and Saleor's tax bases to the tax engine and back: quotes and webhook answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from saleor_ext.core.money import Money
from saleor_ext.plugin_api import ParcelView, TaxQuote, TaxQuoteRequest, VariantFacts
from saleor_ext.plugin_api import TaxLine as QuotedLine

from . import policy, texts
from .policy import Limits, Tariff
from .tax import FEN, ZERO, Outcome, TaxLine, TaxResult, calculate

CNY = "CNY"


@dataclass(frozen=True, slots=True)
class Article:
    """What the tax of one piece depends on. ``measures``: customs unit code -> quantity in one piece."""

    sku: str
    hs_code: str
    measures: Mapping[str, Decimal]


def measures_of(
    hs_code: str, *, content: Decimal | None, unit1: str = "", qty1: Decimal | None = None
) -> dict[str, Decimal]:
    """Return what one piece holds: the label's content and the legal quantity by unit code.

    Without a unit for ``qty1`` the usual one of the chapter is meant: litres for drinks, kilograms otherwise.
    """
    found: dict[str, Decimal] = {}
    if qty1:
        found[unit1 or ("095" if hs_code.startswith("22") else "035")] = qty1
    if content:
        found[policy.CONTENT] = content
    return found


def article_of(facts: VariantFacts) -> Article:
    """Return what the tax of an article depends on."""
    measures = measures_of(facts.hs_code, content=facts.content, unit1=facts.unit1, qty1=facts.qty1)
    return Article(facts.sku, facts.hs_code, measures)


def tax_line(article: Article, quantity: int, value: Decimal, tariff: Tariff, day: date) -> TaxLine:
    """Make the engine's line of some pieces of an article."""
    return TaxLine(
        ref=article.sku,
        quantity=Decimal(quantity),
        value=value,
        rates=tariff.rates(article.hs_code, day),
        measures={code: amount * quantity for code, amount in article.measures.items()},
    )


def lines_of(parcel: ParcelView, tariff: Tariff, day: date) -> list[TaxLine]:
    """Make the engine's lines of a parcel."""
    return [
        tax_line(article_of(line.facts), line.quantity, line.total.amount, tariff, day)
        for line in parcel.lines
    ]


def coded(parcel: ParcelView, tariff: Tariff, day: date) -> list[tuple[str, TaxLine]]:
    """Return the engine's lines of a parcel, each with its commodity code, as the positive list takes them."""
    lines = lines_of(parcel, tariff, day)
    return [(line.facts.hs_code, taxed) for line, taxed in zip(parcel.lines, lines, strict=True)]


def quote(request: TaxQuoteRequest, tariff: Tariff, limits: Limits | None = None) -> TaxQuote:
    """Answer the platform's question for the tax of a box."""
    lines = [
        tax_line(
            Article(
                line.sku,
                line.hs_code,
                measures_of(line.hs_code, content=line.content, qty1=line.qty1),
            ),
            line.quantity,
            line.unit_price.amount * line.quantity,
            tariff,
            request.on,
        )
        for line in request.lines
    ]
    result = calculate(
        lines,
        day=request.on,
        freight=request.freight.amount,
        insurance=_amount(request.insurance),
        discount_non_cash=_amount(request.discount_non_cash),
        used_this_year=_amount(request.used_this_year),
        limits=limits,
    )
    return TaxQuote(
        outcome=result.outcome.value,
        lines=tuple(
            QuotedLine(
                sku=line.ref,
                dutiable_value=Money(line.dutiable_value, CNY),
                duty=Money(line.duty, CNY),
                consumption_tax=Money(line.consumption_tax, CNY),
                vat=Money(line.vat, CNY),
            )
            for line in result.lines
        ),
        total=Money(result.tax_total, CNY),
        rule=texts.outcome(result),
        source=result.limits.source,
        refusal=result.refusal.value if result.refusal else "",
    )


def _amount(money: Money | None) -> Decimal:
    return money.amount if money is not None else ZERO


# -- Saleor's tax webhooks -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BaseLine:
    """A line of Saleor's tax base: total net of line-level discounts, before those on the order."""

    article: Article
    lane: str
    quantity: int
    total: Decimal


@dataclass(frozen=True, slots=True)
class Base:
    """Saleor's tax base: lines in order, shipping, discounts on the goods and on the shipping."""

    lines: tuple[BaseLine, ...]
    shipping: Decimal
    goods_discount: Decimal
    shipping_discount: Decimal


def answer(
    base: Base,
    *,
    lanes: Iterable[str],
    discount_is_price_cut: bool,
    tariff: Tariff,
    day: date,
    limits: Limits | None = None,
) -> dict[str, object]:
    """Return the response of a tax webhook; its totals are the engine's to the fen.

    Lines of other lanes carry no import tax at the checkout. Without ``limits`` those of the shipped table are meant.
    """
    served = frozenset(lanes)
    after = _discounted([line.total for line in base.lines], base.goods_discount)
    shipping = max(base.shipping - base.shipping_discount, ZERO)
    taxed = [index for index, line in enumerate(base.lines) if line.lane in served]
    line_taxes = [ZERO] * len(base.lines)
    shipping_tax = ZERO
    if taxed:
        values = [after[index] if discount_is_price_cut else base.lines[index].total for index in taxed]
        result = calculate(
            [
                tax_line(base.lines[index].article, base.lines[index].quantity, value, tariff, day)
                for index, value in zip(taxed, values, strict=True)
            ],
            day=day,
            # Tax is due on the freight that is charged.
            freight=shipping,
            limits=limits,
        )
        shares = [_goods_share(line.total, line.value, line.dutiable_value) for line in result.lines]
        for index, share in zip(taxed, shares, strict=True):
            line_taxes[index] = share
        shipping_tax = result.tax_total - sum(shares, ZERO)
    return {
        "shipping_price_net_amount": _amount_text(shipping),
        "shipping_price_gross_amount": _amount_text(shipping + shipping_tax),
        "shipping_tax_rate": _percent(shipping_tax, shipping),
        "lines": [
            {
                "total_net_amount": _amount_text(net),
                "total_gross_amount": _amount_text(net + tax),
                "tax_rate": _percent(tax, net),
            }
            for net, tax in zip(after, line_taxes, strict=True)
        ],
    }


def _goods_share(tax: Decimal, value: Decimal, dutiable: Decimal) -> Decimal:
    """Return the part of a line's tax that falls on the goods; the rest falls on the freight.

    Rounded down, so that what the freight is charged with is never negative.
    """
    if dutiable in (0, value):
        return tax
    return (tax * value / dutiable).quantize(FEN, ROUND_DOWN)


def _discounted(totals: Sequence[Decimal], discount: Decimal) -> list[Decimal]:
    """Spread an order discount over lines by value; what rounding leaves goes where there is room, last first."""
    whole = sum(totals, ZERO)
    discount = min(discount, whole)
    if not discount:
        return list(totals)
    nets = [total - (discount * total / whole).quantize(FEN, ROUND_DOWN) for total in totals]
    rest = sum(nets, ZERO) - (whole - discount)
    for index in reversed(range(len(nets))):
        taken = min(nets[index], rest)
        nets[index] -= taken
        rest -= taken
    return nets


def _amount_text(amount: Decimal) -> str:
    return str(amount.quantize(FEN, ROUND_HALF_UP))


def _percent(tax: Decimal, net: Decimal) -> str:
    """Return the effective rate in percent, as Saleor wants it; for display only."""
    if not tax or not net:
        return "0"
    return str((tax / net * 100).quantize(FEN, ROUND_HALF_UP))


def limits_refusal(
    values: Sequence[tuple[int, Decimal]], freight: Decimal, day: date, limits: Limits | None = None
) -> TaxResult | None:
    """Return the refused result when (quantity, value) pairs and freight break the single limit, else None."""
    rates = policy.Rates()
    lines = [TaxLine(str(n), Decimal(count), value, rates) for n, (count, value) in enumerate(values)]
    if not lines:
        return None
    result = calculate(lines, day=day, freight=freight, limits=limits)
    return result if result.outcome is Outcome.REFUSED else None
