"""Every kind of page answers, in every language, and keeps the rules of pages."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser

import pytest

from storefront.ui.icons import SPRITE, names

from .conftest import World

PAGES = [
    "/",
    "/goods/",
    "/goods/biscuits/",
    "/shops/farolim/",
    "/search/?q=杏仁",
    "/search/?q=nothing",
    "/p/almond/",
    "/p/rolls/",
    "/basket/",
    "/help/",
    "/account/",
    "/account/sign-in/",
    "/account/register/",
    "/offline/",
    "/ui/",
]
LANGUAGES = {"": "zh-Hans", "/zh-hant": "zh-Hant", "/pt": "pt", "/en": "en"}


class Rules(HTMLParser):
    """Collects what the policy of pages and WCAG forbid."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: list[str] = []
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.controls: list[tuple[str, dict[str, str | None]]] = []
        self.icons: set[str] = set()
        self.h1 = 0
        self._label_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if "style" in given or any(name.startswith("on") for name in given):
            self.broken.append(f"inline style or handler in <{tag}>")
        if tag == "style" or (tag == "script" and not given.get("src")):
            self.broken.append(f"inline <{tag}>")
        for name in ("src", "href", "action"):
            # A link may lead to the wallet; what a page loads or sends may not leave.
            if (
                tag != "a"
                and re.match(r"(https?:)?//", given.get(name) or "")
                and "testserver" not in (given.get(name) or "")
            ):
                self.broken.append(f"{tag} {name} leaves the site: {given[name]}")
        if tag == "img" and given.get("alt") is None:
            self.broken.append(f"img without alt: {given.get('src')}")
        if tag == "use":
            self.icons.add((given.get("href") or "").rpartition("#")[2])
        if given.get("id"):
            self.ids.append(given["id"] or "")
        if tag == "label":
            self._label_depth += 1
            self.labels.add(given.get("for") or "")
        if tag in {"input", "select", "textarea"} and given.get("type") not in {"hidden", "submit"}:
            self.controls.append((tag, {**given, "_inside": "1" if self._label_depth else ""}))
        self.h1 += tag == "h1"

    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            self._label_depth -= 1


def check(html: str) -> None:
    rules = Rules()
    rules.feed(html)
    assert rules.broken == []
    assert len(rules.ids) == len(set(rules.ids)), "an id stands twice"
    for tag, given in rules.controls:
        named = given.get("id") in rules.labels or given.get("aria-label") or given["_inside"]
        assert named, f"<{tag} name={given.get('name')}> has no label"
    assert rules.icons <= set(names())
    assert rules.h1 == 1


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("prefix", LANGUAGES)
def test_page_keeps_the_rules(world: World, prefix: str, path: str) -> None:
    if prefix and path == "/ui/":
        pytest.skip("the component page has one address")
    answer = world.client.get(prefix + path)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert f'<html lang="{LANGUAGES[prefix]}">' in html
    check(html)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy


@pytest.mark.parametrize("path", ["/goods/none/", "/p/none/", "/shops/none/", "/orders/none/", "/nowhere/"])
def test_what_is_not_there_is_a_designed_404(world: World, path: str) -> None:
    answer = world.client.get(path)
    assert answer.status_code == 404
    assert "tile-missing" in answer.content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "x", "٣", "999999999999", "99"])
def test_odd_page_numbers_show_a_page(world: World, page: str) -> None:
    assert world.client.get("/goods/", {"page": page}).status_code == 200


def test_every_icon_used_in_python_and_templates_exists() -> None:
    assert len(names()) == len(set(names())) >= 30
    assert "<script" not in SPRITE.read_text(encoding="utf-8")


def test_price_is_taken_apart_with_rule_and_source(world: World) -> None:
    html = world.client.get("/en/p/almond/?v=ALMOND-1").content.decode()
    assert '<span class="sign">¥</span>52<span class="fen">.37</span>' in html
    assert "¥48.00" in html
    assert "¥4.37" in html
    assert "财关税〔2018〕49号" in html


def test_variant_is_chosen_by_address(world: World) -> None:
    html = world.client.get("/p/almond/?v=ALMOND-2").content.decode()
    assert 'value="variant-almond-2"' in html
    assert "¥96.00" in html


def test_sold_out_cannot_be_bought(world: World) -> None:
    html = world.client.get("/en/p/rolls/").content.decode()
    assert "Sold out" in html
    assert "stepper-input" not in html


def test_label_is_chinese_in_every_language(world: World) -> None:
    html = world.client.get("/en/p/almond/").content.decode()
    assert "<dt>成分</dt><dd>绿豆粉、杏仁粉、糖</dd>" in html
    assert "<dt>原产国（地区）</dt><dd>中国澳门</dd>" in html


def test_language_switch_keeps_page_and_query(world: World) -> None:
    html = world.client.get("/en/search/?q=tea").content.decode()
    assert 'href="/search/?q=tea" lang="zh-Hans"' in html
    assert 'href="/pt/search/?q=tea" lang="pt"' in html


@pytest.mark.parametrize(("path", "kilobytes"), [("/", 40), ("/goods/", 40), ("/p/almond/", 45)])
def test_pages_are_light(world: World, path: str, kilobytes: int) -> None:
    """The page, its style and our script; htmx and pictures are counted by the benchmark."""
    folder = SPRITE.parent
    parts = [world.client.get(path).content]
    parts += [(folder / name).read_bytes() for name in ("ponte.css", "ponte.js")]
    sizes = [len(gzip.compress(part)) for part in parts]
    assert sum(sizes) < kilobytes * 1024
    assert sizes[1] <= 14 * 1024
    assert len(parts[2]) <= 4 * 1024


def test_search_text_is_escaped(world: World) -> None:
    html = world.client.get("/search/", {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in html
    check(html)
