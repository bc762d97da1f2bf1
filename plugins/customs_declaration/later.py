"""What a person demands of a parcel's declaration: the one way in for pages, commands and other plugins' hooks."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from saleor_ext.core import audit
from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import ParcelAction, ParcelView, platform

from . import documents, lifecycle, promises, returns, steps, withdrawing
from .config import TRADE_MODES
from .models import CustomsDocument, Declaration
from .states import FAILED, LIST, PASSED_OVER


def perform(parcel: ParcelView, action: ParcelAction) -> str | None:
    """Do what is demanded and return the reference of it; None when the parcel is not declared by this plugin.

    :raises PermanentError: when it cannot be done, with the reason
    """
    if parcel.lane not in TRADE_MODES:
        return None
    if action.name == "amend":
        return amend(parcel, action)
    if action.name == "resend":
        return resend(parcel, action)
    if action.name == "withdraw":
        return withdrawing.ask(parcel.id, actor=action.actor, reason=action.reason).order_no
    if action.name == "return":
        return str(returns.open(parcel, action.lines, action.reason, actor=action.actor).pk)
    return str(returns.receive(parcel.id, action.subject, actor=action.actor).pk)


def amend(parcel: ParcelView, action: ParcelAction) -> str:
    """Declare a document anew with the data as they are now: what customs have on file is amended.

    Where its step is stopped the step is started again, which declares it; else the next version is built at once
    and sent by promise.
    """
    document = _document(parcel, action.subject)
    step = steps.STEP_OF.get(document.kind)
    if step is None:
        raise PermanentError(
            "a cancellation or return is applied for anew, not amended", code="not_amendable"
        )
    if document.state in FAILED and platform().retry_step(
        parcel.id, step, actor=action.actor, reason=action.reason
    ):
        return step
    made = documents.amend(parcel, document.kind, document.version)
    audit.record(
        "customs.amended", "parcel", parcel.id,
        actor=action.actor, reason=action.reason, kind=made.kind, guid=made.guid, version=made.version,
    )  # fmt: skip
    return made.guid


def resend(parcel: ParcelView, action: ParcelAction) -> str:
    """Hand a document over once more, the same bytes under the same guid."""
    document = _document(parcel, action.subject)
    if not resendable(document):
        raise PermanentError(
            _("This version is not sent again: {state}.").format(state=document.get_state_display()),
            code="not_sent",
        )
    with transaction.atomic():
        audit.record(
            "customs.resent", "parcel", parcel.id,
            actor=action.actor, reason=action.reason, kind=document.kind, guid=document.guid,
        )  # fmt: skip
        promises.send_again(document)
    return document.guid


def resendable(document: CustomsDocument) -> bool:
    """Tell whether the same bytes may go out again: what failed needs another version instead."""
    return document.state not in FAILED | PASSED_OVER


def _document(parcel: ParcelView, subject: str) -> CustomsDocument:
    """Return the named document of the parcel, or the newest list, or the newest order."""
    declaration = Declaration.objects.filter(parcel_id=parcel.id).first()
    if declaration is None:
        raise PermanentError(_("Nothing was declared yet."), code="not_declared")
    if subject:
        found = declaration.documents.filter(pk=subject).first()
    else:
        found = lifecycle.newest(declaration, LIST) or lifecycle.newest(declaration, steps.ORDER)
    if found is None:
        raise PermanentError(_("The parcel has no such document."), code="not_declared")
    return found
