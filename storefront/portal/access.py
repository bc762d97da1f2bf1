"""Who is signed in to the portal, and for which merchant. The session keeps Saleor's user id, never a password."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from saleor_ext.merchants.models import Member
from saleor_ext.merchants.selectors import memberships

_KEY = "portal"
View = Callable[..., HttpResponse]


class PortalRequest(HttpRequest):
    """A request of a signed-in member."""

    member: Member
    members: list[Member]


def enter(request: HttpRequest, user_id: str, email: str, merchant: str) -> None:
    """Sign in; the session gets a new key, so that one planted before is worth nothing."""
    request.session.cycle_key()
    request.session[_KEY] = {"user": user_id, "email": email, "merchant": merchant}


def leave(request: HttpRequest) -> None:
    """Sign out of the portal; what the shop keeps for the same browser stays."""
    request.session.pop(_KEY, None)
    request.session.cycle_key()


def choose(request: HttpRequest, merchant: str) -> None:
    """Act for another of the person's merchants from now on."""
    request.session[_KEY] = {**request.session[_KEY], "merchant": merchant}


def find_members(request: HttpRequest) -> tuple[Member | None, list[Member]]:
    """Return for whom the person acts now, and all merchants of theirs; asked anew on every request."""
    kept = request.session.get(_KEY)
    if not kept:
        return None, []
    members = memberships(kept["user"])
    chosen = next((member for member in members if member.merchant.slug == kept["merchant"]), None)
    return chosen or (members[0] if members else None), members


def member_page(view: Callable[..., HttpResponse]) -> View:
    """Let members in; send others to the sign-in page and back afterwards."""

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        member, members = find_members(request)
        if member is None:
            return _to_sign_in(request)
        request.member, request.members = member, members
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return guarded


def editor_page(view: Callable[..., HttpResponse]) -> View:
    """Let members in; only those who may edit may change anything."""

    @wraps(view)
    def guarded(request: PortalRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.member.may_edit:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return member_page(guarded)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    target = reverse("portal:sign_in")
    if getattr(request, "htmx", False):
        response = HttpResponse(status=401)
        response.headers["HX-Redirect"] = target
        return response
    if request.method == "GET":
        target += f"?{urlencode({'next': request.get_full_path()})}"
    return redirect(target)
