"""Orders of this browser or account."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from saleor_ext.core.errors import PermanentError, TransientError
from storefront.ui.errors import RETRY_SECONDS

from .. import orders, session
from ..viewmodels import OrderPage


@never_cache
@require_GET
def order(request: HttpRequest, order_id: str) -> HttpResponse:
    page = _page(request, order_id)
    if page is None:
        return render(request, "shop/order_missing.html", {"place": "account"}, status=404)
    return render(
        request, "shop/order.html", {"order": page, "fresh": "new" in request.GET, "place": "account"}
    )


@never_cache
@require_GET
def order_events(request: HttpRequest, order_id: str) -> HttpResponse:
    """The timeline alone, for the page to renew itself; a new state redraws the whole page."""
    page = _page(request, order_id)
    if page is None or not page.moving:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "shop/_order_events.html", {"order": page})


def _page(request: HttpRequest, order_id: str) -> OrderPage | None:
    """Read an order for those who may see it; others learn nothing, not even that it exists."""
    try:
        return orders.page(request, order_id) if orders.may_see(request, order_id) else None
    except PermanentError:
        return None


@never_cache
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    signed = session.account(request)
    context: dict[str, object] = {"email": signed.email if signed else "", "place": "account"}
    try:
        context["orders"] = orders.mine(request)
    except TransientError:
        answer = render(request, "shop/account.html", {**context, "unavailable": True}, status=503)
        answer["Retry-After"] = str(RETRY_SECONDS)
        return answer
    return render(request, "shop/account.html", context)
