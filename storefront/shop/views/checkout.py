"""Checking out one box, step by step; every step works as a plain form."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from saleor_ext.core.limits import take
from saleor_ext.identity.checks import IdentityInvalid
from saleor_ext.link.errors import SaleorUserError
from storefront import limits
from storefront.attempts import Attempt

from .. import checkout, checks, notice, session
from ..basket import words_of
from ..forms import AddressForm, BuyerForm, DeliveryForm, ReviewForm
from ..viewmodels import Problem
from .guard import box_or_basket


def _show(
    request: HttpRequest,
    opened: checkout.Opened,
    place: str,
    problems: tuple[Problem, ...] = (),
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {
        "checkout": checkout.page(opened, place, problems),
        "heading": checkout.TITLES[place],
        "problems": problems,
        **more,
    }
    return render(request, f"shop/{place}.html", context, status=status)


@never_cache
@require_GET
@box_or_basket
def start(request: HttpRequest, key: str) -> HttpResponse:
    return redirect(f"shop:{checkout.next_place(checkout.open_box(request, key))}", key=key)


@never_cache
@require_http_methods(["GET", "POST"])
@box_or_basket
def address(request: HttpRequest, key: str) -> HttpResponse:
    opened = checkout.open_box(request, key)
    known_email = session.account(request) is not None
    if request.method != "POST":
        form = AddressForm(initial=_address_initial(request, opened), known_email=known_email)
        return _show(request, opened, "address", form=form)
    form = AddressForm(request.POST, known_email=known_email)
    attempt = Attempt(form, {SaleorUserError: form.refuse})
    if form.is_valid():
        with attempt:
            checkout.set_address(opened, form.cleaned_data)
        if attempt.went:
            return redirect(f"shop:{checkout.next_place(opened)}", key=key)
    return attempt.mark(_show(request, opened, "address", form=form, status=attempt.status))


def _address_initial(request: HttpRequest, opened: checkout.Opened) -> dict[str, Any]:
    given = opened.checkout.shipping_address
    if given is None:
        known = session.receiver(request)
    else:
        known = {
            "receiver": f"{given.last_name}{given.first_name}",
            "phone": given.phone or "",
            "province": given.country_area,
            "city": given.city,
            "district": given.city_area,
            "street": given.street_address_1,
            "postal_code": "" if given.postal_code == checkout.NO_POSTCODE else given.postal_code,
            "email": opened.checkout.email or "",
        }
    return {**known, "phone": known.get("phone", "").removeprefix("+86")}


@never_cache
@sensitive_post_parameters("name", "id_number")
@require_http_methods(["GET", "POST"])
@box_or_basket
def buyer(request: HttpRequest, key: str) -> HttpResponse:
    opened = checkout.open_box(request, key)
    person = opened.masked()
    if request.method == "POST" and person and request.POST.get("keep"):
        return redirect(f"shop:{checkout.next_place(opened)}", key=key)
    if request.method != "POST":
        return _show(request, opened, "buyer", form=BuyerForm(), person=person)
    form = BuyerForm(request.POST)
    attempt = Attempt(form, {IdentityInvalid: form.refuse})
    valid = form.is_valid()
    with attempt:
        take(*limits.identity(request, _person(request, opened)))
        if valid:
            given = form.cleaned_data
            checkout.name_buyer(opened, given["name"], given["id_number"], str(notice.IDENTITY_CONSENT))
    if attempt.went and valid:
        return redirect(f"shop:{checkout.next_place(opened)}", key=key)
    return attempt.mark(_show(request, opened, "buyer", form=form, person=person, status=attempt.status))


def _person(request: HttpRequest, opened: checkout.Opened) -> str:
    """Name whose tries are counted: the account, or a guest's checkout."""
    signed = session.account(request)
    return signed.user_id if signed else opened.checkout.id


@never_cache
@require_http_methods(["GET", "POST"])
@box_or_basket
def delivery(request: HttpRequest, key: str) -> HttpResponse:
    opened = checkout.open_box(request, key)
    if opened.checkout.shipping_address is None:
        return redirect("shop:address", key=key)
    form = DeliveryForm(request.POST if request.method == "POST" else None)
    attempt = Attempt(form, {SaleorUserError: form.refuse})
    if form.is_bound and form.is_valid():
        with attempt:
            checkout.set_delivery(opened, form.cleaned_data["delivery"])
        if attempt.went:
            return redirect(f"shop:{checkout.next_place(opened)}", key=key)
    options = checkout.delivery_choices(opened)
    # Customs refuse every way for a box over the limit; another address would not help then.
    problems = () if options else checks.goods_problems(opened.state, opened.checkout)
    status = attempt.status if form.is_bound else 422 if problems else 200
    return attempt.mark(_show(request, opened, "delivery", problems, status, form=form, options=options))


