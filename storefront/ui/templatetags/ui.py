"""Template tags of the component set; ``/ui/`` shows each with the line that makes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.http import HttpRequest
from django.template.defaultfilters import date as date_format
from django.templatetags.static import static
from django.urls import translate_url
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from saleor_ext.core.money import Money

from ..states import look
from ..viewmodels import Breakdown, Event, Link, Stat, Step

register = template.Library()

SIGNS = {"CNY": "¥", "MOP": "MOP$", "HKD": "HK$", "EUR": "€", "USD": "US$"}
LANGUAGE_NAMES = {"zh-hans": "简体中文", "zh-hant": "繁體中文", "pt": "Português", "en": "English"}
HTML_LANG = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant"}
ALERT_ICONS = {"blue": "info", "green": "done", "yellow": "alert", "red": "stop"}


@register.simple_tag
def icon(name: str, label: str = "", big: bool = False) -> SafeString:
    """Draw an icon of the sprite; without *label* it is decoration and hidden from readers."""
    return _icon(name, str(label), big)


@lru_cache(maxsize=1024)  # a page draws some forty, and looking up the sprite's address is dear
def _icon(name: str, label: str, big: bool) -> SafeString:
    href = f"{static('ui/icons.svg')}#{name}"
    css = "icon big" if big else "icon"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>', css, label, href
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"/></svg>', css, href)


@register.simple_tag
def html_lang() -> str:
    """Write the page's language as BCP 47."""
    code = get_language() or settings.LANGUAGE_CODE
    return HTML_LANG.get(code, code)


def _split(money: Money) -> tuple[str, str, str]:
    rounded = money.quantize()
    whole, _, fen = f"{abs(rounded.amount):f}".partition(".")
    sign = SIGNS.get(rounded.currency, f"{rounded.currency} ")
    if rounded.amount < 0:
        sign = f"−{sign}"
    # A no-break space, so that an amount stays on one line.
    thousands, point = ("\u00a0", ",") if get_language() == "pt" else (",", ".")
    # Django's own formats group Chinese numbers by four digits, which nobody does with prices.
    return sign, f"{int(whole):,}".replace(",", thousands), f"{point}{fen}" if fen else ""


@register.filter
def money(value: Money | None) -> str:
    """Write an amount in one line of text, e.g. ``¥1,280.00``."""
    if value is None:
        return "—"
    sign, whole, fen = _split(value)
    return f"{sign}{whole}{fen}"


@register.simple_tag
def amount(value: Decimal, currency: str) -> str:
    """Write a stored amount and its currency like every other amount."""
    return money(Money(value, currency))


@register.simple_tag
def price(value: Money, size: str = "m", ink: bool = False) -> SafeString:
    """Write a large price: sign and cents small, read aloud as one amount."""
    sign, whole, fen = _split(value)
    return format_html(
        '<span class="price {}{}"><span class="sign">{}</span>{}<span class="fen">{}</span></span>',
        size,
        " ink" if ink else "",
        sign,
        whole,
        fen,
    )


@register.filter
def percent(rate: Decimal | None) -> str:
    """Write a rate such as ``Decimal("0.091")`` as ``9.1%``."""
    if rate is None:
        return "—"
    text = f"{(rate * 100).quantize(Decimal('0.001')):f}".rstrip("0").rstrip(".")
    return f"{text}%"


@register.simple_tag
def state(code: str, word: str = "", bare: bool = False) -> SafeString:
    """Show a state by icon, word and colour."""
    seen = look(code)
    css = "state bare" if bare else "state"
    return format_html('<span class="{} {}">{}{}</span>', css, seen.tone, icon(seen.icon), word or seen.word)


@register.simple_tag
def badge(text: str, icon_name: str = "", tone: str = "") -> SafeString:
    """Show a short fact with an icon, e.g. a lane."""
    return format_html('<span class="state {}">{}{}</span>', tone, icon(icon_name) if icon_name else "", text)


