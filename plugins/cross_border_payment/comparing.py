"""Comparing the payer again after an operator has entered another buyer: what was found of the one before is void.

The declaration itself stays: payment and amount are the same. Until the payment company has answered, the step's
``identity`` says UNCHECKED, by which whoever declares next sees that nothing may go out.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from saleor_ext.core import audit, outbox
from saleor_ext.plugin_api import ParcelView, platform

from . import declarations, gateways
from .models import PaymentDeclaration
from .port import CustomsTarget, DeclarationRequest, Identity

TOPIC = "payment.compare"


def begin(parcel: ParcelView) -> None:
    """Void what was found of the payer and promise another comparison; in the caller's transaction.

    A declaration that still runs compares by itself.
    """
    rows = PaymentDeclaration.objects.filter(parcel_id=parcel.id)
    if parcel.buyer is None or not rows.update(identity=Identity.UNCHECKED):
        return
    step = parcel.steps.get(declarations.STEP)
    if step is None or step.state != "done":
        return
    platform().update_step(parcel.id, declarations.STEP, {"identity": str(Identity.UNCHECKED)})
    outbox.enqueue(
        TOPIC,
        {"parcel": parcel.id, "person": parcel.buyer.reference},
        key=f"{parcel.id}:{parcel.buyer.reference}",
    )


@outbox.handler(TOPIC)
def work(payload: dict[str, Any]) -> None:
    """Ask the payment company about the buyer of now, once for each record, and tell the step."""
    parcel = platform().parcel(payload["parcel"])
    if parcel.buyer is None or parcel.buyer.reference != payload["person"]:
        return  # entered anew once more: that has a promise of its own
    rows = list(PaymentDeclaration.objects.select_related("session").filter(parcel_id=parcel.id))
    found = [row if row.identity != Identity.UNCHECKED else _compared(parcel, row) for row in rows]
    strictest = next((row.identity for row in found if row.identity != Identity.SAME), Identity.SAME)
    with transaction.atomic():
        platform().update_step(parcel.id, declarations.STEP, {"identity": str(strictest)})
        audit.record("payment.payer_compared", "parcel", parcel.id, identity=str(strictest))


def _compared(parcel: ParcelView, row: PaymentDeclaration) -> PaymentDeclaration:
    gateway = gateways.declarer(row.session.gateway, row.session.account)
    target = CustomsTarget(row.customs, row.merchant_customs_no)
    request = DeclarationRequest(row.session.out_trade_no, row.session.gateway_ref, target)
    said = gateway.verify_identity(request, declarations.buyer_of(parcel))
    return declarations.store(row, said, compared=True)
