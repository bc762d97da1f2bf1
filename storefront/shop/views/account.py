"""Signing in with a Saleor account; the shop works without one."""

from __future__ import annotations

import logging
import time

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from saleor_ext.core import limits
from saleor_ext.link.errors import SaleorUserError
from storefront import limits as subjects
from storefront.accounts import demo_accounts
from storefront.attempts import Attempt

from .. import saleor, session
from ..forms import RegisterForm, SignInForm

log = logging.getLogger(__name__)


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("shop:account")


def _show(
    request: HttpRequest, form: SignInForm | RegisterForm, attempt: Attempt, register: bool
) -> HttpResponse:
    context = {
        "form": form,
        "register": register,
        "heading": gettext("Create an account") if register else gettext("Sign in"),
        "next": _next(request),
        "place": "account",
        "demo_accounts": demo_accounts("consumer"),
    }
    shown = render(request, "shop/sign_in.html", context, status=attempt.status if form.is_bound else 200)
    return attempt.mark(shown)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    form = SignInForm(request.POST if request.method == "POST" else None)
    # One answer for every cause, so that nobody learns which addresses have accounts.
    attempt = Attempt(form, {SaleorUserError: lambda refused: form.add_error(None, _no_fit(refused))})
    if form.is_bound and form.is_valid():
        email = form.cleaned_data["email"]
        with attempt, limits.guarded(*subjects.sign_in(request, email)):
            _enter(request, email, form.cleaned_data["password"])
        if attempt.went:
            return redirect(_next(request))
    return _show(request, form, attempt, register=False)


def _no_fit(refused: SaleorUserError) -> str:
    if refused.has("ACCOUNT_NOT_CONFIRMED"):  # which Saleor says to the right password only
        return gettext("Open the link in the message we sent you, then sign in.")
    return gettext("E-mail and password do not belong together. Check both and try again.")


def _enter(request: HttpRequest, email: str, password: str) -> None:
    try:
        tokens = saleor.client(request).token_create(email, password)
    except SaleorUserError as refused:
        subjects.mind_saleors_own(refused)
        raise
    user = tokens.user
    session.sign_in(
        request,
        session.Account(
            email=user.email,
            token=tokens.token,
            refresh=tokens.refresh_token,
            at=time.time(),
            user_id=user.id,
            name=f"{user.last_name}{user.first_name}",
        ),
    )


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    form = RegisterForm(request.POST if request.method == "POST" else None)
    attempt = Attempt(form, {SaleorUserError: form.refuse})
    if form.is_bound and form.is_valid():
        with attempt:
            limits.take(*subjects.register(request, form.cleaned_data["email"]))
            entered = _register(request, form.cleaned_data["email"], form.cleaned_data["password"])
        if attempt.went:
            return redirect(_next(request) if entered else "shop:sign_in")
    return _show(request, form, attempt, register=True)


def _register(request: HttpRequest, email: str, password: str) -> bool:
    """Register with Saleor; tell whether the person is signed in, or has to confirm the address first."""
    back = request.build_absolute_uri(reverse("shop:sign_in"))
    if not saleor.client(request).account_register(email, password, back):
        try:
            _enter(request, email, password)
        except SaleorUserError as refused:
            # The account is there; signing in is a step of its own.
            log.warning("registered, but not signed in: %s", refused.code)
        else:
            return True
    messages.info(request, gettext("Open the link in the message we sent you, then sign in."))
    return False


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    session.sign_out(request)
    messages.success(request, gettext("You are signed out."))
    return redirect("shop:home")
