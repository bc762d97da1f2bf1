"""Rates by day and cross, files of rates, and conversions that balance in each currency."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from saleor_ext.core.money import Money
from saleor_ext.settlement import company, fx, ledger
from saleor_ext.settlement.ledger import KeyReused
from saleor_ext.settlement.models import FxRate, Journal

from .conftest import PAID_AT, balances

HEADING = "base,quote,day,rate,source\n"
FILE = HEADING + "CNY,HKD,2026-11-10,1.0912,HKMA\nCNY,HKD,2026-11-12,1.1,HKMA\nUSD,HKD,2026-11-10,7.8,HKMA\n"
DAY = date(2026, 11, 11)


def load(text: str = FILE, *, check_only: bool = False) -> dict[str, object]:
    return fx.load(text.splitlines(), check_only=check_only)


def test_the_latest_rate_on_or_before_the_day_counts() -> None:
    load()
    assert fx.rate("CNY", "HKD", DAY) == Decimal("1.0912")
    assert fx.rate("CNY", "HKD", date(2026, 11, 12)) == Decimal("1.1")
    with pytest.raises(fx.NoRate):
        fx.rate("CNY", "HKD", date(2026, 11, 9))


def test_the_pataca_is_fixed_and_other_pairs_cross_through_the_dollar() -> None:
    load()
    assert fx.rate("HKD", "MOP", date(1999, 12, 20)) == Decimal("1.03")
    assert fx.rate("MOP", "HKD", DAY) == Decimal("0.97087379")
    assert fx.rate("CNY", "MOP", DAY) == Decimal("1.12393600")
    assert fx.rate("HKD", "CNY", DAY) == Decimal("0.91642229")
    assert fx.rate("USD", "CNY", DAY) == Decimal("7.14809384")
    assert fx.rate("CNY", "CNY", DAY) == Decimal(1)


def test_amounts_are_rounded_half_up_at_the_minor_unit() -> None:
    assert fx.convert_at_reference(Money("0.50", "HKD"), "MOP", DAY) == Money("0.52", "MOP")
    FxRate.objects.create(base="HKD", quote="JPY", day=DAY, rate=Decimal("19.5"), source="HKMA")
    assert fx.convert_at_reference(Money("1.00", "HKD"), "JPY", DAY) == Money("20", "JPY")


def test_a_file_is_loaded_once_and_a_difference_stops_it() -> None:
    assert load(check_only=True) == {"new": 3, "same": 0, "differences": [], "written": False}
    assert FxRate.objects.count() == 0
    assert load() == {"new": 3, "same": 0, "differences": [], "written": True}
    assert load() == {"new": 0, "same": 3, "differences": [], "written": True}
    other = HEADING + "CNY,HKD,2026-11-10,1.0913,HKMA\nCNY,HKD,2026-11-13,1.2,HKMA\n"
    difference = {"pair": "CNY/HKD", "day": "2026-11-10", "known": "1.09120000", "told": "1.0913"}
    assert load(other) == {"new": 1, "same": 0, "differences": [difference], "written": False}
    assert FxRate.objects.count() == 3


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a,b\n", "heading"),
        (HEADING + "CNY,HKD,2026-11-10,0,x\n", "line 2"),
        (HEADING + "CNY,HKD,2026-11-10,1.123456789,x\n", "eight digits"),
        (HEADING + "HKD,MOP,2026-11-10,1.04,x\n", "fixed at 1.03"),
        (HEADING + "CNY,HKD,2026-11-10,1,\n", "no source"),
        (HEADING + "CNY,HKD,2026-11-10\n", "line 2"),
        (HEADING + "CNY,HKD,2026-11-10,1,x\nCNY,HKD,2026-11-10,1,x\n", "line 3"),
        (HEADING + "CNY,XXX,2026-11-10,1,x\n", "line 2"),
    ],
)
def test_files_that_cannot_be_read_are_refused_with_the_line(text: str, word: str) -> None:
    with pytest.raises(fx.BadRates, match=word):
        load(text)
    assert FxRate.objects.count() == 0


def settle(reference: str, taken: Money, received: Money) -> None:
    company.gateway_settled("wechat", "main", reference, taken, "icbc", received, PAID_AT)


def test_a_settlement_in_another_currency_tells_the_difference_to_the_reference_rate() -> None:
    load()
    for _again in range(2):
        settle("S1", Money("100.00", "CNY"), Money("108.50", "HKD"))
    assert balances("CNY") == {"fx.trading.CNY": "100.00", "psp.wechat.main.pending": "-100.00"}
    assert balances("HKD") == {"bank.icbc": "108.50", "fx.gain_loss": "-0.62", "fx.trading.HKD": "-109.12"}
    assert Journal.objects.count() == 1
    FxRate.objects.create(base="CNY", quote="HKD", day=DAY, rate=Decimal("1.2"), source="late")
    settle("S1", Money("100.00", "CNY"), Money("108.50", "HKD"))
    assert Journal.objects.count() == 1
    with pytest.raises(KeyReused):
        settle("S1", Money("100.00", "CNY"), Money("108.51", "HKD"))


def test_a_settlement_in_the_same_currency_moves_the_money_and_hides_no_fee() -> None:
    settle("S2", Money("50.00", "CNY"), Money("50.00", "CNY"))
    assert balances() == {"bank.icbc": "50.00", "psp.wechat.main.pending": "-50.00"}
    with pytest.raises(ValueError, match="S3"):
        settle("S3", Money("50.00", "CNY"), Money("49.70", "CNY"))


def test_a_fee_is_written_once_for_each_of_the_gateways_references() -> None:
    for reference, fee in (("F1", "0.96"), ("F1", "0.96"), ("F2", "-0.06")):
        company.gateway_fee("wechat", "main", reference, Money(fee, "CNY"), PAID_AT)
    assert str(ledger.balance("psp_fee.expense", "CNY")) == "0.90 CNY"
    assert str(ledger.balance("psp.wechat.main.pending", "CNY")) == "-0.90 CNY"
    with pytest.raises(KeyReused):
        company.gateway_fee("wechat", "main", "F1", Money("0.97", "CNY"), PAID_AT)
