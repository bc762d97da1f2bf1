"""Signing in and out, and the way to the listings."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from storefront import accounts
from storefront.attempts import Attempt

from .. import access
from ..access import PortalRequest, member_page
from ..forms import SignInForm
from ..shell import page


@require_GET
@member_page
def home(request: PortalRequest) -> HttpResponse:
    """Open the listings."""
    return redirect("portal:listings")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with a Saleor account that a merchant has entered as a member."""
    target = accounts.next_url(request, reverse("portal:listings"))
    if request.method == "GET":
        return redirect(target) if accounts.account(request) else _page(request, SignInForm(), target)
    form = SignInForm(request.POST)
    # One answer for every cause, so that nobody learns which addresses have accounts.
    refusals = {accounts.SignInRefused: lambda refused: form.add_error(None, _no_fit())}
    attempt = Attempt(form, refusals, at_work=True)
    if form.is_valid():
        with attempt:
            accounts.sign_in(request, form.cleaned_data["email"], form.cleaned_data["password"])
        if attempt.went:
            return redirect(target)
    return attempt.mark(_page(request, form, target, status=attempt.status))


def _no_fit() -> str:
    return _("E-mail and password do not fit, or the account is not active.")


def _page(request: HttpRequest, form: SignInForm, target: str, status: int = 200) -> HttpResponse:
    context = {"form": form, "next": target, "demo_accounts": accounts.demo_accounts("merchant")}
    return render(request, "portal/sign_in.html", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    accounts.sign_out(request)
    return redirect("portal:sign_in")


@require_GET
@member_page
def account(request: PortalRequest) -> HttpResponse:
    """Show who is signed in, and what is on file of the merchant."""
    return page(request, "account.html", "account", {"member": request.member})


@require_POST
@member_page
def choose_merchant(request: PortalRequest) -> HttpResponse:
    """Act for another merchant of the person's own."""
    slug = request.POST.get("merchant", "")
    if slug not in {member.merchant.slug for member in request.members}:
        raise Http404
    access.choose(request, slug)
    return redirect("portal:listings")
