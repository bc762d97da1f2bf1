"""The three people of the journey: each method is one thing that a person does on a page."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from saleor_ext.walk.people import Shopper

PASSWORD = "ponte-demo"
#: Milliseconds until something that runs in the background must be seen.
BACKGROUND = 60_000
#: The whole way of a parcel at the demonstration's speed, with room for a busy machine.
DELIVERY = 150_000
DELIVERED = "use[href$='#home']"
Shot = Callable[[Page, str], object]


def keep_nothing(page: Page, name: str) -> None:
    """Take no picture."""


@dataclass
class Person:
    """Somebody with a browser window; ``shot`` keeps a picture of a step."""

    page: Page
    site: str
    shot: Shot = keep_nothing

    def open(self, path: str) -> int:
        """Open a page of the site; return its status."""
        response = self.page.goto(self.site + path)
        assert response is not None
        return response.status

    def continue_form(self) -> None:
        """Press the button that sends the step's form."""
        self.page.locator("form.form button.btn[type=submit], form.form button.btn:not([type])").last.click()

    def sign_in(self, path: str, email: str) -> None:
        """Open a page that asks who one is, and tell it."""
        self.open(path)
        expect(self.page).to_have_url(re.compile(r"/sign-in/"))
        self.shot(self.page, "sign-in")
        self.page.locator("input[name=email]").fill(email)
        self.page.locator("input[name=password]").fill(PASSWORD)
        self.page.locator("form.card button").click()
        expect(self.page).not_to_have_url(re.compile(r"/sign-in/"))


class Merchant(Person):
    """Sells from Macau."""

    def find_listing(self, word: str) -> None:
        self.page.locator("#q").fill(word)
        self.page.locator("form.find button").click()
        self.page.wait_for_url(re.compile(r"[?&]q="))
        self.shot(self.page, "listings")
        self.page.locator("table.listings td.what a").first.click()
        expect(self.page.locator(".languages .language")).to_have_count(4)
        self.shot(self.page, "listing")

    def rename(self, language: str, name: str) -> None:
        """Change the name in one language, with the others beside it, and save."""
        self.page.locator(f"[name={language}-name]").fill(name)
        self.page.locator("#listing-form button:not([name])").last.click()
        expect(self.page.locator(f"[name={language}-name]")).to_have_value(name)
        expect(self.page.locator(".toast.green")).to_be_visible()
        self.shot(self.page, "saved")

    def publish(self) -> None:
        """Publish what is saved and watch it until it is done."""
        self.page.locator("#publish button").click()
        expect(self.page.locator("#publish progress")).to_be_visible()
        self.shot(self.page, "publishing")
        expect(self.page.locator("#publish [role=status] use[href$='#done']")).to_be_visible(
            timeout=BACKGROUND
        )
        expect(self.page.locator("#publish progress")).to_have_count(0)
        self.shot(self.page, "published")


