"""Signing in and out."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from saleor_ext.core.errors import TransientError
from storefront import accounts

from ..forms import SignInForm


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    form = SignInForm(request.POST or None)
    home = reverse("console:overview")
    if request.method == "POST" and form.is_valid():
        try:
            accounts.sign_in(request, form.cleaned_data["email"], form.cleaned_data["password"])
            return redirect(accounts.next_url(request, home))
        except accounts.SignInRefused:
            form.add_error(None, _("E-mail and password do not belong together. Check both and try again."))
        except TransientError:
            form.add_error(
                None, _("Saleor does not answer just now, so nobody can sign in. Try again in a minute.")
            )
    context = {
        "form": form,
        "next": accounts.next_url(request, home),
        "demo_accounts": accounts.demo_accounts("operator"),
    }
    return render(request, "console/sign_in.html", context, status=422 if form.errors else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    accounts.sign_out(request)
    return redirect("console:sign_in")
