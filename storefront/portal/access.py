"""Who may see the portal: Saleor accounts that act for a merchant, each its own merchant only."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from saleor_ext.merchants import services as merchants
from saleor_ext.merchants.models import Member
from saleor_ext.merchants.selectors import memberships
from storefront import accounts

_CHOSEN = "portal_merchant"
View = Callable[..., HttpResponseBase]


class PortalRequest(HttpRequest):
    """A request of a signed-in member."""

    member: Member
    members: list[Member]


def choose(request: HttpRequest, merchant: str) -> None:
    """Act for another of the person's merchants from now on."""
    request.session[_CHOSEN] = merchant


def find_members(request: HttpRequest, account: accounts.Account) -> tuple[Member | None, list[Member]]:
    """Return for whom the person acts now, and all merchants of theirs; asked anew on every request."""
    # The first visit binds members that were entered by e-mail to the Saleor account.
    members = memberships(account.user_id) or merchants.sign_in(account.user_id, account.email)
    wanted = request.session.get(_CHOSEN, "")
    chosen = next((member for member in members if member.merchant.slug == wanted), None)
    return chosen or (members[0] if members else None), members


def member_page(view: View) -> View:
    """Let members in; send strangers to the sign-in page and back, refuse accounts without a merchant."""

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        account = accounts.account(request)
        if account is None:
            return _to_sign_in(request)
        member, members = find_members(request, account)
        if member is None:
            return render(request, "portal/no_merchant.html", {"who": account.email}, status=403)
        request.member, request.members = member, members
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return guarded


def editor_page(view: View) -> View:
    """Let members in who may change something."""

    @wraps(view)
    def guarded(request: PortalRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.member.may_edit:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return member_page(guarded)


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    if getattr(request, "htmx", False):
        # A redirect would be swapped into the middle of the page.
        response = HttpResponse(status=401)
        response.headers["HX-Redirect"] = reverse("portal:sign_in")
        return response
    return accounts.to_sign_in(request, "portal:sign_in")
