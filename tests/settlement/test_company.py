"""What a company's statement books: in the end nothing of what was paid out is left with the company."""

from __future__ import annotations

from typing import Any

import pytest

from saleor_ext.core.errors import TransientError
from saleor_ext.settlement import checking, events
from saleor_ext.settlement.ledger import KeyReused
from saleor_ext.settlement.models import Journal

from .conftest import PAID_AT, balances, moved
from .test_fx import load


def event(kind: str, reference: str, amount: str, became: str = "") -> dict[str, Any]:
    value, currency = amount.split()
    found: dict[str, Any] = {
        "kind": kind, "key": f"stripe:main:{reference}", "gateway": "stripe", "account": "main", "api_url": "",
        "transaction_id": "", "amount": value, "currency": currency, "at": PAID_AT.isoformat(), "reference": reference,
    }  # fmt: skip
    if became:
        value, currency = became.split()
        found["became"] = {"amount": value, "currency": currency}
    return found


STATEMENT = (
    event("fee", "2026-11-11:HKD", "9.51 HKD"),
    event("converted", "2026-11-11:payment:CNY:HKD", "194.00 CNY", "209.52 HKD"),
    event("converted", "2026-11-11:refund:HKD:CNY", "10.80 HKD", "10.00 CNY"),
    event("settled", "po_1", "189.21 HKD"),
)


def captured() -> None:
    for kind, amount in (("captured", "194.00"), ("refunded", "10.00")):
        told = event(kind, "1", f"{amount} CNY")
        events.write({**told, "api_url": "http://saleor.test/graphql/", "transaction_id": "T"})


def test_nothing_of_what_was_paid_out_is_left_with_the_company() -> None:
    load()
    captured()
    assert balances("CNY")["psp.stripe.main.pending"] == "184.00"
    for _again in range(2):
        for one in STATEMENT:
            events.write(one)
    # At 1.0912, the reference rate of the day before: 194.00 CNY are 211.69 HKD, 10.80 HKD are 9.90 CNY.
    assert balances("HKD") == {
        "bank.payout": "189.21",
        "psp_fee.expense": "9.51",
        "fx.trading.HKD": "-200.89",
        "fx.gain_loss": "-2.17",
    }
    assert balances("CNY") == {"unassigned": "184.00", "fx.trading.CNY": "184.10", "fx.gain_loss": "0.10"}
    assert checking.run()["ok"] is True
    with pytest.raises(KeyReused):
        events.write(event("settled", "po_1", "189.22 HKD"))
    with pytest.raises(KeyReused):
        events.write(event("fee", "2026-11-11:HKD", "9.52 HKD"))


def test_a_conversion_waits_for_a_rate_to_measure_it_by() -> None:
    captured()
    before = Journal.objects.count()
    with pytest.raises(TransientError) as wait:
        events.write(STATEMENT[1])
    assert (wait.value.code, Journal.objects.count()) == ("fx_no_rate", before)
    load()
    events.write(STATEMENT[1])
    assert Journal.objects.count() == before + 1


def test_a_fee_that_is_given_back_lowers_the_expense() -> None:
    events.write(event("fee", "a", "1.55 CNY"))
    events.write(event("fee", "b", "-0.40 CNY"))
    assert balances() == {"psp_fee.expense": "1.15", "psp.stripe.main.pending": "-1.15"}


def test_the_movements_of_payments_are_told_as_before() -> None:
    assert moved("captured", "1", "1.00").became is None
