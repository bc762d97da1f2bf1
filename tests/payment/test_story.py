"""``ponte pay``: what accounts can do, and everything that is kept of a payment."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from plugins.cross_border_payment import gateways, refunds, story, webhooks
from plugins.cross_border_payment.commands import register
from plugins.cross_border_payment.models import PaymentSession
from plugins.cross_border_payment.plugin import plugin
from saleor_ext.core import outbox
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import configuration

from .conftest import API, FakePlatform, config_values
from .fake_wechat import APIV3_KEY, MCHID, FakeWechat
from .test_accounts import add
from .test_declarations import view
from .test_sessions import CONTEXT, TX, payload


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    import argparse

    parser = argparse.ArgumentParser()
    register(parser.add_subparsers())
    arguments = parser.parse_args(["pay", *words])
    code = arguments.func(arguments)
    return code, json.loads(capsys.readouterr().out)


def paid(wechat: FakeWechat, services: FakePlatform) -> PaymentSession:
    webhooks.initialize(CONTEXT, payload())
    row = PaymentSession.objects.get()
    wechat.pay(row.out_trade_no)
    webhooks.process(CONTEXT, {**payload(), "transaction": {"id": TX}})
    while outbox.drain():
        pass
    row.refresh_from_db()
    return row


def test_accounts_tell_what_they_can_do_and_lack(
    wechat: FakeWechat, capsys: pytest.CaptureFixture[str]
) -> None:
    add("bakery", merchant="bakery", lowest="1")
    add("half", mchid="")
    code, told = run(capsys, "gateways")
    rows = {row["account"]: row for row in told["gateways"]}
    assert (code, sorted(rows)) == (0, ["bakery", "half", "main"])
    assert rows["half"]["missing"] == ["mchid"]
    assert (rows["bakery"]["merchant"], rows["bakery"]["lowest"], rows["bakery"]["highest"]) == (
        "bakery",
        "1.00",
        None,
    )
    main = rows["main"]
    assert (main["wallet"], main["merchant_account"], main["declares"]) == ("WeChat Pay", MCHID, True)
    assert (main["pay_code"], main["refund_window_days"], main["currencies"]) == ("4403169D3W", 365, ["CNY"])
    assert main["targets"] == [{"customs": "GUANGZHOU_ZS", "merchant_customs_no": "4401961234"}]
    assert APIV3_KEY not in json.dumps(told)


def test_without_an_account_the_command_ends_with_one(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = run(capsys, "gateways")
    assert (code, told["gateways"][0]["account"]) == (1, "main")
    configuration.save(plugin, config_values(enabled=False), actor="test")
    configuration.forget_cache()
    gateways.forget()
    assert run(capsys, "gateways")[0] == 1


@pytest.mark.parametrize(
    "by", ["out_trade_no", "gateway_ref", "transaction_id", "checkout_id", "order", "#order"]
)
def test_a_payment_is_found_by_any_of_its_numbers(
    wechat: FakeWechat, services: FakePlatform, capsys: pytest.CaptureFixture[str], by: str
) -> None:
    row = paid(wechat, services)
    parcel = replace(
        view(row.out_trade_no), api_url=API, transaction_id=row.transaction_id, order_number="1042"
    )
    services.parcels[parcel.id] = parcel
    number = {"order": "1042", "#order": "#1042"}.get(by) or getattr(row, by)
    code, told = run(capsys, "show", number)
    assert (code, [one["order_no"] for one in told["payments"]]) == (0, [row.out_trade_no])
    assert (told["payments"][0]["state"], told["payments"][0]["amount"]) == ("paid", "194.00")


@pytest.mark.parametrize("number", ["", "#", "nothing"])
def test_what_is_not_there_ends_with_one(
    wechat: FakeWechat, services: FakePlatform, capsys: pytest.CaptureFixture[str], number: str
) -> None:
    webhooks.initialize(CONTEXT, payload())
    code, told = run(capsys, "show", number)
    assert (code, told["payments"]) == (1, [])


def test_the_story_has_refunds_and_what_went_over_the_wire(
    wechat: FakeWechat, services: FakePlatform
) -> None:
    row = paid(wechat, services)
    refunds.request(row, Money("10.50", "CNY"), "test", "broken tin")
    while outbox.drain():
        pass
    told = story.of(row)
    (refund,) = told["refunds"]
    assert (refund["amount"], refund["reason"], refund["state"]) == ("10.50", "broken tin", "PROCESSING")
    assert told["refunded"] == "0.00"
    operations = [(one["kind"], one["operation"]) for one in told["wire"]]
    assert operations[:2] == [("request", "start"), ("answer", "start")]
    assert ("request", "refund") in operations
    assert all(len(one["sha256"]) == 64 for one in told["wire"])
    assert "body" not in json.dumps(told)
