"""Inside WeChat the payment page opens the wallet by itself; WeChat's own object is played here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

pytestmark = [pytest.mark.browser]
SCRIPT = Path("storefront/shop/static/shop/wechat.js")
VALUES = {"appId": "wx1", "package": "prepay_id=wx2", "paySign": 'a"b='}
PLAYED = """
window.asked = [];
window.bridge = () => {
  window.WeixinJSBridge = { invoke: (name, values, done) => { asked.push([name, values]); done({}); } };
};
"""


@pytest.fixture
def page(chrome: Browser) -> Any:
    opened = chrome.new_page()
    opened.add_init_script(PLAYED)
    button = "<button type=button data-wechat-pay='" + json.dumps(VALUES) + "'>Pay</button>"
    html = f"<!doctype html><body>{button}<script src='/wechat.js' defer></script></body>"

    def answer(route: Route) -> None:
        script = route.request.url.endswith(".js")
        kind = "text/javascript" if script else "text/html"
        route.fulfill(body=SCRIPT.read_text() if script else html, content_type=kind)

    opened.route("http://shop.test/**", answer)
    yield opened
    opened.close()


def asked(page: Page) -> list[Any]:
    found: list[Any] = page.evaluate("asked")
    return found


def test_the_wallet_opens_at_once_and_again_by_the_button(page: Page) -> None:
    page.add_init_script("bridge()")
    page.goto("http://shop.test/pay/")
    assert asked(page) == [["getBrandWCPayRequest", VALUES]]
    page.get_by_role("button").click()
    assert asked(page) == [["getBrandWCPayRequest", VALUES]] * 2


def test_a_wallet_that_comes_later_is_waited_for_and_elsewhere_nothing_happens(page: Page) -> None:
    page.goto("http://shop.test/pay/")
    page.get_by_role("button").click()
    assert asked(page) == []
    page.evaluate("bridge(); document.dispatchEvent(new Event('WeixinJSBridgeReady'))")
    assert asked(page) == [["getBrandWCPayRequest", VALUES]]
