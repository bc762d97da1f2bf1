"""Error pages, the offline page, the service worker, and ``/ui/``, which shows every component."""

from __future__ import annotations

from functools import cache
from json import dumps
from zlib import crc32

from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template import loader
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from . import samples
from .icons import names

#: Answers a navigation with the offline page when the network is away, and stores nothing else.
_WORKER = """const KEEP = "ponte-%(version)s";
const FILES = %(files)s;
addEventListener("install", (event) => event.waitUntil(caches.open(KEEP).then((box) => box.addAll(FILES))));
addEventListener("activate", (event) => event.waitUntil(caches.keys().then((keys) =>
  Promise.all(keys.filter((key) => key !== KEEP).map((key) => caches.delete(key))))));
addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate" && event.request.method === "GET") {
    event.respondWith(fetch(event.request).catch(() => caches.match(FILES[0])));
  } else if (!navigator.onLine) {
    event.respondWith(caches.match(event.request).then((kept) => kept || fetch(event.request)));
  }
});
"""


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "ui/403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "ui/403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "ui/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    # Without request context: a context processor may be what broke.
    return HttpResponseServerError(loader.get_template("ui/500.html").render())


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
    listed = dumps(["/offline/", *files])
    return _WORKER % {"version": f"{crc32(listed.encode()):08x}", "files": listed}


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