@dataclass
class Consumer(Person):
    """Buys from the Mainland."""

    shopper: Shopper | None = None

    @property
    def me(self) -> Shopper:
        assert self.shopper is not None
        return self.shopper

    def search(self, words: str, name: str) -> None:
        """Search until the shop knows the name; news travel from Saleor's webhooks to the shop's shelf."""
        deadline = time.monotonic() + BACKGROUND / 1000
        tile = self.page.locator("article.product", has_text=name)
        while True:
            self.page.locator("#q").fill(words)
            self.page.locator("form.search button").click()
            self.page.wait_for_url(re.compile(r"/search/\?q="))
            if tile.count() or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        self.shot(self.page, "found")
        tile.locator("a").first.click()
        expect(self.page.locator("h1")).to_have_text(name)

    def open_breakdown(self) -> None:
        """Look at what is in the price."""
        self.page.locator("details.breakdown summary").first.click()
        self.shot(self.page, "price")

    def add(self, quantity: int = 1) -> None:
        """Put it into the basket and go there."""
        if quantity > 1:
            self.page.locator("#quantity").fill(str(quantity))
        self.page.locator("button[form=buy]:visible, #buy button.buy:visible").first.click()
        expect(self.page.locator("a[href$='/basket/'] .count").first).to_have_text(
            re.compile(rf"^{quantity}\b")
        )
        self.page.locator(".masthead a[href$='/basket/']").click()
        expect(self.page.locator(".line")).to_have_count(1)
        self.shot(self.page, "basket")

    def check_out(self) -> None:
        self.page.locator("a[href*='/checkout/']").first.click()
        expect(self.page).to_have_url(re.compile(r"/address/$"))

    def give_address(self) -> None:
        for name, value in self.me.address.items():
            field = self.page.locator(f"form.form [name={name}]")
            if name == "province":
                field.select_option(value)
            else:
                field.fill(value)
        self.shot(self.page, "address")
        self.continue_form()
        expect(self.page).to_have_url(re.compile(r"/buyer/$"))

    def give_name(self, id_number: str = "", *, consent: bool = True) -> None:
        """Tell real name and resident ID number."""
        self.page.locator("[name=name]").fill(self.me.name)
        self.page.locator("[name=id_number]").fill(id_number or self.me.id_number)
        self.page.locator("[name=consent]").set_checked(consent)
        self.shot(self.page, "real-name")
        self.continue_form()

    def choose_delivery(self) -> None:
        expect(self.page).to_have_url(re.compile(r"/delivery/$"))
        self.page.locator("[name=delivery]").first.check()
        self.shot(self.page, "delivery")
        self.continue_form()
        expect(self.page).to_have_url(re.compile(r"/review/$"))

    def accept_notice(self) -> None:
        self.page.locator("[name=notice]").check()
        self.shot(self.page, "review")

    def begin_payment(self) -> None:
        """Press "pay" and come to the page that waits for the wallet."""
        self.continue_form()
        expect(self.page).to_have_url(re.compile(r"/pay/[^/]+/$"))
        expect(self.wallet_link).to_be_visible()
        self.shot(self.page, "pay")

    @property
    def wallet_link(self) -> Locator:
        return self.page.locator("a[href*='/pay/']", has=self.page.locator("use[href$='#wallet']"))

    def pay(self) -> None:
        """Pay in the wallet, in a window of its own; the shop's page waits."""
        wallet = self.page.context.new_page()
        wallet.goto(self.wallet_link.get_attribute("href") or "")
        self.shot(wallet, "wallet")
        wallet.locator("button[value=pay]").click()
        wallet.wait_for_load_state()
        wallet.close()

    def wait_for_order(self) -> str:
        """Do nothing until the payment page has moved on by itself; return the order's number."""
        self.page.wait_for_url(re.compile(r"/orders/"), timeout=BACKGROUND)
        self.shot(self.page, "ordered")
        found = re.search(r"\d+", self.page.locator("h1").inner_text())
        assert found, "the order page names no number"
        return found[0]

    def wait_for_delivery(self) -> None:
        """Keep the order page open until its last station is reached."""
        last = self.page.locator("ol.timeline > li").last
        expect(last).to_have_class("done", timeout=DELIVERY)
        self.shot(self.page, "delivered")


class Operator(Person):
    """Sees to it that parcels arrive."""

    def find_parcel(self, number: str) -> None:
        self.page.locator("nav a[href*='/console/parcels/']").first.click()
        self.page.locator("#q").fill(number)
        self.page.locator("form.filter button").click()
        self.page.wait_for_url(re.compile(r"[?&]q="))
        self.shot(self.page, "parcels")
        self.page.locator("td a[href*='/console/parcels/']").first.click()
        expect(self.page.locator("ol.timeline")).to_be_visible()
        self.shot(self.page, "parcel")

    def read_message(self, kind: str) -> None:
        """Unfold a customs message: its receipts and the fields that were sent."""
        message = self.page.locator("details", has=self.page.locator("summary", has_text=kind))
        expect(message).to_have_count(1)
        message.locator("summary").click()
        expect(message.locator("table")).not_to_have_count(0)
        self.shot(self.page, kind)
