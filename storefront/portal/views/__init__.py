"""Signing in and out, and the way to the listings."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from saleor_ext.link.errors import SaleorUnavailable, SaleorUserError
from saleor_ext.link.storefront import storefront
from saleor_ext.merchants import services as merchants

from .. import access
from ..access import PortalRequest, member_page
from ..forms import SignInForm


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
    target = _next(request)
    if request.method == "GET":
        member, _all = access.find_members(request)
        return redirect(target) if member else _sign_in_page(request, SignInForm(), target)
    form = SignInForm(request.POST)
    if form.is_valid() and _try(request, form):
        return redirect(target)
    return _sign_in_page(request, form, target, status=422)


def _try(request: HttpRequest, form: SignInForm) -> bool:
    """Ask Saleor who this is; keep only id and address."""
    email = form.cleaned_data["email"]
    try:
        user = storefront().token_create(email, form.cleaned_data["password"]).user
    except SaleorUserError:
        # One answer for every cause, so that nobody learns which addresses have accounts.
        form.add_error(None, _("E-mail and password do not fit, or the account is not active."))
        return False
    except SaleorUnavailable:
        form.add_error(None, _("The shop does not answer just now. Please try again in a minute."))
        return False
    members = merchants.sign_in(user.id, user.email)
    if not members:
        form.add_error(None, _("This account acts for no merchant. Ask the owner of your shop to add it."))
        return False
    access.enter(request, user.id, user.email, members[0].merchant.slug)
    return True


def _sign_in_page(request: HttpRequest, form: SignInForm, target: str, status: int = 200) -> HttpResponse:
    context = {"form": form, "next": target, "accounts": _demo_accounts()}
    return render(request, "portal/sign_in.html", context, status=status)


def _demo_accounts() -> list[tuple[str, str, str]]:
    """Return merchant name, e-mail and password of the demonstration's members; nothing outside it."""
    if not settings.PONTE_DEMO:
        return []
    from saleor_ext.demo.accounts import ACCOUNTS, PASSWORD
    from saleor_ext.merchants.selectors import display_name

    from ..shell import language

    return [(display_name(one.merchant, language()), one.email, PASSWORD) for one in ACCOUNTS if one.merchant]


def _next(request: HttpRequest) -> str:
    """Return where to go after signing in: a page of the portal, never another site."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return asked if safe else "portal:listings"


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    access.leave(request)
    return redirect("portal:sign_in")


@require_POST
@member_page
def choose_merchant(request: PortalRequest) -> HttpResponse:
    """Act for another merchant of the person's own."""
    slug = request.POST.get("merchant", "")
    if slug not in {member.merchant.slug for member in request.members}:
        raise Http404
    access.choose(request, slug)
    return redirect("portal:listings")
