"""The merchant's orders with the state of their parcels. Who the buyer is stays with the platform."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from saleor_ext.core.money import Money
from saleor_ext.listings.selectors import lane_name
from saleor_ext.orders import selectors
from saleor_ext.orders.models import Parcel
from storefront.ui.viewmodels import Breakdown, Event, Link, PriceLine

from ..access import PortalRequest, member_page
from ..shell import page

PER_PAGE = 25
#: State of a parcel → code of its look in the component set.
LOOKS = {"declaring": "declared", "shipped": "on_the_road"}
ICONS = {
    "paid": "wallet", "payment_declared": "wallet", "waybill": "receipt", "declared": "stamp", "accepted": "stamp",
    "review": "eye", "inspection": "eye", "released": "done", "rejected": "stop", "packed": "parcel",
    "handed_over": "truck", "in_transit": "truck", "out_for_delivery": "truck", "delivered": "home",
    "exception": "alert", "cancelled": "stop",
}  # fmt: skip  # reads as a table


@require_GET
@member_page
def table(request: PortalRequest) -> HttpResponse:
    """Show orders, newest first, by state of the parcel."""
    parcels = selectors.parcels_of_merchant(request.member.merchant.slug)
    state = request.GET.get("state", "")
    if state in Parcel.State.values:
        parcels = parcels.filter(state=state)
    shown = Paginator(parcels, PER_PAGE).get_page(request.GET.get("page"))
    context = {"rows": [_row(parcel) for parcel in shown], "page": shown, "tabs": _tabs(state)}
    return page(request, "orders.html", "orders", context)


def _tabs(current: str) -> tuple[Link, ...]:
    states = [Link(str(state.label), f"?state={state}", current=state == current) for state in Parcel.State]
    return (Link(_("All"), "?", current=not current), *states)


def _row(parcel: Parcel) -> dict[str, Any]:
    lines = list(parcel.lines.all())
    return {
        "parcel": parcel,
        "look": LOOKS.get(parcel.state, parcel.state),
        "lane": lane_name(parcel.lane),
        "lines": lines,
        "goods": Money(parcel.goods_value, parcel.currency),
        "pieces": sum(line.quantity for line in lines),
    }


@require_GET
@member_page
def detail(request: PortalRequest, number: str) -> HttpResponse:
    """Show one order: articles, sums, where the parcel is."""
    parcel = selectors.parcels_of_merchant(request.member.merchant.slug).filter(number=number).first()
    if parcel is None:
        raise Http404
    lines = [
        {
            "line": line,
            "price": Money(line.unit_price, parcel.currency),
            "total": Money(line.total, parcel.currency),
        }
        for line in parcel.lines.all()
    ]
    context = {**_row(parcel), "lines": lines, "sums": _sums(parcel), "events": _events(parcel)}
    return page(request, "order.html", "orders", context)


def _sums(parcel: Parcel) -> Breakdown:
    def money(amount: Any) -> Money:
        return Money(amount, parcel.currency)

    lines = [
        PriceLine(_("Goods without tax"), money(parcel.goods_value)),
        PriceLine(_("Delivery fee"), money(parcel.freight)),
        PriceLine(_("Import tax"), money(parcel.tax_total)),
    ]
    if parcel.discount:
        lines.append(PriceLine(_("Discount"), money(-parcel.discount)))
    return Breakdown(total=money(parcel.actual_paid), lines=tuple(lines), label=_("Paid by the buyer"))


def _events(parcel: Parcel) -> list[Event]:
    entries = selectors.timeline(parcel)
    last = max((n for n, entry in enumerate(entries) if entry.reached), default=-1)
    return [
        Event(str(entry.title), ICONS.get(entry.code, "info"), _place(entry, n, last), entry.at)
        for n, entry in enumerate(entries)
    ]


def _place(entry: Any, number: int, last: int) -> str:
    if entry.alarm:
        return "trouble"
    if not entry.reached:
        return "next"
    return "now" if number == last and entry.code != "delivered" else "done"