@register.simple_tag
def button(
    text: str,
    url: str = "",
    kind: str = "",
    icon_name: str = "",
    name: str = "",
    value: str = "",
    disabled: bool = False,
) -> SafeString:
    """Make a link that looks like a button (*url*) or a submit button; kinds: buy, quiet, danger, plain, small."""
    picture = icon(icon_name) if icon_name else ""
    if url:
        return format_html('<a class="btn {}" href="{}">{}{}</a>', kind, url, picture, text)
    named = format_html(' name="{}" value="{}"', name, value) if name else ""
    off = mark_safe(" disabled") if disabled else ""  # a constant
    return format_html(
        '<button class="btn {}" type="submit"{}{}>{}{}</button>', kind, named, off, picture, text
    )


@register.simple_block_tag
def card(content: str, title: str = "", level: int = 2, tag: str = "section") -> SafeString:
    """Wrap content in a card; the title becomes its heading."""
    head = format_html("<header><h{0}>{1}</h{0}></header>", level, title) if title else ""
    return format_html('<{0} class="card">{1}{2}</{0}>', tag, head, content)


@register.simple_block_tag
def alert(content: str, tone: str = "blue", title: str = "", live: bool = False) -> SafeString:
    """Tell something: tone blue (info), green (done), yellow (mind), red (refused)."""
    role = format_html(' role="{}"', "alert" if tone == "red" else "status") if live or tone == "red" else ""
    head = format_html("<b>{}</b>", title) if title else ""
    return format_html(
        '<div class="alert {}"{}>{}<div>{}{}</div></div>', tone, role, icon(ALERT_ICONS[tone]), head, content
    )


@register.simple_block_tag
def dialog(content: str, name: str, title: str) -> SafeString:
    """Hold a dialog; a ``<button data-dialog="NAME">`` opens it (give a plain link as way without script)."""
    return format_html(
        '<dialog id="{}" aria-labelledby="{}-title"><header><h2 id="{}-title">{}</h2>'
        '<form method="dialog"><button class="tool" aria-label="{}">{}</button></form></header>'
        '<div class="body">{}</div></dialog>',
        name,
        name,
        name,
        title,
        gettext("Close"),
        icon("close"),
        content,
    )


@register.simple_block_tag
def nothing(content: str, title: str, picture: str = "search") -> SafeString:
    """Show a designed nothing; pictures: basket, search, missing, cracked, locked, offline, done."""
    return format_html(
        '<div class="empty"><img src="{}" alt="" width="144" height="144"><h2>{}</h2>{}</div>',
        static(f"ui/tile-{picture}.svg"),
        title,
        content,
    )


@register.simple_block_tag
def more(content: str, title: str, opened: bool = False) -> SafeString:
    """Fold content behind a summary line."""
    shown = mark_safe(" open") if opened else ""  # a constant
    return format_html(
        '<details class="more"{}><summary>{}{}</summary>{}</details>',
        shown,
        title,
        mark_safe(str(icon("down")).replace('"icon"', '"icon turn"')),  # built by format_html
        content,
    )


@register.inclusion_tag("ui/c/crumbs.html")
def crumbs(*links: Link | str, trail: Iterable[Link] = ()) -> dict[str, Any]:
    """Show the way back; the last entry is the page itself."""
    shown = [link if isinstance(link, Link) else Link(link) for link in (*trail, *links)]
    return {"links": shown}


@register.inclusion_tag("ui/c/steps.html")
def stepper(steps: Iterable[Step], label: str = "") -> dict[str, Any]:
    """Show where one is in a sequence."""
    return {"steps": steps, "label": label or gettext("Progress")}


@register.inclusion_tag("ui/c/timeline.html")
def timeline(events: Iterable[Event], level: int = 3) -> dict[str, Any]:
    """Show what happened and what comes."""
    return {"events": events, "level": level}


@register.inclusion_tag("ui/c/tabs.html")
def tabs(links: Iterable[Link], label: str) -> dict[str, Any]:
    """Show tabs that are links, so that each has an address."""
    return {"links": links, "label": label}


@register.inclusion_tag("ui/c/breakdown.html")
def breakdown(parts: Breakdown, opened: bool = False) -> dict[str, Any]:
    """Show what is in a price, a tap away."""
    return {"parts": parts, "opened": opened}


