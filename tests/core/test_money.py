from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_ext.core.money import CurrencyMismatch, Money, spread


def cny(amount: str | int) -> Money:
    return Money(Decimal(amount), "CNY")


def test_arithmetic_is_exact() -> None:
    assert cny("0.1") + cny("0.2") == cny("0.3")
    assert cny("10") - cny("0.01") == cny("9.99")
    assert cny("1.005") * 3 == cny("3.015")
    assert -cny("1") == cny("-1")


@pytest.mark.parametrize(("amount", "rounded"), [("1.005", "1.01"), ("1.004", "1.00"), ("-1.005", "-1.01")])
def test_rounding_is_half_up(amount: str, rounded: str) -> None:
    assert cny(amount).quantize().amount == Decimal(rounded)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(CurrencyMismatch):
        cny(1) + Money(Decimal(1), "HKD")
    with pytest.raises(CurrencyMismatch):
        assert cny(1) < Money(Decimal(1), "HKD")


@pytest.mark.parametrize("wrong", [0.1, 1.0])
def test_floats_are_refused(wrong: float) -> None:
    with pytest.raises(TypeError):
        Money(wrong, "CNY")  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(TypeError):
        cny(1) * wrong  # type: ignore[operator]  # the point of the test


@pytest.mark.parametrize("currency", ["", "cny", "CN", "C1Y", "RMB2"])
def test_malformed_currencies_are_refused(currency: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        Money(Decimal(1), currency)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_amounts_must_be_finite(amount: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        Money(Decimal(amount), "CNY")


def test_minor_units() -> None:
    assert cny("12.34").minor == 1234
    assert Money.from_minor(1234, "CNY") == cny("12.34")
    assert Money(Decimal(12), "JPY").minor == 12
    with pytest.raises(ValueError, match="finer"):
        assert cny("0.001").minor


def test_spread_gives_the_rest_to_the_last() -> None:
    assert spread(cny("10.00"), [Decimal(1), Decimal(1), Decimal(1)]) == [
        cny("3.33"),
        cny("3.33"),
        cny("3.34"),
    ]
    assert spread(cny("5"), [Decimal(0), Decimal(0)]) == [cny("2.50"), cny("2.50")]


@given(
    st.decimals(min_value=0, max_value=100000, places=2),
    st.lists(st.decimals(min_value=0, max_value=10000, places=2), min_size=1, max_size=20),
)
def test_spread_always_sums_to_the_whole(total: Decimal, weights: list[Decimal]) -> None:
    shares = spread(Money(total, "CNY"), weights)
    assert Money.sum(shares, "CNY") == Money(total, "CNY")
    assert len(shares) == len(weights)
