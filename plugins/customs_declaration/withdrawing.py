"""Withdrawing an inventory list that is not released yet (CEB623), and what the answer means.

The list's number (invtNo) comes only when customs have it; until then a withdrawal waits for it.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from saleor_ext.core import audit, clock, outbox
from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import platform

from . import applications, documents, lifecycle, promises, quota
from .applications import Application
from .models import CustomsDocument, Declaration, Receipt
from .states import ALIVE, CANCELLATION, FAILED, GRANTED, DeclarationState

LIST_STEP = "declare_inventory"
#: Read by customs officers, hence in Chinese.
CANCELLED_REASON = "订单已取消"


class NotWithdrawable(PermanentError):
    """There is no list that customs may still let go."""

    code = "not_withdrawable"


def ask(parcel_id: str, *, actor: str, reason: str) -> Declaration:
    """Ask for the withdrawal by a person's wish, once; asked again after a refusal it is sent anew.

    :raises NotWithdrawable: no list lies at the port, or it is released
    """
    with transaction.atomic():
        declaration = Declaration.objects.select_for_update().filter(parcel_id=parcel_id).first()
        if declaration is None or not lifecycle.list_is_alive(declaration):
            if declaration is not None and declaration.released_at is not None:
                raise NotWithdrawable(_("Customs have released the list: open a return instead."))
            raise NotWithdrawable(_("No inventory list lies at the port."))
        if declaration.withdrawal_asked_at is None:
            declaration.withdrawal_asked_at = clock.now()
            declaration.withdrawal_reason = reason[:300]
            declaration.save(update_fields=["withdrawal_asked_at", "withdrawal_reason"])
        audit.record("customs.withdrawal_asked", "parcel", parcel_id, actor=actor, reason=reason)
        lifecycle.settle(declaration)
        send_next(declaration)
    return declaration


def go_on(declaration: Declaration) -> None:
    """Send a withdrawal that waited for the list's number; one that was refused stays with a person."""
    if declaration.state == DeclarationState.WITHDRAWING:
        send_next(declaration)


def send_next(declaration: Declaration) -> None:
    """Promise the next cancellation unless one is under way or about to be tried again."""
    if not declaration.invt_no:
        return
    last = lifecycle.newest(declaration, CANCELLATION)
    if last is not None and (last.state not in FAILED or last.retry_at is not None):
        return
    promises.withdraw(declaration, last.version if last else 0)


def _given_up(payload: dict[str, Any], error: str) -> None:
    declaration = Declaration.objects.get(pk=payload["declaration"])
    _refused(declaration, "not_sent", error)


@outbox.handler(promises.WITHDRAW, on_dead=_given_up)
def send(payload: dict[str, Any]) -> None:
    """Build the cancellation once and hand it over; nothing when the list was decided meanwhile."""
    document = applications.prepare(payload["declaration"], CANCELLATION, payload["after"], _wanted)
    if document is not None:
        documents.hand_over(document)


def _wanted(declaration: Declaration) -> Application | None:
    asked = declaration.cancelled_at is not None or declaration.withdrawal_asked_at is not None
    if not asked or not lifecycle.list_is_alive(declaration):
        return None
    return Application(reason=declaration.withdrawal_reason or CANCELLED_REASON)


def follow(document: CustomsDocument, receipt: Receipt) -> None:
    """Do what follows from customs' answer to a cancellation."""
    declaration = document.declaration
    if document.state in GRANTED:
        _granted(declaration, receipt)
    elif document.state in FAILED and document.retry_at is None:
        _refused(declaration, document.code, receipt.text, receipt)


def _granted(declaration: Declaration, receipt: Receipt) -> None:
    """The list is gone: the year is given back, the guarantee was never taken for it."""
    parcel_id = str(declaration.parcel_id)
    lifecycle.free_year(declaration)
    platform().add_event(parcel_id, "withdrawn", at=receipt.returned_at, key="withdrawn")
    if declaration.cancelled_at is not None:
        take_off_file(declaration)
        promises.refund_cancelled(declaration)
        return
    platform().fail_step(
        parcel_id,
        LIST_STEP,
        "withdrawn",
        f"the list was withdrawn: {declaration.withdrawal_reason}; cancel the order and refund it",
        buyer_message=gettext_lazy("The declaration was withdrawn. We will cancel the order and refund it."),
    )


def _refused(declaration: Declaration, code: str, text: str, receipt: Receipt | None = None) -> None:
    """The list stays at customs: the year stays counted, a person has to look."""
    parcel_id = str(declaration.parcel_id)
    audit.record("customs.withdrawal_refused", "parcel", parcel_id, code=code, text=text[:500])
    key = f"withdrawal_refused:{receipt.pk if receipt else code}"
    platform().add_event(
        parcel_id, "withdrawal_refused", at=receipt.returned_at if receipt else None, key=key, reason=code
    )
    if declaration.state in (DeclarationState.RELEASED, DeclarationState.CLOSED):
        quota.confirm(lifecycle.quota_reference(declaration))
        needs_return(declaration)


def needs_return(declaration: Declaration) -> None:
    """Say that goods of a cancelled parcel are released: they can only come back as a return."""
    if declaration.cancelled_at is None:
        return
    audit.record("customs.return_needed", "parcel", declaration.parcel_id)
    platform().add_event(str(declaration.parcel_id), "return_needed", key="return_needed")


def take_off_file(declaration: Declaration) -> None:
    """Delete order and waybill at the port (appType 3): allowed as long as no list of the order lies there."""
    for kind in (lifecycle.ORDER, lifecycle.WAYBILL):
        document = lifecycle.newest(declaration, kind)
        if document is not None and document.state in ALIVE:
            promises.delete(document)


@outbox.handler(promises.DELETE)
def send_deletion(payload: dict[str, Any]) -> None:
    """Build the deletion once and hand it over."""
    documents.hand_over(documents.delete(CustomsDocument.objects.get(pk=payload["document"])))
