"""Paying inside WeChat: the payer is learnt without asking, and the wallet opens by itself (JSAPI)."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.http import Http404
from django.test import Client, RequestFactory

from plugins.cross_border_payment import evidence, gateways, hooks, payers, webhooks
from plugins.cross_border_payment.models import PaymentSession, PaymentWireRecord
from plugins.cross_border_payment.plugin import plugin
from saleor_ext.core.money import Money
from saleor_ext.core.settings import platform_settings
from saleor_ext.plugin_api import PaymentMethodsRequest, configuration, payer_of

from .conftest import config_values
from .fake_wechat import APP_SECRET, APPID, BASE, MERCHANT_KEY, FakeWechat
from .test_sessions import CONTEXT, TX, payload

OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
ASK = "/plugins/payment/payer/main"
BACK = f"{ASK}/told"


@pytest.fixture
def inside(wechat: FakeWechat) -> FakeWechat:
    """The account with its official account's secret."""
    values = config_values(app_secret=APP_SECRET, authorize_url=f"{BASE}/open", account_url=BASE)
    configuration.save(plugin, values, actor="test")
    configuration.forget_cache()
    return wechat


def ask(browser: Client, onward: str = "/box/review/") -> dict[str, str]:
    """Go to the page that learns who pays; return the query that WeChat gets."""
    answer = browser.get(ASK, {"next": onward})
    address = urlsplit(answer["Location"])
    assert answer.status_code == 302
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{BASE}/open/connect/oauth2/authorize"
    assert address.fragment == "wechat_redirect"
    return {name: values[0] for name, values in parse_qs(address.query).items()}


def learnt(browser: Client) -> str | None:
    return payer_of(browser.session, ASK)


# -- who pays --------------------------------------------------------------------------------------------------


def test_the_payer_is_learnt_by_the_way(inside: FakeWechat) -> None:
    browser = Client()
    asked = ask(browser)
    assert asked == {
        "appid": APPID, "redirect_uri": platform_settings().public_url + BACK, "response_type": "code",
        "scope": "snsapi_base", "state": asked["state"],
    }  # fmt: skip
    assert len(asked["state"]) >= 16 and learnt(browser) is None
    inside.codes["C1"] = OPENID
    answer = browser.get(BACK, {"code": "C1", "state": asked["state"]})
    assert (answer.status_code, answer["Location"], learnt(browser)) == (302, "/box/review/", OPENID)
    assert PaymentWireRecord.objects.count() == 0, "what holds the secret is not kept"


