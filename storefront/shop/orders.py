"""Orders as buyers see them: Saleor's order beside Ponte's parcel."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from saleor_ext.core.errors import PonteError
from saleor_ext.identity.services import masked
from saleor_ext.orders import selectors as parcels
from saleor_ext.orders.models import Parcel
from saleor_ext.orders.views_of import parcel_view
from storefront.ui.viewmodels import Breakdown, Event, PriceLine

from . import catalogue, fragments, saleor, session
from .viewmodels import BoxLine, OrderPage, OrderTile

ICONS = {
    "paid": "wallet",
    "payment_declared": "receipt",
    "waybill": "tag",
    "declared": "stamp",
    "accepted": "stamp",
    "review": "eye",
    "inspection": "eye",
    "released": "done",
    "rejected": "alert",
    "packed": "parcel",
    "handed_over": "truck",
    "in_transit": "truck",
    "out_for_delivery": "truck",
    "delivered": "home",
    "exception": "alert",
    "cancelled": "stop",
}
#: Plain words under a station, while it is the one being waited for.
AHEAD = {
    "declared": _("We are sending order, payment and waybill to customs."),
    "accepted": _("Customs compare the three papers. This mostly takes minutes."),
    "released": _("Customs decide. Nothing leaves the warehouse before."),
    "packed": _("The warehouse in Nansha picks and packs."),
    "in_transit": _("The carrier collects the parcel."),
    "delivered": _("The parcel is on its way to you."),
}
STATES = {
    Parcel.State.PAID: "paid",
    Parcel.State.DECLARING: "declared",
    Parcel.State.RELEASED: "released",
    Parcel.State.SHIPPED: "on_the_road",
    Parcel.State.DELIVERED: "delivered",
    Parcel.State.CANCELLED: "cancelled",
}
_WAITING = (
    ("paid", _("Paid")),
    ("declared", _("Declared to customs")),
    ("accepted", _("Accepted by customs")),
    ("released", _("Released by customs")),
    ("packed", _("Packed in Nansha")),
    ("in_transit", _("On the road")),
    ("delivered", _("Delivered")),
)
#: Data of steps and events shown to the buyer, with their words.
_PAPERS = (
    ("declare_payment", ("payment_no", "declaration_no", "sub_order_no"), _("Payment declaration")),
    ("obtain_waybill", ("waybill_no", "waybill"), _("Waybill")),
    ("declare_inventory", ("invt_no", "inventory_no"), _("Inventory list of customs")),
)


def may_see(request: HttpRequest, order_id: str) -> bool:
    """Tell whether this browser placed the order, or its account owns it."""
    if order_id in session.orders(request):
        return True
    if session.account(request) is None:
        return False
    return any(order.id == order_id for order in saleor.client(request).my_orders(first=100).items)


def page(request: HttpRequest, order_id: str) -> OrderPage | None:
    """Gather an order for its page; None when Saleor does not know it."""
    order = saleor.client(request).order(order_id)
    if order is None:
        return None
    parcel = parcels.parcel_of_order(saleor.api_url(), order_id)
    return OrderPage(
        id=order_id,
        number=order.number,
        state=STATES.get(Parcel.State(parcel.state), "paid") if parcel else "paid",
        placed_at=order.created,
        lines=_lines(order),
        breakdown=_breakdown(order),
        events=events(parcel),
        receiver=_receiver(parcel, order),
        buyer=masked(parcel.buyer).name if parcel and parcel.buyer else "",
        tracking=tuple(
            (str(_("Carrier number")), parcel_.tracking_number)
            for parcel_ in order.fulfillments
            if parcel_.tracking_number
        ),
        customs=_papers(parcel),
        merchant=catalogue.merchant_name(parcel.merchant) if parcel else "",
        moving=parcel is None or parcel.state not in {Parcel.State.DELIVERED, Parcel.State.CANCELLED},
        trouble=_trouble(parcel),
        pieces=fragments.of("order", parcel=parcel_view(parcel)) if parcel else (),
    )


def events(parcel: Parcel | None) -> tuple[Event, ...]:
    """Map the timeline; the first station ahead is the one being worked on."""
    if parcel is None:
        return tuple(
            Event(title, ICONS[code], ("done", "now")[number] if number < 2 else "next")
            for number, (code, title) in enumerate(_WAITING)
        )
    shown = []
    waiting = True
    for entry in parcels.timeline(parcel):
        icon = ICONS.get(entry.code, "info")
        if entry.reached:
            place = "trouble" if entry.alarm else "done"
            shown.append(Event(entry.title, icon, place, entry.at, text=_event_text(entry)))
        else:
            shown.append(
                Event(
                    entry.title,
                    icon,
                    "now" if waiting else "next",
                    text=AHEAD.get(entry.code, "") if waiting else "",
                )
            )
            waiting = False
    return tuple(shown)


def _event_text(entry: Any) -> str:
    place = entry.data.get("place") or entry.data.get("location") or ""
    text = entry.data.get("text") or entry.data.get("remark") or ""
    return " · ".join(part for part in (str(place), str(text)) if part)


def _trouble(parcel: Parcel | None) -> Any:
    if parcel is None or not parcel.attention:
        return ""
    failed = next(
        (step for step in parcel.steps.all() if step.state == "failed" and step.buyer_message), None
    )
    if failed:
        return failed.buyer_texts.get(get_language() or "") or failed.buyer_message
    return _("We are on it and will write to you if we need anything. Nothing is lost.")


def _papers(parcel: Parcel | None) -> tuple[tuple[Any, str], ...]:
    if parcel is None:
        return ()
    steps = {step.name: step.data for step in parcel.steps.all()}
    found: list[tuple[Any, str]] = [(_("Order number at customs"), parcel.number)]
    for step, names, word in _PAPERS:
        value = next((str(steps[step][name]) for name in names if steps.get(step, {}).get(name)), "")
        if value:
            found.append((word, value))
    return tuple(found)


def _lines(order: Any) -> tuple[BoxLine, ...]:
    products = {
        line.id: line.variant.product for line in order.lines if line.variant and line.variant.product
    }
    briefs = catalogue.briefs({product.id for product in products.values()})
    shown = []
    for line in order.lines:
        product = products.get(line.id)
        brief = briefs.get(product.id) if product else None
        shown.append(
            BoxLine(
                id=line.id,
                slug=product.slug if product else "",
                name=brief.name if brief else line.product_name,
                variant=brief.variants.get(line.product_sku or "", "") if brief else line.variant_name,
                quantity=line.quantity,
                total=line.total_price.net,
                picture=brief.picture if brief else None,
            )
        )
    return tuple(shown)


def _breakdown(order: Any) -> Breakdown:
    return Breakdown(
        total=order.total.gross,
        lines=(
            PriceLine(_("Goods"), order.subtotal.net),
            PriceLine(_("Delivery charge"), order.shipping_price.net),
            PriceLine(_("Import tax"), order.total.gross - order.total.net),
        ),
        label=str(_("Paid")),
    )


def _receiver(parcel: Parcel | None, order: Any) -> tuple[str, ...]:
    """Return the address lines, the phone number masked."""
    if parcel:
        kept = json.loads(parcel.consignee)
        line = "".join(kept.get(part, "") for part in ("province", "city", "district", "street"))
        return (kept.get("name", ""), mask_phone(kept.get("phone", "")), line)
    given = order.shipping_address
    if given is None:
        return ()
    line = f"{given.country_area}{given.city}{given.city_area}{given.street_address_1}"
    return (f"{given.last_name}{given.first_name}", mask_phone(given.phone or ""), line)


def mask_phone(number: str) -> str:
    """Show a phone number by its last four digits."""
    digits = number.removeprefix("+86")
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 8 else digits


def mine(request: HttpRequest) -> list[OrderTile]:
    """List this account's orders, or those of this browser, newest first."""
    shop = saleor.client(request)
    if session.account(request):
        found = list(shop.my_orders(first=50).items)
    else:
        found = [order for order_id in session.orders(request)[:20] if (order := _read(shop, order_id))]
    states = parcel_states([order.id for order in found])
    return [_tile(order, states.get(order.id)) for order in found]


def parcel_states(order_ids: list[str]) -> dict[str, str]:
    """Return the parcels' states by Saleor order, in one query."""
    rows = Parcel.objects.filter(api_url=saleor.api_url(), order_id__in=order_ids)
    return dict(rows.values_list("order_id", "state"))


def _read(shop: Any, order_id: str) -> Any:
    try:
        return shop.order(order_id)
    except PonteError:
        return None


def _tile(order: Any, state: str | None) -> OrderTile:
    lines = _lines(order)
    names = "、".join(line.name for line in lines[:3])
    return OrderTile(
        id=order.id,
        number=order.number,
        placed_at=order.created,
        total=order.total.gross,
        state=STATES[Parcel.State(state)] if state else "paid",
        what=names + ("…" if len(lines) > 3 else ""),
        pieces=sum(line.quantity for line in lines),
    )
