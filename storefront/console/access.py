"""Who may see the console: staff of the connected Saleor."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from storefront import accounts

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def staff_only(view: View[P]) -> View[P]:
    """Send strangers to the sign-in page; refuse accounts that are not staff."""

    @never_cache
    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        account = accounts.account(request)
        if account is None:
            return accounts.to_sign_in(request, "console:sign_in")
        if not account.is_staff:
            return render(request, "console/not_staff.html", {"account": account}, status=403)
        return view(request, *args, **kwargs)

    return cast("View[P]", wrapped)


def actor(request: HttpRequest) -> str:
    """Name the operator for the audit log."""
    account: Any = accounts.account(request)
    if account is None:
        raise PermissionDenied
    return str(account.actor)
