"""The walk's browser sends what pages offer, tells what they complain of, and presses again while a site is away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from saleor_ext.identity.checks import check_id, check_name
from saleor_ext.walk import browser as browsing
from saleor_ext.walk.browser import Browser, Stuck
from saleor_ext.walk.people import check_character, new_shopper

FORM = """<html><body><a href="/next/">next</a>
<form method="get" action="/search/"><input name="q"></form>
<form method="post" action="/take/"><input type="hidden" name="token" value="t"><input name="name" value="old">
<input type="radio" name="way" value="a"><input type="radio" name="way" value="b" checked>
<input type="checkbox" name="agree">
<select name="where"><option value="">-</option><option value="gd">GD</option></select>
<input type="submit" name="go" value="Go"><button name="b" value="1">Go</button></form></body></html>"""


class Site(BaseHTTPRequestHandler):
    """A site of four pages; ``away`` answers are given first."""

    away = 0
    taken: list[dict[str, list[str]]] = []

    def do_GET(self) -> None:
        if Site.away:
            Site.away -= 1
            return self._answer(503, "<p class='error'>starting</p>")
        pages = {
            "/": (200, FORM),
            "/empty/": (200, ""),
            "/broken/": (500, "<p role='alert'>it fell over</p>"),
        }
        return self._answer(*pages.get(self.path, (404, "<p>nothing</p>")))

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True)
        Site.taken.append(sent)
        if sent["name"] == ["bad"]:
            return self._answer(422, "<div class='field error'>Name:  not this\n one</div>")
        return self._answer(200, "<p>thanks</p>")

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *arguments: object) -> None: ...


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Site.away, Site.taken = 0, []
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def browser(site: str) -> Iterator[Browser]:
    visitor = Browser(site)
    yield visitor
    visitor.close()


def test_a_form_is_sent_with_what_it_held_and_what_was_filled_in(browser: Browser) -> None:
    form = browser.open("/").form("name", "way")
    assert form.values == {"token": "t", "name": "old", "way": "b", "where": ""}
    assert form.choices == {"way": ("a", "b"), "agree": ("on",), "where": ("", "gd")}
    page = browser.send(form, {"name": "步安和", "way": "a", "agree": "on", "where": "gd"})
    assert Site.taken == [
        {"token": ["t"], "name": ["步安和"], "way": ["a"], "agree": ["on"], "where": ["gd"]}
    ]
    assert page.status == 200


def test_links_are_absolute(browser: Browser, site: str) -> None:
    assert browser.open("/").links(lambda link: "next" in link) == [f"{site}/next/"]


def test_a_refusal_tells_what_the_page_said(browser: Browser) -> None:
    form = browser.open("/").form("name")
    with pytest.raises(Stuck, match="/take/ refuses: Name: not this one"):
        browser.send(form, {"name": "bad"})


def test_a_form_that_is_not_there_is_named(browser: Browser) -> None:
    with pytest.raises(Stuck, match="/empty/ offers no form with id_number: no reason shown"):
        browser.open("/empty/").form("id_number")


@pytest.mark.parametrize(
    ("path", "said"), [("/broken/", "500: it fell over"), ("/other/", "404: no reason shown")]
)
def test_pages_that_fail_are_told(browser: Browser, path: str, said: str) -> None:
    with pytest.raises(Stuck, match=said):
        browser.open(path)


def test_a_site_that_is_starting_is_waited_for(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browsing, "PRESS_AGAIN", 0.01)
    Site.away = 3
    assert Browser(site, patience=5).open("/").status == 200
    Site.away = 1
    with pytest.raises(Stuck, match="503: starting"):
        Browser(site).open("/")


def test_a_site_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Stuck, match="does not answer: ConnectError"):
        Browser("http://127.0.0.1:1").open("/")


def test_invented_shoppers_pass_the_checks_and_are_adults() -> None:
    assert check_character("11010519491231002") == "X"
    for _ in range(200):
        shopper = new_shopper()
        assert check_id(shopper.id_number) == shopper.id_number
        assert check_name(shopper.name) == shopper.name
        assert shopper.id_number not in repr(shopper.address)
