"""From the buyer's payment to the merchant's balance: every movement, in any order, with worked figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from saleor_ext import cli
from saleor_ext.core.models import OutboxMessage
from saleor_ext.orders.models import ParcelEvent
from saleor_ext.settlement import checking, events, holding
from saleor_ext.settlement.ledger import KeyReused
from saleor_ext.settlement.models import CommissionRule, Journal

from .conftest import PAID_AT, balances, make_parcel, moved

Tell = Callable[..., None]
DAY = PAID_AT.date()


def rule(rate: str = "0.05", **more: object) -> CommissionRule:
    return CommissionRule.objects.create(since=DAY, rate=Decimal(rate), **more)


def release(parcel, days: int = 46) -> None:
    """Let customs release the parcel so many days ago."""
    at = datetime.now(UTC) - timedelta(days=days)
    ParcelEvent.objects.create(parcel=parcel, code="released", key="released", at=at)
    holding.release_due()


def test_money_without_an_order_is_nobodys_yet(tell: Tell) -> None:
    tell(moved("captured", "1", "196.38"))
    assert balances() == {"psp.wechat.main.pending": "196.38", "unassigned": "196.38"}
    assert events.assign_new() == 0


@pytest.mark.parametrize("first", ["money", "parcel"])
def test_a_parcels_money_is_the_merchants_customs_and_the_carriers(tell: Tell, first: str) -> None:
    rule()
    if first == "parcel":
        make_parcel()
        tell(moved("captured", "1", "196.38"))
    else:
        tell(moved("captured", "1", "196.38"))
        make_parcel()
        assert events.assign_new() == 1
    assert balances() == {
        "psp.wechat.main.pending": "196.38",
        "merchant.bakery.pending": "152.00",
        "customs_tax.payable": "16.38",
        "freight.payable": "20.00",
        "commission.revenue": "8.00",
    }
    assert events.assign_new() == 0
    assert checking.run()["ok"] is True


def test_a_movement_told_twice_is_written_once(tell: Tell) -> None:
    make_parcel()
    tell(moved("captured", "1", "196.38"), moved("captured", "1", "196.38"))
    tell(moved("refunded", "1", "10.00"), moved("refunded", "1", "10.00"))
    assert balances()["psp.wechat.main.pending"] == "186.38"
    assert Journal.objects.count() == 3


def test_a_refund_told_again_after_others_and_one_that_reuses_a_number(tell: Tell) -> None:
    make_parcel()
    first = moved("refunded", "1", "10.00", "r1")
    tell(moved("captured", "1", "196.38"), first, moved("refunded", "1", "50.00", "r2"))
    before = balances()
    event = OutboxMessage.objects.get(key="refunded:r1").payload
    events.write(event)
    assert balances() == before
    with pytest.raises(KeyReused, match=r"refunded:r1 is 10\.00, not 11\.00 CNY"):
        events.write({**event, "amount": "11.00"})


def test_a_discount_is_the_merchants(tell: Tell) -> None:
    make_parcel(discount="30.00")
    tell(moved("captured", "1", "166.38"))
    assert balances()["merchant.bakery.pending"] == "130.00"


def test_refunds_come_out_of_all_parts_and_the_last_leaves_nothing(tell: Tell) -> None:
    rule()
    make_parcel()
    tell(moved("captured", "1", "196.38"), moved("refunded", "1", "10.00", "r1"))
    # 160 : 16.38 : 20 of 10.00; 5 % commission of 8.15 is 0.41.
    assert balances() == {
        "psp.wechat.main.pending": "186.38",
        "merchant.bakery.pending": "144.26",
        "customs_tax.payable": "15.55",
        "freight.payable": "18.98",
        "commission.revenue": "7.59",
    }
    tell(moved("refunded", "1", "33.33", "r2"), moved("refunded", "1", "153.05", "r3"))
    assert balances() == {}
    assert checking.run()["ok"] is True


def test_a_refund_before_the_order_is_known(tell: Tell) -> None:
    tell(moved("captured", "1", "196.38"), moved("refunded", "1", "10.00"))
    assert balances() == {"psp.wechat.main.pending": "186.38", "unassigned": "186.38"}
    make_parcel()
    assert events.assign_new() == 1
    assert balances() == {
        "psp.wechat.main.pending": "186.38",
        "merchant.bakery.pending": "151.85",
        "customs_tax.payable": "15.55",
        "freight.payable": "18.98",
    }


def test_a_payment_that_is_given_back_whole_without_an_order(tell: Tell) -> None:
    tell(moved("captured", "1", "196.38"), moved("refunded", "1", "196.38"))
    assert balances() == {}
    assert checking.run()["ok"] is True


def test_what_was_paid_beside_the_order_is_found(tell: Tell) -> None:
    make_parcel()
    tell(moved("captured", "1", "200.00"))
    report = checking.run()
    assert report["ok"] is False
    assert report["differences"] == [
        {
            "kind": "unassigned",
            "api_url": "http://saleor.test/graphql/",
            "transaction": "Transaction:1",
            "currency": "CNY",
            "left": "3.62",
        }
    ]


def test_a_parcel_whose_money_never_came_is_found(tell: Tell) -> None:
    make_parcel()
    tell(moved("captured", "1", "196.38"))
    make_parcel("2")
    assert [(one["kind"], one["parcel"]) for one in checking.run()["differences"]] == [
        ("not_captured", "PT2611112")
    ]


# -- holding and commission ------------------------------------------------------------------------------------


def test_money_is_held_and_then_let_go_once(tell: Tell) -> None:
    rule()
    parcel = make_parcel()
    tell(moved("captured", "1", "196.38"))
    assert holding.release_due() == 0
    release(parcel, 44)
    assert balances()["merchant.bakery.pending"] == "152.00"
    ParcelEvent.objects.all().delete()
    release(parcel, 46)
    assert balances()["merchant.bakery.available"] == "152.00"
    assert "merchant.bakery.pending" not in balances()
    assert holding.release_due() == 0


def test_a_refund_after_that_is_taken_from_what_may_be_paid_out(tell: Tell) -> None:
    rule()
    parcel = make_parcel()
    tell(moved("captured", "1", "196.38"))
    release(parcel)
    tell(moved("refunded", "1", "196.38"))
    assert balances() == {}


def test_more_than_all_is_the_merchants_to_bear(tell: Tell) -> None:
    parcel = make_parcel()
    tell(moved("captured", "1", "196.38"))
    release(parcel)
    tell(moved("refunded", "1", "196.38", "r1"), moved("charged_back", "1", "5.00", "c1"))
    assert balances() == {"psp.wechat.main.pending": "-5.00", "merchant.bakery.available": "-5.00"}


# -- charge-backs that are reversed -------------------------------------------------------------------------------


def test_a_charge_back_that_is_reversed_puts_back_what_it_took(tell: Tell) -> None:
    rule()
    make_parcel()
    tell(moved("captured", "1", "196.38"), moved("refunded", "1", "10.00", "r1"))
    before = balances()
    tell(moved("charged_back", "1", "100.00", "c1"))
    assert balances()["psp.wechat.main.pending"] == "86.38"
    won = moved("charge_back_reversed", "1", "100.00", "c1")
    tell(won, won)
    assert balances() == before
    tell(moved("refunded", "1", "186.38", "r2"))
    assert balances() == {}
    assert checking.run()["ok"] is True


def test_reversed_before_and_after_the_order_is_known(tell: Tell) -> None:
    rule()
    taken = [moved("captured", "1", "196.38"), moved("charged_back", "1", "50.00", "c1")]
    tell(*taken, moved("charge_back_reversed", "1", "50.00", "c1"), moved("charged_back", "1", "60.00", "c2"))
    assert balances() == {"psp.wechat.main.pending": "136.38", "unassigned": "136.38"}
    make_parcel()
    events.assign_new()
    tell(moved("charge_back_reversed", "1", "60.00", "c2"))
    assert balances() == {
        "psp.wechat.main.pending": "196.38",
        "merchant.bakery.pending": "152.00",
        "customs_tax.payable": "16.38",
        "freight.payable": "20.00",
        "commission.revenue": "8.00",
    }
    assert checking.run()["ok"] is True


def test_money_let_go_in_between_comes_back_where_it_may_be_paid_out(tell: Tell) -> None:
    rule()
    parcel = make_parcel()
    tell(moved("captured", "1", "196.38"), moved("charged_back", "1", "100.00", "c1"))
    release(parcel)
    tell(moved("charge_back_reversed", "1", "100.00", "c1"))
    assert balances()["merchant.bakery.available"] == "152.00"
    assert "merchant.bakery.pending" not in balances()
    reversed_event = OutboxMessage.objects.get(key="charge_back_reversed:c1").payload
    events.write(reversed_event)
    assert balances()["psp.wechat.main.pending"] == "196.38"
    with pytest.raises(KeyReused, match=r"charge_back_reversed:c1 is 99\.00 CNY, and not what was taken"):
        events.write({**reversed_event, "amount": "99.00"})


def test_a_reversal_waits_for_the_charge_back(tell: Tell) -> None:
    tell(moved("captured", "1", "196.38"), moved("charge_back_reversed", "1", "50.00", "c1"))
    assert OutboxMessage.objects.get(key="charge_back_reversed:c1").state == OutboxMessage.State.PENDING
    tell(moved("charged_back", "1", "50.00", "c1"))
    assert balances()["psp.wechat.main.pending"] == "146.38"
    OutboxMessage.objects.filter(key="charge_back_reversed:c1").update(run_at=PAID_AT)
    tell()
    assert balances() == {"psp.wechat.main.pending": "196.38", "unassigned": "196.38"}


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ([], "0.00"),
        ([{"rate": "0.05"}], "8.00"),
        ([{"rate": "0.05"}, {"rate": "0.03", "merchant": "bakery"}], "4.80"),
        ([{"rate": "0.03", "merchant": "winery"}], "0.00"),
        ([{"rate": "0.05", "lane": "bonded_1210"}, {"rate": "0.01", "hs_prefix": "1905"}], "8.00"),
        (
            [{"rate": "0.05"}, {"rate": "0.01", "hs_prefix": "1905"}, {"rate": "0.02", "hs_prefix": "19"}],
            "1.60",
        ),
        ([{"rate": "0.05", "minimum": Decimal("9.50")}], "9.50"),
        ([{"rate": "0.05", "cap": Decimal("6.66")}], "6.66"),
        ([{"rate": "0", "minimum": Decimal("1000")}], "160.00"),
        ([{"rate": "0.01234"}], "1.97"),
    ],
)
def test_commission(tell: Tell, rules: list[dict], kept: str) -> None:
    for one in rules:
        rule(**one)
    make_parcel()
    tell(moved("captured", "1", "196.38"))
    assert balances().get("commission.revenue", "0.00") == kept


def test_rules_hold_from_their_day_and_until_it(tell: Tell) -> None:
    CommissionRule.objects.create(since=DAY + timedelta(days=1), rate=Decimal("0.5"))
    CommissionRule.objects.create(
        since=DAY - timedelta(days=9), until=DAY - timedelta(days=1), rate=Decimal("0.4")
    )
    CommissionRule.objects.create(since=DAY - timedelta(days=8), until=DAY, rate=Decimal("0.1"))
    make_parcel()
    tell(moved("captured", "1", "196.38"))
    assert balances()["commission.revenue"] == "16.00"


# -- commands --------------------------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict]:
    code = cli.main(["ledger", *words])
    return code, json.loads(capsys.readouterr().out)


def test_the_commands_tell_balances_and_findings(tell: Tell, capsys: pytest.CaptureFixture[str]) -> None:
    make_parcel()
    tell(moved("captured", "1", "196.38"))
    code, told = run(capsys, "balance", "--account", "customs_tax.payable")
    row = {
        "account": "customs_tax.payable",
        "currency": "CNY",
        "kind": "liability",
        "balance": "16.38",
        "signed": "-16.38",
    }
    assert (code, told) == (0, {"accounts": [row]})
    assert run(capsys, "balance", "--account", "no.such") == (1, {"accounts": []})
    code, told = run(capsys, "check")
    assert (code, told["ok"], told["journals"]) == (0, True, 2)
    tell(moved("captured", "1", "1.00", "another"))
    code, told = run(capsys, "check")
    assert (code, told["differences"][0]["left"]) == (1, "1.00")
