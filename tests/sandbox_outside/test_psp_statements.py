"""The payment company's daily statement: when it is there, what it says, what is signed."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from sandbox.jobs.models import Knob
from sandbox.psp.statements import HEAD

from .clock import run_for
from .test_psp import NUMBER
from .wechat import Merchant

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 26, 4, tzinfo=UTC)
TARGET = "/v3/global/statements?date={day}&mchid=1900000109"


def fetch(merchant: Merchant, day: str = "20261126") -> Any:
    target = TARGET.format(day=day)
    return merchant.http.generic(
        "GET", target, b"", headers={"Authorization": merchant.authorization("GET", target, b"")}
    )


def lines(response: Any) -> list[dict[str, str]]:
    assert response.status_code == 200, response.content.decode()
    head, *rows = response.content.decode().splitlines()
    assert head.split(",") == list(HEAD)
    return [
        dict(zip(HEAD, (value.removeprefix("`") for value in row.split(",")), strict=True)) for row in rows
    ]


@pytest.fixture
def bought() -> Merchant:
    """A merchant with one payment of 19438 fen at noon and 5000 fen given back."""
    with time_machine.travel(NOON, tick=False):
        merchant = Merchant()
        merchant.paid()
        total = merchant.order()["amount"]["total"]
        back = {
            "mchid": merchant.config["mchid"], "appid": merchant.config["appid"], "out_trade_no": NUMBER,
            "out_refund_no": "PR1", "reason": "x",
            "amount": {"refund": 5000, "total": total, "currency": "CNY"},
        }  # fmt: skip
        assert merchant.call("POST", "/v3/global/refunds", back)[0] == 200
        run_for(120)
    return merchant


def test_a_statement_is_there_from_nine_of_the_next_day(bought: Merchant) -> None:
    for moment, status in (
        (NOON, 404),
        (NOON + timedelta(hours=20, minutes=59), 404),
        (NOON + timedelta(hours=21), 200),
    ):
        with time_machine.travel(moment, tick=False):
            assert fetch(bought).status_code == status
    with time_machine.travel(NOON + timedelta(days=181), tick=False):
        assert fetch(bought).status_code == 404


def test_it_tells_payments_and_refunds_with_fee_and_settlement(bought: Merchant) -> None:
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        payment, refund = lines(fetch(bought))
        assert lines(fetch(bought, "20261125")) == []
    assert (payment["交易状态"], payment["商户订单号"], payment["标价币种"]) == ("SUCCESS", NUMBER, "CNY")
    total = bought.order()["amount"]["total"]
    assert payment["订单金额(标价币种)"] == f"{total / 100:.2f}"
    assert (payment["结算币种"], payment["费率"]) == ("HKD", "0.80%")
    assert (refund["交易状态"], refund["商户退款单号"], refund["退款状态"]) == ("REFUND", "PR1", "SUCCESS")
    assert (refund["申请退款金额"], refund["手续费"], refund["退款应结订单金额"]) == (
        "50.00",
        "-0.40",
        "54.00",
    )


def test_the_digest_is_what_is_signed(bought: Merchant) -> None:
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        response = fetch(bought)
    digest = hashlib.sha1(response.content).hexdigest()
    assert response.headers["Wechatpay-Statement-Sha1"] == digest
    bought.verify(response.headers, f'{{"sha1":"{digest}"}}'.encode())


@pytest.mark.parametrize(("day", "field"), [("", "/date"), ("2026-11-26", "/date"), ("20261331", "/date")])
def test_a_day_that_is_none_is_refused(bought: Merchant, day: str, field: str) -> None:
    response = fetch(bought, day)
    assert (response.status_code, response.json()["code"], response.json()["detail"]["field"]) == (
        400, "PARAM_ERROR", field,
    )  # fmt: skip


def test_faults_write_it_early_short_or_off(bought: Merchant) -> None:
    def with_fault(name: str) -> list[dict[str, str]]:
        Knob.objects.update_or_create(name="faults", defaults={"value": {"psp_statement": name}})
        return lines(fetch(bought))

    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        assert [row["交易状态"] for row in with_fault("early")] == ["SUCCESS", "REFUND"]
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert [row["交易状态"] for row in with_fault("short")] == ["REFUND"]
        total = bought.order()["amount"]["total"]
        assert with_fault("off")[0]["订单金额(标价币种)"] == f"{(total + 1) / 100:.2f}"
