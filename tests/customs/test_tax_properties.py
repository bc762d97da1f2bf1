"""What holds for every order: the engine against the law's formulas in exact fractions, and its sums and orders."""

from __future__ import annotations

import dataclasses
import math
from datetime import date
from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.customs_declaration.policy import ConsumptionTier, Rates
from plugins.customs_declaration.tax import LineTax, Outcome, TaxLine, calculate
from saleor_ext.core.money import Money, spread

DAY = date(2026, 11, 23)
money = st.decimals(min_value=0, max_value=6_000, places=2)
fraction = st.decimals(min_value=0, max_value=D("0.99"), places=2)


@st.composite
def lines(draw, value=money) -> TaxLine:
    tier = ConsumptionTier(draw(fraction), draw(st.decimals(min_value=0, max_value=20, places=4)), "l")
    rates = Rates(draw(fraction), draw(fraction), (tier,))
    contents = draw(st.decimals(min_value=0, max_value=50, places=3))
    return TaxLine(
        str(draw(st.integers(0, 999))),
        D(draw(st.integers(1, 3))),
        draw(value),
        rates,
        specific_quantity=contents,
    )


orders = st.lists(lines(), min_size=1, max_size=8)


def fen(amount: Fraction) -> D:
    """Round half up by whole numbers alone."""
    return D(math.floor(amount * 100 + Fraction(1, 2))) / 100


def by_the_law(line: TaxLine, value: D, share: Fraction | None) -> tuple[D, D, D]:
    """Duty, consumption tax and VAT as the law words them: over the base that already holds the tax."""
    tier = line.rates.consumption[0]
    rate = Fraction(tier.ad_valorem)
    duty = Fraction(0) if share else Fraction(value) * Fraction(line.rates.duty)
    specific = Fraction(tier.specific) * Fraction(line.specific_quantity or 0)
    base = (Fraction(value) + duty + specific) / (1 - rate)
    consumption = base * rate + specific
    vat = (Fraction(value) + duty + consumption) * Fraction(line.rates.vat)
    levied = share or Fraction(1)
    return fen(duty), fen(consumption * levied), fen(vat * levied)


def figures(line: LineTax) -> tuple[D, D, D]:
    return line.duty, line.consumption_tax, line.vat


@given(orders, money, money, st.decimals(min_value=0, max_value=26_000, places=2))
def test_every_line_is_the_laws_to_the_fen(order, freight, insurance, used) -> None:
    result = calculate(order, day=DAY, freight=freight, insurance=insurance, used_this_year=used)
    share = Fraction(7, 10) if result.outcome is Outcome.WITHIN_LIMITS else None
    for given_line, taxed in zip(order, result.lines, strict=True):
        assert figures(taxed) == by_the_law(given_line, taxed.dutiable_value, share)
    pieces, value = sum(line.quantity for line in order), result.dutiable_value
    assert value == sum(line.value for line in order) + freight + insurance
    expected = (
        ("refused", "annual_limit")
        if used + value > 26_000
        else ("within_limits", None)
        if value <= 5_000
        else ("full_tax", None)
        if pieces == 1
        else ("refused", "single_limit")
    )
    assert (result.outcome, result.refusal) == expected


@given(orders)
def test_without_charges_the_order_of_lines_changes_nothing(order) -> None:
    forth, back = calculate(order, day=DAY), calculate(order[::-1], day=DAY)
    assert forth.lines == back.lines[::-1]
    assert (forth.tax_total, forth.outcome) == (back.tax_total, back.outcome)


@given(orders, money, money)
def test_with_charges_the_order_of_lines_changes_neither_value_nor_outcome(order, freight, insurance) -> None:
    forth = calculate(order, day=DAY, freight=freight, insurance=insurance)
    back = calculate(order[::-1], day=DAY, freight=freight, insurance=insurance)
    assert (forth.dutiable_value, forth.outcome) == (back.dutiable_value, back.outcome)


@given(
    lines(st.decimals(min_value=0, max_value=5_000, places=2)),
    st.decimals(min_value=0, max_value=2_000, places=2),
)
def test_a_dearer_piece_never_pays_less(line, more) -> None:
    dearer = dataclasses.replace(line, value=line.value + more)
    assert calculate([dearer], day=DAY).tax_total >= calculate([line], day=DAY).tax_total


@given(orders, money, st.decimals(min_value=0, max_value=100, places=2))
def test_a_voucher_lowers_the_payment_only(order, freight, voucher) -> None:
    plain = calculate(order, day=DAY, freight=freight)
    paid = calculate(order, day=DAY, freight=freight, discount_non_cash=voucher)
    assert paid.lines == plain.lines
    assert paid.actual_paid == plain.actual_paid - voucher


@given(money, st.lists(money, min_size=1, max_size=30))
def test_shares_are_whole_fen_near_their_due_and_never_negative(total, weights) -> None:
    shares = [share.amount for share in spread(Money(total, "CNY"), weights)]
    assert sum(shares) == total
    whole = sum(weights)
    for share, weight in zip(shares[:-1], weights[:-1], strict=True):
        assert share >= 0 and share == share.quantize(D("0.01"))
        if whole:
            assert share <= fen(Fraction(total) * Fraction(weight) / Fraction(whole))
    assert shares[-1] >= 0


@pytest.mark.parametrize("wrong", ["-0.01", "NaN", "Infinity"])
def test_amounts_that_are_none_are_errors(wrong) -> None:
    line = TaxLine("a", D(1), D(1), Rates())
    for name in ("freight", "insurance", "discount_non_cash", "used_this_year"):
        with pytest.raises(ValueError, match="not an amount"):
            calculate([line], day=DAY, **{name: D(wrong)})
    for bad in (dataclasses.replace(line, value=D(wrong)), dataclasses.replace(line, quantity=D(wrong))):
        with pytest.raises(ValueError, match="no line of an order"):
            calculate([bad], day=DAY)
    with pytest.raises(ValueError, match="at least one line"):
        calculate([], day=DAY)
    with pytest.raises(ValueError, match="no line of an order"):
        calculate([dataclasses.replace(line, quantity=D(0))], day=DAY)
