"""Signing in with a Saleor account; the shop works without one."""

from __future__ import annotations

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

from saleor_ext.core.errors import PermanentError
from saleor_ext.link.errors import SaleorUserError
from storefront.accounts import demo_accounts

from .. import saleor, session
from ..forms import RegisterForm, SignInForm
from .guard import with_till


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("shop:account")


def _show(request: HttpRequest, form: SignInForm | RegisterForm, register: bool) -> HttpResponse:
    context = {
        "form": form,
        "register": register,
        "heading": gettext("Create an account") if register else gettext("Sign in"),
        "next": _next(request),
        "place": "account",
        "demo_accounts": demo_accounts("consumer"),
    }
    return render(request, "shop/sign_in.html", context, status=422 if form.errors else 200)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@with_till
def sign_in(request: HttpRequest) -> HttpResponse:
    form = SignInForm(request.POST or None)
    if form.is_bound and form.is_valid():
        if _enter(request, form.cleaned_data["email"], form.cleaned_data["password"]):
            return redirect(_next(request))
        form.add_error(None, gettext("E-mail and password do not belong together. Check both and try again."))
    return _show(request, form, register=False)


def _enter(request: HttpRequest, email: str, password: str) -> bool:
    try:
        tokens = saleor.client(request).token_create(email, password)
    except PermanentError:
        return False
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
    return True


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@with_till
def register(request: HttpRequest) -> HttpResponse:
    form = RegisterForm(request.POST or None)
    if form.is_bound and form.is_valid():
        email, password = form.cleaned_data["email"], form.cleaned_data["password"]
        try:
            confirm = saleor.client(request).account_register(
                email, password, request.build_absolute_uri(reverse("shop:sign_in"))
            )
        except SaleorUserError as refused:
            for problem in refused.problems:
                form.add_error(problem.field if problem.field in form.fields else None, problem.message)
        else:
            if not confirm and _enter(request, email, password):
                return redirect(_next(request))
            messages.info(request, gettext("Open the link in the message we sent you, then sign in."))
            return redirect("shop:sign_in")
    return _show(request, form, register=True)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    session.sign_out(request)
    messages.success(request, gettext("You are signed out."))
    return redirect("shop:home")
