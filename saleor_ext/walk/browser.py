"""A visitor without a screen: keeps cookies, follows links and fills in forms as the pages offer them.

Only what a page really shows can be clicked or sent, so a walk fails where a person would be stuck.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import httpx2
from lxml import html

#: A phone's name: shops show wallets' own links to phones.
PHONE = "Mozilla/5.0 (Linux; Android 14; Ponte walk) AppleWebKit/537.36 Mobile Safari/537.36"
TIMEOUT = 30.0
#: Answers of a site that is starting again, and seconds until a person presses the button again.
AWAY = frozenset({502, 503, 504})
PRESS_AGAIN = 1.0
#: Seconds after which a form that comes back refused is taken for refused.
PERSISTENCE = 12.0
#: Characters of a refusal that are told.
EXCERPT = 300


class Stuck(Exception):
    """A person would not get further here; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form with the values it came with."""

    action: str
    method: str
    values: Mapping[str, str]
    #: Offered values of radio buttons and selects by name.
    choices: Mapping[str, tuple[str, ...]]


class Page:
    """A page that was loaded."""

    def __init__(self, response: httpx2.Response) -> None:
        self.url = str(response.url)
        self.status = response.status_code
        self.text = response.text
        # xpath() has too many result types to be worth narrowing at each call.
        self._tree: Any = html.fromstring(response.text if response.text.strip() else "<html/>")

    @property
    def path(self) -> str:
        return httpx2.URL(self.url).path

    def forms(self) -> list[Form]:
        """Return the forms that are sent by POST."""
        return [
            _form(element, self.url)
            for element in self._tree.forms
            if (element.method or "").upper() == "POST"
        ]

    def form(self, *names: str) -> Form:
        """Return the form that has these fields.

        :raises Stuck: when the page offers none
        """
        for form in self.forms():
            if all(name in form.values or name in form.choices for name in names):
                return form
        raise Stuck(
            f"{self.path} offers no form with {', '.join(names)}: {self.complaint() or 'no reason shown'}"
        )

    def links(self, matches: Callable[[str], bool]) -> list[str]:
        """Return absolute addresses of links, in the order of the page."""
        found = (urljoin(self.url, str(link)) for link in self._tree.xpath("//a/@href"))
        return [link for link in found if matches(link)]

    def complaint(self) -> str:
        """What the page says is wrong: its error texts and alerts."""
        nodes = self._tree.xpath(
            "//*[contains(concat(' ', @class, ' '), ' error ') or contains(concat(' ', @class, ' '), ' errorlist ')"
            " or @role='alert' or contains(concat(' ', @class, ' '), ' alert ')]"
        )
        texts = dict.fromkeys(" ".join(node.text_content().split()) for node in nodes)
        return "; ".join(text for text in texts if text)[:EXCERPT]


class Browser:
    """One visitor's session on one site."""

    def __init__(self, base_url: str, language: str = "zh-hans", patience: float = 0) -> None:
        self.base_url = base_url.rstrip("/")
        self._patience = patience
        self._client = httpx2.Client(
            timeout=TIMEOUT,
            follow_redirects=True,
            trust_env=False,
            headers={"User-Agent": PHONE, "Accept-Language": language},
        )

    def open(self, address: str) -> Page:
        """Load a page.

        :raises Stuck: when the site does not answer with a page
        """
        return self._load("GET", urljoin(self.base_url + "/", address))

    def send(self, form: Form, values: Mapping[str, str] | None = None) -> Page:
        """Send a form with some of its fields changed.

        :raises Stuck: the form keeps coming back refused; a page may also ask to press again in a moment
        """
        filled = {**form.values, **(values or {})}
        deadline = time.monotonic() + min(self._patience, PERSISTENCE)
        while True:
            page = self._load("POST", form.action, data=filled, headers={"Referer": form.action})
            if page.status != httpx2.codes.UNPROCESSABLE_CONTENT:
                return page
            if time.monotonic() > deadline:
                raise Stuck(f"{page.path} refuses: {page.complaint() or 'no reason shown'}")
            time.sleep(PRESS_AGAIN)

    def close(self) -> None:
        self._client.close()

    def _load(self, method: str, address: str, **options: Any) -> Page:
        """Load, pressing again as people do while a site is away."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                response = self._client.request(method, address, **options)
                if response.status_code not in AWAY or time.monotonic() > deadline:
                    break
            except httpx2.HTTPError as error:
                if time.monotonic() > deadline:
                    raise Stuck(f"{address} does not answer: {type(error).__name__}") from error
            time.sleep(PRESS_AGAIN)
        page = Page(response)
        if response.is_success or response.status_code == httpx2.codes.UNPROCESSABLE_CONTENT:
            return page
        raise Stuck(f"{page.path} answers {response.status_code}: {page.complaint() or 'no reason shown'}")


def _form(element: Any, url: str) -> Form:
    values: dict[str, str] = {}
    choices: dict[str, tuple[str, ...]] = {}
    for field in element.inputs:
        name, kind = field.name, (field.get("type") or "").lower()
        if not name or field.tag == "button" or kind in ("submit", "button", "image", "file"):
            continue
        if kind in ("radio", "checkbox"):
            choices[name] = (*choices.get(name, ()), field.get("value") or "on")
            if field.get("checked") is not None:
                values[name] = field.get("value") or "on"
            continue
        if field.tag == "select":
            choices[name] = tuple(option.get("value") or "" for option in field.iter("option"))
        values[name] = field.value or ""
    return Form(urljoin(url, element.action or url), (element.method or "GET").upper(), values, choices)
