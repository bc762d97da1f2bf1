"""The tax engine against worked figures, and its sums against any input."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.customs_declaration.policy import (
    ConsumptionTier,
    Rates,
    UnknownTariff,
    limits_on,
    load_tariff,
    tariff,
)
from plugins.customs_declaration.tax import MissingMeasure, Outcome, Refusal, TaxLine, calculate
from saleor_ext.core.errors import ConfigurationError, PermanentError

DAY = date(2026, 11, 23)
PLAIN = Rates(duty=D("0.10"), vat=D("0.13"))
WINE = Rates(D("0.14"), D("0.13"), (ConsumptionTier(ad_valorem=D("0.10")),))


def line(value: str, rates: Rates = PLAIN, quantity: str = "1", **more: object) -> TaxLine:
    return TaxLine("a", D(quantity), D(value), rates, **more)  # type: ignore[arg-type]  # extra fields as given


def amounts(result) -> tuple[D, D, D]:
    one = result.lines[0]
    return one.duty, one.consumption_tax, one.vat


def test_t1_tax_as_on_a_customs_receipt() -> None:
    rates = tariff().rates("2201101000", DAY)
    assert amounts(calculate([line("410.00", rates)], day=DAY)) == (D("0.00"), D("0.00"), D("37.31"))


def test_t2_skin_care_above_the_value_per_gram() -> None:
    rates = tariff().rates("3304990029", DAY)
    result = calculate([line("425", rates, measures={"036": D(20)})], day=DAY)
    assert amounts(result) == (D("0.00"), D("52.50"), D("45.50"))
    assert result.tax_total == D("98.00")


def test_skin_care_below_the_value_per_gram_has_no_consumption_tax() -> None:
    rates = tariff().rates("3304990029", DAY)
    below = calculate([line("199.99", rates, measures={"content": D(20)})], day=DAY)
    at = calculate([line("200.00", rates, measures={"035": D("0.020")})], day=DAY)
    assert below.lines[0].consumption_tax == 0
    assert at.lines[0].consumption_tax == D("24.71")


def test_skin_care_labelled_by_volume_needs_the_label() -> None:
    rates = tariff().rates("3304990039", DAY)
    with pytest.raises(MissingMeasure):
        calculate([line("200.00", rates, measures={"035": D("0.020")})], day=DAY)
    assert calculate([line("200.00", rates, measures={"content": D(20)})], day=DAY).tax_total > D("40")


def test_masks_are_judged_by_the_piece() -> None:
    rates = tariff().rates("3304990049", DAY)
    assert calculate([line("149.99", rates, "10")], day=DAY).lines[0].consumption_tax == 0
    assert calculate([line("150.00", rates, "10")], day=DAY).lines[0].consumption_tax > 0


def test_t3_handbag_under_the_limits_of_2017() -> None:
    rates = Rates(D("0.10"), D("0.16"))
    day = date(2018, 6, 1)
    over = calculate([line("3000", rates)], day=day)
    assert over.outcome is Outcome.FULL_TAX
    assert amounts(over) == (D("300.00"), D("0.00"), D("528.00"))
    today = calculate([line("3000", rates)], day=DAY)
    assert today.tax_total == D("336.00")


@pytest.mark.parametrize(
    ("vat", "consumption", "expected"),
    [("0.17", "0", "11.90"), ("0.17", "0.30", "47.00"), ("0.17", "0.15", "26.35"), ("0.13", "0.10", "17.89")],
)
def test_t4_composite_rates(vat: str, consumption: str, expected: str) -> None:
    rates = Rates(D(0), D(vat), (ConsumptionTier(ad_valorem=D(consumption)),))
    assert calculate([line("100", rates)], day=DAY).tax_total == D(expected)


def test_t5_wine_by_general_trade_at_17_percent() -> None:
    rates = Rates(D("0.14"), D("0.17"), WINE.consumption)
    assert calculate([line("10000", rates)], day=DAY).tax_total == D("4820.00")


def test_t6_one_bottle_above_the_single_limit_pays_in_full() -> None:
    result = calculate([line("6000", WINE)], day=DAY)
    assert result.outcome is Outcome.FULL_TAX
    assert amounts(result) == (D("840.00"), D("760.00"), D("988.00"))
    assert result.tax_total == D("2588.00")


def test_t8_cookies() -> None:
    rates = tariff().rates("1905310000", DAY)
    assert calculate([line("200", rates)], day=DAY).tax_total == D("18.20")


def test_t15_the_single_limit() -> None:
    at = calculate([line("5000.00")], day=DAY)
    one = calculate([line("5000.01")], day=DAY)
    two = calculate([line("5000.01", quantity="2")], day=DAY)
    assert (at.outcome, at.tax_total) == (Outcome.WITHIN_LIMITS, D("455.00"))
    assert (one.outcome, one.lines[0].duty) == (Outcome.FULL_TAX, D("500.00"))
    assert (two.outcome, two.refusal) == (Outcome.REFUSED, Refusal.SINGLE_LIMIT)


def test_t16_the_annual_limit() -> None:
    over = calculate([line("114.44")], day=DAY, used_this_year=D("26000.00"))
    inside = calculate([line("114.44")], day=DAY, used_this_year=D("25885.56"))
    assert (over.outcome, over.refusal) == (Outcome.REFUSED, Refusal.ANNUAL_LIMIT)
    assert inside.outcome is Outcome.WITHIN_LIMITS


def test_one_piece_above_the_annual_limit_is_refused_for_the_year() -> None:
    assert calculate([line("26000.01")], day=DAY).refusal is Refusal.ANNUAL_LIMIT


def test_the_freight_counts_towards_the_limit() -> None:
    assert (
        calculate([line("2500", quantity="2")], day=DAY, freight=D("0.01")).outcome is Outcome.WITHIN_LIMITS
    )
    over = calculate([line("2500"), line("2500")], day=DAY, freight=D("0.01"))
    assert over.refusal is Refusal.SINGLE_LIMIT


def test_compound_tax_of_spirits() -> None:
    rates = tariff().rates("2208909099", DAY)
    result = calculate([line("500", rates, measures={"095": D("0.5")})], day=DAY)
    # base (500 + 0.456) / 0.8 = 625.57; consumption 625.57 × 20 % + 0.456 = 125.57; VAT 625.57 × 13 %
    assert amounts(result) == (D("0.00"), D("87.90"), D("56.93"))


def test_specific_tax_of_beer_by_value_per_litre() -> None:
    rates = tariff().rates("2203000000", DAY)
    dear = calculate([line("20", rates, measures={"095": D("2")})], day=DAY)
    cheap = calculate([line("5", rates, measures={"096": D("2000")})], day=DAY)
    assert dear.lines[0].consumption_tax == D("0.35")
    assert cheap.lines[0].consumption_tax == D("0.31")


def test_a_label_in_millilitres_serves_a_tax_per_litre() -> None:
    rates = tariff().rates("2208909099", DAY)
    labelled = calculate([line("500", rates, measures={"content": D(50_000)})], day=DAY)
    assert labelled.lines == calculate([line("500", rates, measures={"095": D(50)})], day=DAY).lines


def test_a_threshold_holds_for_less_than_one_unit() -> None:
    rates = tariff().rates("3304990039", DAY)
    assert (
        calculate([line("5.00", rates, measures={"content": D("0.5")})], day=DAY).lines[0].consumption_tax > 0
    )
    assert (
        calculate([line("4.99", rates, measures={"content": D("0.5")})], day=DAY).lines[0].consumption_tax
        == 0
    )


def test_a_threshold_per_unit_says_nothing_of_no_units() -> None:
    rates = tariff().rates("3304990039", DAY)
    assert calculate([line("5.00", rates, specific_quantity=D(0))], day=DAY).lines[0].consumption_tax == 0


def test_a_specific_tax_without_contents_is_an_error_not_a_guess() -> None:
    with pytest.raises(MissingMeasure):
        calculate([line("500", tariff().rates("2208909099", DAY))], day=DAY)


def test_freight_is_spread_by_value_and_the_last_line_takes_the_rest() -> None:
    result = calculate([line("10"), line("10"), line("10")], day=DAY, freight=D("10.00"))
    assert [one.dutiable_value for one in result.lines] == [D("13.33"), D("13.33"), D("13.34")]


def test_vouchers_do_not_lower_the_tax_but_the_payment() -> None:
    result = calculate([line("100")], day=DAY, freight=D("10"), discount_non_cash=D("30"))
    assert result.tax_total == D("10.01")
    assert result.actual_paid == D("90.01")


def test_a_day_before_any_edition_has_no_limits() -> None:
    with pytest.raises(PermanentError):
        limits_on(date(2015, 1, 1))


def test_an_unknown_code_is_an_error() -> None:
    with pytest.raises(UnknownTariff):
        tariff().rates("9999999999", DAY)


def test_the_tariff_is_dated_and_takes_the_longest_prefix(tmp_path) -> None:
    path = tmp_path / "tariff.csv"
    head = "hs,name,duty,vat,ct_ad_valorem,ct_specific,ct_unit,ct_threshold,ct_basis,from,to,status,source\n"
    path.write_text(
        head
        + "19,a,0.1,0.17,,,,,,2010-01-01,2019-03-31,read,x\n"
        + "19,a,0.1,0.13,,,,,,2019-04-01,,read,x\n"
        + "190531,b,0.2,0.09,,,,,,2020-01-01,,read,x\n"
    )
    rates = load_tariff(path)
    assert rates.rates("1905310000", date(2019, 3, 31)).vat == D("0.17")
    assert rates.rates("1905310000", date(2019, 4, 1)).vat == D("0.13")
    assert rates.rates("1905310000", DAY).duty == D("0.2")


@pytest.mark.parametrize(
    "row",
    [
        "19,a,x,0.13,,,,,,2010-01-01,,r,s",
        "1,a,0,0.13,,,,,,2010-01-01,,r,s",
        "19,a,0,0.13,,,pint,,,2010-01-01,,r,s",
        "19,a",
    ],
)
def test_a_bad_tariff_row_names_its_line(tmp_path, row: str) -> None:
    path = tmp_path / "tariff.csv"
    head = "hs,name,duty,vat,ct_ad_valorem,ct_specific,ct_unit,ct_threshold,ct_basis,from,to,status,source\n"
    path.write_text(head + row + "\n")
    with pytest.raises(ConfigurationError, match="line 2"):
        load_tariff(path)


money = st.decimals(min_value=0, max_value=30_000, places=2)
rates_used = st.sampled_from(
    [
        PLAIN,
        WINE,
        Rates(D("0.1"), D("0.09")),
        Rates(D("0.1"), D("0.13"), (ConsumptionTier(D("0.2"), D("0.912"), "l"),)),
    ]
)


@given(
    st.lists(st.tuples(money, rates_used, st.integers(1, 9)), min_size=1, max_size=12),
    money,
    money,
    money,
    st.decimals(min_value=0, max_value=26_000, places=2),
)
def test_totals_are_the_sums_of_their_lines(rows, freight, insurance, discount, used) -> None:
    lines = [
        TaxLine(str(n), D(count), value, rates, {"095": D("0.75") * count})
        for n, (value, rates, count) in enumerate(rows)
    ]
    result = calculate(
        lines, day=DAY, freight=freight, insurance=insurance, discount_non_cash=discount, used_this_year=used
    )
    assert result.dutiable_value == sum(row[0] for row in rows) + freight + insurance
    assert result.tax_total == sum(one.duty + one.consumption_tax + one.vat for one in result.lines)
    assert result.actual_paid == result.goods_value + freight + insurance + result.tax_total - discount
    for one in result.lines:
        assert one.dutiable_value >= one.value
        for tax in (one.duty, one.consumption_tax, one.vat):
            assert tax >= 0 and tax == tax.quantize(D("0.01"))
    if result.outcome is Outcome.WITHIN_LIMITS:
        assert result.dutiable_value <= 5000 and all(one.duty == 0 for one in result.lines)
    if result.outcome is not Outcome.REFUSED:
        assert used + result.dutiable_value <= 26_000
