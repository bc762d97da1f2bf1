"""The offline page, the service worker, and ``/ui/``, which shows every component."""

from __future__ import annotations

from functools import cache
from json import dumps
from zlib import crc32

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from . import samples
from .icons import names

#: Answers a navigation with the offline page when the network is away, and stores nothing else.
_WORKER = """const KEEP = "ponte-%(version)s";
const FILES = %(files)s;
const PAGES = %(pages)s;
const offline = (url) => caches.match(PAGES[new URL(url).pathname.split("/")[1]] || PAGES[""]);
addEventListener("install", (event) => event.waitUntil(caches.open(KEEP).then((box) => box.addAll(FILES))));
addEventListener("activate", (event) => event.waitUntil(caches.keys().then((keys) =>
  Promise.all(keys.filter((key) => key !== KEEP).map((key) => caches.delete(key))))));
addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate" && event.request.method === "GET") {
    event.respondWith(fetch(event.request).catch(() => offline(event.request.url)));
  } else if (!navigator.onLine) {
    event.respondWith(caches.match(event.request).then((kept) => kept || fetch(event.request)));
  }
});
"""


@require_GET
@cache_control(public=True, max_age=3600)
def offline(request: HttpRequest) -> HttpResponse:
    return render(request, "ui/offline.html")


@cache
def _worker() -> str:
    files = [
        staticfiles_storage.url(f"ui/{name}")
        for name in ("ponte.css", "icons.svg", "logo.svg", "tile-offline.svg")
    ]
    pages = {_prefix(code): _offline_address(code) for code, _name in settings.LANGUAGES}
    listed = dumps([*pages.values(), *files])
    return _WORKER % {"version": f"{crc32(listed.encode()):08x}", "files": listed, "pages": dumps(pages)}


def _offline_address(code: str) -> str:
    with override(code):
        return reverse("shop:offline")


def _prefix(code: str) -> str:
    """Return the first part of a language's addresses; the default language has none."""
    return "" if code == settings.LANGUAGE_CODE else code


@require_GET
@cache_control(no_cache=True)
def worker(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_worker(), content_type="text/javascript; charset=utf-8")


@require_GET
def showcase(request: HttpRequest) -> HttpResponse:
    """Show every component with sample data and the line that makes it."""
    page = Paginator(range(240), 24).get_page(request.GET.get("page", 3))
    form = samples.SampleForm({"name": "Lin Yue", "note": "", "agree": ""})
    return render(
        request, "ui/showcase.html", {**samples.context(), "page": page, "form": form, "icons": names()}
    )
