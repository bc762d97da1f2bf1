"""What a cancelled parcel gives back. Runs by outbox, outside the cancelling transaction.

There the parcel's row is locked, here the declaration's: receipts take them in the other order.

What customs have decides. Nothing there: the buyer's year is free again. An order alone: it is taken off the
port's file as well. A list that is not released: it has to be withdrawn, and the year stays counted until
customs agree. A released one: its goods can only come back as a return.

Once nothing of the parcel lies at customs, the buyer's money goes back, all that was not given back before.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from saleor_ext.core import audit, clock, outbox
from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import ParcelView, platform
from saleor_ext.plugin_api.registry import ask_first

from . import documents, lifecycle, promises, quota, steps, withdrawing
from .config import TRADE_MODES
from .models import Declaration
from .states import DeclarationState

TOPIC = promises.CANCELLED


def promise(parcel: ParcelView) -> None:
    """Promise the giving back, in the cancelling transaction."""
    if parcel.lane in TRADE_MODES:
        promises.give_back(parcel.id, steps.reference_of(parcel))


@outbox.handler(TOPIC)
def give_back(payload: dict[str, Any]) -> None:
    """Close the declaration, or have customs let it go; free the quota when nothing holds it any more.

    A parcel that has none yet gets a closed one: a step that is at it just now must not open it.
    """
    made = documents.declaration_of(platform().parcel(payload["parcel"]))
    with transaction.atomic():
        declaration = Declaration.objects.select_for_update().get(pk=made.pk)
        if declaration.cancelled_at is None:
            declaration.cancelled_at = clock.now()
            declaration.save(update_fields=["cancelled_at"])
        documents.drop_unsent(declaration)
        state = lifecycle.settle(declaration)
        audit.record("customs.cancelled", "parcel", payload["parcel"], state=state)
        _leave(declaration, payload["quota"])


def _leave(declaration: Declaration, reference: str) -> None:
    if lifecycle.list_is_alive(declaration):
        withdrawing.send_next(declaration)
    elif declaration.state == DeclarationState.CANCELLED:
        quota.free(reference)
        withdrawing.take_off_file(declaration)
        promises.refund_cancelled(declaration)
    elif declaration.state == DeclarationState.WITHDRAWN:
        promises.refund_cancelled(declaration)
    elif declaration.state in (DeclarationState.RELEASED, DeclarationState.CLOSED):
        withdrawing.needs_return(declaration)
    # Sent back or under return: customs' answer has settled or will settle the year.


def _refund_failed(payload: dict[str, Any], error: str) -> None:
    audit.record("customs.refund_failed", "parcel", payload["parcel"], error=error[:500])
    platform().add_event(payload["parcel"], "refund_failed", key="refund_failed:cancel")


@outbox.handler(promises.CANCEL_REFUND, on_dead=_refund_failed)
def refund(payload: dict[str, Any]) -> None:
    """Have the payment plugin give back what is left of the payment."""
    parcel = platform().parcel(payload["parcel"])
    reference = ask_first(
        "refund_wanted",
        parcel=parcel,
        amount=None,
        key=f"cancel:{parcel.id}",
        reason=f"cancelled {parcel.order_number}",
    )
    if reference is None:
        raise PermanentError("no payment plugin knows this payment", code="no_refund")
    audit.record("customs.refund_asked", "parcel", parcel.id, reference=str(reference))
