"""One demonstration and one Chromium for all browser tests, and a watched window for each person."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright

from saleor_ext.walk.people import Shopper, new_shopper
from tests.demo_process import DemoProcess

from . import chromium
from .people import Consumer, Merchant, Operator, Person
from .watching import Watch

ARTIFACTS = Path(__file__).parent / "artifacts"
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "user_agent": "Mozilla/5.0 (Linux; Android 14; Pixel) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
}
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
TIMEOUT = 20_000


@pytest.fixture(scope="package")
def chrome() -> Iterator[Browser]:
    """Chromium; ended with this folder's tests, because Playwright's loop would be in the way of Django's."""
    path = chromium.find()
    if path is None:
        pytest.skip(chromium.MISSING)
    expect.set_options(timeout=TIMEOUT)
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright, path)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def demo(chrome: Browser, request: pytest.FixtureRequest) -> DemoProcess:
    """The demonstration that all tests share; not started for want of a browser to look at it."""
    running: DemoProcess = request.getfixturevalue("running_demo")
    return running


@pytest.fixture
def window(
    chrome: Browser, demo: DemoProcess, request: pytest.FixtureRequest
) -> Iterator[Callable[..., BrowserContext]]:
    """Make windows that are watched to the end of the test; the last look of each page is kept."""
    opened: list[tuple[BrowserContext, Watch]] = []

    def make(*origins: str, **options: Any) -> BrowserContext:
        context = chrome.new_context(**options)
        context.set_default_timeout(TIMEOUT)
        opened.append((context, Watch(context, demo.web, *origins)))
        return context

    yield make
    try:
        for number, (context, watch) in enumerate(opened):
            for page in context.pages:
                _keep(page, f"{request.node.name}-{number}-last")
            watch.assert_clean()
    finally:
        for context, _ in opened:
            context.close()


@pytest.fixture
def shot(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Keep pictures of the steps, numbered in their order."""
    numbers = itertools.count(1)

    def keep(page: Page, name: str) -> None:
        _keep(page, f"{request.node.name}-{next(numbers):02d}-{name}")

    return keep


def _keep(page: Page, name: str) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    safe = re.sub(r"[^\w-]+", "-", name)
    path = ARTIFACTS / f"{safe}.png"
    try:
        page.screenshot(path=path)
    except Error:  # the page was just leaving for the next one
        page.wait_for_load_state()
        page.screenshot(path=path)


@pytest.fixture
def shopper() -> Shopper:
    """Somebody who has never bought here, so that no yearly limit is used up."""
    return new_shopper(random.Random())


@pytest.fixture
def consumer(
    demo: DemoProcess,
    window: Callable[..., BrowserContext],
    shot: Callable[[Page, str], None],
    shopper: Shopper,
) -> Consumer:
    """A buyer with a phone; the wallet's site is the only other one she opens."""
    context = window(demo.sandbox, locale="zh-CN", **PHONE)
    return Consumer(context.new_page(), demo.web, shot, shopper)


@pytest.fixture
def merchant(
    demo: DemoProcess, window: Callable[..., BrowserContext], shot: Callable[[Page, str], None]
) -> Merchant:
    return Merchant(window(locale="zh-TW", **DESK).new_page(), demo.web, shot)


@pytest.fixture
def operator(
    demo: DemoProcess, window: Callable[..., BrowserContext], shot: Callable[[Page, str], None]
) -> Operator:
    return Operator(window(locale="en-GB", **DESK).new_page(), demo.web, shot)


@pytest.fixture
def stranger(
    demo: DemoProcess, window: Callable[..., BrowserContext], shot: Callable[[Page, str], None]
) -> Person:
    """Somebody else's browser."""
    return Person(window(locale="zh-CN", **PHONE).new_page(), demo.web, shot)