@never_cache
@require_http_methods(["GET", "POST"])
@box_or_basket
def review(request: HttpRequest, key: str) -> HttpResponse:
    """Look everything over; all checks run here, before any wallet opens."""
    opened = checkout.open_box(request, key)
    place = checkout.next_place(opened)
    if place != "review":
        return redirect(f"shop:{place}", key=key)
    found = checkout.problems(opened)
    blocked = any(problem.blocking for problem in found)
    offered = checkout.methods(opened)
    if request.method == "GET" and (learn := checkout.unasked(opened, offered)):
        return redirect(learn)
    choices = [(method.id, method.name) for method in offered]
    form = ReviewForm(request.POST if request.method == "POST" else None, methods=choices)
    attempt = Attempt(
        form,
        {
            checkout.PaymentRefused: lambda refused: form.add_error(None, str(refused)),
            SaleorUserError: lambda refused: form.add_error(None, words_of(refused)),
        },
    )
    if form.is_bound and form.is_valid() and not blocked:
        with attempt:
            checkout.begin_payment(
                opened, form.cleaned_data["method"], notice.notice_text(), limits.address(request)
            )
        if attempt.went:
            return redirect("shop:pay", key=key)
    chosen = form["method"].value() or (choices[0][0] if choices else "")
    shown = _show(
        request,
        opened,
        "review",
        found,
        status=attempt.status if form.is_bound else 200,
        form=form,
        blocked=blocked,
        methods=[
            {"id": method.id, "name": method.name, "note": method.note, "chosen": method.id == chosen}
            for method in offered
        ],
        receiver=_receiver(opened),
        person=opened.masked(),
        delivery_name=opened.checkout.delivery.method.name if opened.checkout.delivery.method else "",
    )
    return attempt.mark(shown)


def _receiver(opened: checkout.Opened) -> tuple[str, ...]:
    given = opened.checkout.shipping_address
    return (
        f"{given.last_name}{given.first_name} {given.phone or ''}",
        f"{given.country_area}{given.city}{given.city_area}",
        given.street_address_1,
    )


# -- the wallet ------------------------------------------------------------------------------------------------


def _payment(request: HttpRequest, key: str) -> session.PaymentState:
    kept = session.payment(request, key)
    if kept is None:
        raise checkout.BoxGone
    return kept


@never_cache
@require_GET
@box_or_basket
def pay(request: HttpRequest, key: str) -> HttpResponse:
    """Show the QR code and wait; a finished payment goes on to its order."""
    kept = _payment(request, key)
    if not kept.order:
        page = checkout.pay_page(request, key, kept)
        if not kept.order:
            return render(request, "shop/pay.html", {"pay": page})
    return redirect(_order_url(kept))


@never_cache
@require_GET
@box_or_basket
def pay_status(request: HttpRequest, key: str) -> HttpResponse:
    """Answer the page's own question every two seconds."""
    kept = _payment(request, key)
    page = None if kept.order else checkout.pay_page(request, key, kept)
    if kept.order:
        return HttpResponse(headers={"HX-Redirect": _order_url(kept)})
    if page is not None and page.state not in {"waiting", "paid"}:
        # The QR code beside this piece is void too, so the whole page is drawn again.
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "shop/_pay_state.html", {"pay": page})


@never_cache
@require_POST
@box_or_basket
def pay_look(request: HttpRequest, key: str) -> HttpResponse:
    """Look at once, for those who paid and wait."""
    kept = _payment(request, key)
    if not kept.order:
        page = checkout.pay_page(request, key, kept)
        if page.state == "waiting":
            messages.info(
                request, gettext("The wallet has not told us of a payment yet. This page keeps looking.")
            )
    return redirect("shop:pay", key=key)


def _order_url(kept: session.PaymentState) -> str:
    return f"{reverse('shop:order', args=[kept.order])}?new=1"
