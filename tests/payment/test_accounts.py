"""Several accounts: which one a buyer is offered, and that a payment stays with the one it began on."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.cross_border_payment import gateways, hooks, offers, webhooks
from plugins.cross_border_payment.models import PaymentSession
from plugins.cross_border_payment.plugin import plugin
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Account, PaymentMethodsRequest, configuration
from saleor_ext.plugin_api.accounts import kind_of, saved

from .conftest import FakePlatform, config_values
from .fake_wechat import FakeWechat
from .test_sessions import CONTEXT, payload


def add(name: str, **changes: Any) -> Account:
    account = Account(plugin, kind_of(plugin, "wechat"), name)
    configuration.save(account, config_values(**changes), actor="test")
    configuration.forget_cache()
    gateways.forget()
    return account


def names(
    lane: str = "bonded_1210", amount: str = "194", merchant: str = "", currency: str = "CNY"
) -> list[str]:
    wish = offers.Wish(lane, Money(amount, currency), merchant=merchant)
    return [gateway.account for gateway in offers.of(wish)]


def begin(services: FakePlatform, number: int, **changes: Any) -> PaymentSession:
    transaction = f"transaction-{number}"
    answer = webhooks.initialize(CONTEXT, payload(transaction={"id": transaction}, **changes))
    assert answer["result"] == "CHARGE_ACTION_REQUIRED", answer
    return PaymentSession.objects.get(transaction_id=transaction)


def test_one_account_of_a_company_is_offered_and_main_comes_first(wechat: FakeWechat) -> None:
    add("second")
    assert [(one.identifier, one.account) for one in gateways.ready()] == [
        ("wechat", "main"),
        ("wechat", "second"),
    ]
    assert names() == ["main"]
    assert len(hooks.payment_methods(PaymentMethodsRequest("bonded_1210", Money("194", "CNY")))) == 1


def test_a_merchant_is_paid_on_an_account_of_its_own(wechat: FakeWechat, services: FakePlatform) -> None:
    add("bakery", merchant="bakery")
    assert (names(merchant="bakery"), names(merchant="winery"), names()) == (["bakery"], ["main"], ["main"])
    services.sellers["A-1"] = "bakery"
    assert begin(services, 1).account == "bakery"
    services.sellers["A-1"] = "winery"
    assert begin(services, 2).account == "main"


def test_whose_goods_they_are_is_not_for_the_buyer_to_say(wechat: FakeWechat, services: FakePlatform) -> None:
    add("bakery", merchant="bakery")
    services.sellers["A-1"] = "winery"
    claim = {"method": "wechat", "surroundings": "desktop", "merchant": "bakery", "account": "bakery"}
    assert begin(services, 1, data=claim).account == "main"


def test_goods_of_two_merchants_are_paid_on_a_shared_account(
    wechat: FakeWechat, services: FakePlatform
) -> None:
    add("bakery", merchant="bakery")
    services.sellers.update({"A-1": "bakery", "B-1": "winery"})
    source = payload()["sourceObject"]
    lines = [{**source["lines"][0], "variant": {"sku": sku}} for sku in ("A-1", "B-1")]
    assert begin(services, 1, sourceObject={**source, "lines": lines}).account == "main"


@pytest.mark.parametrize(
    ("amount", "expected"),
    [("99.99", ["main"]), ("100", ["main"]), ("1000", ["main"]), ("1000.01", ["large"]), ("5000", ["large"])],
)
def test_accounts_have_amounts(wechat: FakeWechat, amount: str, expected: list[str]) -> None:
    configuration.save(plugin, config_values(highest="1000"), actor="test")
    add("large", lowest="100")
    assert names(amount=amount) == expected


def test_currencies_and_switching_off(wechat: FakeWechat) -> None:
    add("hong-kong", currencies=["HKD"])
    assert (names(currency="HKD"), names(currency="MOP")) == (["hong-kong"], [])
    add("hong-kong", currencies=["HKD"], enabled=False)
    assert names(currency="HKD") == []


def test_a_payment_stays_with_its_account(wechat: FakeWechat, services: FakePlatform) -> None:
    add("bakery", merchant="bakery")
    services.sellers["A-1"] = "bakery"
    session = begin(services, 1)
    add("bakery", merchant="bakery", enabled=False)
    again = webhooks.initialize(CONTEXT, payload(transaction={"id": session.transaction_id}))
    assert again["data"]["order_number"] == session.out_trade_no
    assert PaymentSession.objects.get(pk=session.pk).account == "bakery"
    assert names(merchant="bakery") == ["main"]


def test_each_account_has_an_address_of_its_own(wechat: FakeWechat) -> None:
    add("bakery")
    assert gateways.notify_url(gateways.gateway("wechat", "bakery")).endswith(
        "/plugins/payment/notify/wechat/bakery"
    )
    with pytest.raises(gateways.NotConfigured, match="no gateway wechat/unknown"):
        gateways.gateway("wechat", "unknown")


def test_what_is_missing_is_named(wechat: FakeWechat) -> None:
    add("half", mchid="", appid="")
    with pytest.raises(gateways.NotConfigured, match="WeChat Pay is not set up: mchid, appid"):
        gateways.gateway("wechat", "half")
    assert [one.account for one in gateways.ready()] == ["main"]


@pytest.mark.parametrize("name", ["", "Main", "a b", "-a", "a-", "a/b", "a:b", "ä", "a" * 21])
def test_names_fit_into_addresses(name: str) -> None:
    with pytest.raises(ValueError, match="no name of an account"):
        Account(plugin, kind_of(plugin, "wechat"), name)


def test_accounts_of_kinds_that_are_gone_are_left_out(wechat: FakeWechat) -> None:
    add("kept")
    row = configuration.latest(add("gone"))
    assert row is not None
    type(row).objects.filter(pk=row.pk).update(plugin="cross_border_payment:unionpay:gone")
    assert [one.name for one in saved(plugin)] == ["kept"]
