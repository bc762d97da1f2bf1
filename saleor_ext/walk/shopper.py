"""The shopper's part of the walk, through the shop's own pages."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import httpx2

from .browser import Browser, Form, Page, Stuck
from .people import Shopper

#: Seconds between two looks at a page that moves on by itself.
LOOK = 0.5
_CHECKOUT = re.compile(r"/checkout/([^/]+)/$")
_PAY = re.compile(r"/pay/([^/]+)/$")
_ORDER = re.compile(r"/orders/([^/]+)/$")


@dataclass
class Purchase:
    """One purchase under way: each method is one thing that a person does."""

    browser: Browser
    shopper: Shopper
    patience: float
    #: Which of the ways to pay to take; empty: the first.
    method: str = ""
    page: Page | None = field(default=None, init=False)
    key: str = field(default="", init=False)
    wallet: str = field(default="", init=False)

    def find(self, slug: str) -> str:
        """Wait until the product can be bought; return its address."""
        deadline = time.monotonic() + self.patience
        while True:
            try:
                page = self.browser.open(f"/p/{slug}/")
                form = page.form("variant", "quantity")
                if form.values["variant"]:
                    self.page = page
                    return page.path
                reason = "no article to buy"
            except Stuck as stuck:
                reason = str(stuck)
            if time.monotonic() > deadline:
                raise Stuck(f"the product is not on sale in the shop: {reason}")
            time.sleep(LOOK)

    def check_out(self) -> str:
        """Put it into the basket, go to the checkout and say where to; return the box's key."""
        basket_form = self._here().form("variant", "quantity")
        self.browser.send(basket_form)
        basket = self.browser.open("/basket/")
        links = basket.links(lambda link: bool(_CHECKOUT.search(urlsplit(link).path)))
        if not links:
            raise Stuck(f"the basket cannot be checked out: {basket.complaint() or 'it is empty'}")
        found = _CHECKOUT.search(urlsplit(links[0]).path)
        self.key = found[1] if found else ""
        page = self.browser.open(links[0])
        self._fill(page, "receiver", self.shopper.address)
        return self.key

    def name_buyer(self) -> str:
        """Give real name and ID number with consent; return the name as the shop masks it."""
        self._fill(
            self._here(),
            "id_number",
            {"name": self.shopper.name, "id_number": self.shopper.id_number, "consent": "on"},
        )
        return f"{self.shopper.name[0]}**"

    def choose_delivery(self) -> str:
        """Take the first delivery offered; return its id."""
        page = self._here()
        form = page.form("delivery")
        chosen = form.values.get("delivery") or form.choices["delivery"][0]
        self.page = self.browser.send(form, {"delivery": chosen})
        return chosen

    def open_wallet(self) -> str:
        """Agree to the notice and press "pay"; return the wallet's address on this phone."""
        page = self._here()
        form = page.form("notice")
        offered = [*filter(None, [form.values.get("method")]), *form.choices.get("method", ())]
        if self.method and self.method not in offered:
            raise Stuck(f"{self.method} is not offered, only {', '.join(sorted(set(offered))) or 'nothing'}")
        method = self.method or next(iter(offered), "")
        if not method:
            raise Stuck(f"no way to pay is offered: {page.complaint() or 'no reason shown'}")
        self.page = self.browser.send(form, {"notice": "on", "method": method})
        if not _PAY.search(self.page.path):
            raise Stuck(f"the wallet does not open: {self.page.complaint() or self.page.path}")
        shop = urlsplit(self.browser.base_url).netloc
        links = self.page.links(lambda link: urlsplit(link).netloc not in ("", shop))
        if not links:
            raise Stuck("the page offers no wallet to open on a phone")
        self.wallet = links[0]
        return method

    def pay(self) -> str:
        """Pay in the sandbox's wallet, as the buyer; return the wallet's own number."""
        parts = urlsplit(self.wallet)
        address = f"{parts.scheme}://{parts.netloc}/sandbox/psp/pay"
        deadline = time.monotonic() + self.patience
        while True:
            try:
                answer = httpx2.post(address, json={"mweb_url": self.wallet}, timeout=10, trust_env=False)
                break
            except httpx2.HTTPError as error:
                if time.monotonic() > deadline:
                    raise Stuck(f"the wallet does not answer: {type(error).__name__}") from error
                time.sleep(LOOK)
        if answer.status_code != httpx2.codes.OK:
            raise Stuck(f"the wallet refuses ({answer.status_code}): {answer.text[:200]}")
        return str(answer.json().get("transaction_id", ""))

    def order(self) -> str:
        """Wait on the payment page until it moves on to the order; return Saleor's order id."""
        deadline = time.monotonic() + self.patience
        while True:
            page = self.browser.open(f"/pay/{self.key}/")
            if found := _ORDER.search(page.path):
                return unquote(found[1])
            if complaint := page.complaint():
                raise Stuck(f"the payment page says: {complaint}")
            if time.monotonic() > deadline:
                raise Stuck("the payment was made but no order came of it")
            time.sleep(LOOK)

    def _fill(self, page: Page, name: str, values: Mapping[str, str]) -> None:
        form = page.form(name)
        self.page = self.browser.send(form, _only_fields_of(form, values))

    def _here(self) -> Page:
        if self.page is None:
            raise Stuck("no page is open")
        return self.page


def _only_fields_of(form: Form, values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if name in form.values or name in form.choices}
