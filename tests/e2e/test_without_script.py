"""Without JavaScript: read, choose, and go through the whole checkout up to the payment."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from saleor_ext.walk.people import Shopper
from tests.demo_process import DemoProcess

from .conftest import PHONE
from .people import Consumer

pytestmark = [pytest.mark.browser, pytest.mark.demo]


def test_the_shop_is_read_and_paid_without_script(
    demo: DemoProcess,
    window: Callable[..., BrowserContext],
    shot: Callable[[Page, str], None],
    shopper: Shopper,
) -> None:
    context = window(demo.sandbox, locale="zh-CN", java_script_enabled=False, **PHONE)
    consumer = Consumer(context.new_page(), demo.web, shot, shopper)
    consumer.open("/")
    consumer.page.locator("article.product a").first.click()
    assert "¥" in consumer.page.locator(".price-tag").first.inner_text()
    consumer.open_breakdown()
    expect(consumer.page.locator("details.breakdown .panel").first).to_be_visible()
    expect(consumer.page.locator("section.label-card dt").first).to_be_visible()

    consumer.open("/p/peanut-candy/")
    consumer.add(2)
    consumer.check_out()
    consumer.give_address()
    consumer.give_name()
    consumer.choose_delivery()
    consumer.accept_notice()
    consumer.begin_payment()
    consumer.pay()
    # The page looks again by itself, by its own header.
    consumer.wait_for_order()
