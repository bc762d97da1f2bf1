"""The plugin's steps of a parcel: declare the order, then the inventory list. Both wait for receipts."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import Done, ParcelView, StepSpec, Wait, platform

from . import documents, links, mapping, objections, quota
from .config import TRADE_MODES
from .duties import figures
from .duty import coded
from .models import CustomsDocument, Declaration
from .policies import in_force
from .preflight import dutiable_value
from .states import RANK, DocumentState, state_of

ORDER_STEP, LIST_STEP = "declare_order", "declare_inventory"
ORDER, WAYBILL, LIST = "CEB311Message", "CEB511Message", "CEB621Message"


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
    _hold(parcel)
    document = documents.prepare(parcel, ORDER, mapping.order)
    documents.hand_over(document)
    if links.config().sends_logistics:
        documents.hand_over(documents.prepare(parcel, WAYBILL, mapping.waybill))
    _mark(document, Declaration.State.ORDER)
    facts = {"order_no": document.declaration.order_no, "guid": document.guid}
    return Done(facts) if order_is_ready(document) else Wait(facts)


@objections.stopped_by(LIST_STEP)
def declare_inventory(parcel: ParcelView) -> Done | Wait:
    """Send the inventory list; the step ends with customs' release."""
    _hold(parcel)
    document = documents.prepare(parcel, LIST, mapping.inventory)
    figures.keep(document.declaration, parcel)
    documents.hand_over(document)
    _mark(document, Declaration.State.LIST)
    platform().add_event(parcel.id, "declared", key="declared")
    document.refresh_from_db()
    facts = {"cop_no": document.declaration.cop_no, "guid": document.guid}
    if document.state in RELEASED_STATES:
        return Done({**facts, **released_facts(document)})
    return Wait(facts)


def _hold(parcel: ParcelView) -> None:
    """Keep the buyer's quota for this parcel, anew when a rejection has freed it."""
    if parcel.buyer is None:
        raise PermanentError("the parcel has no named buyer", code="identity_missing")
    today = clock.china_today()
    quota.hold(
        parcel.buyer.index,
        reference_of(parcel),
        dutiable_value(parcel),
        takes=quota.capped(coded(parcel, in_force.tariff(today), today), today),
    )


def order_is_ready(document: CustomsDocument) -> bool:
    """Tell whether the order has come as far as the configuration asks before the list is sent."""
    state = DocumentState(document.state)
    if state in documents.FAILED:
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
        "released_at": declaration.released_at.isoformat() if declaration.released_at else "",
    }


def reference_of(parcel: ParcelView) -> str:
    """Return the key of the buyer's quota use: the checkout's, which is known before the order."""
    return quota_key(parcel.checkout_id or parcel.id)


def quota_key(checkout_id: str) -> str:
    return f"checkout:{checkout_id}"


def _mark(document: CustomsDocument, state: Declaration.State) -> None:
    """Move the declaration on, unless a receipt was faster."""
    before = {
        Declaration.State.ORDER: [Declaration.State.NEW, Declaration.State.STOPPED],
        Declaration.State.LIST: [Declaration.State.ORDER, Declaration.State.STOPPED],
    }[state]
    Declaration.objects.filter(pk=document.declaration_id, state__in=before).update(state=state)
