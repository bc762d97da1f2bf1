"""One place that turns whatever went wrong on a page into a designed answer, in the page's language.

Views raise; nobody else renders error pages. A view that can say the reason beside the form does so by itself and
leaves the rest to this module.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template import loader
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.core.limits import TooMany

log = logging.getLogger(__name__)

#: Seconds after which a visitor may look again when Saleor was away; most of its pauses are restarts.
RETRY_SECONDS = 10
#: Namespaces of pages for people. Webhooks and gateways answer machines in their own way.
SURFACES = ("shop", "portal", "console", "ui")
#: Never written into a page again.
_UNSAID = frozenset({"csrfmiddlewaretoken", "password"})


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a page says when it cannot do what was asked; *picture* is one of the tile drawings."""

    status: int
    picture: str
    title: Any
    text: Any


TROUBLES = {
    "malformed": Trouble(
        400,
        "missing",
        _("This request cannot be read"),
        _("The address or the form arrived damaged. Go back, load the page again and try once more."),
    ),
    "forbidden": Trouble(
        403,
        "locked",
        _("This page is not open to you"),
        _("You may be signed in with another account. Sign in with the one that may do this."),
    ),
    "forged": Trouble(
        403,
        "locked",
        _("This form is no longer valid"),
        _(
            "It was open for too long, or the browser keeps no cookies. "
            "Nothing was sent: load the page again and try once more."
        ),
    ),
    "missing": Trouble(
        404,
        "missing",
        _("One tile is missing here"),
        _("This page does not exist, or it has moved. The shop is still there."),
    ),
    "method": Trouble(
        405,
        "missing",
        _("This address only takes a form"),
        _("It shows nothing by itself. Go back to the page where the form was."),
    ),
    "too_many": Trouble(
        429,
        "locked",
        _("Too many tries"),
        _("To keep accounts safe this is closed for a while. Other people are not affected."),
    ),
    "broken": Trouble(
        500,
        "cracked",
        _("Something broke on our side"),
        _(
            "We have noted it. Nothing was charged twice: if you were paying, open your orders before you "
            "try again."
        ),
    ),
    "refused": Trouble(
        502,
        "cracked",
        _("The shop's till refused this"),
        _("The fault is on our side and was noted. Nothing was charged and your basket is kept."),
    ),
    "away": Trouble(
        503,
        "offline",
        _("The shop's till does not answer just now"),
        _("Nothing was charged and your basket is kept. Please try again in a moment."),
    ),
}
#: Those who work here know the till by its name.
_AT_WORK = {
    "missing": (
        _("One tile is missing here"),
        _("This page does not exist, or it belongs to somebody else."),
    ),
    "broken": (
        _("Something broke on our side"),
        _("We have noted it. What was saved before is kept: load the page again and look."),
    ),
    "refused": (
        _("Saleor refused this"),
        _("The fault is on our side and was noted. Nothing was changed; tell the operator if it stays."),
    ),
    "away": (
        _("Saleor does not answer just now"),
        _("What is stored is kept, and what you typed can be sent again below. Try again in a moment."),
    ),
}


def surface(request: HttpRequest) -> str:
    """Name the part of the house that was asked for, also where no address fitted; empty for machines' addresses."""
    match = request.resolver_match
    if match is not None:
        return next((name for name in match.namespaces if name in SURFACES), "")
    parts = [part for part in request.path_info.split("/") if part]
    return next((part for part in parts[:2] if part in SURFACES), "shop")


def answer(
    request: HttpRequest, what: str, *, again: str = "", typed: list[tuple[str, str]] | None = None
) -> HttpResponse:
    """Render a trouble in the frame of its surface; *typed* is offered to be sent again as it was."""
    trouble, place = TROUBLES[what], surface(request)
    at_work = place in {"portal", "console"}
    title, text = (
        _AT_WORK.get(what, (trouble.title, trouble.text)) if at_work else (trouble.title, trouble.text)
    )
    context = {
        "shell": "ui/plain.html" if at_work else "shop/shell.html",
        "title": title,
        "text": text,
        "picture": f"ui/tile-{trouble.picture}.svg",
        "home": reverse(f"{place}:{'overview' if place == 'console' else 'home'}") if at_work else "",
        "again": again,
        "typed": typed or [],
    }
    response = render(request, "ui/problem.html", context, status=trouble.status)
    add_never_cache_headers(response)
    return response


def away(request: HttpRequest) -> HttpResponse:
    """Answer for a Saleor that is away: what was typed can be sent again by one button."""
    response = answer(request, "away", again=request.get_full_path(), typed=typed(request))
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def typed(request: HttpRequest) -> list[tuple[str, str]]:
    """Return a form's fields to be sent again; none where a page declared all of them secret."""
    if request.method != "POST" or getattr(request, "sensitive_post_parameters", "") == "__ALL__":
        return []
    return [
        (name, value)
        for name, values in request.POST.lists()
        if name not in _UNSAID
        for value in map(str, values)
    ]


def malformed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, "malformed")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, "forbidden")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return answer(request, "forged", again=_where_from(request))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(request, "missing")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for a fault of ours; without request context, as a context processor may be what broke."""
    trouble = TROUBLES["broken"]
    context = {
        "shell": "ui/plain.html",
        "title": trouble.title,
        "text": trouble.text,
        "picture": f"ui/tile-{trouble.picture}.svg",
    }
    response = HttpResponse(loader.get_template("ui/problem.html").render(context), status=trouble.status)
    add_never_cache_headers(response)
    return response


def _where_from(request: HttpRequest) -> str:
    """Return the page a form stood on, when it is one of ours."""
    referer = request.headers.get("Referer", "")
    return referer if url_has_allowed_host_and_scheme(referer, {request.get_host()}) else ""


class DesignedErrors:
    """Middleware: every error of a page for people becomes a page for people."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == 405 and _is_page(request):
            shown = answer(request, "method", again=_where_from(request))
            shown["Allow"] = response["Allow"]
            return shown
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """Take NUL characters out of addresses: PostgreSQL has no text with them. Forms refuse them by field."""
        if not _is_page(request):
            return
        if any(isinstance(value, str) and "\0" in value for value in kwargs.values()):
            raise Http404
        if any("\0" in value for values in request.GET.lists() for value in values[1]):
            cleaned = request.GET.copy()
            for name, values in request.GET.lists():
                cleaned.setlist(name, [value.replace("\0", "") for value in values])
            request.GET = cleaned  # type: ignore[assignment]  # a mutable copy of the same kind

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not _is_page(request):
            return None
        place = request.resolver_match.view_name if request.resolver_match else ""
        if isinstance(exception, TooMany):
            return _plain_for_pieces(request, too_many(request, exception))
        if isinstance(exception, TransientError):
            log.warning("Saleor did not answer for %s: %s", place, exception)
            return _plain_for_pieces(request, away(request))
        if isinstance(exception, PermanentError):
            log.error("refused at %s: %s", place, exception, exc_info=exception)
            return _plain_for_pieces(request, answer(request, "refused", again=_where_from(request)))
        return None


def too_many(request: HttpRequest, limit: TooMany) -> HttpResponse:
    response = answer(request, "too_many")
    response["Retry-After"] = str(limit.seconds)
    return response


def _is_page(request: HttpRequest) -> bool:
    return request.resolver_match is not None and bool(surface(request))


def _plain_for_pieces(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Leave out the page where only a piece of one was asked for: it would be swapped into the middle."""
    if getattr(request, "htmx", False):
        response.content = b""
    return response
