"""No payment opens on an order that cannot be ordered (any more)."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.cross_border_payment import webhooks
from plugins.cross_border_payment.models import PaymentSession
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Address, CheckoutLine, CheckoutView, Finding

from .conftest import API, FakePlatform
from .fake_wechat import FakeWechat
from .test_sessions import CONTEXT, payload

YEAR = Finding("annual_limit", "This year is used up.", "Order next year.")


@pytest.fixture(autouse=True)
def _platform(services: FakePlatform) -> None:
    pass


def source(**changes: Any) -> dict[str, Any]:
    return {**payload()["sourceObject"], **changes}


def test_the_checkout_is_checked_as_it_is_now(wechat: FakeWechat, services: FakePlatform) -> None:
    address = {
        "lastName": "林", "firstName": "悦", "phone": "13800000000", "countryArea": "广东省", "city": "广州市",
        "cityArea": "南沙区", "streetAddress1": "演示路 1 号", "postalCode": "511458", "country": {"code": "CN"},
    }  # fmt: skip
    answer = webhooks.initialize(CONTEXT, payload(sourceObject=source(shippingAddress=address)))
    assert answer["result"] == "CHARGE_ACTION_REQUIRED"
    assert services.checked == [
        CheckoutView(
            API,
            "Q2hlY2tvdXQ6MQ==",
            "bonded_1210",
            (CheckoutLine("A-1", 2, Money("80.5", "CNY")),),
            Money("18", "CNY"),
            Address("林悦", "13800000000", "广东省", "广州市", "南沙区", "演示路 1 号", "511458"),
        )
    ]


def test_what_stands_against_the_order_stands_against_its_payment(
    wechat: FakeWechat, services: FakePlatform
) -> None:
    services.findings = [YEAR, Finding("full_tax", "Told only.", blocking=False), YEAR]
    answer = webhooks.initialize(CONTEXT, payload())
    assert (answer["result"], answer["message"]) == (
        "CHARGE_FAILURE",
        "This year is used up. Order next year.",
    )
    assert answer["data"]["message"] == answer["message"]
    assert not PaymentSession.objects.exists() and not wechat.orders


def test_what_only_informs_stops_nothing(wechat: FakeWechat, services: FakePlatform) -> None:
    services.findings = [Finding("full_tax", "Told only.", blocking=False)]
    assert webhooks.initialize(CONTEXT, payload())["result"] == "CHARGE_ACTION_REQUIRED"


def test_a_payment_that_is_open_stays_open(wechat: FakeWechat, services: FakePlatform) -> None:
    """Saleor repeats calls: the buyer may be paying, or have paid, by then."""
    first = webhooks.initialize(CONTEXT, payload())
    services.findings = [YEAR]
    assert webhooks.initialize(CONTEXT, payload())["data"] == first["data"]
    assert len(services.checked) == 1


def test_a_failed_opening_is_checked_again(wechat: FakeWechat, services: FakePlatform) -> None:
    webhooks.initialize(CONTEXT, payload())
    PaymentSession.objects.update(state=PaymentSession.State.FAILED)
    services.findings = [YEAR]
    assert webhooks.initialize(CONTEXT, payload())["result"] == "CHARGE_FAILURE"
    assert len(services.checked) == 2


def test_an_order_that_is_there_already_is_not_checked(wechat: FakeWechat, services: FakePlatform) -> None:
    services.findings = [YEAR]
    order = {"__typename": "Order", "id": "T3JkZXI6MQ==", "metadata": source()["metadata"]}
    assert webhooks.initialize(CONTEXT, payload(sourceObject=order))["result"] == "CHARGE_ACTION_REQUIRED"
    assert services.checked == []


@pytest.mark.parametrize("lost", ["lines", "shippingPrice"])
def test_a_webhook_with_an_older_query_takes_no_money(wechat: FakeWechat, lost: str) -> None:
    old = source()
    del old[lost]
    answer = webhooks.initialize(CONTEXT, payload(sourceObject=old))
    assert answer["message"] == "The order cannot be checked just now. Please try again later."
    assert not PaymentSession.objects.exists()


def test_a_line_without_an_article_is_no_article(wechat: FakeWechat, services: FakePlatform) -> None:
    (line,) = source()["lines"]
    webhooks.initialize(CONTEXT, payload(sourceObject=source(lines=[{**line, "variant": None}])))
    assert services.checked[0].lines[0].sku == ""
