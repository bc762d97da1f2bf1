"""WeChat's web authorization and orders inside WeChat, as the sandbox speaks them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from sandbox.psp import keys, openids

from .wechat import Merchant

pytestmark = pytest.mark.django_db
BACK = "http://127.0.0.1:8000/plugins/payment/payer/main/told"


def query(**changed: str) -> dict[str, str]:
    asked = {
        "appid": keys.APPID,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "S",
    }
    return {**asked, **changed}


def code(browser: Client) -> str:
    answer = browser.get("/connect/oauth2/authorize", query())
    address = urlsplit(answer["Location"])
    told = parse_qs(address.query)
    assert (answer.status_code, address._replace(query="").geturl(), told["state"]) == (302, BACK, ["S"])
    return told["code"][0]


def token(given: str, **changed: str) -> dict[str, Any]:
    asked = {
        "appid": keys.APPID,
        "secret": openids.APP_SECRET,
        "code": given,
        "grant_type": "authorization_code",
    }
    answer = Client().get("/sns/oauth2/access_token", {**asked, **changed})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_a_browser_is_one_person_and_another_is_another() -> None:
    keys.load()
    browser = Client()
    first, second, third = (token(code(one))["openid"] for one in (browser, browser, Client()))
    assert first == second != third
    assert openids.known(first) and not openids.known(first[:-1] + "x") and not openids.known("")


@pytest.mark.parametrize("wrong", ["appid", "redirect_uri", "response_type", "scope"])
def test_a_wrong_question_is_refused(wrong: str) -> None:
    keys.load()
    assert Client().get("/connect/oauth2/authorize", query(**{wrong: "x"})).status_code == 400


def test_a_code_works_once_and_for_five_minutes() -> None:
    keys.load()
    given = code(Client())
    assert token(given, appid="x")["errcode"] == 40013
    assert token(given, secret="x")["errcode"] == 40125
    assert token("x")["errcode"] == 40029
    assert token(given)["scope"] == "snsapi_base"
    assert token(given)["errcode"] == 40163
    late = code(Client())
    with time_machine.travel(timezone.now() + timedelta(seconds=301), tick=False):
        assert token(late)["errcode"] == 40029


def test_an_order_inside_wechat_names_its_payer() -> None:
    merchant = Merchant()
    openid = token(code(Client()))["openid"]
    body = {
        "appid": keys.APPID, "mchid": merchant.config["mchid"], "out_trade_no": "INSIDE001",
        "merchant_category_code": "5399", "trade_type": "JSAPI", "description": "x",
        "notify_url": "http://127.0.0.1:8000/hook", "amount": {"total": 1, "currency": "CNY"},
    }  # fmt: skip
    place = "/v3/global/transactions/jsapi"
    for payer in (None, {}, {"openid": "oStranger"}):
        status, answer = merchant.call("POST", place, {**body, "payer": payer})
        assert (status, answer["code"]) == (400, "INVALID_REQUEST")
    status, answer = merchant.call("POST", place, {**body, "payer": {"openid": openid}})
    assert (status, list(answer)) == (200, ["prepay_id"])
    paid = Client().post("/sandbox/psp/pay", {"out_trade_no": "INSIDE001"}, content_type="application/json")
    assert paid.json()["trade_state"] == "SUCCESS"
    number = f"/v3/global/transactions/out-trade-no/INSIDE001?mchid={merchant.config['mchid']}"
    assert merchant.call("GET", number)[1]["payer"] == {"openid": openid}
