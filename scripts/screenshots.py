"""Takes the pictures of the pages: ``make screenshots``, or with ``--base-url`` of a demonstration that runs.

An order is walked on a phone and on a desk; at each station the page is taken in both Chinese scripts. Then follow a
merchant's and the operator's pages. The most telling pictures are written; ``--all`` writes every one.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the people of the browser tests live beside, not in the package

from PIL import Image  # noqa: E402  # after the path is set, like all below
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright  # noqa: E402  # after the path is set

from saleor_ext.walk.people import new_shopper  # noqa: E402  # after the path is set
from tests.demo_process import DemoProcess  # noqa: E402  # after the path is set
from tests.e2e import chromium  # noqa: E402  # after the path is set
from tests.e2e.conftest import DESK, PHONE, TIMEOUT  # noqa: E402  # after the path is set
from tests.e2e.people import BACKGROUND, DELIVERY, Consumer, Merchant, Operator  # noqa: E402  # after the path is set

TARGET = ROOT / "docs" / "screenshots"
MOST_BYTES = 120_000
#: Fewer colours and then fewer pixels, until a picture is small enough.
COLOURS, SCALES = (256, 128, 64), (1.0, 0.75, 0.5)
SITES = {390: PHONE, 1440: DESK}
PREFIX = {"zh-hans": "", "zh-hant": "/zh-hant", "pt": "/pt", "en": "/en"}
PRODUCT = "almond-cookies"
CUSTOMS_PAGES = ("search", "health", "rejections", "reconciliation", "quarantine", "payment-data")
#: Timeline stations reached when the order page is taken: released and packed, not yet delivered.
STATIONS = 6
TELLING = {
    *(
        f"shop-{page}-390-zh-hans"
        for page in ("home", "list", "product", "basket", "checkout", "pay", "order")
    ),
    *(f"shop-{page}-1440-zh-hans" for page in ("home", "product", "pay", "order")),
    *(f"shop-{page}-390-zh-hant" for page in ("home", "product")),
    *(
        "portal-listings-1440-zh-hant",
        "portal-edit-1440-zh-hant",
        "portal-edit-390-pt",
        "portal-listings-390-zh-hant",
    ),
    *("console-parcel-1440-en", "console-orders-1440-en", "console-plugins-1440-zh-hant"),
    *("console-customs-declaration-1440-zh-hans", "console-customs-document-1440-zh-hant"),
    "console-payment-1440-zh-hant",
}


@dataclass
class Album:
    """Where pictures go, and which of them are wanted."""

    site: str
    whole: bool

    def take(self, page: Page, name: str) -> None:
        """Write what the window shows, small."""
        if not self.whole and name not in TELLING:
            return
        page.wait_for_load_state(
            "networkidle"
        ) if "pay" not in name and "order" not in name else page.wait_for_timeout(500)
        data = small(page.screenshot())
        TARGET.mkdir(parents=True, exist_ok=True)
        (TARGET / f"{name}.png").write_bytes(data)
        sys.stdout.write(f"{name}.png {len(data) // 1000} kB\n")
        sys.stdout.flush()

    def tour(
        self, context: BrowserContext, name: str, path: str, languages: tuple[str, ...], ready: str = "h1"
    ) -> None:
        """Take one page in some languages, in a window of its own."""
        width = (context.pages[0].viewport_size or {"width": 0})["width"]
        for language in languages:
            page = context.new_page()
            page.goto(f"{self.site}{PREFIX[language]}{path}")
            page.locator(ready).first.wait_for()
            self.take(page, f"{name}-{width}-{language}")
            page.close()


def small(data: bytes) -> bytes:
    """Reduce a picture until it has at most :data:`MOST_BYTES`."""
    whole = Image.open(io.BytesIO(data)).convert("RGB")
    for scale in SCALES:
        image = whole if scale == 1 else whole.resize([round(side * scale) for side in whole.size])
        for colours in COLOURS:
            out = io.BytesIO()
            image.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
            if out.tell() <= MOST_BYTES:
                return out.getvalue()
    return out.getvalue()


def shop(album: Album, open_window: Callable[..., BrowserContext]) -> None:
    """Buy something on a phone and on a desk, both Chinese scripts beside each other."""
    for device in SITES.values():
        context = open_window(locale="zh-CN", **device)
        buyer = Consumer(context.new_page(), album.site, shopper=new_shopper())

        def tour(
            name: str,
            path: str = "",
            ready: str = "h1",
            context: BrowserContext = context,
            buyer: Consumer = buyer,
        ) -> None:
            path = path or buyer.page.url.removeprefix(album.site).partition("?")[0]
            album.tour(context, f"shop-{name}", path, ("zh-hans", "zh-hant"), ready)

        tour("home", "/")
        tour("list", "/goods/")
        tour("product", f"/p/{PRODUCT}/")
        buyer.open(f"/p/{PRODUCT}/")
        buyer.add()
        tour("basket")
        buyer.check_out()
        buyer.give_address()
        buyer.give_name()
        buyer.choose_delivery()
        tour("checkout")
        buyer.accept_notice()
        buyer.begin_payment()
        tour("pay")
        buyer.pay()
        buyer.wait_for_order()
        expect(buyer.page.locator("ol.timeline > li.done").nth(STATIONS)).to_be_visible(timeout=DELIVERY)
        tour("order", ready="ol.timeline")


def portal(album: Album, open_window: Callable[..., BrowserContext]) -> None:
    for device in SITES.values():
        context = open_window(locale="zh-TW", **device)
        merchant = Merchant(context.new_page(), album.site)
        merchant.sign_in("/zh-hant/portal/", "baker@ponte.example")
        album.tour(context, "portal-listings", "/portal/listings/", ("zh-hant", "pt"), "table")
        merchant.find_listing("FAR-ALM")
        path = merchant.page.url.removeprefix(album.site + PREFIX["zh-hant"])
        album.tour(context, "portal-edit", path, ("zh-hant", "pt"))


def console(album: Album, open_window: Callable[..., BrowserContext]) -> None:
    context = open_window(locale="en-GB", **DESK)
    operator = Operator(context.new_page(), album.site)
    operator.sign_in("/en/console/", "admin@ponte.example")
    album.tour(context, "console-orders", "/console/parcels/", ("en", "zh-hant"), "table")
    operator.open("/en/console/parcels/")
    operator.page.locator("td a[href*='/console/parcels/']").first.click()
    operator.page.locator("ol.timeline").wait_for(timeout=BACKGROUND)
    path = operator.page.url.removeprefix(album.site + PREFIX["en"])
    album.tour(context, "console-parcel", path, ("en", "zh-hant"), "ol.timeline")
    album.tour(context, "console-plugins", "/console/plugins/", ("en", "zh-hant"))


def customs(album: Album, open_window: Callable[..., BrowserContext]) -> None:
    """The clerk's pages about customs: what waits, one declaration, one message, and the reports."""
    for device in SITES.values():
        context = open_window(locale="zh-TW", **device)
        operator = Operator(context.new_page(), album.site)
        operator.sign_in("/zh-hant/console/", "admin@ponte.example")

        def tour(name: str, path: str, context: BrowserContext = context) -> None:
            album.tour(context, f"console-customs-{name}", path, ("zh-hans", "zh-hant"))

        for name in CUSTOMS_PAGES:
            tour(name, f"/console/customs/{name}/")
        tour("work", "/console/customs/")
        operator.open("/zh-hant/console/customs/?state=released")
        for name in ("declarations", "documents"):
            operator.page.locator(f"main a[href*='/console/customs/{name}/']").first.click()
            operator.page.wait_for_load_state()
            tour(name.removesuffix("s"), operator.page.url.removeprefix(album.site + PREFIX["zh-hant"]))


