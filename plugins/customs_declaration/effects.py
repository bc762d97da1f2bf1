"""What a moved document means for its parcel: steps, timeline, quota. Runs in the receipt's transaction."""

from __future__ import annotations

from saleor_ext.core import audit
from saleor_ext.plugin_api import platform

from . import lifecycle, promises, quota, repeating, returns, steps, texts, withdrawing
from .messages import code_table
from .models import CustomsDocument, Declaration, Receipt
from .states import (
    APPLICATIONS,
    CANCELLATION,
    FAILED,
    REFUND,
    DeclarationState,
    DocumentState,
    codes_of,
)

S = DocumentState

#: States of an inventory list that the buyer is told of as they come.
EVENTS = {
    S.ACCEPTED: "accepted",
    S.REVIEW: "review",
    S.INSPECTION: "inspection",
    S.DETAINED: "exception",
    S.RETURNED: "exception",
}
DELETION = "3"


def numbers(document: CustomsDocument, raw: dict[str, str]) -> None:
    """Keep the numbers that port and customs have given, whenever they come.

    A list's belong to its declaration; with the list's number a withdrawal that waits for it can go.
    """
    if document.kind in APPLICATIONS:
        pre_no = raw.get("preNo", "")[:18]
        if pre_no and document.pre_no != pre_no:
            document.pre_no = pre_no
            document.save(update_fields=["pre_no"])
        return
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
    if "invt_no" in changed:
        withdrawing.go_on(declaration)


def follow(document: CustomsDocument, receipt: Receipt) -> None:
    """Do what follows from a document's new state."""
    declaration = document.declaration
    audit.record(
        "customs.state", "parcel", declaration.parcel_id,
        kind=document.kind, guid=document.guid, state=document.state, status=receipt.status,
    )  # fmt: skip
    if document.state in FAILED:
        _judge(document, receipt)
    elif document.app_type != DELETION and (step := steps.STEP_OF.get(document.kind)):
        lifecycle.go_on(declaration, step)
    lifecycle.settle(declaration)
    if document.app_type == DELETION or document.state == S.VOID:
        return
    if document.kind == CANCELLATION:
        withdrawing.follow(document, receipt)
    elif document.kind == REFUND:
        returns.follow(document, receipt)
    elif declaration.cancelled_at is not None or declaration.state == DeclarationState.WITHDRAWN:
        _after_cancelling(document, receipt)
    elif document.state in FAILED:
        _stopped(document, receipt)
    elif document.kind == steps.ORDER:
        _order_moved(document)
    elif document.kind == steps.LIST:
        _list_moved(document, receipt)


def contradicted(document: CustomsDocument, receipt: Receipt) -> None:
    """Customs named another end after an end: nothing moves, a person has to ask them."""
    audit.record(
        "customs.contradiction", "parcel", document.declaration.parcel_id,
        kind=document.kind, guid=document.guid, state=document.state, status=receipt.status,
    )  # fmt: skip


def _verdict(receipt: Receipt) -> code_table.Verdict:
    inside = [code for code, _text in codes_of(receipt.text)]
    return code_table.verdict(receipt.status, inside, receipt.returned_at.date())


def _judge(document: CustomsDocument, receipt: Receipt) -> None:
    """Keep the code that a refusal is judged by, and try again by itself where that may help."""
    judged = _verdict(receipt)
    document.code = judged.code[:12]
    document.save(update_fields=["code"])
    if judged.kind is code_table.Kind.RETRY and document.app_type != DELETION:
        repeating.plan(document)


def _after_cancelling(document: CustomsDocument, receipt: Receipt) -> None:
    """No step moves any more; what customs do with the list decides over the person's year all the same."""
    if document.kind != steps.LIST:
        return
    declaration = document.declaration
    reference = lifecycle.quota_reference(declaration)
    if declaration.state == DeclarationState.WITHDRAWN:
        audit.record("customs.moved_after_withdrawal", "parcel", declaration.parcel_id, guid=document.guid)
    elif document.state in steps.RELEASED_STATES:
        _note_release(declaration, receipt)
        quota.confirm(reference)
        withdrawing.needs_return(declaration)
    elif declaration.state in (DeclarationState.CANCELLED, DeclarationState.SENT_BACK):
        lifecycle.free_year(declaration)
        withdrawing.take_off_file(declaration)
        promises.refund_cancelled(declaration)
    elif declaration.state == DeclarationState.WITHDRAWING:
        # Believed dead when the parcel was cancelled, alive after all.
        withdrawing.go_on(declaration)


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
        lifecycle.free_year(declaration)
        verdict = _verdict(receipt)
        platform().fail_step(
            parcel_id,
            steps.LIST_STEP,
            verdict.code,
            receipt.text[:500],
            buyer_message=texts.buyer_reason(verdict),
        )


def _released(document: CustomsDocument, receipt: Receipt) -> None:
    declaration = document.declaration
    if not _note_release(declaration, receipt):
        return
    parcel_id = str(declaration.parcel_id)
    quota.confirm(lifecycle.quota_reference(declaration))
    platform().add_event(
        parcel_id, "released", at=receipt.returned_at, key="released", invt_no=declaration.invt_no
    )
    platform().complete_step(parcel_id, steps.LIST_STEP, steps.released_facts(document))


def _note_release(declaration: Declaration, receipt: Receipt) -> bool:
    """Keep when customs released the list; False when that is known."""
    if declaration.released_at is not None:
        return False
    declaration.released_at = receipt.returned_at
    declaration.save(update_fields=["released_at"])
    return True


def _stopped(document: CustomsDocument, receipt: Receipt) -> None:
    """A rejection or an error: it is tried again by itself, or the step waits for a person.

    A rejection frees the quota until the next try; after a technical error customs may still accept.
    """
    if document.retry_at is not None:
        return
    declaration = document.declaration
    parcel_id = str(declaration.parcel_id)
    step = steps.STEP_OF[document.kind]
    verdict = _verdict(receipt)
    if document.state == S.REJECTED:
        quota.free(lifecycle.quota_reference(declaration))
    platform().add_event(
        parcel_id, "rejected", at=receipt.returned_at, key=f"rejected:{document.guid}", reason=verdict.code
    )
    platform().fail_step(
        parcel_id, step, verdict.code, receipt.text[:500], buyer_message=texts.buyer_reason(verdict)
    )
