"""The lanes that start in or pass through Nansha, and what each demands."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from saleor_ext.plugin_api import Lane

BONDED = "bonded_1210"

#: ``open`` tells what can carry an order now. The others are listed so that merchants can prepare
#: listings for them; they offer no delivery, hence nobody can order on them.
LANES: tuple[Lane, ...] = (
    Lane(
        code=BONDED,
        name=_("Nansha bonded stock"),
        promise=_("Ships from the bonded warehouse in Nansha, Guangzhou"),
        icon="warehouse",
        needs_payment_declaration=True,
        needs_identity=True,
        needs_bonded_stock=True,
        delivers_to=("CN",),
    ),
    Lane(
        code="direct_9610",
        name=_("Direct from Macau"),
        promise=_("Ships from Macau through Nansha, order by order"),
        icon="truck",
        needs_payment_declaration=True,
        needs_identity=True,
        needs_bonded_stock=False,
        delivers_to=("CN",),
        open=False,
    ),
    Lane(
        code="postal",
        name=_("Post from Macau"),
        promise=_("Ships from Macau by post as a personal article"),
        icon="envelope",
        needs_payment_declaration=False,
        needs_identity=False,
        needs_bonded_stock=False,
        delivers_to=("CN",),
        open=False,
    ),
    Lane(
        code="local",
        name=_("Macau delivery"),
        promise=_("Delivered in Macau or kept for pick-up"),
        icon="shop",
        needs_payment_declaration=False,
        needs_identity=False,
        needs_bonded_stock=False,
        delivers_to=("MO",),
        open=False,
    ),
)

OPEN_LANES: frozenset[str] = frozenset(lane.code for lane in LANES if lane.open)
