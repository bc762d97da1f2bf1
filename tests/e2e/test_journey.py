"""The main job through the pages: published in Macau, bought on a phone, followed to the door, seen in the console."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .people import Consumer, Merchant, Operator

pytestmark = [pytest.mark.browser, pytest.mark.demo]
NAME = "澳门杏仁饼（新春装）"


def test_a_product_is_published_bought_and_delivered(
    merchant: Merchant, consumer: Consumer, operator: Operator
) -> None:
    merchant.sign_in("/zh-hant/portal/", "baker@ponte.example")
    merchant.find_listing("FAR-ALM")
    merchant.rename("zh-hans", NAME)
    merchant.publish()

    consumer.open("/")
    consumer.search("杏仁饼 新春", NAME)
    consumer.open_breakdown()
    expect(consumer.page.locator("details.breakdown").first).to_contain_text("税")
    consumer.add()
    consumer.check_out()
    consumer.give_address()
    consumer.give_name()
    consumer.choose_delivery()
    consumer.accept_notice()
    consumer.begin_payment()
    consumer.pay()
    number = consumer.wait_for_order()
    consumer.wait_for_delivery()
    assert consumer.me.id_number not in consumer.page.content()

    operator.sign_in("/en/console/", "admin@ponte.example")
    operator.find_parcel(number)
    page = operator.page
    expect(page.locator("ol.timeline > li").last).to_have_class("done")
    steps = page.locator("table").first.locator("tbody tr:not(.act)")
    expect(steps).to_have_count(8)
    expect(steps.locator(".state use[href$='#done']")).to_have_count(8)
    for kind in ("CEB311Message", "CEB621Message"):
        operator.read_message(kind)
    assert consumer.me.id_number not in page.content()
