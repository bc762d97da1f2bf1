"""The file for the bank is built as ISO 20022 pain.001.001.09 asks; and the check finds what is not."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from saleor_ext.core import clock
from saleor_ext.core.errors import ConfigurationError
from saleor_ext.core.money import Money
from saleor_ext.core.settings import platform_settings
from saleor_ext.settlement import bank_details, payouts
from saleor_ext.settlement.ledger import credit, debit, post
from saleor_ext.settlement.models import PayoutBatch

from .conftest import new_key
from .pain import objections

NOW = datetime(2026, 12, 20, 4, 0, tzinfo=UTC)
DEBTOR = {"name": "ß" * 100, "account": "0123456789", "bic": "ICBKMOMX"}


@pytest.fixture
def batch(monkeypatch: pytest.MonkeyPatch) -> PayoutBatch:
    """A released batch of two, with names at the end of what may be."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    for name, value in DEBTOR.items():
        monkeypatch.setattr(platform_settings(), f"payout_debtor_{name}", value)
    for merchant, holder in (("m" * 80, "ß" * 140), ("tea", "Chá & Pão")):
        money, account = Money("1234567.89", "CNY"), f"merchant.{merchant}.available"
        post(new_key(), "released", [debit("unassigned", money), credit(account, money)], at=NOW)
        bank_details.enter(merchant, "CNY", holder, "BCOMMOMX001", "A" * 34, actor="eve")
    made = payouts.draft(date(2026, 12, 21), "CNY", actor="ann")
    payouts.approve(made.pk, actor="ann")
    return payouts.release(made.pk, actor="bob")


def test_what_we_write_is_as_the_standard_has_it(batch: PayoutBatch) -> None:
    assert objections(payouts.bank_file(batch.pk, "pain.001")) == []


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        (b"<PmtMtd>TRF</PmtMtd>", b"", "PmtInf has 0 PmtMtd"),
        (b"<PmtMtd>TRF</PmtMtd>", b"<PmtMtd>NOW</PmtMtd>", "PmtMtd NOW"),
        (b"<BICFI>ICBKMOMX", b"<BICFI>icbk", "BICFI icbk"),
        (b"<InstdAmt ", b"<InstdAmt Other='1' ", "InstdAmt attributes"),
        (b"<Dt>2026-12-21</Dt>", b"<DtTm>x</DtTm>", "ReqdExctnDt has DtTm"),
        (b"<Ustrd>", b"<Strd>x</Strd><Ustrd>", "RmtInf has Strd"),
        (b"<Ccy>CNY</Ccy>", b"<Ccy>CNY</Ccy><Ccy>CNY</Ccy>", "DbtrAcct has 2 Ccy"),
    ],
)
def test_the_check_finds_what_is_not(batch: PayoutBatch, was: bytes, becomes: bytes, said: str) -> None:
    made = payouts.bank_file(batch.pk, "pain.001")
    assert was in made
    assert said in objections(made.replace(was, becomes, 1))


def test_the_check_finds_elements_out_of_order(batch: PayoutBatch) -> None:
    made = payouts.bank_file(batch.pk, "pain.001")
    assert objections(
        made.replace(b"MsgId>", b"X>").replace(b"CreDtTm>", b"MsgId>").replace(b"X>", b"CreDtTm>")
    )


@pytest.mark.parametrize(("name", "value"), [("bic", "icbk"), ("account", "1" * 35), ("account", "12<3")])
def test_our_own_account_must_be_one(
    batch: PayoutBatch, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setattr(platform_settings(), f"payout_debtor_{name}", value)
    with pytest.raises(ConfigurationError, match="PONTE_PAYOUT_DEBTOR"):
        payouts.bank_file(batch.pk, "pain.001")
