"""The plugin's steps of a parcel: declare the order, then the inventory list. Both wait for receipts."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import Done, ParcelView, StepSpec, Wait, platform

from . import documents, lifecycle, links, objections, quota, states
from .config import TRADE_MODES
from .duties import figures
from .duty import coded
from .models import CustomsDocument, Declaration
from .policies import in_force
from .preflight import dutiable_value
from .states import FAILED, RANK, DocumentState, state_of

ORDER_STEP, LIST_STEP = "declare_order", "declare_inventory"
ORDER, WAYBILL, LIST = lifecycle.ORDER, lifecycle.WAYBILL, states.LIST
STEP_OF = {ORDER: ORDER_STEP, WAYBILL: ORDER_STEP, LIST: LIST_STEP}


def specs(parcel: ParcelView) -> list[StepSpec]:
    """Return the steps for a parcel of a customs lane."""
    if parcel.lane not in TRADE_MODES:
        return []
    return [
        StepSpec(
            ORDER_STEP,
            _("Order declared to customs"),
            declare_order,
            after=("declare_payment", "obtain_waybill"),
        ),
        StepSpec(LIST_STEP, _("Inventory list declared"), declare_inventory, after=(ORDER_STEP,)),
    ]


@objections.stopped_by(ORDER_STEP)
def declare_order(parcel: ParcelView) -> Done | Wait:
    """Hold the buyer's quota, then send the order (and the waybill where it is ours to send)."""
    _hold(parcel, ORDER_STEP)
    document = documents.prepare(parcel, ORDER)
    documents.hand_over(document)
    if links.config().sends_logistics:
        documents.hand_over(documents.prepare(parcel, WAYBILL))
    _settle(document)
    facts = {"order_no": document.declaration.order_no, "guid": document.guid}
    return Done(facts) if order_is_ready(document) else Wait(facts)


@objections.stopped_by(LIST_STEP)
def declare_inventory(parcel: ParcelView) -> Done | Wait:
    """Send the inventory list; the step ends with customs' release."""
    _hold(parcel, LIST_STEP)
    document = documents.prepare(parcel, LIST)
    figures.keep(document.declaration, parcel)
    documents.hand_over(document)
    _settle(document)
    document.refresh_from_db()
    if document.sent_at is not None:  # else it goes out with others, and the event comes then
        platform().add_event(parcel.id, "declared", key="declared", at=document.sent_at)
    facts = {"cop_no": document.declaration.cop_no, "guid": document.guid}
    if document.state in RELEASED_STATES:
        return Done({**facts, **released_facts(document)})
    return Wait(facts)


def _hold(parcel: ParcelView, step: str) -> None:
    """Keep the buyer's quota for this parcel, anew when a rejection has freed it."""
    if parcel.buyer is None:
        raise PermanentError("the parcel has no named buyer", code="identity_missing")
    declaration = documents.declaration_of(parcel)
    today = clock.china_today()
    takes = quota.capped(coded(parcel, in_force.tariff(today), today), today)
    with transaction.atomic():
        # Under the declaration's lock: a cancellation that frees the year comes before this or after it.
        lifecycle.go_on(documents.lock_open(declaration), step)
        quota.hold(parcel.buyer.index, reference_of(parcel), dutiable_value(parcel), takes=takes)


def order_is_ready(document: CustomsDocument) -> bool:
    """Tell whether the order has come as far as the configuration asks before the list is sent."""
    state = DocumentState(document.state)
    if state in FAILED:
        return False
    wanted = state_of(links.config().order_ready_status)
    return wanted is not None and RANK[state] >= RANK[wanted]


RELEASED_STATES = (DocumentState.RELEASED, DocumentState.CLOSED)


def released_facts(document: CustomsDocument) -> dict[str, str]:
    """What the gate needs to know of a released list."""
    declaration = document.declaration
    return {
        "status": "800",
        "pre_no": declaration.pre_no,
        "invt_no": declaration.invt_no,
        "logistics_no": declaration.logistics_no,
        "released_at": declaration.released_at.isoformat() if declaration.released_at else "",
    }


def reference_of(parcel: ParcelView) -> str:
    """Return the key of the buyer's quota use."""
    return lifecycle.quota_key(parcel.checkout_id or parcel.id)


def _settle(document: CustomsDocument) -> None:
    """Bring the declaration's state up to date, unless a receipt was faster."""
    with transaction.atomic():
        lifecycle.settle(Declaration.objects.select_for_update().get(pk=document.declaration_id))