def payments(album: Album, open_window: Callable[..., BrowserContext]) -> None:
    """The clerk's pages about money: payments, what does not agree, the ledger, an account's form."""
    for device in SITES.values():
        context = open_window(locale="zh-TW", **device)
        operator = Operator(context.new_page(), album.site)
        operator.sign_in("/zh-hant/console/", "admin@ponte.example")

        def tour(name: str, path: str, context: BrowserContext = context) -> None:
            album.tour(context, f"console-{name}", path, ("zh-hans", "zh-hant"))

        tour("payments", "/console/payment/")
        tour("reconciliation", "/console/payment/reconciliation/")
        tour("alipay", "/console/plugins/cross_border_payment/accounts/antom/main/")
        operator.open("/zh-hant/console/payment/?state=paid")
        operator.page.locator("td a[href*='/console/payment/']").first.click()
        operator.page.wait_for_load_state()
        tour("payment", operator.page.url.removeprefix(album.site + PREFIX["zh-hant"]))
        operator.page.locator("td a[href*='/console/ledger/journals/']").first.click()
        operator.page.wait_for_load_state()
        tour("journal", operator.page.url.removeprefix(album.site + PREFIX["zh-hant"]))
        tour("ledger", "/console/ledger/")


def take_all(album: Album, browser: Browser) -> None:
    opened: list[BrowserContext] = []

    def open_window(**options: Any) -> BrowserContext:
        context = browser.new_context(**options)
        context.set_default_timeout(TIMEOUT)
        opened.append(context)
        return context

    for part in (shop, portal, console, customs, payments):
        part(album, open_window)
        while opened:
            opened.pop().close()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base-url", default="", help="a demonstration that runs; without it one is started")
    parser.add_argument(
        "--all", action="store_true", help="write every picture, not only the most telling ones"
    )
    given = parser.parse_args()
    path = chromium.find()
    if path is None:
        sys.stderr.write("ponte: no Chromium; on Debian: apt-get install chromium fonts-noto-cjk\n")
        return 1
    expect.set_options(timeout=TIMEOUT)
    with nullcontext() if given.base_url else DemoProcess() as demo, sync_playwright() as playwright:
        site = given.base_url.rstrip("/") or demo.web
        browser = chromium.launch(playwright, path)
        take_all(Album(site, given.all), browser)
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
