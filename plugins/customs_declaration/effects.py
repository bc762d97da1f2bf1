"""What a moved document means for its parcel: steps, timeline, quota. Runs in the receipt's transaction."""

from __future__ import annotations

from saleor_ext.core import audit
from saleor_ext.plugin_api import platform

from . import quota, steps, texts
from .models import CustomsDocument, Declaration, Receipt
from .states import DocumentState, codes_of

S = DocumentState

#: States of an inventory list that the buyer is told of as they come.
EVENTS = {
    S.ACCEPTED: "accepted",
    S.REVIEW: "review",
    S.INSPECTION: "inspection",
    S.DETAINED: "exception",
    S.RETURNED: "exception",
}


def numbers(document: CustomsDocument, raw: dict[str, str]) -> None:
    """Keep the numbers that port and customs have given the list, whenever they come."""
    if document.kind != steps.LIST:
        return
    declaration = document.declaration
    changed = []
    for column, element in (("pre_no", "preNo"), ("invt_no", "invtNo")):
        value = raw.get(element, "")[:18]
        if value and getattr(declaration, column) != value:
            setattr(declaration, column, value)
            changed.append(column)
    if changed:
        declaration.save(update_fields=changed)


def follow(document: CustomsDocument, receipt: Receipt) -> None:
    """Do what follows from a document's new state."""
    declaration = document.declaration
    if declaration.state == Declaration.State.CANCELLED:
        _after_cancelling(document)
        return
    audit.record(
        "customs.state", "parcel", declaration.parcel_id,
        kind=document.kind, guid=document.guid, state=document.state, status=receipt.status,
    )  # fmt: skip
    if document.state in (S.REJECTED, S.ERROR):
        _stopped(document, receipt)
    elif document.kind == steps.ORDER:
        _order_moved(document)
    elif document.kind == steps.LIST:
        _list_moved(document, receipt)


def _after_cancelling(document: CustomsDocument) -> None:
    """Nothing moves any more, but what customs release counts towards the person's year all the same."""
    if document.kind == steps.LIST and document.state in steps.RELEASED_STATES:
        declaration = document.declaration
        parcel_id = str(declaration.parcel_id)
        quota.confirm(steps.quota_key(declaration.checkout_id or parcel_id))
        audit.record("customs.released_after_cancelling", "parcel", parcel_id, guid=document.guid)


def _order_moved(document: CustomsDocument) -> None:
    if steps.order_is_ready(document):
        declaration = document.declaration
        platform().complete_step(
            str(declaration.parcel_id),
            steps.ORDER_STEP,
            {"order_no": declaration.order_no, "status": document.status},
        )


def _list_moved(document: CustomsDocument, receipt: Receipt) -> None:
    declaration = document.declaration
    parcel_id = str(declaration.parcel_id)
    state = DocumentState(document.state)
    if state in steps.RELEASED_STATES:
        _released(document, receipt)
    elif state in EVENTS:
        platform().add_event(
            parcel_id, EVENTS[state], at=receipt.returned_at, key=f"{EVENTS[state]}:{document.guid}"
        )
    if state is S.RETURNED:
        quota.free(steps.quota_key(declaration.checkout_id or parcel_id))


def _released(document: CustomsDocument, receipt: Receipt) -> None:
    declaration = document.declaration
    if declaration.released_at is not None:
        return
    declaration.released_at = receipt.returned_at
    declaration.state = Declaration.State.RELEASED
    declaration.save(update_fields=["released_at", "state"])
    parcel_id = str(declaration.parcel_id)
    quota.confirm(steps.quota_key(declaration.checkout_id or parcel_id))
    platform().add_event(
        parcel_id, "released", at=receipt.returned_at, key="released", invt_no=declaration.invt_no
    )
    platform().complete_step(parcel_id, steps.LIST_STEP, steps.released_facts(document))


def _stopped(document: CustomsDocument, receipt: Receipt) -> None:
    """A rejection or an error: the step waits for a person.

    A rejection frees the quota until the next try; after a technical error customs may still accept.
    """
    declaration = document.declaration
    parcel_id = str(declaration.parcel_id)
    step = steps.LIST_STEP if document.kind == steps.LIST else steps.ORDER_STEP
    codes = [code for code, _text in codes_of(receipt.text)] or [receipt.status]
    reason = texts.buyer_reason(codes)
    declaration.state = Declaration.State.STOPPED
    declaration.save(update_fields=["state"])
    if document.state == S.REJECTED:
        quota.free(steps.quota_key(declaration.checkout_id or parcel_id))
    platform().add_event(
        parcel_id, "rejected", at=receipt.returned_at, key=f"rejected:{document.guid}", reason=codes[0]
    )
    platform().fail_step(parcel_id, step, codes[0], receipt.text[:500], buyer_message=reason)
