"""Doors: what belongs to somebody does not open for somebody else."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.demo_process import DemoProcess

from .conftest import DESK
from .people import Consumer, Merchant, Person

pytestmark = [pytest.mark.browser, pytest.mark.demo]


def buy(consumer: Consumer) -> str:
    """Buy something; return the path of the order's page."""
    consumer.open("/p/peanut-candy/")
    consumer.add()
    consumer.check_out()
    consumer.give_address()
    consumer.give_name()
    consumer.choose_delivery()
    consumer.accept_notice()
    consumer.begin_payment()
    consumer.pay()
    consumer.wait_for_order()
    return consumer.page.url.removeprefix(consumer.site).partition("?")[0]


def test_an_order_page_opens_for_its_buyer_only(consumer: Consumer, stranger: Person) -> None:
    path = buy(consumer)
    assert consumer.open(path) == 200
    assert stranger.open(path) == 404
    body = stranger.page.locator("body").inner_text()
    assert consumer.me.name not in body
    assert consumer.me.phone not in body
    assert stranger.open(f"{path}events/") in (200, 404)
    assert consumer.me.name not in stranger.page.content()
    guess = base64.b64encode(b"Order:1").decode()
    assert stranger.open(f"/orders/{guess}/") == 404
    stranger.open("/account/")
    expect(stranger.page.locator("a[href*='/orders/']")).to_have_count(0)


def test_a_box_under_way_belongs_to_its_browser(consumer: Consumer, stranger: Person) -> None:
    consumer.open("/p/peanut-candy/")
    consumer.add()
    consumer.check_out()
    consumer.give_address()
    path = consumer.page.url.removeprefix(consumer.site)
    stranger.open(path)
    expect(stranger.page).to_have_url(re.compile(r"/basket/$"))
    assert consumer.me.name not in stranger.page.content()


def test_a_merchant_sees_only_listings_of_their_own(
    demo: DemoProcess,
    window: Callable[..., BrowserContext],
    shot: Callable[[Page, str], None],
    merchant: Merchant,
    stranger: Person,
) -> None:
    merchant.sign_in("/en/portal/", "baker@ponte.example")
    merchant.find_listing("FAR-PNT")
    path = merchant.page.url.removeprefix(merchant.site)
    other = Merchant(window(locale="en-GB", **DESK).new_page(), demo.web, shot)
    other.sign_in("/en/portal/", "wine@ponte.example")
    assert other.open(path) == 404
    assert other.open(f"{path}progress/") == 404
    stranger.open(path)
    expect(stranger.page).to_have_url(re.compile(r"/portal/sign-in/"))


def test_a_consumer_cannot_open_console_or_portal(stranger: Person) -> None:
    stranger.sign_in("/en/console/", "lin@ponte.example")
    assert stranger.open("/en/console/") == 403
    assert stranger.open("/en/console/parcels/") == 403
    assert stranger.open("/en/portal/listings/") == 403
    stranger.shot(stranger.page, "refused")
