"""The declaration step: strict gate, every target, mended names, lost answers, failing customs."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from plugins.cross_border_payment import declarations, hooks, refunds, settling, states, webhooks
from plugins.cross_border_payment.models import PaymentDeclaration, PaymentSession
from plugins.cross_border_payment.plugin import plugin
from plugins.cross_border_payment.port import DeclarationSnapshot, DeclarationState, Identity
from saleor_ext.core import clock, outbox
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Address, Buyer, MerchantView, ParcelView, StepView, Wait, configuration

from .conftest import API, FakePlatform, config_values
from .fake_wechat import FakeWechat
from .test_sessions import CONTEXT, TX, payload

ZERO = Money("0.00", "CNY")
D = DeclarationState


@pytest.fixture
def parcel(wechat: FakeWechat, services: FakePlatform) -> ParcelView:
    webhooks.initialize(CONTEXT, payload())
    row = PaymentSession.objects.get()
    wechat.pay(row.out_trade_no)
    settling.settle({"session": str(row.pk)})
    drain()
    made = view(row.out_trade_no)
    services.parcels[made.id] = made
    return made


def view(number: str) -> ParcelView:
    """Return a parcel paid with 194.00 CNY that waits for its declaration."""
    return ParcelView(
        id="parcel-1",
        number=number,
        state="declaring",
        api_url=API,
        order_id="T3JkZXI6MQ==",
        order_number="1",
        checkout_id="Q2hlY2tvdXQ6MQ==",
        transaction_id=TX,
        psp_reference="42",
        merchant=MerchantView("bakery", "Bakery", "4401961234", "示例"),
        lane="bonded_1210",
        warehouse="nansha",
        lines=(),
        goods_value=Money("194.00", "CNY"),
        freight=ZERO,
        tax_total=ZERO,
        discount=ZERO,
        actual_paid=Money("194.00", "CNY"),
        consignee=Address(),
        buyer=Buyer("person-1", "张*", "index"),
        buyer_account="guest-1",
        paid_at=clock.now(),
        steps={declarations.STEP: StepView(declarations.STEP, "waiting", {})},
    )


def drain() -> None:
    while outbox.drain():
        pass


def row() -> PaymentDeclaration:
    return PaymentDeclaration.objects.get()


def later(now: Any, seconds: int = 120) -> None:
    now.shift(timedelta(seconds=seconds))
    drain()


def test_until_customs_have_it_and_the_payer_is_the_buyer(
    parcel: ParcelView, wechat: FakeWechat, services: FakePlatform
) -> None:
    number = PaymentSession.objects.get().out_trade_no
    with time_machine.travel(clock.now(), tick=False) as now:
        started = declarations.run(parcel)
        assert isinstance(started, Wait)
        assert started.data["orderNo"] == number
        drain()
        assert (row().state, row().identity) == (D.PROCESSING, Identity.SAME)
        assert services.done == {}
        later(now)
        assert services.done == {}, "customs have not taken it yet"
        wechat.accept(number, "GUANGZHOU_ZS")
        later(now)
    result = services.done["parcel-1"]
    assert result == {
        **result,
        "orderNo": number,
        "payCode": "4403169D3W",
        "payName": "财付通支付科技有限公司",
        "payTransactionId": PaymentSession.objects.get().gateway_ref,
        "amount": "194.00",
        "identity": "SAME",
        "clearing": {
            "verifyDepartment": "NETSUNION",
            "verDept": "2",
            "payTransactionId": row().verify_number,
        },
    }
    assert result["clearing"]["payTransactionId"] != result["payTransactionId"]
    assert services.events == ["payment_declared"]
    assert services.revealed == ["payment_declaration"]
    assert wechat.calls.count("POST /v3/global/customs/orders") == 1
    fragment = hooks.console_fragments("parcel", {"parcel": parcel})[0]
    assert fragment.context["session"].out_trade_no == number


def test_a_success_without_clearing_number_is_not_enough(
    parcel: ParcelView, wechat: FakeWechat, services: FakePlatform
) -> None:
    with time_machine.travel(clock.now(), tick=False) as now:
        declarations.run(parcel)
        drain()
        wechat.accept(parcel.number, "GUANGZHOU_ZS")
        number = wechat.customs[(parcel.number, "GUANGZHOU_ZS")].pop("verify_department_trade_id")
        later(now)
        assert row().state == D.SUCCESS
        assert services.done == {}
        wechat.customs[(parcel.number, "GUANGZHOU_ZS")]["verify_department_trade_id"] = number
        later(now)
    assert "parcel-1" in services.done


def test_every_target_must_succeed(parcel: ParcelView, wechat: FakeWechat, services: FakePlatform) -> None:
    targets = [
        {"customs": "GUANGZHOU_ZS", "merchant_customs_no": "4401961234"},
        {"customs": "ZONGSHU", "merchant_customs_no": "C000010000416158"},
    ]
    configuration.save(plugin, config_values(customs_targets=targets), actor="test")
    configuration.forget_cache()
    with time_machine.travel(clock.now(), tick=False) as now:
        declarations.run(parcel)
        drain()
        wechat.accept(parcel.number, "GUANGZHOU_ZS")
        later(now)
        assert services.done == {}
        wechat.accept(parcel.number, "ZONGSHU")
        later(now)
    assert [t["customs"] for t in services.done["parcel-1"]["targets"]] == ["GUANGZHOU_ZS", "ZONGSHU"]


def test_another_payer_stops_even_a_success_and_can_be_mended(
    parcel: ParcelView, wechat: FakeWechat, services: FakePlatform
) -> None:
    wechat.identity = "DIFFERENT"
    with time_machine.travel(clock.now(), tick=False) as now:
        declarations.run(parcel)
        drain()
        code, message, buyer_message = services.failed["parcel-1"]
        assert code == "identity_different"
        assert "11010519491231002" not in message + buyer_message
        assert "refund" in buyer_message
        wechat.accept(parcel.number, "GUANGZHOU_ZS")
        services.parcels["parcel-1"] = replace(
            parcel, steps={declarations.STEP: StepView(declarations.STEP, "failed", {})}
        )
        later(now)
        assert services.done == {}, "a stopped step does nothing"
        wechat.identity = "SAME"
        services.parcels["parcel-1"] = parcel
        declarations.run(parcel)
        later(now)
        later(now)
    assert "parcel-1" in services.done


def test_refused_wallets_are_explained(
    parcel: ParcelView, wechat: FakeWechat, services: FakePlatform
) -> None:
    declarations.run(parcel)
    wechat.fail_with = (400, "USER_NOT_REALNAME")
    drain()
    code, _message, buyer_message = services.failed["parcel-1"]
    assert code == "user_not_realname"
    assert "real-named" in buyer_message
    assert row().state == D.UNDECLARED


def test_customs_refusal_goes_to_an_operator(
    parcel: ParcelView, wechat: FakeWechat, services: FakePlatform
) -> None:
    with time_machine.travel(clock.now(), tick=False) as now:
        declarations.run(parcel)
        drain()
        wechat.accept(parcel.number, "GUANGZHOU_ZS", state="FAIL", explanation="支付单已存在")
        later(now)
        assert services.failed["parcel-1"][0] == "declaration_failed"
        assert "支付单已存在" in services.failed["parcel-1"][1]
        declarations.run(parcel)
        wechat.accept(parcel.number, "GUANGZHOU_ZS")
        later(now)
        later(now)
    assert wechat.calls.count("POST /v3/global/customs/orders") == 2
    assert "parcel-1" in services.done


def test_a_failing_interface_is_pushed_again(
    parcel: ParcelView, wechat: FakeWechat, services: FakePlatform
) -> None:
    with time_machine.travel(clock.now(), tick=False) as now:
        declarations.run(parcel)
        drain()
        wechat.accept(parcel.number, "GUANGZHOU_ZS", state="EXCEPT")
        later(now)
        assert row().state == D.EXCEPT
        later(now)
        assert wechat.calls.count("POST /v3/global/customs/redeclare") == 1
        wechat.accept(parcel.number, "GUANGZHOU_ZS")
        later(now)
    assert "parcel-1" in services.done


def test_an_interface_that_never_works_is_given_up(
    parcel: ParcelView, wechat: FakeWechat, services: FakePlatform
) -> None:
    with time_machine.travel(clock.now(), tick=False) as now:
        declarations.run(parcel)
        for _ in range(30):
            if (parcel.number, "GUANGZHOU_ZS") in wechat.customs:
                wechat.accept(parcel.number, "GUANGZHOU_ZS", state="EXCEPT")
            later(now, 1000)
            if services.failed:
                break
    assert services.failed["parcel-1"][0] == "customs_interface"
    assert wechat.calls.count("POST /v3/global/customs/redeclare") <= declarations.MOST_ATTEMPTS


def test_a_lost_answer_declares_once(parcel: ParcelView, wechat: FakeWechat, services: FakePlatform) -> None:
    with time_machine.travel(clock.now(), tick=False) as now:
        declarations.run(parcel)
        wechat.lose_answers = 1
        drain()
        assert row().state == D.UNDECLARED
        later(now)
        assert row().state == D.PROCESSING
    assert wechat.calls.count("POST /v3/global/customs/orders") == 1


def test_started_twice_declares_once(parcel: ParcelView, wechat: FakeWechat, services: FakePlatform) -> None:
    declarations.run(parcel)
    declarations.run(parcel)
    drain()
    assert wechat.calls.count("POST /v3/global/customs/orders") == 1
    assert PaymentDeclaration.objects.count() == 1


def test_no_result_for_days_goes_to_an_operator(
    parcel: ParcelView, wechat: FakeWechat, services: FakePlatform
) -> None:
    with time_machine.travel(clock.now(), tick=False) as now:
        declarations.run(parcel)
        drain()
        later(now, 3 * 24 * 3600)
    assert services.failed["parcel-1"][0] == "no_result"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"transaction_id": "other"}, "no_declarable_payment"),
        ({"actual_paid": Money("193.99", "CNY")}, "amount_differs"),
        ({"buyer": None}, "no_identity"),
    ],
)
def test_nothing_untrue_is_declared(
    parcel: ParcelView, wechat: FakeWechat, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(PermanentError) as caught:
        declarations.run(replace(parcel, **changes))
    assert caught.value.code == code
    assert not PaymentDeclaration.objects.exists()


def test_refunded_or_old_payments_are_not_declared(parcel: ParcelView, wechat: FakeWechat) -> None:
    with time_machine.travel(clock.now() + timedelta(days=31)), pytest.raises(PermanentError) as caught:
        declarations.run(parcel)
    assert caught.value.code == "too_old"
    refunds.request(PaymentSession.objects.get(), Money("1.00", "CNY"), "k")
    with pytest.raises(PermanentError) as caught:
        declarations.run(parcel)
    assert caught.value.code == "refunded"


def test_the_step_exists_on_customs_lanes_only(parcel: ParcelView) -> None:
    assert [step.name for step in hooks.parcel_steps(parcel)] == ["declare_payment"]
    assert hooks.parcel_steps(replace(parcel, lane="local")) == []


def test_records_move_along_the_table_only(parcel: ParcelView) -> None:
    declarations.run(parcel)
    for before, after in itertools.product(D, D):
        PaymentDeclaration.objects.update(state=before)
        declarations.store(row(), DeclarationSnapshot(after))
        expected = after if after in states.DECLARATION[before] else before
        assert row().state == expected, (before, after)