@pytest.mark.parametrize("wrong", ["state", "no state", "code", "no code", "stranger", "again"])
def test_a_word_that_does_not_hold_tells_nothing_and_the_buyer_goes_on(
    inside: FakeWechat, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    browser, caplog_at = Client(), caplog.at_level(logging.DEBUG)
    asked = ask(browser)
    inside.codes["C1"] = OPENID
    told = {"code": "C1", "state": asked["state"]}
    told |= {"state": {"state": "other"}, "code": {"code": "other"}}.get(wrong, {})
    for name in {"no state": ["state"], "no code": ["code"]}.get(wrong, []):
        told.pop(name)
    if wrong == "again":
        browser.get(BACK, told)
    with caplog_at:
        answer = (Client() if wrong == "stranger" else browser).get(BACK, told)
    assert answer.status_code == 302
    if wrong == "stranger":
        assert answer["Location"] == "/" and learnt(browser) is None
    else:
        assert learnt(browser) == "", "empty and not None: nobody is sent round and round"
    assert APP_SECRET not in caplog.text and OPENID not in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(500),
        httpx2.Response(200, text="<html>"),
        httpx2.Response(200, json=["x"]),
        httpx2.Response(200, json={}),
        httpx2.Response(200, json={"openid": "' OR 1"}),
        httpx2.ConnectError(f"refused secret={APP_SECRET}"),
    ],
)
def test_whatever_wechat_answers_the_buyer_comes_back(
    inside: FakeWechat, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    gateways.use_transport(httpx2.MockTransport(handle))
    browser = Client()
    asked = ask(browser)
    back = browser.get(BACK, {"code": "C1", "state": asked["state"]})
    assert (back.status_code, back["Location"], learnt(browser)) == (302, "/box/review/", "")
    assert APP_SECRET not in caplog.text


@pytest.mark.parametrize("onward", ["https://evil.test/", "//evil.test/", "javascript:alert(1)", ""])
def test_nobody_is_sent_to_a_strange_place(inside: FakeWechat, onward: str) -> None:
    browser = Client()
    asked = ask(browser, onward)
    inside.codes["C1"] = OPENID
    assert browser.get(BACK, {"code": "C1", "state": asked["state"]})["Location"] == "/"


def test_an_account_without_the_secret_has_no_such_page(wechat: FakeWechat) -> None:
    for view in (payers.ask, payers.told):
        for account in ("main", "other"):
            with pytest.raises(Http404):
                view(RequestFactory().get("/"), account)


# -- paying ----------------------------------------------------------------------------------------------------


def offered(surroundings: Any) -> str:
    wish = PaymentMethodsRequest("bonded_1210", Money("194.00", "CNY"), surroundings)
    (method,) = hooks.payment_methods(wish)
    return method.payer_url


def test_the_payer_is_asked_for_inside_wechat_only(inside: FakeWechat) -> None:
    assert [offered(where) for where in ("wechat", "phone", "desktop")] == [ASK, "", ""]


def test_without_the_secret_nobody_is_asked(wechat: FakeWechat) -> None:
    assert offered("wechat") == ""


def test_the_wallet_opens_for_a_known_payer(inside: FakeWechat) -> None:
    data = {"method": "wechat", "surroundings": "wechat", "payer": OPENID}
    answer = webhooks.initialize(CONTEXT, payload(data=data))
    session = PaymentSession.objects.get()
    assert answer["result"] == "CHARGE_ACTION_REQUIRED"
    order = inside.orders[session.out_trade_no]["_body"]
    assert (order["trade_type"], order["payer"]) == ("JSAPI", {"openid": OPENID})
    assert "POST /v3/global/transactions/jsapi" in inside.calls
    values, told = answer["data"]["invoke"], hooks.payment_session(TX)
    assert told is not None
    assert values == session.invoke == told.invoke
    assert {name: values[name] for name in ("appId", "package", "signType")} == {
        "appId": APPID, "package": f"prepay_id=wx{session.out_trade_no}", "signType": "RSA",
    }  # fmt: skip
    covered = f"{APPID}\n{values['timeStamp']}\n{values['nonceStr']}\n{values['package']}\n".encode()
    signature = base64.b64decode(values["paySign"])
    MERCHANT_KEY.public_key().verify(signature, covered, padding.PKCS1v15(), hashes.SHA256())
    assert (session.code_url, session.redirect_url) == ("", "")
    again = webhooks.initialize(CONTEXT, payload(data=data))
    assert again["data"]["invoke"] == values
    assert inside.calls.count("POST /v3/global/transactions/jsapi") == 1


@pytest.mark.parametrize("payer", [None, "", "x", "' OR 1=1 --", 7, "o" * 129])
def test_without_a_payer_the_code_is_shown(inside: FakeWechat, payer: Any) -> None:
    data = {"method": "wechat", "surroundings": "wechat", "payer": payer}
    answer = webhooks.initialize(CONTEXT, payload(data=data))
    assert "POST /v3/global/transactions/native" in inside.calls
    assert (answer["data"]["invoke"], answer["data"]["code_url"][:9]) == ({}, "weixin://")


def test_a_payer_outside_wechat_changes_nothing(inside: FakeWechat) -> None:
    data = {"method": "wechat", "surroundings": "phone", "payer": OPENID}
    webhooks.initialize(CONTEXT, payload(data=data))
    (order,) = inside.orders.values()
    assert order["_body"]["trade_type"] == "MWEB" and "payer" not in order["_body"]


def test_an_answer_without_a_prepay_id_fails(inside: FakeWechat) -> None:
    inside.spoil = lambda path, response: inside.signed(200, {}) if path.endswith("/jsapi") else response
    data = {"method": "wechat", "surroundings": "wechat", "payer": OPENID}
    assert webhooks.initialize(CONTEXT, payload(data=data))["result"] == "CHARGE_FAILURE"
    assert PaymentSession.objects.get().failure_code == "NO_PREPAY"


def test_the_payer_is_in_no_table_and_no_log_in_the_clear(
    inside: FakeWechat, caplog: pytest.LogCaptureFixture
) -> None:
    data = {"method": "wechat", "surroundings": "wechat", "payer": OPENID}
    with caplog.at_level(logging.DEBUG):
        webhooks.initialize(CONTEXT, payload(data=data))
    assert OPENID not in caplog.text
    rows = [*PaymentSession.objects.values(), *PaymentWireRecord.objects.values("headers", "url")]
    assert OPENID not in json.dumps(rows, default=str)
    assert evidence.START in set(PaymentWireRecord.objects.values_list("operation", flat=True))
