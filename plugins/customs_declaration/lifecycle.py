"""The state of a declaration: worked out from its documents, moved along its one table.

Call with the declaration's row locked. Several receipts may come in any order and twice: the state that follows
is the same, because it depends only on where the documents stand.
"""

from __future__ import annotations

import logging

from saleor_ext.core import audit, clock

from . import quota
from .models import CustomsDocument, Declaration
from .states import (
    ALIVE,
    CANCELLATION,
    DECLARATION_MOVES,
    FAILED,
    LIST,
    PASSED_OVER,
    RELEASED,
    Standing,
    declaration_state,
)

log = logging.getLogger(__name__)

ORDER, WAYBILL = "CEB311Message", "CEB511Message"
#: Which documents a step declares.
KINDS_OF = {"declare_order": (ORDER, WAYBILL), "declare_inventory": (LIST,)}
DELETE = "3"


def quota_key(checkout_id: str) -> str:
    """Return the key of a buyer's quota use: the checkout's, which is known before the order."""
    return f"checkout:{checkout_id}"


def quota_reference(declaration: Declaration) -> str:
    return quota_key(declaration.checkout_id or str(declaration.parcel_id))


def free_year(declaration: Declaration) -> None:
    """Give the buyer's year back what the declaration took, released or not; once."""
    reference = quota_reference(declaration)
    if not quota.free(reference):
        quota.give_back(
            reference,
            key=f"all:{declaration.pk}",
            amount=declaration.dutiable_value,
            quantities=quota.quantities_of_use(reference),
        )


def newest(declaration: Declaration, kind: str) -> CustomsDocument | None:
    """Return the newest version of a document that counts: neither dropped, void nor a deletion."""
    counting = declaration.documents.filter(kind=kind).exclude(state__in=PASSED_OVER)
    return counting.exclude(app_type=DELETE).order_by("-version").first()


def list_is_alive(declaration: Declaration) -> bool:
    """Tell whether an inventory list lies at the port and may still be released."""
    found = newest(declaration, LIST)
    return found is not None and found.state in ALIVE


def standing(declaration: Declaration) -> Standing:
    """Gather what the declaration's state follows from, in one query or two."""
    found: dict[str, tuple[str, bool]] = {}
    rows = declaration.documents.exclude(state__in=PASSED_OVER).exclude(app_type=DELETE).order_by("version")
    for kind, state, retry_at in rows.values_list("kind", "state", "retry_at"):
        found[kind] = (state, retry_at is not None)
    order, order_retries = found.get(ORDER, ("", False))
    waybill, waybill_retries = found.get(WAYBILL, ("", False))
    listed, list_retries = found.get(LIST, ("", False))
    withdrawal, withdrawal_retries = found.get(CANCELLATION, ("", False))
    returns = declaration.returns.values_list("state", flat=True) if listed in RELEASED else ()
    return Standing(
        order=order,
        waybill=waybill,
        listed=listed,
        withdrawal=withdrawal,
        order_retries=order_retries,
        waybill_retries=waybill_retries,
        list_retries=list_retries,
        withdrawal_retries=withdrawal_retries,
        stopped=bool(declaration.stopped_step),
        cancelled=declaration.cancelled_at is not None,
        withdrawal_asked=declaration.withdrawal_asked_at is not None,
        returns=tuple(returns),
    )


def go_on(declaration: Declaration, step: str) -> None:
    """Note that a step does not stand still any more: it was started again, or customs took its document after all.

    A failed version is about to be followed by another one.
    """
    if declaration.stopped_step == step:
        declaration.stopped_step = ""
        declaration.save(update_fields=["stopped_step"])
    failed = declaration.documents.filter(kind__in=KINDS_OF.get(step, ()), state__in=FAILED, retry_at=None)
    failed.update(retry_at=clock.now())
    settle(declaration)


def settle(declaration: Declaration) -> str:
    """Bring the declaration's state up to date and return it; a move that the table lacks is recorded, not made."""
    target = declaration_state(standing(declaration))
    before = declaration.state
    if target == before:
        return before
    if target not in DECLARATION_MOVES[before]:
        log.error("declaration %s cannot go from %s to %s", declaration.order_no, before, target)
        audit.record(
            "customs.move_refused", "parcel", declaration.parcel_id, before=before, after=str(target)
        )
        return before
    declaration.state = target
    declaration.save(update_fields=["state"])
    audit.record("customs.declaration", "parcel", declaration.parcel_id, before=before, after=str(target))
    return target