@register.inclusion_tag("ui/c/sums.html")
def sums(parts: Breakdown, size: str = "m") -> dict[str, Any]:
    """Show the lines of a price and their sum, always visible."""
    return {"parts": parts, "size": size}


@register.inclusion_tag("ui/c/stats.html")
def stats(tiles: Iterable[Stat]) -> dict[str, Any]:
    """Show the numbers that matter first."""
    return {"tiles": tiles}


@register.inclusion_tag("ui/c/table.html")
def data_table(table: Any) -> dict[str, Any]:
    """Show a dense table with a sticky header (see ``viewmodels.Table``)."""
    return {"table": table}


@register.simple_tag
def bar(value: int, total: int, label: str) -> SafeString:
    """Show progress with its number in words beside it."""
    return format_html(
        '<div class="stack tight"><div class="row apart small"><span>{}</span><span class="num">{} / {}</span></div>'
        '<progress value="{}" max="{}" aria-label="{}"></progress></div>',
        label,
        value,
        total,
        value,
        max(total, 1),
        label,
    )


@register.simple_tag
def limit(used: Money, most: Money, label: str) -> SafeString:
    """Show how much of a limit is used; red beyond it, and always with the figures."""
    return format_html(
        '<div class="stack tight"><div class="row apart small"><span>{}</span><span class="num">{} / {}</span></div>'
        '<meter value="{}" max="{}" low="{}" high="{}" optimum="0" aria-label="{}"></meter></div>',
        label,
        money(used),
        money(most),
        f"{min(used, most).amount:f}",
        f"{most.amount:f}",
        f"{most.amount * Decimal('0.8'):f}",
        f"{most.amount * Decimal('0.999'):f}",
        label,
    )


@register.inclusion_tag("ui/c/pages.html", takes_context=True)
def pagination(context: Mapping[str, Any], page: Any, parameter: str = "page") -> dict[str, Any]:
    """Page through a Django ``Page``; every other parameter of the address is kept."""
    request: HttpRequest = context["request"]

    def address(number: int) -> str:
        query = request.GET.copy()
        query[parameter] = str(number)
        return f"?{query.urlencode()}"

    if isinstance(page, Page):
        numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
        entries = [(n, address(n) if isinstance(n, int) else "") for n in numbers]
        before = address(page.previous_page_number()) if page.has_previous() else ""
        after = address(page.next_page_number()) if page.has_next() else ""
        return {"entries": entries, "number": page.number, "before": before, "after": after}
    return {"entries": [], "number": 1, "before": "", "after": ""}


@register.inclusion_tag("ui/c/languages.html", takes_context=True)
def language_switch(context: Mapping[str, Any]) -> dict[str, Any]:
    """Offer the same page in the other languages, as plain links."""
    request: HttpRequest | None = context.get("request")
    path = request.get_full_path() if request else "/"
    current = get_language() or settings.LANGUAGE_CODE
    links = [
        {
            "code": HTML_LANG.get(code, code),
            "name": name,
            "url": translate_url(path, code),
            "current": code == current,
        }
        for code, name in LANGUAGE_NAMES.items()
    ]
    return {"links": links, "name": LANGUAGE_NAMES.get(current, current)}


@register.inclusion_tag("ui/c/ribbon.html")
def demo_ribbon() -> dict[str, Any]:
    """Say on every page of the demo that the outside world is a sandbox."""
    return {"demo": getattr(settings, "PONTE_DEMO", False)}


@register.inclusion_tag("ui/c/side.html", takes_context=True)
def side_nav(context: Mapping[str, Any], groups: Iterable[Any]) -> dict[str, Any]:
    """Show the side navigation of the work shell (see ``viewmodels.NavGroup``)."""
    return {"groups": groups, "request": context.get("request")}


@register.filter
def on_day(value: date | None) -> str:
    """Write a day the short way of the page's language."""
    return date_format(value, "SHORT_DATE_FORMAT") if value else ""


@register.filter
def is_link(value: object) -> bool:
    """Tell whether a table cell is a link."""
    return isinstance(value, Link)
