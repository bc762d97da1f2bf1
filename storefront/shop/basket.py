"""The basket: one Saleor checkout for each (merchant, lane, warehouse)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from saleor_ext.core.money import Money
from saleor_ext.link.errors import SaleorUserError
from saleor_ext.link.storefront import LineInput
from storefront.ui.viewmodels import Breakdown, PriceLine

from . import catalogue, checks, lanes, saleor, session
from .session import BoxState
from .viewmodels import Box, BoxLine, Problem

#: Saleor's refusals of a line, in words for buyers.
LINE_WORDS = {
    "INSUFFICIENT_STOCK": _("There are not that many left."),
    "QUANTITY_GREATER_THAN_LIMIT": _("This is more than one order may hold of it."),
    "PRODUCT_NOT_PUBLISHED": _("It is no longer sold."),
    "PRODUCT_UNAVAILABLE_FOR_PURCHASE": _("It is not on sale just now."),
    "UNAVAILABLE_VARIANT_IN_CHANNEL": _("It is not on sale just now."),
    "NOT_FOUND": _("It is no longer sold."),
}


class CannotAdd(Exception):
    """Saleor will not take these goods; the text is for the buyer."""


def words_of(error: SaleorUserError) -> str:
    """Turn Saleor's refusal of goods into words a buyer can act on."""
    known = LINE_WORDS.get(error.code)
    return str(known) if known else gettext("This cannot be done just now.")


def gone() -> str:
    """Say that goods are not there (any more)."""
    return gettext("It is no longer sold.")


def add(request: HttpRequest, slug: str, variant_id: str, quantity: int) -> BoxState:
    """Put goods into the box of their group; begins a checkout when the group has none.

    :raises CannotAdd: unknown goods, or Saleor refuses them
    """
    wanted = catalogue.group_of(slug, variant_id)
    if wanted is None:
        raise CannotAdd(gone())
    state = session.boxes(request).get(wanted.key, wanted)
    shop = saleor.client(request)
    line = LineInput(variant_id, quantity)
    try:
        checkout = shop.checkout(state.checkout) if state.checkout else None
        if checkout is None:
            checkout = shop.checkout_create([line], metadata=_metadata(state))
            session.drop_payment(request, state.key)
        else:
            checkout = shop.lines_add(checkout.id, [line])
    except SaleorUserError as error:
        raise CannotAdd(words_of(error)) from error
    _keep(request, state, checkout)
    return state


def change(request: HttpRequest, key: str, line_id: str, quantity: int) -> None:
    """Set the number of a line; none removes it, and an empty box goes away.

    :raises CannotAdd: Saleor refuses the number
    """
    state = session.boxes(request).get(key)
    if state is None:
        return
    shop = saleor.client(request)
    checkout = shop.checkout(state.checkout)
    line = next((one for one in checkout.lines if one.id == line_id), None) if checkout else None
    if checkout is None or line is None:
        return
    try:
        if quantity < 1:
            checkout = shop.lines_delete(checkout.id, [line_id])
        else:
            checkout = shop.lines_update(checkout.id, [LineInput(line.variant.id, quantity)])
    except SaleorUserError as error:
        raise CannotAdd(words_of(error)) from error
    _keep(request, state, checkout)


def _keep(request: HttpRequest, state: BoxState, checkout: Any) -> None:
    state.checkout = checkout.id
    state.pieces = sum(line.quantity for line in checkout.lines)
    if state.pieces:
        session.keep_box(request, state)
    else:
        session.drop_box(request, state.key)


def _metadata(state: BoxState) -> dict[str, str]:
    return {
        "ponte.merchant": state.merchant,
        "ponte.lane": state.lane,
        "ponte.warehouse": state.warehouse,
    }


def read(request: HttpRequest) -> list[Box]:
    """Read all boxes; those whose checkout is gone (paid elsewhere, expired) leave the basket."""
    shop = saleor.client(request)
    found = []
    for key, state in session.boxes(request).items():
        checkout = shop.checkout(state.checkout)
        if checkout is None or not checkout.lines:
            session.drop_box(request, key)
            continue
        _keep(request, state, checkout)
        found.append(box(state, checkout, checks.goods_problems(state, checkout)))
    return found


def box(state: BoxState, checkout: Any, problems: tuple[Problem, ...] = ()) -> Box:
    """Map a Saleor checkout to what pages show."""
    briefs = catalogue.briefs({line.variant.product.id for line in checkout.lines})
    lines = []
    for line in checkout.lines:
        brief = briefs.get(line.variant.product.id)
        lines.append(
            BoxLine(
                id=line.id,
                slug=line.variant.product.slug,
                name=brief.name if brief else line.variant.product.name,
                variant=brief.variants.get(line.variant.sku or "", "") if brief else line.variant.name,
                quantity=line.quantity,
                total=line.total_price.net,
                picture=brief.picture if brief else None,
                variant_id=line.variant.id,
            )
        )
    limit, counted = checks.single_limit(state.lane, checkout)
    return Box(
        key=state.key,
        checkout_id=checkout.id,
        merchant=catalogue.merchant_name(state.merchant),
        merchant_slug=state.merchant,
        lane=lanes.note(state.lane),
        lines=tuple(lines),
        breakdown=totals(checkout),
        pieces=sum(line.quantity for line in checkout.lines),
        single_limit=limit,
        counted=counted,
        problems=problems,
    )


def totals(checkout: Any) -> Breakdown:
    """Take the total of a checkout apart: goods, delivery, import tax."""
    total = checkout.total_price
    goods = checkout.subtotal_price.net
    freight: Money | None = checkout.shipping_price.net if checkout.delivery else None
    tax = total.gross - total.net
    lines = [PriceLine(_("Goods"), goods)]
    lines.append(
        PriceLine(
            _("Delivery charge"),
            freight,
            "" if freight is not None else gettext("told once the address is known"),
        )
    )
    lines.append(PriceLine(_("Import tax"), tax))
    discount = goods + (freight or Money.zero(goods.currency)) - total.net
    if discount.amount > Decimal(0):
        lines.append(PriceLine(_("Discount"), -discount))
    return Breakdown(total=total.gross, lines=tuple(lines))
