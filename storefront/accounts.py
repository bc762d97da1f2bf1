"""Signing in for work: the portal and the console share one sign-in with a Saleor account.

It is kept apart from the shop's sign-in, so that a merchant can shop as somebody else. The tokens stay on the
server, and what Saleor says of the account is asked again every few minutes: rights taken away there are gone
here soon after.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from saleor_ext.core import limits
from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.link.errors import SaleorUserError
from saleor_ext.link.storefront import storefront

from . import limits as subjects

_KEY = "work"
_CACHED = "_work_account"
#: Saleor's access tokens live five minutes; renew before.
CHECK_AFTER_SECONDS = 240
#: With Saleor away an account last confirmed longer ago than this is not believed.
TRUST_SECONDS = 1800


@dataclass(slots=True)
class Account:
    """A signed-in Saleor account; ``checked_at`` is when Saleor last confirmed it (epoch seconds)."""

    user_id: str
    email: str
    name: str
    is_staff: bool
    token: str
    refresh: str
    checked_at: float
    #: Codes of the Saleor permissions of a staff account, such as ``MANAGE_ORDERS``.
    permissions: list[str] = field(default_factory=list)

    @property
    def actor(self) -> str:
        """How the audit log names this person."""
        return self.email


class SignInRefused(PermanentError):
    """E-mail and password do not belong together, or the account is not active."""

    code = "sign_in_refused"


def sign_in(request: HttpRequest, email: str, password: str) -> Account:
    """Sign in under a new session key.

    :raises SignInRefused: wrong e-mail or password
    :raises TooMany: the tries for this account or address are used up
    :raises TransientError: Saleor does not answer
    """
    with limits.guarded(*subjects.sign_in(request, email)):
        account = _checked(email, password)
    request.session.cycle_key()
    _keep(request, account)
    return account


def _checked(email: str, password: str) -> Account:
    try:
        tokens = storefront().token_create(email, password)
    except SaleorUserError as error:
        subjects.mind_saleors_own(error)
        raise SignInRefused(error.message) from error
    account = _confirmed(tokens.token, tokens.refresh_token)
    if account is None:
        raise SignInRefused("no such account")
    return account


def sign_out(request: HttpRequest) -> None:
    """End the sign-in for work; the shop's basket stays."""
    request.session.pop(_KEY, None)
    request.session.cycle_key()
    setattr(request, _CACHED, None)


def account(request: HttpRequest) -> Account | None:
    """Return who is signed in, confirmed by Saleor lately; None for strangers.

    :raises TransientError: Saleor has been away for so long that nobody can be believed
    """
    if not hasattr(request, _CACHED):
        setattr(request, _CACHED, _current(request))
    known: Account | None = getattr(request, _CACHED)
    return known


def _current(request: HttpRequest) -> Account | None:
    kept = request.session.get(_KEY)
    if kept is None:
        return None
    known = Account(**kept)
    age = time.time() - known.checked_at
    if age < CHECK_AFTER_SECONDS:
        return known
    try:
        renewed = _confirmed(storefront().token_refresh(known.refresh), known.refresh)
    except PermanentError:
        renewed = None
    except TransientError:
        if age < TRUST_SECONDS:
            return known
        raise
    if renewed is None or renewed.user_id != known.user_id:
        request.session.pop(_KEY, None)
        return None
    _keep(request, renewed)
    return renewed


def _confirmed(token: str, refresh: str) -> Account | None:
    user = storefront(token=token).me()
    if user is None:
        return None
    return Account(
        user_id=user.id,
        email=user.email,
        name=f"{user.last_name}{user.first_name}".strip() or user.email,
        is_staff=user.is_staff,
        token=token,
        refresh=refresh,
        checked_at=time.time(),
        permissions=sorted(permission.code for permission in user.user_permissions),
    )


def _keep(request: HttpRequest, known: Account) -> None:
    request.session[_KEY] = asdict(known)
    setattr(request, _CACHED, known)


def to_sign_in(request: HttpRequest, page: str) -> HttpResponseRedirect:
    """Send a stranger to a sign-in page and back afterwards; a form that was posted cannot be resumed."""
    back = request.get_full_path() if request.method == "GET" else ""
    return redirect(f"{reverse(page)}?{urlencode({'next': back})}" if back else reverse(page))


def next_url(request: HttpRequest, fallback: str) -> str:
    """Return where to go after signing in; only addresses of this site."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return fallback


def demo_accounts(*roles: str) -> Iterable[tuple[str, str, str]]:
    """Return role, e-mail and password of the demonstration's accounts; nothing outside of it."""
    if not settings.PONTE_DEMO:
        return ()
    from saleor_ext.demo.accounts import ACCOUNTS, PASSWORD

    return [(a.role, a.email, PASSWORD) for a in ACCOUNTS if not roles or a.role in roles]
