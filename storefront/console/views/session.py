"""Signing in and out."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from storefront import accounts
from storefront.attempts import Attempt

from ..forms import SignInForm


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    form = SignInForm(request.POST if request.method == "POST" else None)
    refusals = {accounts.SignInRefused: lambda refused: form.add_error(None, _no_fit())}
    attempt = Attempt(form, refusals, at_work=True)
    home = reverse("console:overview")
    if form.is_bound and form.is_valid():
        with attempt:
            accounts.sign_in(request, form.cleaned_data["email"], form.cleaned_data["password"])
        if attempt.went:
            return redirect(accounts.next_url(request, home))
    context = {
        "form": form,
        "next": accounts.next_url(request, home),
        "demo_accounts": accounts.demo_accounts("operator"),
    }
    shown = render(request, "console/sign_in.html", context, status=attempt.status if form.is_bound else 200)
    return attempt.mark(shown)


def _no_fit() -> str:
    return _("E-mail and password do not belong together. Check both and try again.")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    accounts.sign_out(request)
    return redirect("console:sign_in")
